"""`clearchirp evaluate`: methods over many frames of a scene."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearchirp.cli.comparing import check_folder, method_names, run_comparison, taking
from clearchirp.cli.options import DetectorName, Json, Quiet, Set, Settings
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.mitigation.catalogue import methods as all_methods
from clearchirp.types import InputError


def evaluate(
    scene: Annotated[
        str,
        typer.Argument(
            metavar="SCENE",
            help="Name of a preset, such as imfrac or highway, or a TOML file.",
            show_default=False,
        ),
    ],
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method", "-m", metavar="NAME", help="A method; repeat it for each. Default: all."
        ),
    ] = None,
    frames: Annotated[int, typer.Option("--frames", help="How many frames.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the figures and report.html."),
    ] = None,
    detector: DetectorName = DEFAULT_DETECTOR,
    settings: Set = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score methods on simulated frames of a scene, the oracles included.

    Every method sees the same frames and, but for the oracles, the same mask.
    """
    from clearchirp.evaluate.simulated import SimulatedRecording
    from clearchirp.simulate import load_scene

    if frames < 1:
        raise InputError(f"--frames: must be 1 or more, got {frames}")
    if seed < 0:
        raise InputError(f"--seed: must be 0 or more, got {seed}")
    names = method_names(methods or list(all_methods))
    chosen = Settings(settings, names, detector)
    check_folder(output)
    plan = load_scene(scene)
    if not methods:
        names = taking(names, not plan.receiver.real)
    recording = SimulatedRecording(scene=plan, frames=frames, seed=seed)
    run_comparison(
        recording,
        plan.name,
        names,
        detector,
        chosen,
        folder=output,
        title=f"Scene {plan.name}, {frames} frames, seed {seed}",
        json=json,
        quiet=quiet,
    )

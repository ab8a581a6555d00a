"""`clearchirp league`: every method on every scene and on real recordings."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from clearchirp.cli.options import Json, Quiet, Scheduler, Threads, WorkerCount, chosen_workers
from clearchirp.cli.printing import note, print_json, print_table, progress, say
from clearchirp.mitigation.catalogue import methods as all_methods
from clearchirp.types import InputError


def league(
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Folder for the rows, league.html, .csv, .tex, .md and the figure; the same "
            "command goes on where it was interrupted.",
        ),
    ],
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method", "-m", metavar="NAME", help="A method; repeat it for each. Default: all."
        ),
    ] = None,
    scenes: Annotated[
        list[str] | None,
        typer.Option(
            "--scene",
            "-s",
            metavar="SCENE",
            help="A preset or TOML file; repeat it for each. Default: every preset with a map.",
        ),
    ] = None,
    recordings: Annotated[
        list[str] | None,
        typer.Option(
            "--recording",
            "-r",
            metavar="FILE[,FORMAT[,WAVEFORM]]",
            help="A real recording, with its format and waveform where it does not tell them; "
            "repeat it for each. Default: those in the folder that CLEARCHIRP_DATA names.",
        ),
    ] = None,
    frames: Annotated[
        int, typer.Option("--frames", help="How many frames of each scene, twice.")
    ] = 20,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", help="What a method may take a scene; slower ones get fewer frames."
        ),
    ] = 60.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = 0,
    workers: WorkerCount = None,
    threads: Threads = False,
    scheduler: Scheduler = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Rank every method: scores, harm on clean frames, time and memory, as one table and figure."""
    from clearchirp.evaluate.league import SCENES, League, run_league
    from clearchirp.report.columns import heading
    from clearchirp.report.league import overall_table, write_league

    if not seconds > 0 or math.isinf(seconds):
        raise InputError(f"--seconds: must be a positive number, got {seconds}")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output}: is a file; --output takes a folder")
    plan = League(
        scenes=tuple(scenes or SCENES),
        # Networks are for the radar that they were trained for.
        methods=tuple(methods or (n for n, e in all_methods.items() if not e.extra)),
        frames=frames,
        seconds=seconds,
        seed=seed,
    )
    opened = _opened(recordings)
    who = chosen_workers(workers, threads, scheduler)
    with progress("league", len(plan.scenes) + len(opened), quiet=quiet or json) as step:

        def on_scene(name: str) -> None:
            note(f"{name} ...", quiet=quiet or json)
            step()

        standings = run_league(plan, output / "rows", who, on_scene=on_scene)
        real = {}
        for name, capture in opened.items():
            note(f"{name} ...", quiet=quiet or json)
            real[name] = _compared(capture, plan.methods)
            step()
    written = write_league(output, plan, standings, real)
    table = overall_table(standings)
    if json:
        print_json(
            {
                "frames": frames,
                "seed": seed,
                "standings": [_plain(standing) for standing in standings],
                "recordings": real,
            }
        )
        return
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    print_table(table.caption, rows, quiet=quiet)
    for name, scores in real.items():
        shown = [{"method": m, **{heading(c): v for c, v in s.items()}} for m, s in scores.items()]
        print_table(name, shown, quiet=quiet)
    say(f"{written[-1]}; tables and figure beside it", quiet=quiet)


def _plain(standing: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(standing)


def _compared(capture: Any, methods: Any) -> dict[str, dict[str, float]]:
    """Score a recording without truth; the oracles have nothing to go by."""
    from clearchirp.chain import pipeline
    from clearchirp.cli.comparing import taking
    from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR, find_detector
    from clearchirp.evaluate.comparison import compare

    names = [n for n in taking(list(methods), capture.is_complex) if not all_methods[n].needs_truth]
    pipelines = {name: pipeline(name, None, waveform=capture.waveform) for name in names}
    result = compare(capture, pipelines, find_detector(DEFAULT_DETECTOR)())
    return {name: dict(row) for name, row in result.rows.items()}


_KNOWN = {
    "crossing (Jin and Cao)": (
        "jin_cao_awr1243/20180608-195044.bin",
        "tsw1400",
        "jin-cao-awr1243",
    ),
    "no interference (Jin and Cao)": (
        "jin_cao_awr1243/20180613-190347.bin",
        "tsw1400",
        "jin-cao-awr1243",
    ),
}
"""Recordings in the folder of CLEARCHIRP_DATA: name -> file, format, waveform."""


def _opened(given: list[str] | None) -> dict[str, Any]:
    from clearchirp.io import open_capture

    if given:
        parts = [text.split(",") for text in given]
        return {
            file: open_capture(
                Path(file),
                format=rest[0] if rest else None,
                waveform=rest[1] if len(rest) > 1 else None,
            )
            for file, *rest in parts
        }
    folder = os.environ.get("CLEARCHIRP_DATA")
    if not folder or not Path(folder).is_dir():
        return {}
    return {
        name: open_capture(Path(folder) / file, format=kind, waveform=radar)
        for name, (file, kind, radar) in _KNOWN.items()
        if (Path(folder) / file).exists()
    }

"""`clearchirp simulate` and `clearchirp demo`: recordings with truth, and the first minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from clearchirp.cli.comparing import run_comparison
from clearchirp.cli.options import Json, Quiet, Settings
from clearchirp.cli.printing import counted, note, percent, print_json, progress, say
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.types import InputError

_DEMO_METHODS = ["none", "zeroing", "ramp-filter", "ar"]
_DEMO_FOLDER = Path("clearchirp-demo")
_TRUTH = ("targets", "clean", "interference", "disturbed")


def simulate(
    scene: Annotated[
        str,
        typer.Argument(
            metavar="SCENE",
            help="Name of a preset, such as demo or highway, or a TOML file.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Where the recording goes: .npz, .zarr, .h5, .mat or .npy."
        ),
    ],
    frames: Annotated[
        int | None, typer.Option("--frames", help="How many frames; default: the scene's own.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = 0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a recording with its truth: clean beat signal, interference, mask.

    A scene, a seed and a frame number give the same frame everywhere.
    """
    from clearchirp.io import CaptureWriter
    from clearchirp.simulate import load_scene, simulate_frame

    plan = load_scene(scene)
    count = plan.frames if frames is None else frames
    if count < 1:
        raise InputError(f"--frames: must be 1 or more, got {count}")
    if seed < 0:
        raise InputError(f"--seed: must be 0 or more, got {seed}")
    kind = np.dtype(np.float32 if plan.receiver.real else np.complex64)
    shape = (count, plan.receiver.receivers, plan.waveform.chirps, plan.waveform.samples)
    writer = CaptureWriter(
        output,
        leading=shape[:2],
        variables=dict.fromkeys(("beat", *_TRUTH[:3]), kind) | {"disturbed": np.dtype(bool)},
        waveform=plan.waveform,
        attributes={"scene": plan.name, "seed": seed},
    )
    shares = []
    with writer as sink, progress("simulating", count, quiet=quiet) as step:
        for number in range(count):
            one = simulate_frame(plan, number, seed)
            sink.write(**{name: getattr(one, name)[None] for name in ("beat", *_TRUTH)})
            shares.append(float(one.disturbed.mean()))
            step()
    share = float(np.mean(shares))
    if json:
        print_json({"output": str(output), "shape": shape, "seed": seed, "disturbed_share": share})
        return
    say(
        f"{output}: {counted(shape[0], 'frame')} x {counted(shape[1], 'receiver')} x "
        f"{counted(shape[2], 'chirp')} x {counted(shape[3], 'sample')}, {percent(share)} of the "
        "samples disturbed",
        quiet=quiet,
    )
    if output.suffix.lower() == ".npy":
        note("note: An .npy holds the beat signal alone; write .npz for the truth.", quiet=quiet)


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for what the demo writes.")
    ] = Path("clearchirp-demo"),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See it work: simulate a recording with two interferers, clean it in several ways, report."""
    from clearchirp.io import open_capture

    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; --out takes a folder")
    out.mkdir(parents=True, exist_ok=True)
    recording = out / "recording.npz"
    simulate("demo", recording, quiet=quiet or json)
    capture: Any = open_capture(recording)
    run_comparison(
        capture,
        _DEMO_METHODS,
        DEFAULT_DETECTOR,
        Settings(None, _DEMO_METHODS, DEFAULT_DETECTOR),
        folder=out,
        title="clearchirp demo: two interferers, four methods",
        json=json,
        quiet=quiet,
    )
    say(
        f"\nNext: clearchirp mitigate {recording} -o {out / 'clean.npz'} "
        f"--figure {out / 'clean.png'}",
        quiet=quiet or json,
    )

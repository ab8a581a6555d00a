"""`clearchirp simulate` and `clearchirp demo`: recordings with truth, and the first minute."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from clearchirp.cli.comparing import run_comparison
from clearchirp.cli.options import (
    Format,
    Json,
    Quiet,
    Reading,
    Settings,
    Variable,
    WaveformFile,
)
from clearchirp.cli.printing import counted, note, percent, print_json, progress, say
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

_DEMO_METHODS = ["none", "zeroing", "ar", "imat-2d"]
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
    onto: Annotated[
        Path | None,
        typer.Option(
            "--onto",
            metavar="RECORDING",
            help="Add the scene's interference to this recording, which has none of its own.",
        ),
    ] = None,
    inr_db: Annotated[
        float | None,
        typer.Option(
            "--inr-db",
            help="With --onto: interference over the recording's noise in dB. Default: the "
            "scene's amplitudes as they are.",
        ),
    ] = None,
    format: Format = None,
    waveform: WaveformFile = None,
    variable: Variable = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a recording with its truth: clean beat signal, interference, mask.

    A scene, a seed and a frame number give the same frame everywhere. The targets and every
    crossing of an interferer go to a JSON file beside the recording.
    """
    from clearchirp.simulate import load_scene

    plan = load_scene(scene)
    if seed < 0:
        raise InputError(f"--seed: must be 0 or more, got {seed}")
    if frames is not None and frames < 1:
        raise InputError(f"--frames: must be 1 or more, got {frames}")
    if onto is None and (inr_db is not None or format or waveform or variable):
        raise InputError("--inr-db, --format, --waveform and --variable go with --onto")
    if onto is None:
        source = _from_scene(plan, frames, seed)
    else:
        capture = Reading(format, waveform, variable).open(onto)
        source = _onto_recording(plan, capture, frames, seed, inr_db)
    shares = _write(source, output, {"scene": plan.name, "seed": seed}, onto, quiet)
    share = float(np.mean(shares))
    shape = source.shape
    if json:
        print_json({"output": str(output), "shape": shape, "seed": seed, "disturbed_share": share})
        return
    say(
        f"{output}: {counted(shape[0], 'frame')} x {counted(shape[1], 'receiver')} x "
        f"{counted(shape[2], 'chirp')} x {counted(shape[3], 'sample')}, {percent(share)} of the "
        f"samples disturbed; targets and crossings in {_truth_file(output).name}",
        quiet=quiet,
    )
    if output.suffix.lower() == ".npy":
        note("note: An .npy holds the beat signal alone; write .npz for the truth.", quiet=quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Frames to write: each a block by variable, and the facts for the truth file."""

    shape: tuple[int, int, int, int]
    leading: tuple[int, ...]
    variables: dict[str, np.dtype[Any]]
    waveform: Waveform
    frames: Iterator[tuple[dict[str, Any], dict[str, Any]]]


def _from_scene(plan: Any, frames: int | None, seed: int) -> _Source:
    from clearchirp.simulate import simulate_frame

    count = plan.frames if frames is None else frames
    # What a receiver records is told by a frame: a drawn scene need not say it beforehand.
    first = simulate_frame(plan, 0, seed)

    def simulated() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for number in range(count):
            one = first if number == 0 else simulate_frame(plan, number, seed)
            block = {name: getattr(one, name)[None] for name in ("beat", *_TRUTH)}
            yield block, _known(number, one.target_list, one.crossings)

    shape = (count, *first.beat.shape)
    return _Source(
        shape=shape,
        leading=shape[:2],
        variables={name: getattr(first, name).dtype for name in ("beat", *_TRUTH)},
        waveform=first.waveform,
        frames=simulated(),
    )


def _onto_recording(
    plan: Any, capture: Any, frames: int | None, seed: int, inr_db: float | None
) -> _Source:
    from clearchirp.simulate import interference_onto

    known = capture.truth.get("disturbed")
    if known is not None and any(known[k : k + 1].any() for k in range(len(capture))):
        raise InputError(
            f"{capture.path}: is disturbed itself, by its own truth; --onto takes a clean recording"
        )
    count = len(capture) if frames is None else frames
    if count > len(capture):
        raise InputError(f"--frames: {capture.path} has {len(capture)} frames, not {count}")
    names = ("beat", "clean", "interference", "disturbed")
    counts = None
    if capture.full_scale is not None:
        counts = int(capture.full_scale[0]), int(capture.full_scale[1])

    def overlaid() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for number in range(count):
            one = interference_onto(
                capture.read(number, number + 1)[0],
                capture.waveform,
                plan,
                inr_db=inr_db,
                frame=number,
                seed=seed,
                counts=counts,
            )
            block = {name: getattr(one, name)[None] for name in names}
            yield block, _known(number, (), one.crossings)

    kinds: dict[str, np.dtype[Any]] = dict.fromkeys(names, capture.frames.dtype)
    kinds["disturbed"] = np.dtype(bool)
    whole = count == len(capture)
    return _Source(
        shape=(count, *capture.frames.shape[1:]),
        leading=capture.leading if whole else (count, capture.frames.shape[1]),
        variables=kinds,
        waveform=capture.waveform,
        frames=overlaid(),
    )


def _known(frame: int, targets: Any, crossings: Any) -> dict[str, Any]:
    return {
        "frame": frame,
        "targets": [dataclasses.asdict(one) for one in targets],
        "crossings": [dataclasses.asdict(one) for one in crossings],
    }


def _write(
    source: _Source, output: Path, attributes: dict[str, Any], onto: Path | None, quiet: bool
) -> list[float]:
    from clearchirp.io import CaptureWriter, write_json

    writer = CaptureWriter(
        output,
        leading=source.leading,
        variables=source.variables,
        waveform=source.waveform,
        attributes=attributes,
        source=onto,
    )
    shares, known = [], []
    total = source.shape[0]
    with writer as sink, progress("simulating", total, quiet=quiet) as step:
        for block, facts in source.frames:
            sink.write(**block)
            known.append(facts)
            shares.append(float(block["disturbed"].mean()))
            step()
    write_json(_truth_file(output), {**attributes, "frames": known})
    return shares


def _truth_file(output: Path) -> Path:
    return output.with_name(output.stem + ".truth.json")


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
        str(recording),
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

"""`clearchirp mitigate` and `clearchirp compare`: clean a recording, or try several ways to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from clearchirp.cli.options import (
    AllowPickle,
    Conjugate,
    DetectorName,
    File,
    Format,
    IqOrder,
    Json,
    Lanes,
    Quiet,
    Reading,
    Receivers,
    Set,
    Settings,
    Variable,
    WaveformFile,
)
from clearchirp.cli.printing import note, print_json, print_table, progress, say
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR, find_detector
from clearchirp.mitigate.catalogue import DEFAULT_METHOD
from clearchirp.types import InputError, Status


def mitigate(
    file: File,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Where the result goes: .npz, .zarr, .h5, .mat or .npy."
        ),
    ],
    method: Annotated[
        str, typer.Option("--method", "-m", help="Method; see 'clearchirp methods'.")
    ] = DEFAULT_METHOD,
    detector: DetectorName = DEFAULT_DETECTOR,
    settings: Set = None,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", help="Range-Doppler maps before and after: .png, .svg or .pdf."),
    ] = None,
    format: Format = None,
    waveform: WaveformFile = None,
    variable: Variable = None,
    lanes: Lanes = None,
    iq_order: IqOrder = "auto",
    receivers: Receivers = None,
    conjugate: Conjugate = False,
    allow_pickle: AllowPickle = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove the interference of a recording, frame by frame.

    Example: clearchirp mitigate capture.npz -m ar -d combined -o clean.npz --figure clean.png
    """
    from clearchirp.chain import mitigate_frames, pipeline
    from clearchirp.io import CaptureWriter
    from clearchirp.spectrum import range_doppler, split_transmitters

    reading = Reading(
        format, waveform, variable, lanes, iq_order, receivers, conjugate, allow_pickle
    )
    chosen = Settings(settings, [method], detector)
    if figure is not None:
        _check_figure(figure)
    capture = reading.open(file)
    work = pipeline(
        method,
        detector,
        settings=chosen.of(method),
        detector_settings=chosen.of(detector),
        waveform=capture.waveform,
    )
    order = capture.waveform.transmit_order
    floors, shares, statuses = [], [], []
    worst: tuple[float, Any] = (-1.0, None)
    start = time.perf_counter()
    writer = CaptureWriter(
        output,
        leading=capture.leading,
        variables=_variables(capture),
        waveform=capture.waveform,
        attributes={"method": method, "windowed": work.domain != "beat"},
        source=file,
    )
    with writer as sink, progress("cleaning", len(capture), quiet=quiet) as step:
        for number, cleaned in enumerate(mitigate_frames(capture, work)):
            sink.write(
                beat=cleaned.beat,
                disturbed=cleaned.disturbed,
                range_doppler=cleaned.range_doppler,
            )
            before = range_doppler(split_transmitters(capture.read(number, number + 1), order))
            floors.append((_floor_db(before), _floor_db(cleaned.range_doppler)))
            shares.append(float(cleaned.disturbed.mean()))
            statuses.append(cleaned.status)
            if figure is not None and shares[-1] > worst[0]:
                rx = int(np.argmax(cleaned.disturbed[0].mean(axis=(-1, -2))))
                worst = shares[-1], (number, rx, before[0, rx], cleaned.range_doppler[0, rx])
            step()
    seconds = time.perf_counter() - start
    if figure is not None:
        _write_figure(figure, capture, method, worst[1])
    change = np.mean([after - before for before, after in floors])
    facts = {
        "file": str(file),
        "method": method,
        "detector": detector,
        "output": str(output),
        "frames": len(floors),
        "frames_hit": sum(share > 0 for share in shares),
        "disturbed_share": float(np.mean(shares)),
        "floor_change_db": float(change),
        "seconds": seconds,
        "windowed": work.domain != "beat",
    }
    if json:
        print_json(facts)
        return
    say(
        f"{output}: {len(floors)} frames by {method} ({detector}), {facts['frames_hit']} of them "
        f"hit, {100 * facts['disturbed_share']:.3f} % of the samples disturbed; the median of the "
        f"range-Doppler map changed by {change:+.2f} dB; {seconds:.2f} s",
        quiet=quiet,
    )
    if figure is not None:
        say(f"{figure}: before and after", quiet=quiet)
    if Status.MAX_ITERATIONS in statuses:
        note(f"note: {Status.MAX_ITERATIONS.advice}", quiet=quiet)
    for line in capture.notes:
        note(f"note: {line}", quiet=quiet)


def compare(
    file: File,
    methods: Annotated[
        list[str] | None,
        typer.Option("--method", "-m", help="A method; repeat for each. Default: all of them."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the figures and report.html."),
    ] = None,
    detector: DetectorName = DEFAULT_DETECTOR,
    settings: Set = None,
    format: Format = None,
    waveform: WaveformFile = None,
    variable: Variable = None,
    lanes: Lanes = None,
    iq_order: IqOrder = "auto",
    receivers: Receivers = None,
    conjugate: Conjugate = False,
    allow_pickle: AllowPickle = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Try several methods on one recording: table, figures, report.

    With truth in the file all metrics, without truth those that need none.

    Example: clearchirp compare capture.npz -m none -m zeroing -m ar -o comparison
    """
    reading = Reading(
        format, waveform, variable, lanes, iq_order, receivers, conjugate, allow_pickle
    )
    names = _method_names(methods)
    chosen = Settings(settings, names, detector)
    capture = reading.open(file)
    run_comparison(
        capture,
        names,
        detector,
        chosen,
        folder=output,
        title=f"Interference mitigation: {Path(file).name}",
        json=json,
        quiet=quiet,
    )


def run_comparison(
    capture: Any,
    names: list[str],
    detector: str,
    chosen: Settings,
    *,
    folder: Path | None,
    title: str,
    json: bool,
    quiet: bool,
) -> None:
    """Compare methods on an open recording, print the table, write the report."""
    from clearchirp.chain import pipeline
    from clearchirp.evaluate.comparison import compare as compare_methods
    from clearchirp.report.comparison import heading, write_comparison

    if folder is not None and folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; --output takes a folder")
    pipelines = {
        name: pipeline(name, None, settings=chosen.of(name), waveform=capture.waveform)
        for name in names
    }
    finder = find_detector(detector)(**chosen.of(detector))
    with progress("comparing", len(capture), quiet=quiet or json) as step:
        result = compare_methods(capture, pipelines, finder, on_frame=step)
    if json:
        print_json(
            {"file": str(capture.path), "detector": detector, "truth": result.truth}
            | {"methods": result.rows}
        )
    else:
        rows = [
            {"method": name, **{heading(column): value for column, value in row.items()}}
            for name, row in result.rows.items()
        ]
        print_table(f"{capture.path}, mask by {detector}", rows, quiet=quiet)
        for line in capture.notes:
            note(f"note: {line}", quiet=quiet)
    if folder is None:
        return
    frames, rx, chirps, samples = capture.frames.shape
    share = float(result.example.disturbed.mean())
    written = write_comparison(
        folder,
        result,
        capture.waveform,
        title=title,
        intro=(
            f"Every method was given the mask of disturbed samples that the detector {detector} "
            "found. "
            + (
                "The recording knows the truth: the scores compare with its clean signal."
                if result.truth
                else "The recording does not know the truth: the scores need none."
            )
        ),
        facts={
            "recording": str(capture.path),
            "frames": str(frames),
            "receivers": f"{rx}, {'I/Q' if capture.is_complex else 'real-valued'}",
            "chirps x samples": f"{chirps} x {samples}",
            "disturbed samples": f"{100 * share:.2f} % in the frame that is shown",
        },
        notes=capture.notes,
    )
    say(f"{written[-1]} and {len(written) - 1} figures beside it", quiet=quiet or json)


def _method_names(methods: list[str] | None) -> list[str]:
    from clearchirp.mitigate.catalogue import methods as all_methods

    names = methods or [name for name, entry in all_methods.items() if not entry.needs_truth]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"--method: {', '.join(sorted(twice))} is given twice")
    return names


def _variables(capture: Any) -> dict[str, np.dtype[Any]]:
    dtype = capture.frames.dtype
    double = dtype in (np.dtype(np.complex128), np.dtype(np.float64))
    return {
        "beat": dtype,
        "disturbed": np.dtype(bool),
        "range_doppler": np.dtype(np.complex128 if double else np.complex64),
    }


def _floor_db(range_doppler_map: Any) -> float:
    from clearchirp.metrics.maps import noise_floor_db

    return float(np.mean(noise_floor_db(range_doppler_map)))


def _check_figure(path: Path) -> None:
    from clearchirp.report.writing import check_target

    check_target(path)


def _write_figure(path: Path, capture: Any, method: str, worst: Any) -> None:
    from clearchirp.report.figures import range_doppler_figure
    from clearchirp.report.writing import save_figure

    frame, rx, before, after = worst
    figure = range_doppler_figure(
        {"before": before, f"after {method}": after},
        capture.waveform,
        real=not capture.is_complex,
        title=f"{capture.path.name}, frame {frame}, receiver {rx + 1}",
    )
    save_figure(figure, path)

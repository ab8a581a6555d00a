"""`clearchirp mitigate`: a recording in, the cleaned recording out."""

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
    Restart,
    Scheduler,
    Set,
    Settings,
    Threads,
    Variable,
    WaveformFile,
    WorkerCount,
    workers_asked_for,
)
from clearchirp.cli.printing import counted, note, percent, print_json, progress, say
from clearchirp.cli.resuming import telling_what_is_kept
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.mitigation.catalogue import DEFAULT_METHOD
from clearchirp.types import Status


def mitigate(
    file: File,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Where the result goes: .npz, .zarr, .h5, .mat or .npy."
        ),
    ],
    method: Annotated[
        str,
        typer.Option("--method", "-m", metavar="NAME", help="Method; see 'clearchirp methods'."),
    ] = DEFAULT_METHOD,
    detector: DetectorName = DEFAULT_DETECTOR,
    settings: Set = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            "--figure",
            help="Range-Doppler maps before and after, of the frame that was hit most: .png, .svg "
            "or .pdf.",
        ),
    ] = None,
    format: Format = None,
    waveform: WaveformFile = None,
    variable: Variable = None,
    lanes: Lanes = None,
    iq_order: IqOrder = "auto",
    receivers: Receivers = None,
    conjugate: Conjugate = False,
    allow_pickle: AllowPickle = False,
    workers: WorkerCount = None,
    threads: Threads = False,
    scheduler: Scheduler = None,
    restart: Restart = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove the interference of a recording of any size, frame by frame.

    Interrupted on its way into a .zarr, the same command goes on where it stopped.
    """
    from clearchirp.recordings import clean_recording

    crew = workers_asked_for(workers, threads, scheduler)
    reading = Reading(
        format, waveform, variable, lanes, iq_order, receivers, conjugate, allow_pickle
    )
    chosen = Settings(settings, [method], detector)
    if figure is not None:
        _check_figure(figure)
    capture = reading.open(file)
    start = time.perf_counter()
    with (
        telling_what_is_kept(output, quiet=quiet),
        progress("cleaning", len(capture), quiet=quiet) as step,
    ):
        cleaned = clean_recording(
            capture,
            output,
            method,
            detector,
            settings=chosen.of(method),
            detector_settings=chosen.of(detector),
            workers=crew,
            restart=restart,
            on_frames=step,
        )
    facts = {
        "file": str(file),
        "output": str(output),
        "method": method,
        "detector": detector,
        **_facts(cleaned),
        "seconds": time.perf_counter() - start,
        "notes": list(capture.notes),
    }
    if figure is not None:
        _write_figure(figure, capture, method, detector, chosen, cleaned.worst_frame)
    if json:
        print_json(facts)
        return
    say(_in_words(facts), quiet=quiet)
    if figure is not None:
        say(f"{figure}: before and after", quiet=quiet)
    for line in [*_remarks(output, cleaned), *capture.notes]:
        note(f"note: {line}", quiet=quiet)


def _facts(cleaned: Any) -> dict[str, Any]:
    shares = cleaned.disturbed_share
    before, after = (
        float(np.mean(levels)) for levels in (cleaned.floor_before_db, cleaned.floor_after_db)
    )
    return {
        "frames": len(shares),
        "frames_resumed": cleaned.resumed,
        "frames_hit": int(np.count_nonzero(shares)),
        "disturbed_share": float(np.mean(shares)),
        "floor_before_db": before,
        "floor_after_db": after,
        # A recording of zeros has no floor, and none that changed.
        "floor_change_db": after - before if np.isfinite(before) else float("nan"),
        "windowed": cleaned.windowed,
        "status": cleaned.status.value,
    }


def _in_words(facts: dict[str, Any]) -> str:
    frames, seconds = counted(facts["frames"], "frame"), f"{facts['seconds']:.2f} s"
    if facts["frames_hit"] == 0:
        told = f"{facts['output']}: {facts['detector']} found no interference in {frames}"
        told += "" if facts["windowed"] else ", the beat signal is written as it was"
        return f"{told}; {seconds}"
    change = facts["floor_change_db"]
    return (
        f"{facts['output']}: {frames} cleaned by {facts['method']}; interference found by "
        f"{facts['detector']} in {facts['frames_hit']} of {facts['frames']}, "
        f"{percent(facts['disturbed_share'])} of the samples; median of the range-Doppler map "
        f"{facts['floor_before_db']:.2f} dB before, {facts['floor_after_db']:.2f} dB after "
        f"({change:+.2f} dB); {seconds}"
    )


def _remarks(output: Path, cleaned: Any) -> list[str]:
    remarks = []
    if cleaned.resumed:
        remarks.append(f"{counted(cleaned.resumed, 'frame')} had been finished by a run before.")
    if cleaned.windowed:
        remarks.append(
            "The method works on range spectra: the beat signal that is written has the range "
            "window on it (windowed = true); take the next steps from range_doppler."
        )
    if output.suffix.lower() == ".npy":
        remarks.append("An .npy holds the beat signal alone; write .npz for mask and map too.")
    if cleaned.status is Status.MAX_ITERATIONS:
        remarks.append(cleaned.status.advice)
    return remarks


def _check_figure(path: Path) -> None:
    from clearchirp.report.writing import check_figure_target

    check_figure_target(path)


def _write_figure(
    path: Path, capture: Any, method: str, detector: str, chosen: Settings, frame: int
) -> None:
    from clearchirp.chain import pipeline
    from clearchirp.recordings.clean import clean_frame, doppler_map
    from clearchirp.report.figures import range_doppler_figure
    from clearchirp.report.writing import save_figure

    work = pipeline(
        method,
        detector,
        settings=chosen.of(method),
        detector_settings=chosen.of(detector),
        waveform=capture.waveform,
    )
    beat, cleaned = clean_frame(work, capture, frame)
    rx = int(np.argmax(cleaned.disturbed[0].mean(axis=(-1, -2))))
    before, after = doppler_map(work, beat)[0, rx], cleaned.range_doppler[0, rx]
    figure = range_doppler_figure(
        {"before": before, f"after {method}": after},
        capture.waveform,
        real=not capture.is_complex,
        title=f"{capture.path.name}, frame {frame}, receiver {rx + 1}",
    )
    save_figure(figure, path)

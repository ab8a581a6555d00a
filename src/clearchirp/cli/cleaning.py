"""`clearchirp mitigate`: a recording in, the cleaned recording out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
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
from clearchirp.cli.printing import counted, note, percent, print_json, progress, say
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
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove the interference of a recording, frame by frame."""
    from clearchirp.chain import pipeline, true_mask
    from clearchirp.io import CaptureWriter

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
    windowed = work.domain != "beat"
    writer = CaptureWriter(
        output,
        leading=capture.leading,
        variables=_variables(capture),
        waveform=capture.waveform,
        attributes={"method": method, "windowed": windowed},
        source=file,
    )
    tally = _Tally()
    start = time.perf_counter()
    with writer as sink, progress("cleaning", len(capture), quiet=quiet) as step:
        history = None
        for number in range(len(capture)):
            beat = capture.read(number, number + 1)
            mask = true_mask(capture, number) if work.oracle else None
            cleaned = work(beat, mask, history)
            history = cleaned.history
            sink.write(
                beat=cleaned.beat,
                disturbed=cleaned.disturbed,
                range_doppler=cleaned.range_doppler,
            )
            tally.add(number, beat, cleaned, work.transmit_order)
            step()
    facts = tally.facts() | {"seconds": time.perf_counter() - start}
    if figure is not None:
        _write_figure(figure, capture, method, tally.worst)
    facts |= {"windowed": windowed, "status": tally.status.value, "notes": list(capture.notes)}
    facts = {
        "file": str(file),
        "output": str(output),
        "method": method,
        "detector": detector,
        **facts,
    }
    if json:
        print_json(facts)
        return
    say(_in_words(facts), quiet=quiet)
    if figure is not None:
        say(f"{figure}: before and after", quiet=quiet)
    for line in [*_remarks(output, windowed, tally.status), *capture.notes]:
        note(f"note: {line}", quiet=quiet)


@dataclass(slots=True)
class _Tally:
    """What is told at the end, gathered frame by frame."""

    floors: list[tuple[float, float]] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    status: Status = Status.DIRECT
    worst: Any = None

    def add(self, number: int, beat: Any, cleaned: Any, transmit_order: tuple[int, ...]) -> None:
        from clearchirp.metrics.maps import noise_floor_db
        from clearchirp.spectrum import range_doppler, split_transmitters

        before, after = (
            range_doppler(split_transmitters(beat, transmit_order)),
            cleaned.range_doppler,
        )
        self.floors.append((noise_floor_db(before).mean(), noise_floor_db(after).mean()))
        share = float(cleaned.disturbed.mean())
        if not self.shares or share > max(self.shares):
            rx = int(np.argmax(cleaned.disturbed[0].mean(axis=(-1, -2))))
            self.worst = (number, rx, before[0, rx], after[0, rx])
        self.shares.append(share)
        if self.status is not Status.MAX_ITERATIONS:
            self.status = cleaned.status

    def facts(self) -> dict[str, Any]:
        before, after = (float(level) for level in np.mean(self.floors, axis=0))
        return {
            "frames": len(self.shares),
            "frames_hit": sum(share > 0 for share in self.shares),
            "disturbed_share": float(np.mean(self.shares)),
            "floor_before_db": before,
            "floor_after_db": after,
            # A recording of zeros has no floor, and none that changed.
            "floor_change_db": after - before if np.isfinite(before) else float("nan"),
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


def _remarks(output: Path, windowed: bool, status: Status) -> list[str]:
    remarks = []
    if windowed:
        remarks.append(
            "The method works on range spectra: the beat signal that is written has the range "
            "window on it (windowed = true); take the next steps from range_doppler."
        )
    if output.suffix.lower() == ".npy":
        remarks.append("An .npy holds the beat signal alone; write .npz for mask and map too.")
    if status is Status.MAX_ITERATIONS:
        remarks.append(status.advice)
    return remarks


def _variables(capture: Any) -> dict[str, np.dtype[Any]]:
    dtype = capture.frames.dtype
    double = dtype in (np.dtype(np.complex128), np.dtype(np.float64))
    return {
        "beat": dtype,
        "disturbed": np.dtype(bool),
        "range_doppler": np.dtype(np.complex128 if double else np.complex64),
    }


def _check_figure(path: Path) -> None:
    from clearchirp.report.writing import check_figure_target

    check_figure_target(path)


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

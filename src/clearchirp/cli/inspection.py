"""`clearchirp info` and `clearchirp detect`: what a recording is and where it is hit."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from clearchirp.cli.facts import capture_facts, capture_lines, packet_lines, share_lines
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
from clearchirp.cli.printing import (
    counted,
    note,
    on_terminal,
    percent,
    print_json,
    print_table,
    progress,
    say,
)
from clearchirp.cli.resuming import telling_what_is_kept
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR, find_detector
from clearchirp.types import InputError


def info(
    file: File,
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
    """Say what a recording holds: shape, radar, saturation, share of disturbed samples a frame."""
    from clearchirp.disturbed.summary import saturated_share

    packets = _packets(file, format)
    if packets is not None and waveform is None:
        _print_packets(file, packets, json, quiet)
        return
    reading = Reading(
        format, waveform, variable, lanes, iq_order, receivers, conjugate, allow_pickle
    )
    capture = reading.open(file)
    detector = find_detector(DEFAULT_DETECTOR)()
    rows = []
    with progress("reading", len(capture), quiet=quiet) as step:
        for number, beat in _frames(capture):
            row: dict[str, Any] = {"frame": number, "disturbed_share": float(detector(beat).mean())}
            if capture.full_scale is not None:
                row["saturated_share"] = saturated_share(beat, capture.full_scale)
            rows.append(row)
            step()
    if json:
        facts = capture_facts(capture) | ({"packets": packets} if packets else {})
        print_json({**facts, "detector": DEFAULT_DETECTOR, "by_frame": rows})
        return
    lines = capture_lines(capture) | (packet_lines(packets) if packets else {})
    _print_lines(lines | share_lines(rows, DEFAULT_DETECTOR), quiet)
    say("", quiet=quiet)
    _print_frames("Frame by frame", *_share_table(rows), quiet=quiet)


def detect(
    file: File,
    detector: DetectorName = DEFAULT_DETECTOR,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where the mask goes: .npz, .zarr, .h5, .mat or .npy."),
    ] = None,
    settings: Set = None,
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
    """Find the disturbed samples: the mask, and a summary of each frame.

    Where the file knows which samples are disturbed, precision, recall and F as well. Interrupted
    on its way into a .zarr, the same command goes on where it stopped.
    """
    from clearchirp.recordings import detect_recording

    crew = workers_asked_for(workers, threads, scheduler)
    reading = Reading(
        format, waveform, variable, lanes, iq_order, receivers, conjugate, allow_pickle
    )
    chosen = Settings(settings, (), detector)
    capture = reading.open(file)
    rate = capture.waveform.sample_rate
    with (
        telling_what_is_kept(output, quiet=quiet),
        progress("detecting", len(capture), quiet=quiet) as step,
    ):
        detected = detect_recording(
            capture,
            output,
            detector,
            detector_settings=chosen.of(detector),
            workers=crew,
            restart=restart,
            on_frames=step,
        )
    rows, scores, slopes = detected.frames, detected.scores, detected.interferers
    if json:
        print_json(
            {
                "file": str(file),
                "detector": detector,
                "chirp_rate_unit": "cycles/sample^2" if math.isnan(rate) else "Hz/s",
                "notes": list(capture.notes),
                "by_frame": [
                    dataclasses.asdict(row)
                    | score
                    | ({"interferers": [one._asdict() for one in slopes[k]]} if slopes else {})
                    for k, (row, score) in enumerate(
                        zip(rows, scores or ({},) * len(rows), strict=True)
                    )
                ],
            }
        )
        return
    hits = [row.hit for row in rows]
    table = [_summary_row(row, rate) for row in rows]
    for line, score in zip(table, scores, strict=False):
        line |= {f"{name} (%)": 100 * value for name, value in score.items()}
    _print_frames(f"{file}: disturbed samples found by {detector}", table, hits, quiet=quiet)
    if any(slopes):
        found = [_slope_row(k, one, rate) for k, frame in enumerate(slopes) for one in frame]
        _print_frames("Interferers, the strongest first", found, [True] * len(found), quiet=quiet)
    say(
        f"{sum(hits)} of {counted(len(rows), 'frame')} hit, "
        f"{percent(float(np.mean([row.share for row in rows])))} of all samples disturbed"
        + (f"; mask in {output}" if output is not None else ""),
        quiet=quiet,
    )
    if scores:
        say(f"against the truth, mean over frames: {_mean_scores(scores)}", quiet=quiet)
    if detected.resumed:
        note(
            f"note: {counted(detected.resumed, 'frame')} had been finished by a run before.",
            quiet=quiet,
        )
    for line in capture.notes:
        note(f"note: {line}", quiet=quiet)


def _mean_scores(scores: Sequence[dict[str, float]]) -> str:
    parts = []
    for name in scores[0]:
        known = [score[name] for score in scores if not math.isnan(score[name])]
        parts.append(f"{name} {percent(float(np.mean(known)))}" if known else f"{name} -")
    return ", ".join(parts)


def _packets(file: Path, format: str | None) -> dict[str, Any] | None:
    """What a packet capture tells without a radar; None for any other recording."""
    from clearchirp.io import pcap_facts
    from clearchirp.io.recognise import recognise

    if format is None:
        try:
            format = recognise(file)
        except InputError:
            return None  # opening it says what it is, and what to do
    return dataclasses.asdict(pcap_facts(file)) if format == "pcap" else None


def _print_packets(file: Path, packets: dict[str, Any], json: bool, quiet: bool) -> None:
    head = {"file": str(file), "format": "pcap"}
    if json:
        print_json({**head, "packets": packets})
        return
    _print_lines({**head, **packet_lines(packets)}, quiet)
    note(
        "note: The packets do not tell the radar: give --waveform to see frames and to mitigate.",
        quiet=quiet,
    )


def _frames(capture: Any) -> Iterator[tuple[int, Any]]:
    for number in range(len(capture)):
        yield number, capture.read(number, number + 1)


def _slope_row(frame: int, found: Any, sample_rate: float) -> dict[str, object]:
    rate, unit = _rate_column(sample_rate)
    return {
        "frame": frame,
        rate: found.chirp_rate * unit,
        "amplitude": found.amplitude,
        "crossings": found.crossings,
    }


def _rate_column(sample_rate: float) -> tuple[str, float]:
    """Return the heading of chirp rates and what they are multiplied by."""
    known = not math.isnan(sample_rate)
    return "slope diff. " + ("(MHz/us)" if known else "(1/sample^2)"), 1e-12 if known else 1.0


def _summary_row(row: Any, sample_rate: float) -> dict[str, object]:
    rate, unit = _rate_column(sample_rate)
    return {
        "frame": row.frame,
        "hit": row.hit,
        "disturbed (%)": 100 * row.share,
        "chirps hit (%)": 100 * row.chirps_hit,
        "INR (dB)": row.inr_db,
        rate: row.chirp_rate * unit,
    }


def _share_table(rows: list[dict[str, Any]]) -> tuple[list[dict[str, object]], list[bool]]:
    table, worth_a_look = [], []
    for row in rows:
        line: dict[str, object] = {"frame": row["frame"]}
        line["disturbed (%)"] = 100 * row["disturbed_share"]
        if "saturated_share" in row:
            line["saturated (%)"] = 100 * row["saturated_share"]
        table.append(line)
        worth_a_look.append(row["disturbed_share"] > 0 or row.get("saturated_share", 0) > 0)
    return table, worth_a_look


def _print_frames(
    title: str, table: list[dict[str, object]], hit: list[bool], *, quiet: bool, most: int = 40
) -> None:
    """Print a row a frame; of a long recording, on a screen, only frames that were hit."""
    if len(table) <= most or not on_terminal():
        print_table(title, table, quiet=quiet)
        return
    shown = [row for row, one in zip(table, hit, strict=True) if one]
    print_table(title, shown[:most], quiet=quiet)
    left_out = f"{len(shown) - most} more that were hit and " if len(shown) > most else ""
    say(
        f"(not listed: {left_out}{counted(len(table) - len(shown), 'frame')} not hit; a pipe and "
        "--json get all)",
        quiet=quiet,
    )


def _print_lines(lines: dict[str, object], quiet: bool) -> None:
    width = max(len(key) for key in lines)
    for key, value in lines.items():
        for k, line in enumerate(value if isinstance(value, list) else [value]):
            label = key if k == 0 else ""
            say(f"{label:<{width}}  {line}", quiet=quiet)

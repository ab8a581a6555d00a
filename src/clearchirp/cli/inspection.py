"""`clearchirp info` and `clearchirp detect`: what a recording is and where it is hit."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from contextlib import nullcontext
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
from clearchirp.types import Detector, InputError
from clearchirp.waveform import Waveform


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
    """Say what a recording holds: shape, radar, saturation, share of disturbed samples a frame.

    Example: clearchirp info capture.bin --format dca1000 --waveform radar.toml
    """
    from clearchirp.io import pcap_facts

    packets = None
    if format == "pcap" or (format is None and _is_pcap(file)):
        packets = dataclasses.asdict(pcap_facts(file))
        if waveform is None:
            _print_facts({"file": str(file), "format": "pcap", **packets}, json, quiet)
            note(
                "The packets do not tell the radar: give --waveform to see frames and to mitigate.",
                quiet=quiet or json,
            )
            return
    reading = Reading(
        format, waveform, variable, lanes, iq_order, receivers, conjugate, allow_pickle
    )
    capture = reading.open(file)
    facts = _capture_facts(capture)
    if packets is not None:
        facts |= packets
    detector = find_detector(DEFAULT_DETECTOR)()
    rows = []
    with progress("reading", len(capture), quiet=quiet) as step:
        for number, beat in _frames(capture):
            row: dict[str, object] = {"frame": number}
            if capture.full_scale is not None:
                row["saturated"] = _saturated(beat, capture.full_scale)
            row["disturbed"] = float(detector(beat).mean())
            rows.append(row)
            step()
    shares = np.array([row["disturbed"] for row in rows], dtype=float)
    facts["disturbed"] = f"{100 * shares.mean():.3f} % of the samples (worst frame "
    facts["disturbed"] += f"{100 * shares.max():.3f} %), by the detector {DEFAULT_DETECTOR}"
    if "saturated" in rows[0]:
        saturated = np.mean([float(str(row["saturated"])) for row in rows])
        facts["saturation"] = f"{100 * saturated:.4f} % of the samples at the ends of the ADC"
    if json:
        print_json({**facts, "frames_detail": rows})
        return
    _print_facts(facts, json, quiet)
    if len(rows) <= 32:
        print_table("Share by frame", rows, quiet=quiet)
    else:
        say(f"({len(rows)} frames; --json lists the share of each)", quiet=quiet)


def detect(
    file: File,
    detector: DetectorName = DEFAULT_DETECTOR,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where the mask goes: .npz, .zarr, .h5 or .mat."),
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
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the disturbed samples: the mask, and a summary of each frame.

    Example: clearchirp detect capture.npz -d combined -o mask.npz
    """
    from clearchirp.disturbed.summary import summarise
    from clearchirp.io import CaptureWriter

    reading = Reading(
        format, waveform, variable, lanes, iq_order, receivers, conjugate, allow_pickle
    )
    chosen = Settings(settings, (), detector)
    finder: Detector = find_detector(detector)(**chosen.of(detector))
    capture = reading.open(file)
    writer = None
    if output is not None:
        writer = CaptureWriter(
            output,
            leading=capture.leading,
            variables={"disturbed": np.dtype(bool)},
            waveform=capture.waveform,
            attributes={"detector": detector},
            source=file,
        )
    rows = []
    rate = capture.waveform.sample_rate
    with writer or nullcontext() as sink, progress("detecting", len(capture), quiet=quiet) as step:
        for number, beat in _frames(capture):
            mask = finder(beat)
            rows.append(summarise(beat, mask, frame=number, sample_rate=rate))
            if sink is not None:
                sink.write(disturbed=mask)
            step()
    table = [_summary_row(row, rate) for row in rows]
    if json:
        print_json({"file": str(file), "detector": detector, "frames": table})
        return
    hits = sum(row.hit for row in rows)
    print_table(f"{file} by {detector}", _short(table), quiet=quiet)
    say(
        f"{hits} of {len(rows)} frames hit, "
        f"{100 * float(np.mean([r.share for r in rows])):.4f} % of all samples disturbed"
        + (f"; mask in {output}" if output is not None else ""),
        quiet=quiet,
    )
    for line in capture.notes:
        note(f"note: {line}", quiet=quiet)


def _is_pcap(file: Path) -> bool:
    from clearchirp.io.recognise import recognise

    try:
        return recognise(file) == "pcap"
    except InputError:
        return False  # opening it says what it is, and what to do


def _frames(capture: Any) -> Iterator[tuple[int, Any]]:
    for number in range(len(capture)):
        yield number, capture.read(number, number + 1)


def _summary_row(row: Any, sample_rate: float) -> dict[str, object]:
    unit = "MHz/us" if not math.isnan(sample_rate) else "cycles/sample^2"
    scale = 1e-12 if not math.isnan(sample_rate) else 1.0
    return {
        "frame": row.frame,
        "hit": row.hit,
        "disturbed %": 100 * row.share,
        "chirps hit %": 100 * row.chirps_hit,
        "INR dB": row.inr_db,
        f"chirp-rate difference {unit}": row.chirp_rate * scale,
    }


def _short(table: list[dict[str, object]], most: int = 40) -> list[dict[str, object]]:
    return table if len(table) <= most else table[:most]


def _saturated(beat: Any, full_scale: tuple[float, float]) -> float:
    low, high = full_scale
    if not np.iscomplexobj(beat):
        return float(((beat <= low) | (beat >= high)).mean())
    parts = beat.view(beat.real.dtype).reshape(*beat.shape, 2)
    return float(((parts <= low) | (parts >= high)).any(axis=-1).mean())


def _capture_facts(capture: Any) -> dict[str, object]:
    frames, rx, chirps, samples = capture.frames.shape
    facts: dict[str, object] = {
        "file": str(capture.path),
        "format": capture.format,
        "frames": frames,
        "receivers": rx,
        "chirps": chirps,
        "samples": samples,
        "receiver": "I/Q (complex)" if capture.is_complex else "real-valued",
        "type": str(capture.frames.dtype),
    }
    facts |= _waveform_facts(capture.waveform)
    if capture.truth:
        facts["truth"] = ", ".join(capture.truth)
    if capture.notes:
        facts["notes"] = list(capture.notes)
    return facts


def _waveform_facts(radar: Waveform) -> dict[str, object]:
    facts: dict[str, object] = {}
    for name, scale, unit in (
        ("start_frequency", 1e-9, "GHz"),
        ("slope", 1e-12, "MHz/us"),
        ("sample_rate", 1e-6, "MHz"),
        ("chirp_interval", 1e6, "us"),
        ("adc_start", 1e6, "us"),
    ):
        value = getattr(radar, name)
        facts[name] = "unknown" if math.isnan(value) else f"{value * scale:.6g} {unit}"
    if radar.knows_range:
        facts["range"] = f"{radar.ranges(2)[1]:.4g} m a bin"
    if radar.knows_speed and radar.chirps > 1:
        speeds = radar.speeds()
        facts["range rate"] = f"{speeds[1] - speeds[0]:.4g} m/s a bin, {speeds[0]:.4g} m/s and up"
    if len(radar.transmit_order) > 1:
        facts["transmit_order"] = list(radar.transmit_order)
    return facts


def _print_facts(facts: dict[str, object], json: bool, quiet: bool) -> None:
    if json:
        print_json(facts)
        return
    width = max(len(key) for key in facts)
    for key, value in facts.items():
        for k, line in enumerate(value if isinstance(value, list) else [value]):
            label = key.replace("_", " ") if k == 0 else ""
            text = f"{line:.6g}" if isinstance(line, float) else str(line)
            say(f"{label:<{width}}  {text}", quiet=quiet)

"""What is known of a recording: as numbers for programs, as lines for people."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from clearchirp.cli.printing import as_options, counted, percent
from clearchirp.waveform import Waveform


def capture_facts(capture: Any) -> dict[str, object]:
    """Return what a program wants to know: SI units, under the names of the fields."""
    frames, rx, chirps, samples = capture.frames.shape
    radar = capture.waveform
    return {
        "file": str(capture.path),
        "format": capture.format,
        "frames": frames,
        "receivers": rx,
        "chirps": chirps,
        "samples": samples,
        "complex": capture.is_complex,
        "dtype": str(capture.frames.dtype),
        "waveform": dataclasses.asdict(radar),
        "range_bin": float(radar.ranges(2)[1]) if radar.knows_range else math.nan,
        "truth": list(capture.truth),
        "notes": list(capture.notes),
    }


def capture_lines(capture: Any) -> dict[str, object]:
    """Return the same for people."""
    frames, rx, chirps, samples = capture.frames.shape
    kind = "I/Q" if capture.is_complex else "real-valued"
    lines: dict[str, object] = {
        "file": str(capture.path),
        "format": capture.format,
        "size": f"{counted(frames, 'frame')} x {counted(rx, 'receiver')} x "
        f"{counted(chirps, 'chirp')} x {counted(samples, 'sample')}",
        "receiver": f"{kind} ({capture.frames.dtype})",
    }
    lines |= _waveform_lines(capture.waveform)
    if capture.truth:
        lines["truth"] = ", ".join(capture.truth)
    if capture.notes:
        lines["notes"] = [as_options(line) for line in capture.notes]
    return lines


def packet_lines(packets: dict[str, Any]) -> dict[str, object]:
    """Return the counts of a packet capture, and its words in a sentence."""
    counts: dict[str, object] = {
        key.replace("_", " "): value
        for key, value in packets.items()
        if isinstance(value, int) and key not in ("minimum", "maximum")
    }
    words = (
        f"int16, {packets['minimum']} to {packets['maximum']}, mean {packets['mean']:.4g}, "
        f"rms {packets['rms']:.4g}, {percent(packets['zero_share'])} of them 0"
    )
    return counts | {"words": words}


def share_lines(rows: list[dict[str, Any]], detector: str) -> dict[str, object]:
    """Return what the shares of disturbed and saturated samples, one row a frame, come to."""
    shares = np.array([row["disturbed_share"] for row in rows])
    worst = f", {percent(shares.max())} in the worst frame" if len(rows) > 1 else ""
    lines: dict[str, object] = {
        "disturbed": f"{percent(shares.mean())} of the samples{worst} (detector {detector})"
    }
    if "saturated_share" in rows[0]:
        saturated = float(np.mean([row["saturated_share"] for row in rows]))
        lines["saturated"] = f"{percent(saturated)} of the samples (at an end of the ADC's scale)"
    return lines


def _waveform_lines(radar: Waveform) -> dict[str, object]:
    lines: dict[str, object] = {}
    for name, label, scale, unit in (
        ("start_frequency", "start frequency", 1e-9, "GHz"),
        ("slope", "slope", 1e-12, "MHz/us"),
        ("sample_rate", "sample rate", 1e-6, "MHz"),
        ("chirp_interval", "chirp interval", 1e6, "us"),
        ("adc_start", "ADC start", 1e6, "us"),
    ):
        value = getattr(radar, name)
        lines[label] = "unknown" if math.isnan(value) else f"{value * scale:.6g} {unit}"
    if radar.knows_range:
        bins = radar.samples // 2 + 1
        size, farthest = radar.ranges(2)[1], radar.ranges(bins)[-1]
        lines["range bin"] = f"{size:.4g} m, {bins} bins up to {farthest:.4g} m"
    if radar.knows_speed and len(radar.speeds()) > 1:
        speeds = radar.speeds()
        lines["Doppler bin"] = (
            f"{speeds[1] - speeds[0]:.4g} m/s, {len(speeds)} bins from {speeds[0]:.4g} to "
            f"{speeds[-1]:.4g} m/s, receding positive"
        )
    if len(radar.transmit_order) > 1:
        lines["transmitters"] = "in the order " + ", ".join(map(str, radar.transmit_order))
    return lines

"""What the page says in words and tables, as HTML."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping

from clearchirp.io.capture import Capture
from clearchirp.report.columns import column, heading
from clearchirp.viewer.computing import FRAMES_A_SECOND, Cost


def escaped(text: object) -> str:
    """Return a text of any origin as HTML shows it."""
    return html.escape(str(text))


def facts(capture: Capture) -> list[str]:
    """Return what the recording is, in a few words each."""
    frames, rx, chirps, samples = capture.frames.shape
    radar = capture.waveform
    told = [
        f"{frames:,} frame{'' if frames == 1 else 's'}",
        f"{rx} receiver{'' if rx == 1 else 's'}, {'I/Q' if capture.is_complex else 'real'}",
        f"{chirps} chirps of {samples} samples",
    ]
    if not math.isnan(radar.slope):
        told.append(f"{radar.slope / 1e12:.4g} MHz/µs")
    if not math.isnan(radar.sample_rate):
        told.append(f"{radar.sample_rate / 1e6:.4g} MHz")
    told.append("truth in the file" if capture.truth else "no truth in the file")
    return told


def cost_text(name: str, detector: str, cost: Cost) -> str:
    """Return what a frame costs and whether that holds 20 Hz.

    >>> cost_text("ar", "combined", Cost(detector_ms=3.2, method_ms=20.0))
    'ar: 23 ms a frame (combined 3.2 ms + ar 20 ms): holds 20 Hz on one core'
    """
    parts = f"{name} {_ms(cost.method_ms)}"
    if cost.detector_ms:
        parts = f"{detector} {_ms(cost.detector_ms)} + {parts}"
    rate = f"{FRAMES_A_SECOND:g} Hz"
    verdict = f"holds {rate} on one core" if cost.holds else f"does not hold {rate} on one core"
    return f"{name}: {_ms(cost.total_ms)} a frame ({parts}): {verdict}"


def score_table(rows: Mapping[str, Mapping[str, float]], *, truth: bool) -> str:
    """Return the figures as an HTML table: a row an entry, a column a figure with its meaning."""
    keys = list(next(iter(rows.values())))
    best = {key: _best(key, rows) for key in keys}
    head = "".join(
        f'<th scope="col" title="{escaped(column(key).meaning)}">{escaped(heading(key))}</th>'
        for key in keys
    )
    body = "".join(
        f'<tr><th scope="row">{escaped(name)}</th>'
        + "".join(
            f"<td{' class=best' if name in best[key] else ''}>{_number(key, row.get(key))}</td>"
            for key in keys
        )
        + "</tr>"
        for name, row in rows.items()
    )
    kind = "against the truth in the file" if truth else "without truth"
    return (
        f"<table><caption>Figures of this frame {kind}, the mean over receivers</caption>"
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _best(key: str, rows: Mapping[str, Mapping[str, float]]) -> set[str]:
    better = column(key).better
    known = {n: row[key] for n, row in rows.items() if key in row and not math.isnan(row[key])}
    if better is None or len(set(known.values())) < 2:
        return set()
    best = (max if better == "higher" else min)(known.values())
    return {name for name, value in known.items() if value == best}


def _number(key: str, value: float | None) -> str:
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    places = 0 if key == "detections" else column(key).decimals
    return f"{value:.{places}f}".replace("-", "−")


def _ms(value: float) -> str:
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"

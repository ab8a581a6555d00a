"""A comparison of methods as figures and one HTML file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp._version import __version__
from clearchirp.evaluate.comparison import Comparison
from clearchirp.report.beats import beat_figure
from clearchirp.report.figures import (
    disturbed_figure,
    range_doppler_figure,
    range_profile_figure,
    stft_figure,
)
from clearchirp.report.html import Table, write_report
from clearchirp.report.writing import save_figure
from clearchirp.waveform import Waveform

_LINES = 3

COLUMNS = {
    "floor_db": (
        "noise floor",
        "dB",
        "Median of the range-Doppler map's power, in dB of the unscaled transform.",
    ),
    "floor_change_db": ("floor change", "dB", "Against the recording as it came."),
    "detections": ("detections", "per frame", "Cells that 2-D CA-CFAR finds (12 dB)."),
    "peak_change_db": (
        "peak change",
        "dB",
        "Power at target cells against the clean map; without truth, against the recording as it "
        "came, at the cells where every method shows a target.",
    ),
    "outside_db": ("floor outside", "dB", "Mean power outside of the detections."),
    "empty_half_db": (
        "empty half",
        "dB",
        "Median power at negative beat frequencies, where an I/Q receiver sees no target.",
    ),
    "agreement": (
        "agreement",
        "",
        "Share of the other receivers that detect what one detects: targets are common to all.",
    ),
    "mse_db": ("MSE", "dB", "Mean squared error of the map."),
    "map_sinr_db": ("map SINR", "dB", "Power at true target cells over power elsewhere."),
    "evm": ("EVM", "", "Mean relative error of the map at true target cells."),
    "f1": ("F1", "", "Of the detections, cell by cell, against those on the clean map."),
    "tpr": ("TPR", "", "Share of the true target cells that are detected."),
    "far": ("FAR", "", "Share of the cells without a target that are detected."),
    "beat_sinr_db": (
        "beat SINR",
        "dB",
        "Noise-free targets over what the cleaned beat signal has besides; none where a window "
        "remains on it.",
    ),
    "ms": ("time", "ms/frame", "Median over frames, on this machine, detector not included."),
}
"""Column -> heading, unit, meaning."""


def heading(column: str) -> str:
    """Return the heading of a column with its unit."""
    name, unit, _ = COLUMNS[column]
    return f"{name} ({unit})" if unit else name


def write_comparison(
    folder: Path,
    comparison: Comparison,
    waveform: Waveform,
    *,
    title: str,
    intro: str,
    facts: Mapping[str, str],
    notes: Sequence[str] = (),
) -> list[Path]:
    """Write the figures and ``report.html`` of a comparison into a folder.

    Returns
    -------
    list of Path
        What was written, the report last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    example = comparison.example
    real = bool(np.isrealobj(example.before))
    where = f"frame {example.frame}, receiver {example.rx + 1}"
    shown = _clearest(comparison)
    chirp = example.chirp
    figures = {
        "range_doppler": (
            f"Range-Doppler maps, {where}, on one colour scale.",
            range_doppler_figure(example.maps, waveform, real=real, title=where.capitalize()),
        ),
        "beat": (
            f"The beat signal of chirp {chirp}, {where}: disturbed samples are shaded.",
            beat_figure(example.before, shown, example.disturbed, waveform, chirp),
        ),
        "stft": (
            f"Short-time spectrum of the same chirp: targets are level lines, an interferer is a "
            f"slanted one. {where.capitalize()}.",
            stft_figure(
                {"before": example.before[chirp], **{k: v[chirp] for k, v in shown.items()}},
                waveform,
            ),
        ),
        "range_profile": (
            f"Mean power over Doppler against range, {where}.",
            range_profile_figure(example.maps, waveform, real=real),
        ),
        "disturbed": (
            f"Which samples are disturbed, {where}.",
            disturbed_figure(example.disturbed, waveform),
        ),
    }
    written = []
    for name, (_, figure) in figures.items():
        written.append(save_figure(figure, folder / f"{name}.png"))
    report = folder / "report.html"
    write_report(
        report,
        title=title,
        intro=intro,
        facts=facts,
        tables=[_table(comparison), _meaning(comparison)],
        figures=list(figures.values()),
        notes=[*notes, f"Made by clearchirp {__version__}."],
    )
    return [*written, report]


def _clearest(comparison: Comparison) -> dict[str, NDArray[Any]]:
    """Return the cleaned beat signals with the lowest floors, as many as one figure can show."""
    after = comparison.example.after
    ranked = sorted(
        (name for name in after if name != "none"),
        key=lambda name: comparison.rows[name]["floor_db"],
    )
    chosen = set(ranked[:_LINES])
    return {name: signal for name, signal in after.items() if name in chosen}


def _table(comparison: Comparison) -> Table:
    columns = list(next(iter(comparison.rows.values())))
    rows = [
        [name, *(_number(column, values[column]) for column in columns)]
        for name, values in comparison.rows.items()
    ]
    return Table(
        caption="Mean over frames and receivers",
        columns=["method", *(heading(c) for c in columns)],
        rows=rows,
    )


def _meaning(comparison: Comparison) -> Table:
    columns = next(iter(comparison.rows.values()))
    rows = [[COLUMNS[column][0], COLUMNS[column][2]] for column in columns]
    return Table(caption="What the columns mean", columns=["column", "meaning"], rows=rows)


def _number(column: str, value: float) -> str:
    decimals = {"far": 5, "tpr": 3, "f1": 3, "evm": 3, "agreement": 3}.get(column, 2)
    return "–" if math.isnan(value) else f"{value:.{decimals}f}"

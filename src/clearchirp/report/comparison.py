"""A comparison of methods as figures and one HTML file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from clearchirp._version import __version__
from clearchirp.evaluate.comparison import Comparison
from clearchirp.report.beats import beat_figure
from clearchirp.report.columns import column, heading
from clearchirp.report.figures import (
    disturbed_figure,
    range_doppler_figure,
    range_profile_figure,
    stft_figure,
)
from clearchirp.report.html import write_report
from clearchirp.report.tables import Table
from clearchirp.report.writing import save_figure
from clearchirp.waveform import Waveform

_LINES = 3


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
    figures = example_figures(comparison, waveform)
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


def example_figures(comparison: Comparison, waveform: Waveform) -> dict[str, tuple[str, Figure]]:
    """Return the figures of the frame that was hit most: name -> (caption, figure)."""
    example = comparison.example
    real = bool(np.isrealobj(example.before))
    where = f"frame {example.frame}, receiver {example.rx + 1}"
    shown = _clearest(comparison)
    chirp = example.chirp
    return {
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
        [name, *(_number(key, values[key]) for key in columns)]
        for name, values in comparison.rows.items()
    ]
    return Table(
        caption="Mean over frames and receivers",
        columns=["method", *(heading(c) for c in columns)],
        rows=rows,
    )


def _meaning(comparison: Comparison) -> Table:
    columns = next(iter(comparison.rows.values()))
    rows = [[column(key).name, column(key).meaning] for key in columns]
    return Table(caption="What the columns mean", columns=["column", "meaning"], rows=rows)


def _number(key: str, value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.{column(key).decimals}f}"

"""What the reproductions of several papers draw: distributions of the metrics, means as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from clearchirp.evaluate.studies import Evaluated
from clearchirp.metrics.aggregate import mean
from clearchirp.report.distributions import ecdf_figure
from clearchirp.report.style import LINES, dress, new_figure
from clearchirp.report.tables import Table

METRICS = {
    "MSE": "mse_db",
    "SINR": "map_sinr_db",
    "EVM": "evm",
    "TPR": "tpr",
    "FAR": "far",
    "F1-score": "f1",
}
"""The metrics of Oswald 2026 and the columns that hold them."""


def distributions(results: Evaluated, title: str) -> tuple[str, Figure]:
    """Return caption and figure: the distribution of each metric over the frames, a line a case."""
    metrics = {
        column: {label: results.values(label, column) for label in results.columns}
        for column in METRICS.values()
    }
    return "Distribution of each metric over the frames.", ecdf_figure(metrics, title=title)


def means_table(results: Evaluated) -> Table:
    """Return the mean of each metric for each case, and the median of the seconds a frame."""
    lines = []
    for label in results.columns:
        means = [mean(_finite(results, label, column)).value for column in METRICS.values()]
        seconds = float(np.median(results.values(label, "seconds")))
        lines.append([label, *means, 1e3 * seconds])
    heads = [f"{n} (dB)" if c.endswith("_db") else n for n, c in METRICS.items()]
    waiting = "; ".join(f"{label}: {why}" for label, why in results.refused.items())
    caption = "Means over the frames" + (f" (left out: {waiting})" if waiting else "")
    return Table(caption, ["case", *heads, "ms/frame"], lines)


def _finite(results: Evaluated, label: str, column: str) -> list[float]:
    values = results.values(label, column)
    return values[np.isfinite(values)].tolist()


def line_figure(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    title: str,
    x: str,
    y: str,
) -> Figure:
    """Return a figure with a line each of name -> (x values, y values)."""
    figure = new_figure(7.5, 5.0, title)
    axes = figure.subplots()
    for index, (label, (across, up)) in enumerate(lines.items()):
        colour, style = LINES[index % len(LINES)]
        axes.plot(across, up, color=colour, ls=style, marker="o", ms=4, label=label)
    dress(axes, x=x, y=y)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=5, fontsize=9)
    return figure

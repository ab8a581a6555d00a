"""What the reproductions of several papers draw: distributions of the metrics, means as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from clearchirp.evaluate.studies import Evaluated
from clearchirp.metrics.aggregate import ecdf, mean
from clearchirp.report.html import Table
from clearchirp.report.style import LINES, dress, new_figure

METRICS = {
    "MSE": "mse_db",
    "SINR": "map_sinr_db",
    "EVM": "evm",
    "TPR": "tpr",
    "FAR": "far",
    "F1-score": "f1",
}
"""The metrics of Oswald 2026 and the columns that hold them."""


def ecdf_figure(results: Evaluated, title: str) -> tuple[str, Figure]:
    """Return caption and figure: the distribution of each metric over the frames, a line a case.

    Oracles are dashed, as in Oswald 2026.
    """
    figure = new_figure(12.0, 7.5, title)
    panels = figure.subplots(2, 3).ravel()
    for axes, (name, column) in zip(panels, METRICS.items(), strict=True):
        for index, label in enumerate(results.columns):
            steps = ecdf(_finite(results, label, column))
            if not steps.values.size:
                continue
            colour = LINES[index % len(LINES)][0]
            style = "--" if "oracle" in label else LINES[(index // len(LINES)) % len(LINES)][1]
            axes.step(
                steps.values,
                steps.shares,
                where="post",
                color=colour,
                ls=style,
                label=label,
                lw=1.4,
            )
        unit = " in dB" if column.endswith("_db") else ""
        dress(axes, x=f"{name}{unit}", y="share of the frames", title=name)
        axes.grid(alpha=0.3)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=9)
    return "Distribution of each metric over the frames; oracles dashed.", figure


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

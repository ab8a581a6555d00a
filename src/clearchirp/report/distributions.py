"""How the values of metrics spread over frames: empirical distributions and box plots.

One panel a metric; the axis says which way is better. A metric of positive values over several
orders of magnitude is drawn on a logarithmic axis. NaN is left out and counted in the title of the
panel. The axes span 99 % of the values, so that a lone outlier does not squeeze the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from clearchirp.metrics.aggregate import ecdf
from clearchirp.report import style
from clearchirp.report.columns import axis_label, column
from clearchirp.types import InputError

Values = Mapping[str, NDArray]

_POINTS = 150
_LOG_RATIO = 30.0
_SPAN = (0.005, 0.995)


def ecdf_figure(metrics: Mapping[str, Values], *, title: str = "") -> Figure:
    """Return the share of frames up to each value: a panel a metric, a line a method.

    Parameters
    ----------
    metrics
        Metric -> method -> one value a frame, NaN where there is none; the same methods for each.
    title
        Above all panels.

    Notes
    -----
    Of more than 150 different values as many quantiles are drawn.

    Raises
    ------
    InputError
        For no metrics, no methods, or methods that differ between metrics.
    """
    names = _methods(metrics)
    figure, panels = _panels(metrics, 3.3, title)
    handles: list[Line2D | Patch] = []
    for axes, (metric, values) in zip(panels, metrics.items(), strict=True):
        _scale(axes, metric, values)
        handles = []
        for index, name in enumerate(names):
            colour, dashes = style.line(index)
            x, y = _staircase(values[name])
            handles += axes.plot(
                x, y, color=colour, linestyle=dashes, linewidth=1.3, drawstyle="steps-post"
            )
        axes.set_ylim(0, 1.02)
        axes.grid(True, color="#e4e4e4", linewidth=0.6)
        _dress(axes, metric, values)
        axes.set_ylabel("share of frames", fontsize=style.LABEL_SIZE)
    style.legend_below(figure, handles, names)
    return figure


def box_figure(metrics: Mapping[str, Values], *, title: str = "") -> Figure:
    """Return box plots: a panel a metric, a row a method.

    The box spans the middle half of the values, the line in it is the median, the diamond the mean,
    the whiskers reach from 5 to 95 %. The arguments are those of `ecdf_figure`.
    """
    names = _methods(metrics)
    figure, panels = _panels(metrics, 1.1 + 0.27 * len(names), title)
    for index, (axes, (metric, values)) in enumerate(zip(panels, metrics.items(), strict=True)):
        _scale(axes, metric, values)
        for row, name in enumerate(names):
            _draw_box(axes, row, values[name])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(True, axis="x", color="#e4e4e4", linewidth=0.6)
        axes.set_axisbelow(True)
        _dress(axes, metric, values)
        leftmost = index % 2 == 0
        labels = [style.shorten(n, 24) for n in names] if leftmost else []
        axes.set_yticks(range(len(names)) if leftmost else [], labels)
        for text in axes.get_yticklabels():
            text.set_parse_math(False)
    return figure


def _methods(metrics: Mapping[str, Values]) -> list[str]:
    if not metrics:
        raise InputError("metrics: is empty; give at least one metric by name")
    names = list(next(iter(metrics.values())))
    for metric, values in metrics.items():
        if list(values) != names:
            raise InputError(f"metrics[{metric!r}]: its methods are not those of the first metric")
    if not names:
        raise InputError("metrics: no method is given")
    return names


def _panels(metrics: Mapping[str, Values], height: float, title: str) -> tuple[Figure, list[Axes]]:
    columns = min(len(metrics), 2)
    rows = math.ceil(len(metrics) / columns)
    width = 7.0 if columns == 1 else 10.0
    figure = style.new_figure(width, height * rows + 0.9, title)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for empty in grid[len(metrics) :]:
        empty.set_visible(False)
    return figure, list(grid[: len(metrics)])


def _finite(values: Values) -> NDArray[np.float64]:
    pooled = np.concatenate([np.asarray(v, dtype=np.float64).ravel() for v in values.values()])
    return pooled[np.isfinite(pooled)]


def is_logarithmic(metric: str, values: Values) -> bool:
    """Tell whether a metric is positive and spans orders of magnitude; decibels already are."""
    finite = _finite(values)
    if column(metric).unit == "dB" or finite.size == 0 or finite.min() <= 0:
        return False
    low, high = np.quantile(finite, _SPAN)
    return bool(high / low > _LOG_RATIO)


def _scale(axes: Axes, metric: str, values: Values) -> None:
    """Set scale and limits of the x axis."""
    finite = _finite(values)
    if finite.size == 0:
        axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", va="center")
        return
    # Of each method, so that one that stands alone among many stays in sight.
    spans = [np.quantile(f, _SPAN) for f in map(_finite_of, values.values()) if f.size]
    low, high = min(s[0] for s in spans), max(s[1] for s in spans)
    if is_logarithmic(metric, values):
        axes.set_xscale("log")
        axes.set_xlim(low / (high / low) ** 0.03, high * (high / low) ** 0.03)
        return
    margin = 0.03 * (high - low) or 0.03 * abs(high) or 1.0
    axes.set_xlim(low - margin, high + margin)


def _finite_of(values: NDArray) -> NDArray[np.float64]:
    return _finite({"": values})


def _dress(axes: Axes, metric: str, values: Values) -> None:
    left_out = [int(np.isnan(np.asarray(v, dtype=np.float64)).sum()) for v in values.values()]
    frames = max(np.asarray(v).size for v in values.values())
    title = ""
    if any(left_out):
        low, high = min(left_out), max(left_out)
        count = f"{high:,}" if low == high else f"{low:,} to {high:,}"
        title = f"{count} of {frames:,} frames without a value"
    logarithmic = axes.get_xscale() == "log"
    style.dress(axes, x=axis_label(metric), title=title, columns=52)
    axes.title.set_fontsize(style.TICK_SIZE)
    axes.title.set_color("#555555")
    if logarithmic:
        log_ticks(axes)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6))


def log_ticks(axes: Axes) -> None:
    """Put ticks at powers of ten on the x axis, or closer where it spans less than two."""
    low, high = axes.get_xlim()
    close = high / low < 100
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if close else (1.0,)))
    if not close:
        axes.xaxis.set_major_formatter(LogFormatterSciNotation())
    axes.xaxis.set_minor_formatter(NullFormatter())


def _staircase(values: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of an empirical distribution, thinned where there are too many."""
    steps = ecdf(values)
    if steps.counted == 0:
        return np.array([math.nan]), np.array([math.nan])
    x, y = steps.values, steps.shares
    if x.size > _POINTS:
        wanted = np.linspace(y[0], 1.0, _POINTS)
        keep = np.unique(np.minimum(np.searchsorted(y, wanted), x.size - 1))
        x, y = x[keep], y[keep]
    finite = np.isfinite(x)
    # Infinite values count, but cannot be drawn: the line ends below 1, or begins above 0.
    below = float(y[~finite & (x < 0)].max(initial=0.0))
    x, y = x[finite], y[finite]
    if x.size == 0:
        return np.array([math.nan]), np.array([math.nan])
    return np.r_[x[0], x], np.r_[below, y]


def _draw_box(axes: Axes, row: int, values: NDArray) -> None:
    known = np.asarray(values, dtype=np.float64).ravel()
    known = known[~np.isnan(known)]
    if known.size == 0:
        return
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    # Order statistics: between two infinite values nothing can be interpolated.
    marks = np.quantile(known, shares, method="inverted_cdf")
    low, first, middle, third, high = _within(axes, marks)
    axes.hlines(row, low, high, color=style.GREY, linewidth=1.2, zorder=2)
    axes.vlines([low, high], row - 0.15, row + 0.15, color=style.GREY, linewidth=1.2, zorder=2)
    axes.barh(
        row, third - first, left=first, height=0.56, color="#cfe0ee", edgecolor="#0072b2",
        linewidth=1.0, zorder=3,
    )  # fmt: skip
    axes.vlines(middle, row - 0.28, row + 0.28, color="#003f66", linewidth=2.0, zorder=4)
    finite = np.isfinite(known)
    if finite.all():
        axes.plot([known.mean()], [row], "D", color=style.DISTURBED, markersize=4, zorder=5)


def _within(axes: Axes, marks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return marks that can be drawn: infinite ones are moved to beyond the axis."""
    low, high = axes.get_xlim()
    if axes.get_xscale() == "log":
        return np.clip(marks, low / 10, high * 10)
    return np.clip(marks, low - (high - low), high + (high - low))

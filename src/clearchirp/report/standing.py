"""Where methods stand: places with what carries them, and quality against time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from clearchirp.metrics.aggregate import Aggregate
from clearchirp.metrics.ranking import Place, Ranking
from clearchirp.report import style
from clearchirp.report.columns import axis_label, column
from clearchirp.report.distributions import log_ticks
from clearchirp.types import InputError

_FRONT = "#0072b2"
_BEHIND = "#6f7780"
_LABEL_INCHES = 0.19


def ranking_figure(ranking: Ranking, metric: str, *, title: str = "") -> Figure:
    """Return the means with their intervals beside the places that the paired differences leave.

    Parameters
    ----------
    ranking
        From `clearchirp.metrics.ranking.rank`.
    metric
        Names the axis.
    title
        Above the figure.
    """
    places = ranking.places
    rows = np.arange(len(places))
    figure = style.new_figure(9.0, 1.3 + 0.28 * len(places), title)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(2.2, 1))
    for row, place in zip(rows.tolist(), places, strict=True):
        mean = place.mean
        if math.isfinite(mean.low) and math.isfinite(mean.high):
            left.hlines(row, mean.low, mean.high, color=_FRONT, linewidth=2.2)
        left.plot([mean.value], [row], "o", color=_FRONT, markersize=4.5)
    # Beyond the longest bar lies half a place; the first place is a bar as well as the last.
    first = np.array([place.first for place in places])
    last = np.array([place.last for place in places])
    right.barh(rows, last - first + 0.7, left=first - 0.35, height=0.5, color="#a9c9e0")
    for row, place in zip(rows.tolist(), places, strict=True):
        right.text(
            (place.first + place.last) / 2, row, place_text(place), ha="center", va="center",
            fontsize=style.TICK_SIZE - 1,
        )  # fmt: skip
    left.set_ylim(len(places) - 0.5, -0.5)
    for axes in (left, right):
        axes.grid(True, color="#e4e4e4", linewidth=0.6)
        axes.set_axisbelow(True)
    style.dress(left, x=f"mean {axis_label(metric)}")
    style.dress(right, x="places that the differences\nbetween methods leave open")
    right.set_xlim(0.4, len(places) + 0.6)
    style.whole_ticks(right, "x")
    left.set_yticks(rows, [style.shorten(place.method, 26) for place in places])
    for text in left.get_yticklabels():
        text.set_parse_math(False)
    right.tick_params(labelleft=False, left=False)
    return figure


def place_text(place: Place) -> str:
    """Return the places of a method as text: one, or from first to last."""
    return str(place.first) if place.first == place.last else f"{place.first}–{place.last}"


class Point(NamedTuple):
    """A method in the plane of time and quality."""

    name: str
    seconds: float
    quality: Aggregate
    front: bool


def pareto_figure(
    quality: Mapping[str, Mapping[str, Aggregate]],
    seconds: Mapping[str, float],
    *,
    title: str = "",
) -> Figure:
    """Return quality against time, a panel a metric; methods that no other beats in both are named
    in bold and joined.

    A method that no other beats is as fast as every better one and as good as every faster one, by
    the means; their intervals are drawn. The points carry the numbers of their names, from the best
    to the worst mean. Methods without a mean or a time are left out and named.

    Parameters
    ----------
    quality
        Metric -> method -> its mean; only metrics of which one direction is better.
    seconds
        Method -> time of a frame, drawn in ms on a logarithmic axis.
    title
        Above the figure.

    Raises
    ------
    InputError
        For no metrics, or one of which no direction is better.
    """
    if not quality:
        raise InputError("quality: is empty; give at least one metric by name")
    most = max(len(values) for values in quality.values())
    height = max(3.6, 0.9 + (_LABEL_INCHES + 0.01) * most)
    figure = style.new_figure(8.4, height * len(quality) + 0.4, title)
    panels = figure.subplots(len(quality), 1, squeeze=False)[:, 0]
    for axes, (metric, values) in zip(panels, quality.items(), strict=True):
        better = column(metric).better
        if better is None:
            raise InputError(f"quality[{metric!r}]: neither more nor less of it is better")
        points, left_out = pareto_points(values, seconds, higher_is_better=better == "higher")
        note = f"without a mean or a time: {', '.join(left_out)}" if left_out else ""
        style.dress(axes, x="time in ms a frame (less is better)", y=axis_label(metric), title=note,
                    columns=80)  # fmt: skip
        axes.title.set_fontsize(style.TICK_SIZE)
        _draw_points(axes, points, height, higher_is_better=better == "higher")
    return figure


def pareto_points(
    quality: Mapping[str, Aggregate], seconds: Mapping[str, float], *, higher_is_better: bool
) -> tuple[list[Point], list[str]]:
    """Return the methods by rising time, and the names of those without a mean or a time.

    >>> def of(value): return Aggregate(value=value, low=0, high=1, confidence=0.95, counted=2,
    ...                                 left_out=0)
    >>> points, _ = pareto_points({"slow": of(0.5), "quick": of(0.6)}, {"slow": 2, "quick": 1},
    ...                           higher_is_better=True)
    >>> [(point.name, point.front) for point in points]
    [('quick', True), ('slow', False)]
    """
    known = {
        name: (float(seconds[name]), mean)
        for name, mean in quality.items()
        if name in seconds and 0 < seconds[name] < math.inf and math.isfinite(mean.value)
    }
    sign = 1 if higher_is_better else -1
    points = []
    for name, (time, mean) in known.items():
        beaten = any(
            other_time <= time
            and sign * other.value >= sign * mean.value
            and (other_time < time or other.value != mean.value)
            for other_time, other in known.values()
        )
        points.append(Point(name, time, mean, not beaten))
    points.sort(key=lambda point: (point.seconds, -sign * point.quality.value))
    return points, [name for name in quality if name not in known]


def _draw_points(axes: Axes, points: list[Point], height: float, *, higher_is_better: bool) -> None:
    if not points:
        axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", va="center")
        return
    milliseconds = np.array([1e3 * point.seconds for point in points])
    values = np.array([point.quality.value for point in points])
    front = np.array([point.front for point in points])
    axes.set_xscale("log")
    axes.plot(milliseconds[front], values[front], color=_FRONT, linewidth=1.2, alpha=0.6, zorder=2)
    for x, point in zip(milliseconds.tolist(), points, strict=True):
        colour = _FRONT if point.front else _BEHIND
        low, high = point.quality.low, point.quality.high
        if math.isfinite(low) and math.isfinite(high):
            axes.vlines(x, low, high, color=colour, linewidth=1.6, zorder=3)
        axes.plot([x], [point.quality.value], "o", color=colour, markersize=11, zorder=4,
                  markeredgecolor="white", markeredgewidth=0.6)  # fmt: skip
    low, high = milliseconds.min(), milliseconds.max()
    # Room at the right for the names, which stand in one column.
    reach = max(high / low, 4.0)
    axes.set_xlim(low / reach**0.06, high * reach**0.06)
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom - 0.04 * (top - bottom), top + 0.04 * (top - bottom))
    axes.grid(True, color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    log_ticks(axes)
    _name_points(axes, points, milliseconds, height, higher_is_better)


def _name_points(
    axes: Axes,
    points: list[Point],
    milliseconds: NDArray[np.float64],
    height: float,
    higher_is_better: bool,
) -> None:
    """Write the names in a column beside the axes, at the heights of their points or near them."""
    bottom, top = axes.get_ylim()
    places = np.array([(p.quality.value - bottom) / (top - bottom) for p in points])
    order = np.lexsort((-milliseconds, places))
    heights = spread_out(places[order], _LABEL_INCHES / (height - 0.9))
    for rising, (index, y) in enumerate(zip(order.tolist(), heights.tolist(), strict=True)):
        point, number = points[index], len(points) - rising if higher_is_better else 1 + rising
        # Over its point too: a line to a name may pass other points.
        axes.annotate(
            str(number), (milliseconds[index], point.quality.value), color="white", zorder=5,
            ha="center", va="center_baseline", fontsize=style.TICK_SIZE - 2,
        )  # fmt: skip
        colour = _FRONT if point.front else "#3c4248"
        axes.annotate(
            f"{number}  {style.shorten(point.name, 26)}",
            (milliseconds[index], point.quality.value),
            xycoords="data", xytext=(1.03, y), textcoords="axes fraction", va="center", ha="left",
            color=colour, fontsize=style.TICK_SIZE, fontweight="bold" if point.front else "normal",
            parse_math=False, annotation_clip=False, zorder=1,
            arrowprops={"arrowstyle": "-", "color": colour, "alpha": 0.35, "linewidth": 0.7,
                        "shrinkA": 1, "shrinkB": 5, "relpos": (0, 0.5)},
        )  # fmt: skip


def spread_out(places: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Return rising places between 0 and 1 moved as little as possible to be `gap` apart.

    The sum of the squared moves is least; where they do not fit, they share the room evenly.

    >>> spread_out(np.array([0.5, 0.5, 0.9]), 0.2).round(3).tolist()
    [0.4, 0.6, 0.9]
    """
    count = len(places)
    gap = min(gap, 1 / max(count - 1, 1))
    steps = gap * np.arange(count)
    moved = np.clip(isotonic_regression(places - steps).x, 0, max(0.0, 1 - steps[-1]))
    return moved + steps

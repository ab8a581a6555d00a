"""The beat signal of one chirp over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from clearchirp.report import style
from clearchirp.report.scales import Axis, checked, time_axis
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

_BURST_RATIO = 1.6


def beat_figure(
    before: NDArray,
    after: Mapping[str, NDArray] | None,
    disturbed: NDArray | None,
    waveform: Waveform,
    chirp: int,
    *,
    title: str = "",
) -> Figure:
    """Return the beat signal of one chirp over time, the disturbed samples shaded.

    The first panel shows the real part with the whole burst; where the burst dwarfs the beat,
    panels on the scale of the undisturbed samples follow, for an I/Q receiver one of each part.

    Parameters
    ----------
    before
        Beat signal (chirp, sample) as recorded, real or complex.
    after
        Name -> cleaned beat signal of the same shape, drawn over it; None for none.
    disturbed
        Boolean of the same shape, True = disturbed; None where it is not known.
    waveform
        Gives the axis in us.
    chirp
        Which chirp, from 0.
    title
        Above the figure; default the number of the chirp.
    """
    arrays = checked({"before": before}, name="beat", ndim=(2,))
    entries = {"before": arrays["before"], **_cleaned(after, arrays["before"])}
    shape = entries["before"].shape
    if not 0 <= chirp < shape[0]:
        raise InputError(f"chirp: {chirp} is not one of the {shape[0]} chirps, 0 to {shape[0] - 1}")
    mask = np.zeros(shape, bool) if disturbed is None else np.asarray(disturbed, dtype=bool)
    if mask.shape != shape:
        raise InputError(f"disturbed: its shape {mask.shape} is not the beat signal's {shape}")
    lines = {name: beat[chirp] for name, beat in entries.items()}
    hit = mask[chirp]
    views = list(_beat_views(lines, hit))
    x = time_axis(waveform, shape[1])
    figure = style.new_figure(9.5, 1.2 + 2.3 * len(views), title or f"beat signal of chirp {chirp}")
    panels = figure.subplots(len(views), 1, sharex=True, squeeze=False)[:, 0]
    handles: list[Line2D | Patch] = []
    for axes, (part, label, limit) in zip(panels, views, strict=True):
        handles = _draw_beat(axes, {n: _part(v, part) for n, v in lines.items()}, x)
        if disturbed is not None:
            handles.append(_shade(axes, hit, x))
        axes.set_ylim(-limit, limit)
        style.dress(axes, y=label, x=x.label if axes is panels[-1] else "")
    panels[0].set_xlim(*x.edges)
    if x.whole:
        style.whole_ticks(panels[-1], "x")
    labels = [*lines]
    if disturbed is not None:
        labels.append(f"disturbed samples ({int(hit.sum()):,} of {hit.size:,})")
    style.legend_below(figure, handles, labels)
    return figure


def _cleaned(after: Mapping[str, NDArray] | None, before: NDArray) -> dict[str, NDArray]:
    if not after:
        return {}
    arrays = checked(after, name="after", ndim=(2,))
    for name, cleaned in arrays.items():
        if cleaned.shape != before.shape:
            raise InputError(
                f"after[{name!r}]: its shape {cleaned.shape} is not the beat signal's "
                f"{before.shape}"
            )
        if name == "before":
            raise InputError("after: the name 'before' is that of the recorded signal")
    return arrays


def _beat_views(
    lines: Mapping[str, NDArray], hit: NDArray[np.bool_]
) -> Iterator[tuple[str, str, float]]:
    """Yield (part, label, limit) of each panel: the whole burst, then the scale of the beat."""
    parts = ("real", "imaginary") if np.iscomplexobj(lines["before"]) else ("real",)
    name = "{} part" if len(parts) == 2 else "amplitude"
    whole = max(_largest(_part(line, p)) for line in lines.values() for p in parts)
    calm = max(_calm_limit(_part(lines["before"], p), hit) for p in parts)
    if whole <= _BURST_RATIO * calm:
        for part in parts:
            yield part, name.format(part), 1.05 * whole or 1.0
        return
    yield "real", name.format("real"), 1.05 * whole
    for part in parts:
        yield part, name.format(part) + "\n(zoomed)", calm


def _largest(values: NDArray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max(initial=0.0))


def _calm_limit(values: NDArray, hit: NDArray[np.bool_]) -> float:
    """Return a limit that shows the undisturbed beat, whatever transient heads the chirp.

    Four times the median modulus of the undisturbed samples is 2.8 rms of a tone and 2.7 rms of
    noise, and a transient on less than half of the samples does not move it.
    """
    calm = values[~hit & np.isfinite(values)]
    if calm.size == 0 or not calm.any():
        return _largest(values)
    limit = 4 * float(np.median(np.abs(calm)))
    return min(limit, 1.05 * _largest(calm)) if limit > 0 else 1.05 * _largest(calm)


def _part(values: NDArray, part: str) -> NDArray:
    return np.imag(values) if part == "imaginary" else np.real(values)


def _draw_beat(axes: Axes, lines: Mapping[str, NDArray], x: Axis) -> list[Line2D | Patch]:
    """Draw the recorded signal in grey under the cleaned ones, and return the handles."""
    handles: list[Line2D | Patch] = []
    for index, values in enumerate(lines.values()):
        colour, dashes = style.LINES[index % len(style.LINES)]
        if index == 0:
            handles += axes.plot(x.values, values, color=style.GREY, linewidth=1.6)
        else:
            handles += axes.plot(x.values, values, color=colour, linestyle=dashes, linewidth=1.0)
    axes.grid(True, color="#e4e4e4", linewidth=0.6)
    return handles


def _shade(axes: Axes, hit: NDArray[np.bool_], x: Axis) -> Patch:
    """Shade each run of disturbed samples from edge to edge; return the patch for the legend."""
    bounds = np.flatnonzero(np.diff(np.r_[False, hit, False].astype(np.int8)))
    starts, stops = bounds[::2], bounds[1::2]
    left = (starts - 0.5) * x.step
    spans = list(zip(left.tolist(), ((stops - starts) * x.step).tolist(), strict=True))
    if spans:
        axes.broken_barh(
            spans, (0, 1), transform=axes.get_xaxis_transform(), facecolor=style.SHADE, linewidth=0,
            zorder=0.5,
        )  # fmt: skip
    return Patch(facecolor=style.SHADE)

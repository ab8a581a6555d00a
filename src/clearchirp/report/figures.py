"""Figures of a recording and of its range-Doppler maps, before and after.

Every function takes plain arrays and the waveform and returns a Matplotlib figure made without
pyplot: no display, no global state, safe in threads. Fields of the waveform that are NaN leave the
axis in bins or samples, and the label says so. Levels are in dB; entries that are compared share
one scale whose 0 dB is the strongest cell of the reference, by default the first entry.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from clearchirp.report import style
from clearchirp.report.panels import fitted, level_panels, outline, the_reference
from clearchirp.report.scales import (
    Axis,
    checked,
    decibels,
    frequency_scale,
    on_one_scale,
    positive_columns,
    range_axis,
    speed_axis,
    time_axis,
)
from clearchirp.report.short_time import short_time_levels
from clearchirp.types import InputError
from clearchirp.waveform import Waveform


def range_doppler_figure(
    maps: Mapping[str, NDArray],
    waveform: Waveform,
    *,
    real: bool,
    detections: Mapping[str, NDArray] | None = None,
    reference: str | None = None,
    title: str = "",
) -> Figure:
    """Return range-Doppler maps side by side on one colour scale.

    Parameters
    ----------
    maps
        Name -> complex map or its modulus (doppler, range), Doppler shifted, all of one shape.
        Only the ranges from 0 up are drawn. Maps of a single chirp have no Doppler axis and come
        out as `range_profile_figure`.
    waveform
        Gives the axes in m and m/s.
    real
        True for a real receiver: N//2 + 1 range bins of N samples.
    detections
        Name -> boolean of the shape of the map: cells to mark, for any of the maps.
    reference
        The map whose strongest cell is 0 dB; default the first.
    title
        Above all panels.

    Raises
    ------
    InputError
        For no map, unequal shapes, or range bins that do not fit the waveform.
    """
    arrays = checked(maps, name="maps", ndim=(2,))
    reference = the_reference(arrays, reference)
    shape = arrays[reference].shape
    if shape[0] == 1:
        note = "one chirp: range profile, no Doppler"
        title = f"{title} ({note})" if title else note
        return range_profile_figure(arrays, waveform, real=real, reference=reference, title=title)
    columns = positive_columns(shape[1], waveform, real=real, name="maps")
    levels = {name: decibels(cells[:, columns]) for name, cells in arrays.items()}
    marks = {}
    for name, mask in (detections or {}).items():
        if name not in arrays or np.shape(mask) != shape:
            raise InputError(
                f"detections[{name!r}]: must belong to a map and have its shape {shape}, got "
                f"{np.shape(mask)}"
            )
        marks[name] = np.asarray(mask, dtype=bool)[:, columns]
    x, y = range_axis(waveform, columns.size), speed_axis(waveform, shape[0])
    titles = {n: f"{n} ({_cells(marks[n])})" if n in marks else n for n in arrays}
    figure, panels = level_panels(levels, x, y, titles, reference=reference, title=title)
    for name, mask in marks.items():
        outline(panels[name], mask, x, y)
    return figure


def stft_figure(
    chirps: Mapping[str, NDArray],
    waveform: Waveform,
    *,
    reference: str | None = None,
    title: str = "",
) -> Figure:
    """Return the short-time spectra of one chirp in several states on one colour scale.

    Parameters
    ----------
    chirps
        Name -> beat signal (sample,), real or complex. Complex signals show negative and positive
        beat frequencies, real ones those from 0 up.
    waveform
        Gives the axes in MHz and us.
    reference
        The entry whose strongest cell is 0 dB; default the first.
    title
        Above all panels.

    Notes
    -----
    Hann window of about 1.5 times the square root of the samples (a power of two from 8 to 128), a
    hop of a sixteenth of it, spectra zero-padded fourfold (to an odd number of bins, so
    that their cells end at half the sample rate). Windows are centred on the samples;
    beyond the ends of the chirp the signal counts as zero.
    """
    arrays = checked(chirps, name="chirps", ndim=(1,))
    reference = the_reference(arrays, reference)
    samples = arrays[reference].size
    real = not any(np.iscomplexobj(chirp) for chirp in arrays.values())
    pictures = {n: short_time_levels(chirp, waveform, real=real) for n, chirp in arrays.items()}
    levels, (_, x, y) = {n: picture[0] for n, picture in pictures.items()}, pictures[reference]
    one, (scale, _) = time_axis(waveform, samples), frequency_scale(waveform)
    names = {name: name for name in arrays}
    figure, panels = level_panels(levels, x, y, names, reference=reference, title=title)
    for axes in panels.values():
        axes.set_xlim(*one.edges)
        axes.set_ylim(0.0 if real else -scale / 2, scale / 2)
    return figure


def range_profile_figure(
    spectra: Mapping[str, NDArray],
    waveform: Waveform,
    *,
    real: bool,
    reference: str | None = None,
    title: str = "",
) -> Figure:
    """Return the mean power in dB against range, one line an entry.

    Parameters
    ----------
    spectra
        Name -> range-Doppler map (doppler, range), range spectra (chirp, range) or one profile
        (range,): amplitudes, complex or their modulus. The power is averaged over the first axis.
    waveform
        Gives the axis in m.
    real
        True for a real receiver: N//2 + 1 range bins of N samples.
    reference
        The entry whose strongest range is 0 dB; default the first.
    title
        Above the figure.
    """
    arrays = checked(spectra, name="spectra", ndim=(1, 2))
    reference = the_reference(arrays, reference)
    columns = positive_columns(arrays[reference].shape[-1], waveform, real=real, name="spectra")
    x = range_axis(waveform, columns.size)
    levels = {}
    for name, cells in arrays.items():
        amplitude = np.abs(np.atleast_2d(cells)[:, columns]).astype(np.float64)
        levels[name] = decibels(np.sqrt(np.mean(amplitude**2, axis=0)))
    levels, floor = on_one_scale(levels, reference)
    figure = style.new_figure(8.5, 4.6, title)
    axes = figure.add_subplot()
    handles = []
    for index, level in enumerate(levels.values()):
        colour, dashes = style.LINES[index % len(style.LINES)]
        drawn = np.maximum(level, floor - 40)  # a line to -inf would be broken off, not fall
        lines = axes.plot(x.values, drawn, color=colour, linestyle=dashes, linewidth=1.3)
        handles.extend(lines)
    highest = max((float(v[np.isfinite(v)].max(initial=0.0)) for v in levels.values()), default=0.0)
    axes.set_xlim(*x.edges)
    axes.set_ylim(floor, highest + 3)
    axes.grid(True, color="#dddddd", linewidth=0.6)
    averaged = arrays[reference].ndim == 2 and arrays[reference].shape[0] > 1
    style.dress(axes, x=x.label, y="mean power in dB" if averaged else "power in dB")
    if x.whole:
        style.whole_ticks(axes, "x")
    style.legend_below(figure, handles, list(levels))
    return figure


def disturbed_figure(disturbed: NDArray, waveform: Waveform, *, title: str = "") -> Figure:
    """Return the mask of disturbed samples over chirps and fast time, and the share of each chirp.

    Parameters
    ----------
    disturbed
        Boolean (chirp, sample), True = disturbed.
    waveform
        Gives the time axis in us.
    title
        Above the figure; how many chirps and samples are disturbed stands over the mask anyway.
    """
    mask = checked({"disturbed": disturbed}, name="disturbed", ndim=(2,))["disturbed"]
    if mask.dtype != np.bool_:
        raise InputError(f"disturbed: expected a boolean array, got {mask.dtype}")
    chirps = mask.shape[0]
    share = mask.mean(axis=1)
    fact = (
        f"{int(mask.any(axis=1).sum()):,} of {chirps:,} chirps hit, "
        f"{100 * mask.mean():.3g} % of the samples disturbed"
    )
    figure = style.new_figure(9.0, 5.0, title)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3.2, 1))
    x = time_axis(waveform, mask.shape[1])
    y = Axis(np.arange(chirps, dtype=float), 1.0, "chirp", True)
    cells, extent = fitted(mask.astype(np.float64), x, y, rows=400, columns=700)
    left.imshow(
        cells, origin="lower", aspect="auto", extent=extent, interpolation="nearest",
        vmin=0, vmax=1, cmap=ListedColormap(["#f4f4f4", style.DISTURBED]),
    )  # fmt: skip
    left.set_xlim(*x.edges)
    style.dress(left, x=x.label, y=y.label, title=fact, columns=62)
    right.barh(y.values, 100 * share, height=1.0, color=style.DISTURBED)
    right.set_xlim(0, max(1.0, 105 * float(share.max())))
    left.set_ylim(*y.edges)
    right.grid(True, axis="x", color="#dddddd", linewidth=0.6)
    right.set_axisbelow(True)
    style.dress(right, x="disturbed share\nof the chirp")
    right.xaxis.set_major_locator(MaxNLocator(nbins=3))
    right.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g} %"))
    style.whole_ticks(left, "y")
    if x.whole:
        style.whole_ticks(left, "x")
    return figure


def _cells(mask: NDArray[np.bool_]) -> str:
    count = int(mask.sum())
    return f"{count:,} cell detected" if count == 1 else f"{count:,} cells detected"

"""Panels of levels in dB side by side under one colour bar."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from clearchirp.report import style
from clearchirp.report.scales import Axis, on_one_scale, peak_hold
from clearchirp.types import InputError

Extent = tuple[float, float, float, float]

# Inches of one panel by the number of columns, so that a figure stays between 6 and 15 inches wide.
_PANEL_SIZES = {1: (6.4, 4.4), 2: (5.2, 3.8), 3: (4.5, 3.6), 4: (3.7, 3.2)}


def level_panels(
    levels_db: Mapping[str, NDArray],
    x: Axis,
    y: Axis,
    titles: Mapping[str, str],
    *,
    reference: str,
    title: str,
) -> tuple[Figure, dict[str, Axes]]:
    """Return a figure with one panel an entry, (y, x) levels in dB on one colour scale."""
    levels, floor = on_one_scale(levels_db, reference)
    rows, columns = style.grid_shape(len(levels))
    width, height = _PANEL_SIZES[columns]
    figure = style.new_figure(width * columns + 1.0, height * rows + 0.4, title)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    pixels = int(width * style.DPI * 0.75), int(height * style.DPI * 0.75)
    image: AxesImage | None = None
    panels: dict[str, Axes] = {}
    for index, (name, level) in enumerate(levels.items()):
        axes = panels[name] = grid[index]
        cells, extent = fitted(level, x, y, rows=pixels[1], columns=pixels[0])
        image = axes.imshow(
            np.maximum(cells, floor), origin="lower", aspect="auto", extent=extent,
            interpolation="nearest", cmap=style.COLOUR_MAP, vmin=floor, vmax=0.0,
        )  # fmt: skip
        lowest, leftmost = index + columns >= len(levels), index % columns == 0
        style.dress(
            axes,
            x=x.label if lowest else "",
            y=y.label if leftmost else "",
            title=titles[name],
            columns=int(width * 8.5),
        )
        axes.tick_params(labelbottom=lowest, labelleft=leftmost)
    first = grid[0]
    first.set_xlim(*x.edges)
    first.set_ylim(*y.edges)
    for which, axis in (("x", x), ("y", y)):
        if axis.whole:
            style.whole_ticks(first, which)
    for empty in grid[len(levels) :]:
        empty.set_visible(False)
    assert image is not None
    _colour_bar(figure, image, list(panels.values()), levels, floor, reference)
    return figure, panels


def fitted(cells: NDArray, x: Axis, y: Axis, *, rows: int, columns: int) -> tuple[NDArray, Extent]:
    """Return cells thinned to the pixels there are, the strongest kept, and their extent."""
    cells, (above, beside) = peak_hold(cells, rows, columns)
    left, right = x.edges
    bottom, top = y.edges
    return cells, (left, right + beside * x.step, bottom, top + above * y.step)


def outline(axes: Axes, mask: NDArray[np.bool_], x: Axis, y: Axis) -> None:
    """Draw a line around the cells of the mask, at a distance that keeps them in sight."""
    reach = [max(1, round(n / 128)) for n in mask.shape]
    near = binary_dilation(mask, np.ones([2 * n + 1 for n in reach], dtype=bool))
    padded = np.pad(near, 1)
    # Cell edges on which the mask changes, as index pairs of corners: (row, column) of each.
    across, up = np.diff(padded, axis=1)[1:-1], np.diff(padded, axis=0)[:, 1:-1]
    rows, columns = np.nonzero(across)
    upright = np.stack([np.c_[columns, rows], np.c_[columns, rows + 1]], axis=1)
    rows, columns = np.nonzero(up)
    level = np.stack([np.c_[columns, rows], np.c_[columns + 1, rows]], axis=1)
    corners = np.concatenate([upright, level]) * (x.step, y.step) + (x.edges[0], y.edges[0])
    # The image has set the limits; the lines must not move them.
    axes.add_collection(
        LineCollection(list(corners), colors=style.MARK, linewidths=0.9), autolim=False
    )


def the_reference(arrays: Mapping[str, NDArray], reference: str | None) -> str:
    """Return the name of the entry that sets 0 dB: the first unless named."""
    if reference is None:
        return next(iter(arrays))
    if reference not in arrays:
        raise InputError(f"reference: {reference!r} is not one of {', '.join(arrays)}")
    return reference


def _colour_bar(
    figure: Figure,
    image: AxesImage,
    panels: list[Axes],
    levels: Mapping[str, NDArray],
    floor: float,
    reference: str,
) -> None:
    over = any(bool(np.any(level > 0)) for level in levels.values())
    under = any(bool(np.any(level < floor)) for level in levels.values())
    extend = "both" if over and under else "max" if over else "min" if under else "neither"
    bar = figure.colorbar(image, ax=panels, extend=extend, aspect=28, pad=0.02)
    name = style.shorten(reference, 20)
    label = f"power in dB\n(0 dB: strongest cell of “{name}”)" if len(levels) > 1 else "power in dB"
    bar.set_label(label, fontsize=style.LABEL_SIZE, labelpad=8, parse_math=False)
    style.dress(bar.ax)

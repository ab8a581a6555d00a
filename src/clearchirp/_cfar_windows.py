"""The windows of `clearchirp.cfar` as they fit a map, and the levels for any array library.

Sums over windows are built from additions only: a window of w cells spans at most two of the blocks
of w cells that a line is cut into, so it is the suffix of one block plus the prefix of the next.
A difference of cumulative sums would cost as little and lose the noise next to a strong peak.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import array_api_compat
import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearchirp.arrays import namespace
from clearchirp.types import Array, InputError


class Window(NamedTuple):
    """The window along one axis as it fits the map, with the number of its cells at each place.

    The counts have the length of the axis, or the length 1 where they are the same everywhere.
    """

    axis: int
    cells: int
    guard: int
    training: int
    wrap: bool
    near: NDArray[np.int64]
    lag: NDArray[np.int64]
    lead: NDArray[np.int64]

    @property
    def reach(self) -> int:
        """How many cells the window reaches to each side."""
        return self.guard + self.training


Sides: TypeAlias = Callable[[Array, Window], tuple[Array, Array, Array]]
"""Sums along an axis: over the guard window, over the training cells before and after it."""


def wrapped_window(axis: int, cells: int, guard: int, training: int, name: str) -> Window:
    """Fit the window to a periodic axis."""
    if cells == 1:
        guard = training = 0
    room = (cells - 1) // 2 - guard
    if room < min(training, 1):
        raise InputError(
            f"{name}: its axis {axis} has {cells} cells, too few for {guard} guard"
            f"{' and 1 training' if training else ''} cells on each side; use fewer guard cells, "
            "or edges='shrink'"
        )
    training = min(training, room)
    counts = (np.array([n]) for n in (2 * guard + 1, training, training))
    return Window(axis, cells, guard, training, True, *counts)


def cut_window(axis: int, cells: int, guard: int, training: int, _name: str) -> Window:
    """Fit the window to an axis that ends."""
    guard = min(guard, cells - 1)
    training = min(training, cells - 1 - guard)
    before = np.arange(cells)
    after = before[::-1]
    near = np.minimum(before, guard) + np.minimum(after, guard) + 1
    lag, lead = (np.clip(side - guard, 0, training) for side in (before, after))
    return Window(axis, cells, guard, training, False, near, lag, lead)


def leaves_a_cell_alone(windows: Sequence[Window]) -> bool:
    """True where some cell of the map has no training cell."""
    return all(bool(np.any(w.lag + w.lead == 0)) for w in windows)


def mean(power: Array, windows: Sequence[Window]) -> Array:
    """Return the mean over the ring."""
    ring, full = None, power
    for window in reversed(windows):
        near, lag, lead = side_sums(full, window)
        ring = lag + lead if ring is None else near_sums(ring, window, side_sums) + lag + lead
        full = near + lag + lead
    return ring / like(ring_count(windows), power)


def extreme_mean(
    power: Array, windows: Sequence[Window], *, greatest: bool, sides: Sides | None = None
) -> Array:
    """Return the greatest or the least of the means over the slabs that hold a cell."""
    xp = namespace(power)
    pick, nothing = (xp.maximum, -math.inf) if greatest else (xp.minimum, math.inf)
    counts = _slab_sums(np.ones(1, np.int64), windows, _side_counts)
    level = None
    for total, count in zip(_slab_sums(power, windows, sides or side_sums), counts, strict=True):
        average = total / like(np.maximum(count, 1), power)
        if not count.all():
            average = average + like(np.where(count > 0, 0.0, nothing), power)
        level = average if level is None else pick(level, average)
    return level


def order_statistic(power: Array, windows: Sequence[Window], rank: float) -> Array:
    """Return the training cell of the given rank, by sorting the training cells of each cell."""
    xp, maps = namespace(power), power
    for window in windows:
        maps = _extended(maps, window, fill=math.inf)
    shifted = []
    for corner in np.argwhere(ring_cells(windows)).tolist():
        cut = (slice(k, k + w.cells) for k, w in zip(corner, windows, strict=True))
        shifted.append(maps[(..., *cut)])
    ordered = xp.sort(xp.stack(shifted, axis=0), axis=0)
    chosen = chosen_cell(windows, rank)
    level = ordered[int(chosen.min()), ...]
    for place in np.unique(chosen)[1:].tolist():
        here = xp.asarray(chosen == place, device=array_api_compat.device(power))
        level = xp.where(here, ordered[place, ...], level)
    return level


def ring_cells(windows: Sequence[Window]) -> NDArray[np.bool_]:
    """Return the box of the window, True at its training cells."""
    far = [np.abs(np.arange(-w.reach, w.reach + 1)) > w.guard for w in windows]
    return np.logical_or.reduce(np.meshgrid(*far, indexing="ij"))


def ring_count(windows: Sequence[Window], dtype: DTypeLike = np.int64) -> NDArray:
    """Count the training cells of each cell; broadcasts with the map."""
    full = near = np.ones(1, dtype)
    for window in windows:
        along = [-1] + [1] * (-1 - window.axis)
        guarded = window.near.astype(dtype).reshape(along)
        full = full * (guarded + (window.lag + window.lead).astype(dtype).reshape(along))
        near = near * guarded
    return full - near


def chosen_cell(windows: Sequence[Window], rank: float) -> NDArray[np.int64]:
    """Return how many training cells lie below the chosen one; broadcasts with the map."""
    count = ring_count(windows)
    # Without the margin, 0.29 of 100 cells would be 28.
    return np.minimum(np.floor(rank * count + 1e-9).astype(np.int64), count - 1)


def like(values: NDArray, maps: Array) -> Array:
    """Return the values as an array of the library, precision and device of `maps`."""
    xp = namespace(maps)
    return xp.asarray(values, dtype=maps.dtype, device=array_api_compat.device(maps))


def side_sums(maps: Array, window: Window) -> tuple[Array, Array, Array]:
    """Sum along one axis over the guard window and over the training cells on both sides."""
    xp = namespace(maps)
    guard, training, cells = window.guard, window.training, window.cells
    line = xp.moveaxis(_extended(maps, window), window.axis, -1)
    near = _window_sums(line, 2 * guard + 1)[..., training : training + cells]
    lag = lead = xp.zeros_like(near)
    if training:
        beside = _window_sums(line, training)
        lag, lead = beside[..., :cells], beside[..., window.reach + guard + 1 :]
    near, lag, lead = (xp.moveaxis(part, -1, window.axis) for part in (near, lag, lead))
    return near, lag, lead


def near_sums(maps: Array, window: Window, sides: Sides) -> Array:
    """Sum over the guard window alone."""
    return sides(maps, window._replace(training=0))[0]


def _side_counts(counts: NDArray, window: Window) -> tuple[NDArray, NDArray, NDArray]:
    """Count the cells instead of adding them up; the counts of the axes multiply."""
    along = [-1] + [1] * (-1 - window.axis)
    near, lag, lead = (n.reshape(along) for n in (window.near, window.lag, window.lead))
    return counts * near, counts * lag, counts * lead


def _slab_sums(maps: Array, windows: Sequence[Window], sides: Sides) -> list[Array]:
    """Sum over each of the windows that the ring splits into; see the notes of `Cfar`."""
    slabs, full = [], maps
    for window in reversed(windows):
        near, lag, lead = sides(full, window)
        slabs = [near_sums(slab, window, sides) for slab in slabs]
        slabs += [lag, lead] if window.training else []
        if window is not windows[0]:
            full = near + lag + lead
    return slabs


def _extended(maps: Array, window: Window, fill: float = 0.0) -> Array:
    """Append the cells that the window reaches beyond both ends: the periodic ones, or `fill`."""
    xp = namespace(maps)
    line = xp.moveaxis(maps, window.axis, -1)
    if window.wrap:
        before, after = line[..., window.cells - window.reach :], line[..., : window.reach]
    else:
        before = after = xp.full_like(line[..., : window.reach], fill)
    return xp.moveaxis(xp.concat([before, line, after], axis=-1), -1, window.axis)


def _window_sums(line: Array, width: int) -> Array:
    """Sum every whole window of `width` cells along the last axis."""
    xp = namespace(line)
    *batch, cells = line.shape
    blocks = cells // width + 1
    spare = xp.zeros(
        (*batch, blocks * width - cells), dtype=line.dtype, device=array_api_compat.device(line)
    )
    block = xp.reshape(xp.concat([line, spare], axis=-1), (*batch, blocks, width))
    heads = xp.cumulative_sum(block, axis=-1)[..., :-1]
    heads = xp.concat([xp.zeros_like(block[..., :1]), heads], axis=-1)
    tails = xp.flip(xp.cumulative_sum(xp.flip(block, axis=-1), axis=-1), axis=-1)
    heads, tails = (xp.reshape(part, (*batch, blocks * width)) for part in (heads, tails))
    return tails[..., : cells - width + 1] + heads[..., width : cells + 1]

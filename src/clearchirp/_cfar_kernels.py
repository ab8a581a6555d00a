"""The levels of `clearchirp.cfar` for NumPy arrays, by fused kernels; see also `_cfar_windows`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from clearchirp import _cfar_windows
from clearchirp._cfar_windows import Window, chosen_cell, ring_cells, ring_count

# Lines run abreast, so that each addition of the recursion along them is a whole vector's. How many
# do is told by the length of a tuple, since then it is known when a kernel is compiled.
_MANY = (0,) * 16
_ONE = (0,)

# Unsigned indices spare the test for negative ones, without which LLVM makes vectors of the loops.
_U = np.uint64


@njit(cache=True, nogil=True)
def _window_sums(line, cells, width, head, sums, abreast):
    """Sum each whole window of `width` cells; flat buffers of (cell, lane), one cell to spare."""
    lanes = _U(len(abreast))
    for start in range(0, cells, width):
        stop = min(start + width, cells)
        first, last = _U(start) * lanes, _U(stop) * lanes
        for k in range(first, first + lanes):
            head[k] = 0
        for k in range(first, last - lanes):
            head[k + lanes] = head[k] + line[k]
        for k in range(last - lanes, last):
            sums[k] = line[k]
        for back in range(2, stop - start + 1):
            row = _U(stop - back) * lanes
            for k in range(row, row + lanes):
                sums[k] = sums[k + lanes] + line[k]
    end = _U(cells) * lanes
    for k in range(end, end + lanes):
        head[k] = 0 if cells % width == 0 else head[k - lanes] + line[k - lanes]
    ahead = _U(width) * lanes
    for k in range(_U(cells - width + 1) * lanes):
        sums[k] += head[k + ahead]


@njit(cache=True, nogil=True)
def _add(sums, target, first, cells, abreast):
    """Add the cells of `sums` from the cell `first` on to the first cells of `target`."""
    wide = len(abreast)
    shift = _U(first * wide)
    for k in range(_U(cells * wide)):
        target[k] += sums[k + shift]


@njit(cache=True, nogil=True)
def _load(maps, outer, lane, reach, wrap, line, abreast):
    """Copy up to `abreast` neighbouring lines, extended by `reach` cells on both sides."""
    wide = len(abreast)
    cells, lanes = maps.shape[1], min(wide, maps.shape[2] - lane)
    if wide == 1 or maps.strides[2] == maps.itemsize:
        for cell in range(cells):
            base = _U((reach + cell) * wide)
            for k in range(_U(lanes)):
                line[base + k] = maps[_U(outer), _U(cell), _U(lane) + k]
    else:  # by squares: lines of a power of two cells would throw each other out of the cache
        for square in range(0, cells, wide):
            stop = _U(min(wide, cells - square))
            for k in range(_U(lanes)):
                base = _U((reach + square) * wide) + k
                for cell in range(stop):
                    value = maps[_U(outer), _U(square) + cell, _U(lane) + k]
                    line[base + cell * _U(wide)] = value
    margin, length = _U(reach * wide), _U(cells * wide)
    for k in range(margin):
        line[k] = line[k + length] if wrap else 0
    for k in range(margin, margin + margin):
        line[k + length] = line[k] if wrap else 0


@njit(cache=True, nogil=True)
def _store(line, first, maps, outer, lane, abreast):
    """Copy lines back, from the cell `first` of the buffer on."""
    wide = len(abreast)
    cells, lanes = maps.shape[1], min(wide, maps.shape[2] - lane)
    if wide == 1 or maps.strides[2] == maps.itemsize:
        for cell in range(cells):
            base = _U((first + cell) * wide)
            for k in range(_U(lanes)):
                maps[_U(outer), _U(cell), _U(lane) + k] = line[base + k]
    else:
        for square in range(0, cells, wide):
            stop = _U(min(wide, cells - square))
            for k in range(_U(lanes)):
                base = _U((first + square) * wide) + k
                for cell in range(stop):
                    value = line[base + cell * _U(wide)]
                    maps[_U(outer), _U(square) + cell, _U(lane) + k] = value


@njit(cache=True, nogil=True)
def _ring_pass(ring, full, guard, training, wrap, first, last, ring_out, full_out, abreast):
    """Widen the ring and the full window by one more axis, the middle one.

    ring' = near(ring) + beside(full) and full' = near(full) + beside(full), where near sums the
    guard window and beside the training cells on both sides.
    """
    wide = len(abreast)
    reach = guard + training
    cells = full.shape[1]
    extended = cells + 2 * reach
    size = (extended + 1) * wide
    line, head = np.zeros(size, full.dtype), np.zeros(size, full.dtype)
    near, beside = np.zeros(size, full.dtype), np.zeros(size, full.dtype)
    for outer in range(full.shape[0]):
        for lane in range(0, full.shape[2], wide):
            _load(full, outer, lane, reach, wrap, line, abreast)
            if training > 0:
                _window_sums(line, extended, training, head, beside, abreast)
                _add(beside, beside, reach + guard + 1, cells, abreast)
            else:
                for k in range(_U(cells * wide)):
                    beside[k] = 0
            if not last:
                _window_sums(line, extended, 2 * guard + 1, head, near, abreast)
                for k in range(_U(cells * wide)):
                    line[k] = beside[k]
                _add(near, line, training, cells, abreast)
                _store(line, 0, full_out, outer, lane, abreast)
            if not first:
                _load(ring, outer, lane, reach, wrap, line, abreast)
                _window_sums(line, extended, 2 * guard + 1, head, near, abreast)
                _add(near, beside, training, cells, abreast)
            _store(beside, 0, ring_out, outer, lane, abreast)


@njit(cache=True, nogil=True)
def _side_pass(maps, guard, training, wrap, near_out, lag_out, lead_out, abreast):
    """Sum the guard window and the training cells before and after, along the middle axis."""
    wide = len(abreast)
    reach = guard + training
    extended = maps.shape[1] + 2 * reach
    size = (extended + 1) * wide
    line = np.zeros(size, maps.dtype)
    head, sums = np.zeros(size, maps.dtype), np.zeros(size, maps.dtype)
    for outer in range(maps.shape[0]):
        for lane in range(0, maps.shape[2], wide):
            _load(maps, outer, lane, reach, wrap, line, abreast)
            _window_sums(line, extended, 2 * guard + 1, head, sums, abreast)
            _store(sums, training, near_out, outer, lane, abreast)
            if training > 0:
                _window_sums(line, extended, training, head, sums, abreast)
                _store(sums, 0, lag_out, outer, lane, abreast)
                _store(sums, reach + guard + 1, lead_out, outer, lane, abreast)


@njit(cache=True, nogil=True)
def _toggle(ranks, corner, offsets, step, words, counts, block):
    """Mark or unmark the cells at `offsets`; return the change of the marks below `block`."""
    change = 0
    for offset in offsets:
        rank = ranks[corner + offset]
        if rank >= 0:
            words[rank >> 6] ^= np.uint64(1) << np.uint64(rank & 63)
            counts[rank >> 9] += step
            if rank >> 9 < block:
                change += step
    return change


@njit(cache=True, nogil=True)
def _marks(word):
    """Count the bits of a 64-bit word."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    pairs = np.uint64(0x3333333333333333)
    word = (word & pairs) + ((word >> np.uint64(2)) & pairs)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True, nogil=True)
def _find(words, block, skip):
    """Return the rank of the mark with `skip` marks before it in the block and after it."""
    place = block * 8
    found = _marks(words[place])
    while found <= skip:
        skip -= found
        place += 1
        found = _marks(words[place])
    word = words[place]
    for _ in range(skip):
        word &= word - np.uint64(1)
    return place * 64 + _marks((word & (~word + np.uint64(1))) - np.uint64(1))


@njit(cache=True, nogil=True)
def _slide_ranks(ranks, strides, ring, enter, leave, chosen, ordered, level):
    """Slide the window along each line, its cells marked in a bitmap over the ranks of the map.

    `counts` holds the marks of each block of 512 ranks; `below` those before `block`, which
    follows the level from cell to cell.
    """
    planes, lines, cells = level.shape
    blocks = ordered.size // 512 + 1
    words = np.zeros(blocks * 8, np.uint64)
    counts = np.zeros(blocks, np.int64)
    block = below = 0
    for plane in range(planes):
        for line in range(lines):
            corner = plane * strides[0] + line * strides[1]
            below += _toggle(ranks, corner, ring, 1, words, counts, block)
            for cell in range(cells):
                wanted = chosen[plane, line, cell]
                while below > wanted:
                    block -= 1
                    below -= counts[block]
                while below + counts[block] <= wanted:
                    below += counts[block]
                    block += 1
                level[plane, line, cell] = ordered[_find(words, block, wanted - below)]
                if cell + 1 < cells:
                    at = corner + cell
                    below += _toggle(ranks, at, leave, -1, words, counts, block)
                    below += _toggle(ranks, at, enter, 1, words, counts, block)
            below += _toggle(ranks, corner + cells - 1, ring, -1, words, counts, block)


def _around(maps: NDArray, axis: int) -> NDArray:
    """View C-ordered maps as (outer, cell, lane) with `axis` in the middle."""
    cells = maps.shape[axis]
    inner = math.prod(maps.shape[maps.ndim + axis + 1 :])
    if inner == 1:  # the lines along the last axis are each other's lanes
        return maps.reshape(-1, cells).T[None]
    return maps.reshape(-1, cells, inner)


def _abreast(lines: NDArray) -> tuple[int, ...]:
    return _ONE if lines.shape[2] == 1 else _MANY


def mean(power: NDArray, windows: Sequence[Window]) -> NDArray:
    """Return the mean over the ring."""
    ring, full = np.empty_like(power), np.empty_like(power)
    for window in reversed(windows):
        first, last = window is windows[-1], window is windows[0]
        before = _around(power if first else full, window.axis)
        sums, wider = _around(ring, window.axis), _around(full, window.axis)
        settings = window.guard, window.training, window.wrap, first, last
        # A kernel has read a line before it writes it, so ring and full may replace themselves.
        _ring_pass(sums, before, *settings, sums, wider, _abreast(sums))
    ring /= ring_count(windows, power.dtype)
    return ring


def side_sums(maps: NDArray, window: Window) -> tuple[NDArray, NDArray, NDArray]:
    """Sum along one axis over the guard window and over the training cells on both sides."""
    some = np.empty_like if window.training else np.zeros_like
    near, lag, lead = np.empty_like(maps), some(maps), some(maps)
    lines = _around(maps, window.axis)
    outs = (_around(near, window.axis), _around(lag, window.axis), _around(lead, window.axis))
    _side_pass(lines, window.guard, window.training, window.wrap, *outs, _abreast(lines))
    return near, lag, lead


def extreme_mean(power: NDArray, windows: Sequence[Window], *, greatest: bool) -> NDArray:
    """Return the greatest or the least of the means over the slabs that hold a cell."""
    return _cfar_windows.extreme_mean(power, windows, greatest=greatest, sides=side_sums)


def order_statistic(power: NDArray, windows: Sequence[Window], rank: float) -> NDArray:
    """Return the training cell of the given rank, by a window that slides along the last axis."""
    missing = 3 - len(windows)
    shape = (1,) * missing + tuple(w.cells for w in windows)
    reach = [0] * missing + [w.reach for w in windows]
    extended = [n + 2 * r for n, r in zip(shape, reach, strict=True)]
    strides = np.array([extended[1] * extended[2], extended[2], 1])
    ring = ring_cells(windows)[(None,) * missing]
    here, ahead = (np.pad(ring, [(0, 0), (0, 0), side]) for side in ((0, 1), (1, 0)))
    ring, enter, leave = (
        np.argwhere(cells) @ strides for cells in (ring, ahead & ~here, here & ~ahead)
    )
    chosen = np.broadcast_to(chosen_cell(windows, rank), shape)
    level = np.empty_like(power)
    for maps, levels in zip(power.reshape(-1, *shape), level.reshape(-1, *shape), strict=True):
        order = np.argsort(maps, axis=None)
        ranks = np.empty(shape, np.int64)
        ranks.flat[order] = np.arange(order.size)
        ranks = _extended_ranks(ranks, reach, windows[0].wrap).ravel()
        ordered = maps.ravel()[order]
        _slide_ranks(ranks, strides, ring, enter, leave, chosen, ordered, levels)
    return level


def _extended_ranks(ranks: NDArray, reach: list[int], wrap: bool) -> NDArray:
    sides = [(r, r) for r in reach]
    if wrap:
        return np.pad(ranks, sides, mode="wrap")
    return np.pad(ranks, sides, constant_values=-1)

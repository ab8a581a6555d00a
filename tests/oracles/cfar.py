"""CFAR levels cell by cell, straight from the definition of the window."""

from __future__ import annotations

import itertools
import math

import numpy as np


def level(power, *, kind, guard, training, edges, rank=0.75):
    """Level of one map; `guard` and `training` hold one number an axis, all axes are scanned."""
    out = np.empty(power.shape)
    for cell in np.ndindex(power.shape):
        out[cell] = _level_at(power, cell, kind, guard, training, edges, rank)
    return out


def _level_at(power, cell, kind, guard, training, edges, rank):
    reach = [g + t for g, t in zip(guard, training, strict=True)]
    slabs: dict[tuple[int, int], list[float]] = {}
    for offset in itertools.product(*(range(-r, r + 1) for r in reach)):
        slab = _slab(offset, guard)
        if slab is None:
            continue
        place = [c + o for c, o in zip(cell, offset, strict=True)]
        if edges == "wrap":
            place = [p % n for p, n in zip(place, power.shape, strict=True)]
        elif not all(0 <= p < n for p, n in zip(place, power.shape, strict=True)):
            continue
        slabs.setdefault(slab, []).append(float(power[tuple(place)]))
    everything = sorted(itertools.chain(*slabs.values()))
    if kind == "ca":
        return math.fsum(everything) / len(everything)
    if kind == "os":
        return everything[min(math.floor(rank * len(everything) + 1e-9), len(everything) - 1)]
    means = [math.fsum(cells) / len(cells) for cells in slabs.values()]
    return max(means) if kind == "go" else min(means)


def _slab(offset, guard):
    """(axis, side) of the first axis along which the cell is beyond the guard cells, if any."""
    for axis, (o, g) in enumerate(zip(offset, guard, strict=True)):
        if abs(o) > g:
            return axis, o > 0
    return None

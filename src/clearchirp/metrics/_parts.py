"""What the metrics are made of: checks of maps and masks, means over masks, ratios, decibels."""

from __future__ import annotations

import math
from typing import Any

from clearchirp.arrays import check_beat, is_array, namespace
from clearchirp.types import Array, InputError


def check_maps(axes: int, *, at_least: str = "(..., doppler, range)", **maps: Array) -> None:
    """Raise `InputError` unless the maps are finite, of one shape and have axes enough."""
    shapes = {}
    for name, each in maps.items():
        check_beat(each, name=name)
        if each.ndim < axes:
            raise InputError(
                f"{name}: expected at least {axes} axes {at_least}, got shape {tuple(each.shape)}"
            )
        shapes[name] = tuple(each.shape)
    if len(set(shapes.values())) > 1:
        told = " and ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise InputError(f"maps: their shapes differ: {told}")


def check_mask_axes(mask: Array, name: str, axes: int, like: Array | None = None) -> None:
    """Raise `InputError` unless `mask` is boolean, with axes enough and of the shape of `like`."""
    if not is_array(mask):
        raise InputError(f"{name}: expected a boolean array, got {type(mask).__name__}")
    if not namespace(mask).isdtype(mask.dtype, "bool"):
        raise InputError(f"{name}: expected a boolean array, got {mask.dtype}")
    if mask.ndim < axes or 0 in mask.shape:
        raise InputError(
            f"{name}: expected at least {axes} axes and a cell, got shape {tuple(mask.shape)}"
        )
    if like is not None and tuple(mask.shape) != tuple(like.shape):
        raise InputError(
            f"{name}: its shape {tuple(mask.shape)} is not that of the other array, "
            f"{tuple(like.shape)}"
        )


def last(axes: int) -> tuple[int, ...]:
    """Return the numbers of the last axes."""
    return tuple(range(-axes, 0))


def cells_of(maps: Array, axes: int) -> int:
    """Return the number of cells of one map."""
    return math.prod(tuple(maps.shape)[-axes:])


def count(mask: Array, axes: int) -> Array:
    """Count the True cells of each map, as a double."""
    xp = namespace(mask)
    return xp.sum(xp.astype(mask, xp.float64), axis=last(axes))


def total(values: Array, axes: int) -> Array:
    """Return the sum over each map, in the precision of the values."""
    return namespace(values).sum(values, axis=last(axes))


def mean_at(values: Array, mask: Array, axes: int) -> Array:
    """Return the mean of the values where the mask is True, NaN where it nowhere is."""
    xp = namespace(values)
    summed = total(xp.where(mask, values, xp.zeros_like(values)), axes)
    cells = xp.astype(count(mask, axes), values.dtype)
    some = cells > 0
    mean = summed / xp.where(some, cells, xp.ones_like(cells))
    return xp.where(some, mean, xp.full_like(mean, math.nan))


def ratio(part: Array, whole: Array) -> Array:
    """Return part / whole; Inf over zero, NaN for zero over zero."""
    xp = namespace(part, whole)
    some = whole > 0
    quotient = part / xp.where(some, whole, xp.ones_like(whole))
    beyond = xp.where(
        (whole == 0) & (part > 0),
        xp.full_like(quotient, math.inf),
        xp.full_like(quotient, math.nan),
    )
    return xp.where(some, quotient, beyond)


def decibel(power: Array) -> Array:
    """Return 10 log10 of a power; minus infinity for zero, NaN stays."""
    xp = namespace(power)
    some = power > 0
    level = 10 * xp.log10(xp.where(some, power, xp.ones_like(power)))
    nothing = xp.where(power == 0, xp.full_like(level, -math.inf), xp.full_like(level, math.nan))
    return xp.where(some, level, nothing)


def per_map(values: Array) -> Any:
    """Return a float (of complex values a complex) for a single map, the array for a batch."""
    if values.ndim > 0:
        return values
    complex_valued = namespace(values).isdtype(values.dtype, "complex floating")
    return complex(values) if complex_valued else float(values)

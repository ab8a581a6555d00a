"""How a mask agrees with the true one: precision, recall, F measure, false-alarm rate, share.

Written for masks of disturbed samples (seed papers' detector scores) and used by `maps` for
detections, bin by bin.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import array_api_compat

from clearchirp.arrays import namespace
from clearchirp.types import Array, InputError


def precision(found: Array, true: Array, *, axes: int = 2) -> Array:
    """Return the share of the cells found that are true: TP / (TP + FP).

    Parameters
    ----------
    found, true
        Boolean arrays of one shape (..., chirp, sample).
    axes
        How many of the last axes are counted together; the axes before them are a batch.

    Returns
    -------
    float or Array
        From 0 to 1, one for each batch entry; NaN where nothing is found.

    Raises
    ------
    InputError
        For arrays that are not boolean or differ in shape; so do all functions here.

    Examples
    --------
    >>> import numpy as np
    >>> precision(np.array([[True, True, False]]), np.array([[True, False, False]]))
    0.5
    """
    n = _agreement(found, true, axes)
    return per_map(ratio(n.hits, n.hits + n.false_alarms))


def recall(found: Array, true: Array, *, axes: int = 2) -> Array:
    """Return the share of the true cells that are found: TP / (TP + FN); NaN where none is true.

    The arguments are those of `precision`.
    """
    n = _agreement(found, true, axes)
    return per_map(ratio(n.hits, n.hits + n.misses))


def f_measure(found: Array, true: Array, *, axes: int = 2) -> Array:
    """Return the harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).

    NaN where nothing is true and nothing found, 0 where only one of the two is empty. The arguments
    are those of `precision`.
    """
    n = _agreement(found, true, axes)
    return per_map(ratio(2 * n.hits, 2 * n.hits + n.false_alarms + n.misses))


def false_alarm_rate(found: Array, true: Array, *, axes: int = 2) -> Array:
    """Return the share of the cells not true that are found: FP / (FP + TN).

    NaN where all cells are true. The arguments are those of `precision`.
    """
    n = _agreement(found, true, axes)
    return per_map(ratio(n.false_alarms, n.cells - n.hits - n.misses))


def share(mask: Array, *, axes: int = 2) -> Array:
    """Return the share of the cells that are True, from 0 to 1.

    Parameters
    ----------
    mask
        Boolean, (..., chirp, sample).
    axes
        How many of the last axes are counted together.
    """
    check_mask_axes(mask, "mask", axes)
    return per_map(count(mask, axes) / cells_of(mask, axes))


def check_mask_axes(mask: Array, name: str, axes: int, like: Array | None = None) -> None:
    """Raise `InputError` unless `mask` is boolean, with axes enough and of the shape of `like`."""
    if not bool(array_api_compat.is_array_api_obj(mask)):
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


def per_map(values: Array) -> Array:
    """Return a float for a single map, the array for a batch."""
    return float(values) if values.ndim == 0 else values


class _Agreement(NamedTuple):
    hits: Array
    false_alarms: Array
    misses: Array
    cells: int


def _agreement(found: Array, true: Array, axes: int) -> _Agreement:
    check_mask_axes(found, "found", axes)
    check_mask_axes(true, "true", axes, like=found)
    return _Agreement(
        count(found & true, axes),
        count(found & ~true, axes),
        count(~found & true, axes),
        cells_of(found, axes),
    )

"""How a mask agrees with the true one: precision, recall, F measure, false-alarm rate, share.

Written for masks of disturbed samples (Chen 2022, section 4) and used by `maps` for
detections, bin by bin.
"""

from __future__ import annotations

from typing import NamedTuple

from clearchirp.metrics._parts import cells_of, check_mask_axes, count, per_map, ratio
from clearchirp.types import Array


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

"""Where a map has targets: peaks of its clusters of detections, and scores with a tolerance.

Maps and masks have the shape (..., doppler, range); with ``axes=3`` (..., angle, doppler, range).
The axes before those are a batch: the scores are a float for one map and an array of one value a
map for a batch. Doppler and angle wrap around, so that the first and the last bin are neighbours;
range does not. Neighbours are the 8 bins around a bin (26 in three dimensions).

Bin by bin, without a tolerance, the scores are those of `clearchirp.metrics.masks`.

Sources: Oswald 2023, section IV-C3, for the tolerance; its predecessor Oswald 2023a, section III-B,
for the peaks of clusters.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

from clearchirp.arrays import namespace
from clearchirp.metrics._parts import cells_of, check_maps, check_mask_axes, count, per_map, ratio
from clearchirp.types import Array, InputError

TOLERANCE = (1, 3, 3)
"""Bins of tolerance in angle, Doppler and range, Oswald 2023."""

# ------------------------------------------------------------------------------------- scores


def precision(
    found: Array, true: Array, *, tolerance: int | tuple[int, ...] = TOLERANCE, axes: int = 2
) -> Array:
    """Return the share of the detections that lie within the tolerance of an object.

    Parameters
    ----------
    found, true
        Boolean: the detections, and the objects that they should be.
    tolerance
        Bins by which a detection may be off: one number for every axis, or one for each in the
        order (angle, Doppler, range), of which those of the last `axes` axes are taken.
    axes
        2 or 3, how many of the last axes are one map.

    Returns
    -------
    float or Array
        From 0 to 1; NaN where nothing is detected.

    Raises
    ------
    InputError
        For arrays that are not boolean or differ in shape and for a wrong tolerance; so do `f1`
        and `true_positive_rate`.
    """
    n = _matches(found, true, tolerance, axes)
    return per_map(ratio(n.hits, n.hits + n.false_alarms))


def true_positive_rate(
    found: Array, true: Array, *, tolerance: int | tuple[int, ...] = TOLERANCE, axes: int = 2
) -> Array:
    """Return the share of the objects' bins with a detection within the tolerance.

    NaN where there is no object. The arguments are those of `precision`.
    """
    n = _matches(found, true, tolerance, axes)
    return per_map(1 - ratio(n.misses, n.objects))


def f1(
    found: Array, true: Array, *, tolerance: int | tuple[int, ...] = TOLERANCE, axes: int = 2
) -> Array:
    """Return the F1 score with a tolerance, Oswald 2023 (6): TP / (TP + (FP + FN) / 2).

    The arguments are those of `precision`. NaN where there is neither an object nor a detection.

    Notes
    -----
    The paper counts a detection as a true positive where an object is within the tolerance and as
    a false one elsewhere; nothing is paired, so that several detections near one object are all
    true. It does not say what a false negative is: here, an object's bin without any detection
    within the tolerance. TP therefore counts detections and FN objects, and the score is not the
    harmonic mean of `precision` and `true_positive_rate`: an object that is detected in many bins
    outweighs one that is missed. On the peaks of clusters each object counts once; the predecessor
    scores those, bin by bin:

    >>> import numpy as np
    >>> clean = np.array([[0, 9, 0, 0, 0, 0, 0, 5]], float)
    >>> cleaned = np.array([[0, 8, 7, 0, 0, 0, 0, 0]], float)
    >>> objects, found = clean > 4, cleaned > 4
    >>> f1(found, objects)  # 2 true positives, 1 false negative
    0.8
    >>> peaks = cluster_peaks(cleaned, found), cluster_peaks(clean, objects)
    >>> f1(*peaks, tolerance=0)  # 1 true positive, 1 false negative
    0.6666666666666666
    """
    n = _matches(found, true, tolerance, axes)
    return per_map(ratio(2 * n.hits, 2 * n.hits + n.false_alarms + n.misses))


# -------------------------------------------------------------------------------------- peaks


def cluster_peaks(spectrum: Array, detections: Array, *, axes: int = 2) -> Array:
    """Return the strongest bin of each cluster of detections.

    A cluster is a connected component: detections that are neighbours belong together. Oswald 2023a
    scores such peaks and defines neither the cluster nor its peak.

    Parameters
    ----------
    spectrum
        Complex map or its modulus.
    detections
        Boolean, of the same shape.
    axes
        1 to 3, how many of the last axes are one map.

    Returns
    -------
    Array
        Boolean, True at one bin of each cluster: the strongest, the first in memory of several.

    Examples
    --------
    >>> import numpy as np
    >>> spectrum = np.array([[3, 0, 0, 7], [5, 0, 0, 6], [0, 0, 0, 0], [4, 0, 0, 0]], float)
    >>> cluster_peaks(spectrum, spectrum > 0).astype(int)  # Doppler wraps around: 3, 4, 5 are one
    array([[0, 0, 0, 1],
           [1, 0, 0, 0],
           [0, 0, 0, 0],
           [0, 0, 0, 0]])
    """
    check_maps(axes, spectrum=spectrum)
    check_mask_axes(detections, "detections", axes, like=spectrum)
    xp = namespace(spectrum, detections)
    modulus = xp.abs(spectrum)
    candidates = detections & (modulus == _cluster_maximum(modulus, detections, axes))
    # Of equal ones the first, which has the greatest number if they are counted from the end.
    shape = tuple(detections.shape)[-axes:]
    numbers = xp.reshape(xp.arange(cells_of(detections, axes), 0, -1), shape)
    numbers = xp.where(candidates, numbers, xp.zeros_like(numbers))
    return candidates & (numbers == _cluster_maximum(numbers, detections, axes))


def local_maxima(spectrum: Array, *, axes: int = 2) -> Array:
    """Return the bins whose modulus exceeds that of all neighbours.

    Parameters
    ----------
    spectrum
        Complex map or its modulus.
    axes
        1 to 3, how many of the last axes are one map.

    Returns
    -------
    Array
        Boolean. Of neighbours that are equal the first in memory counts; zeros never do.
    """
    check_maps(axes, spectrum=spectrum)
    xp = namespace(spectrum)
    modulus = xp.abs(spectrum)
    reach = tuple(min(1, n - 1) for n in tuple(modulus.shape)[-axes:])
    padded = modulus
    for axis, bins in zip(range(-axes, 0), reach, strict=True):
        padded = _padded(padded, axis, bins, outside=-1)
    greatest = modulus > 0
    for offset in product(*(range(-bins, bins + 1) for bins in reach)):
        neighbour = padded
        for axis, step, bins in zip(range(-axes, 0), offset, reach, strict=True):
            start = bins + step
            neighbour = _cut(neighbour, axis, start, start + modulus.shape[axis])
        if offset < (0,) * axes:
            greatest = greatest & (modulus > neighbour)
        elif offset > (0,) * axes:
            greatest = greatest & (modulus >= neighbour)
    return greatest


# ---------------------------------------------------------------------------------- the parts


class _Matches(NamedTuple):
    hits: Array
    false_alarms: Array
    misses: Array
    objects: Array


def _matches(found: Array, true: Array, tolerance: int | tuple[int, ...], axes: int) -> _Matches:
    check_mask_axes(found, "found", axes)
    check_mask_axes(true, "true", axes, like=found)
    reach = _reach(tolerance, axes)
    return _Matches(
        count(found & _widened(true, reach), axes),
        count(found & ~_widened(true, reach), axes),
        count(true & ~_widened(found, reach), axes),
        count(true, axes),
    )


def _reach(tolerance: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    each = tolerance if isinstance(tolerance, tuple) else (tolerance,) * axes
    whole = all(isinstance(bins, int) and bins >= 0 for bins in each)
    if not whole or len(each) < axes:
        raise InputError(
            f"tolerance: expected a whole number of bins from 0, or one for each of the {axes} "
            f"axes; got {tolerance!r}"
        )
    return each[-axes:]


def _widened(mask: Array, reach: tuple[int, ...]) -> Array:
    return _over_box(mask, reach, namespace(mask).logical_or, outside=False)


def _cluster_maximum(values: Array, mask: Array, axes: int) -> Array:
    """Return the maximum of the values (0 or more) over the cluster of each True bin.

    The maxima spread from neighbour to neighbour until nothing changes: as many rounds as the
    longest way through a cluster, and the same work for every array library.
    """
    xp = namespace(values, mask)
    nothing = xp.full_like(values, -1)
    current = xp.where(mask, values, nothing)
    while True:
        spread = _over_box(current, (1,) * axes, xp.maximum, outside=-1)
        spread = xp.where(mask, spread, nothing)
        if not bool(xp.any(spread != current)):
            return current
        current = spread


def _over_box(
    values: Array, reach: tuple[int, ...], combine: Callable[[Any, Any], Any], outside: float
) -> Array:
    """Combine each bin with all that are at most `reach` away, one axis after the other."""
    for axis, wanted in zip(range(-len(reach), 0), reach, strict=True):
        bins = int(values.shape[axis])
        steps = min(wanted, bins - 1)
        padded = _padded(values, axis, steps, outside)
        for start in range(2 * steps + 1):
            values = combine(values, _cut(padded, axis, start, start + bins))
    return values


def _padded(values: Array, axis: int, bins: int, outside: float) -> Array:
    """Add bins on both sides: around the edge, but in range, the last axis, `outside`."""
    if bins == 0:
        return values
    xp = namespace(values)
    n = int(values.shape[axis])
    before, after = _cut(values, axis, n - bins, n), _cut(values, axis, 0, bins)
    if axis == -1:
        before, after = xp.full_like(before, outside), xp.full_like(after, outside)
    return xp.concat([before, values, after], axis=axis)


def _cut(values: Array, axis: int, start: int, stop: int) -> Array:
    return values[(..., slice(start, stop), *[slice(None)] * (-axis - 1))]

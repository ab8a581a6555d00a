"""Least squares on a support, for the pursuits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from clearchirp.arrays import is_numpy, namespace
from clearchirp.solvers.solve import SamplingOperator
from clearchirp.types import Array


def least_squares(operator: SamplingOperator, back: Array, support: Array) -> Array:
    """Return the x (k,) that minimises ||y - A_S x||, by its normal equations.

    A trace of the identity is added, so that columns that the mask makes equal share the amplitude.

    Parameters
    ----------
    back
        A^H y, flat (MN,).
    support
        Flat indices S, (k,).
    """
    xp: Any = namespace(back)
    gram = operator.gram(support, support)
    count = support.shape[0]
    ridge = 1e-13 * operator.measurements / operator.size
    right = xp.astype(xp.take(back, support), gram.dtype)
    solution = xp.linalg.solve(gram + ridge * xp.eye(count, dtype=gram.dtype), right[:, None])
    return xp.astype(solution[:, 0], back.dtype)


def grown_inverse(
    operator: SamplingOperator, inverse: Array | None, support: Array, new: Array
) -> Array | None:
    """Return the inverse Gram matrix of `support` with one bin more, from that of `support`.

    None where the new column depends on those of the support.
    """
    xp: Any = namespace(new)
    corner = xp.real(operator.gram(new, new))
    if inverse is None:
        return xp.astype(1 / corner, xp.complex128)
    cross = operator.gram(support, new)
    along = inverse @ cross
    left = corner - xp.real(xp.conj(cross).T @ along)
    if float(left[0, 0]) < 1e-10 * float(corner[0, 0]):
        return None
    upper = xp.concat([inverse + along @ xp.conj(along).T / left, -along / left], axis=1)
    lower = xp.concat([-xp.conj(along).T / left, xp.astype(1 / left, xp.complex128)], axis=1)
    return xp.concat([upper, lower], axis=0)


def spread_out(values: Array, support: Array, like: Array) -> Array:
    """Return an array like `like`, zero but for `values` at the flat indices `support`."""
    xp: Any = namespace(like)
    size = math.prod(like.shape)
    if is_numpy(like):
        flat = np.zeros(size, like.dtype)
        flat[support] = values
        return flat.reshape(like.shape)
    if support.shape[0] == 0:
        return xp.zeros_like(like)
    # The standard has no assignment at indices: look up each bin among the sorted support.
    order = xp.argsort(support)
    ordered, bins = xp.take(support, order), xp.arange(size, dtype=support.dtype)
    place = xp.clip(xp.searchsorted(ordered, bins), max=support.shape[0] - 1)
    there = xp.take(ordered, place) == bins
    found = xp.take(xp.take(values, order), place)
    return xp.reshape(xp.where(there, found, xp.zeros((), dtype=like.dtype)), like.shape)


def largest(values: Array, count: int) -> Array:
    """Return the flat indices of the `count` largest of `values`, the largest first."""
    xp: Any = namespace(values)
    flat = xp.reshape(values, (-1,))
    if count == 1:
        return xp.reshape(xp.argmax(flat), (1,))
    if is_numpy(flat) and 0 < count < flat.size:
        # No need to sort all of a frame for a few of its bins.
        chosen = np.argpartition(flat, flat.size - count)[flat.size - count :]
        return chosen[np.argsort(-flat[chosen], kind="stable")]
    return xp.argsort(flat, descending=True, stable=True)[:count]

"""Least squares on a support, for the pursuits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from clearchirp.arrays import is_numpy, namespace
from clearchirp.solvers.levels import power
from clearchirp.solvers.solve import SamplingOperator
from clearchirp.types import Array

_MOST = 100
# Iterations of conjugate gradients; a support that needs more is determined by noise.


def least_squares(operator: SamplingOperator, y: Array, support: Array, start: Array) -> Array:
    """Return the x on a support that minimises ||y - A x||, by conjugate gradients.

    Two FFTs an iteration, and no system to solve: some ten iterations where the mask is random,
    more where bursts make neighbouring bins alike.

    Parameters
    ----------
    y
        The measured samples.
    support
        Boolean, of the shape of x.
    start
        An x on the support to start from.
    """
    xp: Any = namespace(y)
    zero = xp.zeros((), dtype=y.dtype)
    x = start
    left = xp.where(support, operator.adjoint(y - operator.forward(x)), zero)
    direction, size = left, float(xp.sum(power(left)))
    enough = size * (100 * float(xp.finfo(y.dtype).eps)) ** 2
    for _ in range(_MOST):
        if size <= enough or size == 0:
            break
        along = operator.forward(direction)
        step = size / float(xp.sum(power(along)))
        x = x + step * direction
        left = left - step * xp.where(support, operator.adjoint(along), zero)
        before, size = size, float(xp.sum(power(left)))
        direction = left + (size / before) * direction
    return x


def grown_inverse(
    operator: SamplingOperator, inverse: Array | None, support: Array, new: Array
) -> Array | None:
    """Return the inverse Gram matrix of `support` with one bin more, from that of `support`.

    None where the new column depends on those of the support. Products are taken entry by entry:
    for a few hundred bins the threads of a matrix library cost more than they bring.
    """
    xp: Any = namespace(new)
    corner = xp.real(operator.gram(new, new))
    if inverse is None:
        return xp.astype(1 / corner, xp.complex128)
    cross = operator.gram(support, new)
    along = xp.sum(inverse * cross.T, axis=1)[:, None]
    left = corner - xp.real(xp.sum(xp.conj(cross) * along))
    if float(left[0, 0]) < 1e-10 * float(corner[0, 0]):
        return None
    upper = xp.concat([inverse + along * xp.conj(along).T / left, -along / left], axis=1)
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

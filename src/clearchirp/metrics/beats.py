"""Metrics of beat signals against the truth.

Both arguments have one shape (..., chirp, sample): the cleaned beat signal and the noise-free
targets. The axes before the last two are a batch: each function returns a number for one frame and
an array of one value a frame for a batch, and raises `InputError` for arrays that are not
floating-point, hold NaN or Inf or differ in shape.
"""

from __future__ import annotations

import math

from clearchirp.arrays import namespace, squared_magnitude
from clearchirp.metrics._parts import cells_of, check_maps, decibel, per_map, ratio, total
from clearchirp.types import Array


def mse(estimate: Array, targets: Array) -> Array:
    """Return the mean over the samples of |estimate - targets|^2."""
    _check(estimate, targets)
    return per_map(total(squared_magnitude(targets - estimate), 2) / cells_of(targets, 2))


def sinr_db(estimate: Array, targets: Array) -> Array:
    """Return the signal-to-interference-plus-noise ratio in dB, Wang 2022a (30).

    20 log10 of the norm of the noise-free targets over the norm of what the estimate has besides.

    Returns
    -------
    float or Array
        Infinite where the estimate is the truth, NaN where both are zero.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[3.0, 4.0]])  # norm 5
    >>> round(sinr_db(truth + np.array([[0.5, 0.0]]), truth), 9)  # error 0.5
    20.0
    """
    _check(estimate, targets)
    signal = total(squared_magnitude(targets), 2)
    return per_map(decibel(ratio(signal, total(squared_magnitude(targets - estimate), 2))))


def correlation(estimate: Array, targets: Array) -> Array:
    """Return the complex correlation coefficient with the truth, Wang 2022a (31).

    The estimate conjugated times the noise-free targets over both norms.

    Returns
    -------
    complex or Array
        Real for real signals; NaN where either is zero.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[1.0 + 0j, 1j]])
    >>> complex(np.round(correlation(1j * truth, truth), 9))
    -1j
    """
    _check(estimate, targets)
    xp = namespace(estimate, targets)
    inner = xp.sum(xp.conj(estimate) * targets, axis=(-2, -1))
    # The product of the roots, since the product of the powers would overflow sooner.
    norms = xp.sqrt(total(squared_magnitude(estimate), 2)) * xp.sqrt(
        total(squared_magnitude(targets), 2)
    )
    quotient = inner / xp.where(norms > 0, norms, xp.ones_like(norms))
    return per_map(xp.where(norms > 0, quotient, xp.full_like(quotient, math.nan)))


def _check(estimate: Array, targets: Array) -> None:
    check_maps(2, at_least="(..., chirp, sample)", estimate=estimate, targets=targets)

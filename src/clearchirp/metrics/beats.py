"""Metrics of beat signals against the truth."""

from __future__ import annotations

from typing import Any

from clearchirp.arrays import namespace
from clearchirp.types import Array


def sinr_db(estimate: Array, targets: Array) -> Array:
    """Return the signal-to-interference-plus-noise ratio of a cleaned beat signal in dB.

    20 log10 of the norm of the noise-free targets over the norm of what the estimate has besides.
    Wang 2022a (30).

    Parameters
    ----------
    estimate, targets
        (..., chirp, sample): the cleaned beat signal and the noise-free truth.

    Returns
    -------
    Array
        (...,), a value per frame; infinite where the estimate is the truth.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[3.0, 4.0]])  # norm 5
    >>> round(float(sinr_db(truth + np.array([[0.5, 0.0]]), truth)), 9)  # error 0.5
    20.0
    """
    xp: Any = namespace(estimate, targets)
    signal = xp.sum(xp.abs(targets) ** 2, axis=(-2, -1))
    error = xp.sum(xp.abs(targets - estimate) ** 2, axis=(-2, -1))
    tiny = xp.finfo(error.dtype).smallest_normal
    ratio = xp.where(error > 0, signal / xp.where(error > 0, error, xp.ones_like(error)), xp.inf)
    return 10 * xp.log10(xp.where(ratio > 0, ratio, xp.asarray(tiny, dtype=ratio.dtype)))


def correlation(estimate: Array, targets: Array) -> Array:
    """Return the complex correlation coefficient of a cleaned beat signal with the truth.

    The estimate conjugated times the noise-free targets over both norms. Wang 2022a (31).

    Parameters
    ----------
    estimate, targets
        (..., chirp, sample).

    Returns
    -------
    Array
        (...,), a complex value per frame; NaN where either is zero.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[1.0 + 0j, 1j]])
    >>> complex(np.round(correlation(1j * truth, truth), 9))
    -1j
    """
    xp: Any = namespace(estimate, targets)
    product = xp.sum(xp.conj(estimate) * targets, axis=(-2, -1))
    norms = xp.sqrt(
        xp.sum(xp.abs(estimate) ** 2, axis=(-2, -1)) * xp.sum(xp.abs(targets) ** 2, axis=(-2, -1))
    )
    nan = xp.asarray(xp.nan, dtype=product.dtype)
    return xp.where(norms > 0, product / xp.where(norms > 0, norms, xp.ones_like(norms)), nan)

"""Runs of disturbed samples along fast time: closing their gaps, widening, listing them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


def closed(mask: NDArray[np.bool_], gap: int, guard: int) -> NDArray[np.bool_]:
    """Return the mask (..., sample) with short gaps closed and every run widened.

    Parameters
    ----------
    mask
        Boolean (..., sample).
    gap
        Undisturbed stretches of at most so many samples between two runs are closed.
    guard
        Samples added on either side of each run after that.

    Examples
    --------
    >>> mask = np.array([1, 0, 0, 1, 0, 0, 0, 0, 1], dtype=bool)
    >>> closed(mask, 2, 0).astype(int).tolist()
    [1, 1, 1, 1, 0, 0, 0, 0, 1]
    >>> closed(mask, 0, 1).astype(int).tolist()
    [1, 1, 1, 1, 1, 0, 0, 1, 1]
    """
    result = np.zeros(mask.shape, dtype=bool)
    rows = np.ascontiguousarray(mask).reshape(-1, mask.shape[-1])
    _close_rows(rows, gap, guard, result.reshape(rows.shape))
    return result


def runs(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return (run, 3): row, first sample, and one past the last sample of each run.

    `mask` is (row, sample).

    >>> runs(np.array([[0, 1, 1, 0], [1, 0, 0, 1]], dtype=bool)).tolist()
    [[0, 1, 3], [1, 0, 1], [1, 3, 4]]
    """
    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=-1)
    rows, starts = np.nonzero(edges == 1)
    _, stops = np.nonzero(edges == -1)
    return np.stack([rows, starts, stops], axis=-1)


def alone(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which samples of a mask (..., sample) have no neighbour in it.

    >>> alone(np.array([1, 0, 1, 1, 0, 1], dtype=bool)).astype(int).tolist()
    [1, 0, 0, 0, 0, 1]
    """
    beside = np.zeros_like(mask)
    beside[..., 1:] |= mask[..., :-1]
    beside[..., :-1] |= mask[..., 1:]
    return mask & ~beside


def grown(mask: NDArray[np.bool_], modulus: NDArray[Any], limit: float) -> NDArray[np.bool_]:
    """Return the mask with each run extended while the modulus beside it exceeds a limit.

    Parameters
    ----------
    mask, modulus
        (..., sample).
    limit
        A run takes in the sample beside it while that, or the one after it, exceeds this.

    Examples
    --------
    >>> modulus = np.array([0.0, 3.0, 1.0, 3.0, 9.0, 2.0, 1.0, 1.0])
    >>> grown(modulus > 5, modulus, 1.5).astype(int).tolist()
    [0, 1, 1, 1, 1, 1, 0, 0]
    """
    result = np.array(mask, order="C")
    samples = mask.shape[-1]
    rows = np.ascontiguousarray(modulus).reshape(-1, samples)
    _grow_rows(result.reshape(-1, samples), rows, limit)
    return result


@njit(cache=True, nogil=True)
def _grow_rows(mask: Any, modulus: Any, limit: Any) -> None:  # pragma: no cover
    samples = mask.shape[1]
    for row in range(mask.shape[0]):
        for step in (1, -1):
            n = 0 if step == 1 else samples - 1
            while 0 <= n < samples:
                if mask[row, n]:
                    n += step
                    # One quiet sample inside the skirt does not end it: a modulus passes zero.
                    while 0 <= n < samples and not mask[row, n]:
                        after = n + step if 0 <= n + step < samples else n
                        if max(modulus[row, n], modulus[row, after]) <= limit:
                            break
                        mask[row, n] = True
                        n += step
                else:
                    n += step


@njit(cache=True, nogil=True)
def _close_rows(rows: Any, gap: Any, guard: Any, result: Any) -> None:  # pragma: no cover
    samples = rows.shape[1]
    for row in range(rows.shape[0]):
        previous = -1  # the last disturbed sample seen, -1 for none
        for n in range(samples):
            if not rows[row, n]:
                continue
            if previous < 0:
                first = max(n - guard, 0)
            elif n - previous - 1 <= gap:
                first = previous + 1
            else:
                for k in range(previous + 1, min(previous + guard + 1, samples)):
                    result[row, k] = True
                first = max(n - guard, previous + 1)
            for k in range(first, n + 1):
                result[row, k] = True
            previous = n
        if previous >= 0:
            for k in range(previous + 1, min(previous + guard + 1, samples)):
                result[row, k] = True

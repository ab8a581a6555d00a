"""One-pass threshold and replacement, compiled.

Complex arrays come as real ones with real and imaginary parts in turn. Sums are taken in the
precision of the array over short blocks and in double over the blocks. The same in plain array
arithmetic is the loop in `ist.py` and `iht.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_MATHS = {"reassoc", "contract", "nsz", "arcp"}
_BLOCK = 512


@njit(cache=True, nogil=True, fastmath=_MATHS)
def energy(x):
    """Return the sum of the squares."""
    total = 0.0
    for start in range(0, x.size, _BLOCK):
        part = x.dtype.type(0)
        for i in range(start, min(start + _BLOCK, x.size)):
            part += x[i] * x[i]
        total += part
    return total


@njit(cache=True, nogil=True, fastmath=_MATHS)
def put_back(filled, given, gap):
    """Write the measured samples over the estimate; return the power of the difference.

    `given` is zero in gaps, `gap` is 1 there and 0 elsewhere, for each real number: without a
    branch the loop is vectorised.
    """
    total = 0.0
    for start in range(0, filled.size, _BLOCK):
        part = filled.dtype.type(0)
        for i in range(start, min(start + _BLOCK, filled.size)):
            inside = gap[i] * filled[i]
            apart = given[i] + inside - filled[i]
            part += apart * apart
            filled[i] = given[i] + inside
        total += part
    return total


@njit(cache=True, nogil=True, fastmath=_MATHS)
def keep_hard(spectrum, x, threshold, weight):
    """Write the bins that reach the threshold, and zero for the others, into x and `spectrum`.

    Returns the power of the change of x and that of x.
    """
    zero = x.dtype.type(0)
    changed, total = 0.0, 0.0
    half = _BLOCK // 2
    weighted = weight.size > 0
    level = threshold * threshold
    for start in range(0, x.size // 2, half):
        step, size = zero, zero
        for b in range(start, min(start + half, x.size // 2)):
            re, im = spectrum[2 * b], spectrum[2 * b + 1]
            power = re * re + im * im
            limit = level * weight[b] * weight[b] if weighted else level
            keep = power >= limit
            re = re if keep else zero
            im = im if keep else zero
            size += power if keep else zero
            d_re, d_im = re - x[2 * b], im - x[2 * b + 1]
            step += d_re * d_re + d_im * d_im
            x[2 * b], x[2 * b + 1] = re, im
            spectrum[2 * b], spectrum[2 * b + 1] = re, im
        changed += step
        total += size
    return changed, total


@njit(cache=True, nogil=True, fastmath=_MATHS)
def keep_soft(spectrum, x, threshold, weight):
    """Write the bins, their modulus lowered by the threshold, into x and `spectrum`.

    Returns the power of the change of x and that of x.
    """
    zero, one = x.dtype.type(0), x.dtype.type(1)
    changed, total = 0.0, 0.0
    half = _BLOCK // 2
    weighted = weight.size > 0
    for start in range(0, x.size // 2, half):
        step, size = zero, zero
        for b in range(start, min(start + half, x.size // 2)):
            re, im = spectrum[2 * b], spectrum[2 * b + 1]
            power = re * re + im * im
            limit = threshold * weight[b] if weighted else threshold
            above = power > limit * limit
            share = one - limit / np.sqrt(power if above else one)
            share = share if above else zero
            re, im = re * share, im * share
            size += re * re + im * im
            d_re, d_im = re - x[2 * b], im - x[2 * b + 1]
            step += d_re * d_re + d_im * d_im
            x[2 * b], x[2 * b + 1] = re, im
            spectrum[2 * b], spectrum[2 * b + 1] = re, im
        changed += step
        total += size
    return changed, total

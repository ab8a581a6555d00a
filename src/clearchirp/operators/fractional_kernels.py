"""Folding of the eigenbasis for many angles at once, compiled.

The plain sum that it stands for is the oracle in ``tests/oracles/fractional.py``.
"""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def fold(basis, rho, folded):  # pragma: no cover
    """Write ``sum_l basis[n, m + l M] rho[m + l M]`` into `folded` (n, 2 M).

    Complex numbers are pairs of real ones along the last axis, and each value of the real basis
    (n, 2 p) is there twice: plain products of real arrays, which the compiler vectorises.
    """
    count, width = rho.size, folded.shape[1]
    for n in range(folded.shape[0]):
        row, line = folded[n], basis[n]
        first = min(width, count)
        for m in range(first):
            row[m] = line[m] * rho[m]
        for m in range(first, width):
            row[m] = 0
        for start in range(width, count, width):
            stop = min(start + width, count)
            more, factor = line[start:stop], rho[start:stop]
            for m in range(stop - start):
                row[m] += more[m] * factor[m]

"""The innermost loop of a fill, compiled; NumPy's small products take ten times as long."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def add_inside(bases, counts, chirps, model, out):  # pragma: no cover
    """Add to `out` the part of a model that lies in the subspace of each chirp.

    `bases` are orthonormal vectors (hit, vector, cell), the first `counts` of each hit; `chirps`
    says which lines of `model` and `out` (chirp, cell) they belong to. All are pairs of real
    numbers along the last axis.
    """
    for k in range(chirps.size):
        line, row = model[chirps[k]], out[chirps[k]]
        for v in range(counts[k]):
            basis = bases[k, v]
            real, imag = line[0, 0] * 0, line[0, 0] * 0
            for n in range(line.shape[0]):
                real += basis[n, 0] * line[n, 0] + basis[n, 1] * line[n, 1]
                imag += basis[n, 0] * line[n, 1] - basis[n, 1] * line[n, 0]
            for n in range(line.shape[0]):
                row[n, 0] += basis[n, 0] * real - basis[n, 1] * imag
                row[n, 1] += basis[n, 0] * imag + basis[n, 1] * real

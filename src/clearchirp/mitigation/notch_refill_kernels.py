"""The fill of what is missing from a sparse range-Doppler map, over the columns that hold cells.

The same over all columns, in a few lines of NumPy, is the oracle in ``tests/oracles/refill.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numba import njit
from numpy.typing import NDArray

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_MATHS = {"reassoc", "contract", "nsz"}

_LOOK = 6
"""Steps between two looks at all columns."""
_WATCHED = 0.5
"""Least modulus of a column that is watched, in units of the lowest threshold till then."""
_FEW = 0.6
"""Share of the columns up to which it pays to pick them out."""


def sparse_map(
    spectra: NDArray[np.complex64],
    bases: NDArray[np.complex64],
    chirps: NDArray[np.intp],
    least: float,
    steps: int,
    threads: int = 1,
) -> NDArray[np.complex64]:
    """Return a sparse range-Doppler map (Doppler, range) of spectra without a subspace.

    Each step keeps the cells above a threshold, takes from them what lies in the missing subspace,
    and adds it to what was measured. Between two looks at the whole map only columns that hold
    cells, or nearly, are followed: the others hold nothing that the threshold keeps.

    Parameters
    ----------
    spectra
        Range spectra (chirp, range) without their missing part, under the slow window.
    bases
        Orthonormal vectors of the missing part over range, (vector, range).
    chirps
        The chirp of each vector, ascending.
    least
        The threshold where it has fallen, from 0.7 of the largest cell in 0.8 of the steps.
    steps
        How many.
    threads
        Threads over columns of a transform.
    """
    spectrum = fft.fft(spectra, axis=0, workers=threads)
    largest = column_powers(pairs(spectrum))
    threshold = max(0.7 * float(largest.max(initial=0)) ** 0.5, least)
    fall = (least / threshold) ** (1 / (0.8 * steps))
    whole, weights = beside(bases), np.empty((len(bases), 2), np.float32)
    for first in range(0, steps, _LOOK):
        lowest = max(threshold * fall ** (_LOOK - 1), least)
        watched = np.flatnonzero(largest > np.float32(_WATCHED * lowest) ** 2)
        part, cells, base = spectra, spectrum, whole
        if watched.size < _FEW * largest.size:
            part, cells = (np.take(x, watched, axis=1) for x in (spectra, spectrum))
            base = beside(np.take(bases, watched, axis=1))
        for step in range(first, min(first + _LOOK, steps)):
            cut(pairs(cells), threshold)
            model = fft.ifft(cells, axis=0, overwrite_x=True)
            inside(base, chirps, model.view(np.float32), weights)
            threshold = max(threshold * fall, least)
            if step + 1 < min(first + _LOOK, steps):
                cells = part.copy()
                add(base, chirps, weights, cells.view(np.float32))
                cells = fft.fft(cells, axis=0, overwrite_x=True)
        spectrum = spectra.copy()
        add(whole, chirps, weights, spectrum.view(np.float32))
        spectrum = fft.fft(spectrum, axis=0, overwrite_x=True, workers=threads)
        largest = column_powers(pairs(spectrum))
    cut(pairs(spectrum), least)
    return spectrum


def pairs(x: NDArray[Any]) -> NDArray[Any]:
    """Return complex numbers as pairs of real ones along a new last axis."""
    return x.view(np.finfo(x.dtype).dtype).reshape(*x.shape, 2)


@njit(cache=True, nogil=True, fastmath=_MATHS)
def column_powers(cells):  # pragma: no cover
    """Return the largest power of each column of (row, column, 2)."""
    largest = np.zeros(cells.shape[1], cells.dtype)
    for m in range(cells.shape[0]):
        row = cells[m]
        for n in range(largest.size):
            largest[n] = max(largest[n], row[n, 0] * row[n, 0] + row[n, 1] * row[n, 1])
    return largest


@njit(cache=True, nogil=True, fastmath=_MATHS)
def cut(cells, threshold):  # pragma: no cover
    """Set the cells (row, column, 2) of a modulus up to a threshold to zero, in place."""
    least = cells.dtype.type(threshold * threshold)
    for m in range(cells.shape[0]):
        row = cells[m]
        for n in range(row.shape[0]):
            kept = row[n, 0] * row[n, 0] + row[n, 1] * row[n, 1] > least
            row[n, 0] = row[n, 0] if kept else 0
            row[n, 1] = row[n, 1] if kept else 0


def beside(bases: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return vectors, and the same times j, as real numbers (vector, 2, 2 cell).

    The product of a complex number with a vector is then a sum of two real vectors, and an inner
    product two real ones: plain loops that the compiler vectorises.
    """
    both = np.empty((len(bases), 2, bases.shape[1]), np.complex64)
    both[:, 0] = bases
    np.multiply(bases, np.complex64(1j), out=both[:, 1])
    return both.view(np.float32)


@njit(cache=True, nogil=True, fastmath=_MATHS)
def inside(bases, chirps, model, weights):  # pragma: no cover
    """Write the inner products of vectors with the lines of a model.

    `bases` is what `beside` gives, `chirps` says which line (chirp, 2 cell) each belongs to;
    `weights` is (vector, 2).
    """
    for v in range(chirps.size):
        basis, turned, line = bases[v, 0], bases[v, 1], model[chirps[v]]
        real, imag = line.dtype.type(0), line.dtype.type(0)
        for n in range(line.size):
            real += basis[n] * line[n]
            imag += turned[n] * line[n]
        weights[v, 0], weights[v, 1] = real, imag


@njit(cache=True, nogil=True, fastmath=_MATHS)
def add(bases, chirps, weights, out):  # pragma: no cover
    """Add weighted vectors, as `beside` has them, to the lines (chirp, 2 cell) of their chirps."""
    for v in range(chirps.size):
        basis, turned, row = bases[v, 0], bases[v, 1], out[chirps[v]]
        real, imag = weights[v, 0], weights[v, 1]
        for n in range(row.size):
            row[n] += basis[n] * real + turned[n] * imag

"""The search for chirps among fractional Fourier transforms of many angles, compiled.

`columns` is what `MultiAngleFourier.visit` hands out: X[n, r] for the first half of the columns,
(column, angle), with the other half ``X[N-1-n, r] = X[n, r + M/2]``. The same in a few lines of
NumPy is the oracle in ``tests/oracles/fractional.py``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_MATHS = {"reassoc", "contract", "nsz"}

_FLANK = 3
"""Cells on either side of a peak in which it may be found in the next row."""


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _power(value):  # pragma: no cover
    return value.real * value.real + value.imag * value.imag


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _largest(line, first, count):  # pragma: no cover
    """Largest power among `count` entries of a ring from `first` on; `line` holds pairs."""
    length = line.shape[0]
    best = line[0, 0] * 0
    stop = min(first + count, length)
    for r in range(first, stop):
        best = max(best, line[r, 0] * line[r, 0] + line[r, 1] * line[r, 1])
    for r in range(first + count - length):
        best = max(best, line[r, 0] * line[r, 0] + line[r, 1] * line[r, 1])
    return best


@njit(cache=True, nogil=True)
def strongest(columns, parts, samples, first, count):  # pragma: no cover
    """Return row (counted from `first`), column and power of the largest entry.

    `parts` is `columns` as pairs of real numbers; rows first, first + 1 ... are searched.
    """
    angles = columns.shape[1]
    best, best_n, mirrored = parts[0, 0, 0] * 0, 0, False
    for n in range(columns.shape[0]):
        one = _largest(parts[n], first % angles, count)
        other = _largest(parts[n], (first + angles // 2) % angles, count)
        if one > best:
            best, best_n, mirrored = one, n, False
        if other > best:
            best, best_n, mirrored = other, n, True
    turned = first + angles // 2 if mirrored else first
    row = 0
    for k in range(count):
        if _power(columns[best_n, (turned + k) % angles]) >= best:
            row = k
            break
    return row, (samples - 1 - best_n if mirrored else best_n), best


@njit(cache=True, nogil=True)
def read_row(columns, samples, row, out):  # pragma: no cover
    """Write one row, all columns of it."""
    angles = columns.shape[1]
    half = samples // 2
    one, other = row % angles, (row + angles // 2) % angles
    for n in range(samples - half):
        out[n] = columns[n, one]
    for n in range(half):
        out[samples - 1 - n] = columns[n, other]


@njit(cache=True, nogil=True, fastmath=_MATHS)
def least_of(row, place, guard):  # pragma: no cover
    """Return the lesser of the mean powers on either side of a place, wrapped at the ends.

    On each side the `guard` cells beside it are left out, and N/2 - guard - 1 averaged.
    """
    samples = row.size
    window = max(samples // 2 - guard - 1, 1)
    left, right = 0.0, 0.0
    for k in range(guard + 1, guard + 1 + window):
        left += _power(row[(place - k) % samples])
        right += _power(row[(place + k) % samples])
    return min(left, right) / window


@njit(cache=True, nogil=True)
def _apart(cosine, sine, place, other_place, guard, reach):  # pragma: no cover
    """Whether two lines of the time-frequency plane, `guard` wide, keep apart within `reach`.

    `cosine` and `sine` are those of the angle between them.
    """
    sine = abs(sine)
    if sine < 1e-9:
        return abs(place - cosine * other_place) > 2 * guard + 1
    square = place * place + other_place * other_place - 2 * place * other_place * cosine
    least = reach * sine + 2 * guard + 1
    return square > least * least


@njit(cache=True, nogil=True)
def _clear(row, place, middle, turns, found, have, guard, reach):  # pragma: no cover
    """Whether a place of a row is separable from the chirps found so far."""
    for i in range(have):
        turn = (row - int(found[i, 0])) % turns.shape[0]
        other = found[i, 1] - middle
        if not _apart(turns[turn, 0], turns[turn, 1], place, other, guard, reach):
            return False
    return True


@njit(cache=True, nogil=True)
def _strongest_apart(
    columns, parts, samples, first, count, found, have, guard, reach
):  # pragma: no cover
    """As `strongest`, among what is separable from the chirps found so far."""
    angles = columns.shape[1]
    middle = (samples - 1) / 2
    turns = np.empty((angles, 2))
    for r in range(angles):
        turns[r, 0], turns[r, 1] = np.cos(2 * np.pi * r / angles), np.sin(2 * np.pi * r / angles)
    best, best_row, best_n = 0.0, 0, 0
    for n in range(columns.shape[0]):
        for mirrored in range(2):
            turned = first + (angles // 2 if mirrored else 0)
            # Few columns hold anything stronger: the others are left by a loop without branches.
            if _largest(parts[n], turned % angles, count) <= best:
                continue
            column = samples - 1 - n if mirrored else n
            for k in range(count):
                power = _power(columns[n, (turned + k) % angles])
                if power > best:
                    place = column - middle
                    if _clear(first + k, place, middle, turns, found, have, guard, reach):
                        best, best_row, best_n = power, k, column
    return best_row, best_n, best


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _recurs(line, same, place, least):  # pragma: no cover
    """Whether a peak of a row is what is in every chirp: too little is left without it.

    What is left must exceed `least`, and half of what recurs in modulus: a start-up transient
    differs from chirp to chirp by up to a fifth.
    """
    samples = line.size
    left, usual = 0.0, 0.0
    for i in range(-_FLANK, _FLANK + 1):
        k = (place + i) % samples
        left = max(left, _power(line[k] - same[k]))
        usual = max(usual, _power(same[k]))
    return left <= least or left <= usual / 4


@njit(cache=True, nogil=True)
def find(
    columns, parts, samples, first, count, guard, factor, reach, recurring, turned, found
):  # pragma: no cover
    """Find chirps, strongest first, that keep apart from each other; return how many.

    An entry counts as a chirp where its power exceeds `factor` times `least_of` its row, and
    where it is no flank: in the outermost rows, of something that is stronger in the row beyond.
    Nor may it be what recurs from chirp to chirp: `recurring` are the columns of that, `turned`
    rows ahead, or nothing, with no column. Rows `first` on are searched, `count` of them. Each line
    of `found` is set to row (from angle 0 of `columns`), column and the ratio of powers; it has as
    many lines as may be found.
    """
    line, same = np.empty(samples, columns.dtype), np.empty(samples, columns.dtype)
    have = 0
    while have < found.shape[0]:
        if have == 0:
            k, n, power = strongest(columns, parts, samples, first, count)
        else:
            k, n, power = _strongest_apart(
                columns, parts, samples, first, count, found, have, guard, reach
            )
        if power <= 0:
            break
        read_row(columns, samples, first + k, line)
        floor = least_of(line, n, guard)
        if power <= factor * floor:
            break
        if recurring.shape[0] > 0:
            read_row(recurring, samples, first + k + turned, same)
            if _recurs(line, same, n, factor * floor):
                break
        if k == 0 or k == count - 1:
            read_row(columns, samples, first + (k + 1 if k else -1), line)
            beyond = 0.0
            for i in range(-_FLANK, _FLANK + 1):
                beyond = max(beyond, _power(line[(n + i) % samples]))
            if beyond > power:
                break
        found[have, 0], found[have, 1] = first + k, n
        found[have, 2] = power / floor if floor > 0 else np.inf
        have += 1
    return have


@njit(cache=True, nogil=True, fastmath=_MATHS)
def subtract(rho, basis, turns, cells, start):  # pragma: no cover
    """Take some cells of a row out of the eigen-coefficients: ``rho -= turns V^T cells``.

    `basis` (sample, p); the cells lie at the columns `start` on, wrapped; `turns` (p,) undoes the
    row's angle.
    """
    samples = basis.shape[0]
    total = np.zeros_like(rho)
    for i in range(cells.size):
        value, line = cells[i], basis[(start + i) % samples]
        for p in range(rho.size):
            total[p] += line[p] * value
    for p in range(rho.size):
        rho[p] -= turns[p] * total[p]

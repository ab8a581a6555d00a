"""The innermost loops of the search for pieces of chirps, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

_MATHS = {"reassoc", "contract", "nsz"}

_GRID = 256
"""Marks between which a stretch is searched first."""


@njit(cache=True, nogil=True, fastmath=_MATHS)
def strongest_cell(parts, scale, floor, slow, slow_floor):  # pragma: no cover
    """Return row, column and power of the strongest cell that exceeds its limit.

    `parts` (row, column, 2) are real and imaginary parts, `scale` (row,) makes powers of them,
    `floor` is what a cell must exceed, and in the rows that are `slow` the cell of `slow_floor`
    (slow row, column), too; without any, slow rows are left out. Row -1 where no cell does.
    """
    best, best_row, best_column = floor, -1, -1
    number = -1
    for r in range(parts.shape[0]):
        number += 1 if slow[r] else 0
        if slow[r] and slow_floor.shape[0] == 0:
            continue
        line = parts[r]
        top = line[0, 0] * 0
        for c in range(line.shape[0]):
            top = max(top, line[c, 0] * line[c, 0] + line[c, 1] * line[c, 1])
        if top * scale[r] <= best:
            continue
        for c in range(line.shape[0]):
            power = (line[c, 0] * line[c, 0] + line[c, 1] * line[c, 1]) * scale[r]
            if power > best and not (slow[r] and power <= slow_floor[number, c]):
                best, best_row, best_column = power, r, c
    return best_row, best_column, best


@njit(cache=True, nogil=True, fastmath=True)
def stretch(values, window, shortest):  # pragma: no cover
    """Return start and stop of the stretch that holds most of a constant.

    The values are a constant times the window on an unknown stretch, and noise: the maximum of
    ``|sum window values|^2 / sum window^2`` over stretches of at least `shortest`, between some
    128 marks first and then to a sample.
    """
    count = values.size
    re, im, energy = np.zeros(count + 1), np.zeros(count + 1), np.zeros(count + 1)
    for i in range(count):
        re[i + 1] = re[i] + values[i].real * window[i]
        im[i + 1] = im[i] + values[i].imag * window[i]
        energy[i + 1] = energy[i] + window[i] * window[i]
    tiny = 1e-12 * energy[count] + 1e-300
    stride = max(count // _GRID, 1)
    start, stop = _tallest(
        re[::stride].copy(), im[::stride].copy(), energy[::stride].copy(), shortest, stride, tiny
    )
    best, first, last = -1.0, start, stop
    for a in range(max(start - stride, 0), min(start + stride, count - shortest) + 1):
        for b in range(max(stop - stride, a + shortest), min(stop + stride, count) + 1):
            x, y = re[b] - re[a], im[b] - im[a]
            value = (x * x + y * y) / (energy[b] - energy[a] + tiny)
            if value > best:
                best, first, last = value, a, b
    return first, last


@njit(cache=True, nogil=True, fastmath=True)
def _tallest(re, im, energy, shortest, stride, tiny):  # pragma: no cover
    """Return start and stop, in samples, of the best stretch between marks `stride` apart."""
    marks = energy.size
    least = (shortest + stride - 1) // stride
    best, start, stop = -1.0, 0, marks - 1
    for a in range(marks - least):
        top = 0.0
        for b in range(a + least, marks):  # neither branch nor index: it is vectorised
            x, y = re[b] - re[a], im[b] - im[a]
            top = max(top, (x * x + y * y) / (energy[b] - energy[a] + tiny))
        if top > best:
            best, start = top, a
    best = -1.0
    for b in range(start + least, marks):
        x, y = re[b] - re[start], im[b] - im[start]
        value = (x * x + y * y) / (energy[b] - energy[start] + tiny)
        if value > best:
            best, stop = value, b
    return start * stride, stop * stride


@njit(cache=True, nogil=True)
def undo(values, rate, frequency):  # pragma: no cover
    """Return the values without a chirp's phase; time counts from the middle sample."""
    out = np.empty_like(values)
    middle = (values.size - 1) / 2
    for n in range(values.size):
        time = n - middle
        phase = -2 * np.pi * ((frequency + rate * time / 2) * time)
        out[n] = values[n] * complex(np.cos(phase), np.sin(phase))
    return out


@njit(cache=True, nogil=True)
def refine(values, window, rate, frequency, shortest, turns):  # pragma: no cover
    """Return start, stop, rate and frequency of the piece of a chirp near a guess.

    Turn by turn the stretch that holds most of it, and on it the phase.
    """
    middle = (values.size - 1) / 2
    for _ in range(turns):
        undone = undo(values, rate, frequency)
        start, stop = stretch(undone, window, shortest)
        more = phase_fit(undone[start:stop], window[start:stop])
        place = (start + stop - 1) / 2 - middle
        rate, frequency = rate + more[0], frequency + more[1] - more[0] * place
    start, stop = stretch(undo(values, rate, frequency), window, shortest)
    return start, stop, rate, frequency


@njit(cache=True, nogil=True)
def phase_fit(values, window):  # pragma: no cover
    """Return what is left of rate and frequency, from a least-squares parabola of small phases."""
    length = values.size
    half = max((length - 1) / 2, 0.5)
    gram, right = np.zeros((3, 3)), np.zeros((3, 2))
    powers = np.empty(3)
    for n in range(length):
        x = (n - (length - 1) / 2) / half
        powers[0], powers[1], powers[2] = window[n], window[n] * x, window[n] * x * x
        for i in range(3):
            right[i, 0] += powers[i] * values[n].real
            right[i, 1] += powers[i] * values[n].imag
            for j in range(3):
                gram[i, j] += powers[i] * powers[j]
    more = 1e-12 * (gram[0, 0] + gram[1, 1] + gram[2, 2]) + 1e-300
    for i in range(3):
        gram[i, i] += more
    fit = np.linalg.solve(gram, right)
    level = complex(fit[0, 0], fit[0, 1])
    if level == 0:
        return 0.0, 0.0
    rate = (complex(fit[2, 0], fit[2, 1]) / level).imag / (np.pi * half**2)
    frequency = (complex(fit[1, 0], fit[1, 1]) / level).imag / (2 * np.pi * half)
    most = 2 / length**2
    return min(max(rate, -most), most), min(max(frequency, -1 / length), 1 / length)

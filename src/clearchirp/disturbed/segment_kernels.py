"""The innermost loops of the search for pieces of chirps, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

_MATHS = {"reassoc", "contract", "nsz"}


@njit(cache=True, nogil=True, fastmath=_MATHS)
def strongest_cell(parts, scale, least):  # pragma: no cover
    """Return row, column and power of the strongest cell that exceeds its limit.

    `parts` (row, column, 2) are real and imaginary parts, `scale` (row,) makes powers of them,
    `least` (row, column) is what a cell must exceed, with a single column where it is the same for
    all. Row -1 where no cell does.
    """
    best, best_row, best_column = 0.0, -1, -1
    same = least.shape[1] == 1
    for r in range(parts.shape[0]):
        line = parts[r]
        top = line[0, 0] * 0
        for c in range(line.shape[0]):
            top = max(top, line[c, 0] * line[c, 0] + line[c, 1] * line[c, 1])
        if top * scale[r] <= best or (same and top * scale[r] <= least[r, 0]):
            continue
        for c in range(line.shape[0]):
            power = (line[c, 0] * line[c, 0] + line[c, 1] * line[c, 1]) * scale[r]
            if power > best and power > least[r, 0 if same else c]:
                best, best_row, best_column = power, r, c
    return best_row, best_column, best


@njit(cache=True, nogil=True, fastmath=_MATHS)
def stretch(real, imag, window, shortest):  # pragma: no cover
    """Return start and stop of the stretch that holds most of a constant.

    The values are a constant times the window on an unknown stretch, and noise: the maximum of
    ``|sum window values|^2 / sum window^2`` over all stretches of at least `shortest`.
    """
    count = real.size
    re, im, energy = np.zeros(count + 1), np.zeros(count + 1), np.zeros(count + 1)
    for i in range(count):
        re[i + 1] = re[i] + real[i] * window[i]
        im[i + 1] = im[i] + imag[i] * window[i]
        energy[i + 1] = energy[i] + window[i] * window[i]
    tiny = 1e-12 * energy[count] + 1e-300
    best, start, stop = -1.0, 0, count
    for a in range(count - shortest + 1):
        top, at = -1.0, a
        for b in range(a + shortest, count + 1):
            x, y = re[b] - re[a], im[b] - im[a]
            value = (x * x + y * y) / (energy[b] - energy[a] + tiny)
            if value > top:
                top, at = value, b
        if top > best:
            best, start, stop = top, a, at
    return start, stop

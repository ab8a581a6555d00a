"""The innermost loops of the search for pieces of chirps, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

_MATHS = {"reassoc", "contract", "nsz"}

_GRID = 256
"""Marks between which a stretch is searched first."""
_FEWER = 8
"""How many times fewer are searched before them."""
_REACH = 32
"""Samples, at least, by which an end may still move once the phase is fitted."""
_ANEW = 64
"""Samples after which a phase is computed anew."""


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


@njit(cache=True, nogil=True, fastmath=_MATHS)
def exceeding(parts, scale, floor, slow):  # pragma: no cover
    """Return in which of the `slow` rows a cell exceeds the floor; all as in `strongest_cell`."""
    above = np.zeros(parts.shape[0], np.bool_)
    for r in range(parts.shape[0]):
        if slow[r]:
            line = parts[r]
            top = line[0, 0] * 0
            for c in range(line.shape[0]):
                top = max(top, line[c, 0] * line[c, 0] + line[c, 1] * line[c, 1])
            above[r] = top * scale[r] > floor
    return above


@njit(cache=True, nogil=True, fastmath=True)
def stretch(values, window, shortest):  # pragma: no cover
    """Return start and stop of the stretch that holds most of a constant.

    The values are a constant times the window on an unknown stretch, and noise: the maximum of
    ``|sum window values|^2 / sum window^2`` over stretches of at least `shortest`, between some
    256 marks first and then to a sample.
    """
    return stretch_near(values, window, shortest, 0, values.size, values.size)


@njit(cache=True, nogil=True, fastmath=True)
def stretch_near(values, window, shortest, start, stop, reach):  # pragma: no cover
    """As `stretch`, with neither end further than `reach` samples from a start and a stop."""
    count = values.size
    re, im, energy = np.zeros(count + 1), np.zeros(count + 1), np.zeros(count + 1)
    for i in range(count):
        re[i + 1] = re[i] + values[i].real * window[i]
        im[i + 1] = im[i] + values[i].imag * window[i]
        energy[i + 1] = energy[i] + window[i] * window[i]
    tiny = 1e-12 * energy[count] + 1e-300
    best = 0.0
    near_start, near_stop = start, stop
    # A few marks first: what must be exceeded leaves most starts after one loop without quotients.
    for stride in (max(_FEWER * count // _GRID, 1), max(count // _GRID, 1)):
        sums = re[::stride].copy(), im[::stride].copy(), energy[::stride].copy()
        ends = start - reach, start + reach, stop - reach, stop + reach
        found = _tallest(sums, ends, shortest, stride, tiny, best)
        if found[2] > best:
            near_start, near_stop, best = found
    if best == 0:
        return start, stop
    best, first, last = -1.0, near_start, near_stop
    for a in range(max(near_start - stride, 0), min(near_start + stride, count - shortest) + 1):
        for b in range(max(near_stop - stride, a + shortest), min(near_stop + stride, count) + 1):
            x, y = re[b] - re[a], im[b] - im[a]
            value = (x * x + y * y) / (energy[b] - energy[a] + tiny)
            if value > best:
                best, first, last = value, a, b
    return first, last


@njit(cache=True, nogil=True, fastmath=True)
def _tallest(sums, ends, shortest, stride, tiny, best):  # pragma: no cover
    """Return start and stop, in samples, and height of the best stretch between marks.

    They are `stride` apart; `sums` are running sums up to each, `ends` the first and the last
    sample of the start and of the stop, and only what is taller than `best` is of interest.
    """
    re, im, energy = sums
    marks = energy.size
    least = (shortest + stride - 1) // stride
    start, stop = -1, -1
    last = min(ends[3] // stride + 1, marks)
    for a in range(max(ends[0] // stride, 0), min(ends[1] // stride + 1, marks - least)):
        first = max(ends[2] // stride, a + least)
        at_re, at_im, at_energy = re[a], im[a], energy[a] - tiny
        above = 0.0
        for b in range(first, last):  # neither branch nor index: it is vectorised
            x, y = re[b] - at_re, im[b] - at_im
            above = max(above, x * x + y * y - best * (energy[b] - at_energy))
        if above <= 0:
            continue
        for b in range(first, last):
            x, y = re[b] - at_re, im[b] - at_im
            value = (x * x + y * y) / (energy[b] - at_energy)
            if value > best:
                best, start, stop = value, a, b
    return start * stride, stop * stride, best


@njit(cache=True, nogil=True)
def undo(values, rate, frequency):  # pragma: no cover
    """Return the values without a chirp's phase; time counts from the middle sample.

    The phase turns by what turns itself: two products a sample, anew from the sine and the cosine
    every so often, so that rounding does not add up.
    """
    out = np.empty_like(values)
    middle = (values.size - 1) / 2
    bend = _turn(rate)
    for first in range(0, values.size, _ANEW):
        time = first - middle
        wave = _turn((frequency + rate * time / 2) * time)
        step = _turn(frequency + rate * (time + 0.5))
        for n in range(first, min(first + _ANEW, values.size)):
            out[n] = values[n] * wave
            wave *= step
            step *= bend
    return out


@njit(cache=True, nogil=True)
def _turn(turns):  # pragma: no cover
    """Return ``exp(-2 pi j turns)``."""
    phase = -2 * np.pi * (turns % 1.0)
    return complex(np.cos(phase), np.sin(phase))


@njit(cache=True, nogil=True)
def refine(values, window, rate, frequency, shortest, turns):  # pragma: no cover
    """Return start, stop, rate and frequency of the piece of a chirp near a guess.

    Turn by turn the stretch that holds most of it, and on it the phase.
    """
    count = values.size
    middle = (count - 1) / 2
    start, stop, reach = 0, count, count
    for _ in range(turns):
        undone = undo(values, rate, frequency)
        start, stop = stretch_near(undone, window, shortest, start, stop, reach)
        more = phase_fit(undone[start:stop], window[start:stop])
        place = (start + stop - 1) / 2 - middle
        rate, frequency = rate + more[0], frequency + more[1] - more[0] * place
        reach = max((stop - start) // 4, _REACH)
    undone = undo(values, rate, frequency)
    start, stop = stretch_near(undone, window, shortest, start, stop, reach)
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


@njit(cache=True, nogil=True)
def fan(values, first, step, count, bins):  # pragma: no cover
    """Return the values with chirps of equally spaced rates undone, in single precision.

    They are followed by zeros: (rate, bin). Time counts from the middle of the values.
    """
    out = np.zeros((count, bins), np.complex64)
    now = undo(values, first, 0.0).astype(np.complex64)
    turn = undo(np.ones(values.size, np.complex128), step, 0.0).astype(np.complex64)
    for k in range(count):
        row = out[k]
        for n in range(values.size):
            row[n] = now[n]
            now[n] *= turn[n]
    return out


@njit(cache=True, nogil=True, fastmath=_MATHS)
def piece_vectors(rest, window, piece, most, significant):  # pragma: no cover
    """Return orthonormal vectors (vector, sample) of a piece of a chirp under the window.

    They are the chirp times the window times polynomials of degrees from 0, by the recurrence of
    three terms that the polynomials orthonormal under the square of the window obey. As many as
    hold more than `significant` of the power of the `rest`, three at least and `most` at most.
    """
    start, stop, rate, frequency = piece
    samples = rest.size
    length = stop - start
    time = np.linspace(-1.0, 1.0, length)
    shapes = np.zeros((min(most, length), length))
    bare = undo(rest, rate, frequency)[start:stop]
    before = 0.0
    have, kept = 0, 0
    while have < shapes.shape[0]:
        shape = shapes[have]
        if have == 0:
            shape[:] = window[start:stop]
        else:
            last = shapes[have - 1]
            for n in range(length):
                shape[n] = time[n] * last[n]
            # All of those before, not the last two only: no rounding adds up.
            for k in range(have - 1, -1, -1):
                other, part = shapes[k], 0.0
                for n in range(length):
                    part += other[n] * shape[n]
                for n in range(length):
                    shape[n] -= part * other[n]
        size = np.sqrt(np.sum(shape * shape))
        if size <= 1e-9 * before or size == 0:
            break
        before = 1.0
        real, imag = 0.0, 0.0
        for n in range(length):
            shape[n] /= size
            real += shape[n] * bare[n].real
            imag += shape[n] * bare[n].imag
        have += 1
        if have <= 3 or real * real + imag * imag > significant:
            kept = have
    wave = undo(np.ones(samples, np.complex128), -rate, -frequency)
    out = np.zeros((kept, samples), np.complex128)
    for k in range(kept):
        for n in range(length):
            out[k, start + n] = wave[start + n] * shapes[k, n]
    return out


@njit(cache=True, nogil=True)
def orthonormal_rows(vectors, least):  # pragma: no cover
    """Return orthonormal rows that span those given, (vector, sample).

    Left out are those of which no more than `least` is left without those before.
    """
    out = np.empty_like(vectors)
    count = 0
    for v in range(vectors.shape[0]):
        row = out[count]
        row[:] = vectors[v]
        for _ in range(2):  # twice is enough for rounding
            for k in range(count):
                other = out[k]
                part = row[0] * 0
                for n in range(row.size):
                    part += np.conj(other[n]) * row[n]
                for n in range(row.size):
                    row[n] -= part * other[n]
        size = 0.0
        for n in range(row.size):
            size += abs(row[n]) ** 2
        size = np.sqrt(size)
        if size > least:
            for n in range(row.size):
                row[n] /= size
            count += 1
    return out[:count]

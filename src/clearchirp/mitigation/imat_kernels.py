"""Falling threshold, lines and the refilling of gaps in the spectrum, compiled.

The estimate that a few lines give is cut to the gaps by convolving the lines with the spectrum of
the gaps, so that an iteration needs no FFT while the lines are few, and a signal goes through all
its iterations while it is in the cache. Spectra are float64 with real and imaginary parts in two
arrays inside, so that the inner loops are plain multiply-adds. The same in a few lines of NumPy,
with FFTs, is the oracle in ``tests/oracles/imat.py``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

GOES_ON, DONE, MANY_LINES = 0, 1, 2
"""States of a signal: not done, done, not done and too many lines for `run_sparse`."""

# Sums may be reordered and contracted, which vectorises them; NaN and Inf keep their meaning.
_MATHS = {"reassoc", "contract", "nsz"}


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _powers(re, im, mirror, power):
    """Write the power of each bin; of a real signal's, the same for each bin and its mirror."""
    for b in range(power.size):
        power[b] = re[b] * re[b] + im[b] * im[b]
    for b in range(mirror.size):
        # Rounding must not take one of the two and leave the other.
        power[max(b, mirror[b])] = power[min(b, mirror[b])]


@njit(cache=True, nogil=True)
def _median(power):
    """Return the lower median of values that are not negative.

    Bisection over their bits, which are ordered as the values are: each step is a plain count, so
    that it takes a tenth of the time of a partial sort.
    """
    bits = power.view(np.int64)
    low, high = np.int64(0), bits.max()
    while low < high:
        middle = low + (high - low) // 2
        count = 0
        for b in range(bits.size):
            count += bits[b] <= middle
        if 2 * count >= bits.size:
            high = middle
        else:
            low = middle + 1
    return np.array([low]).view(np.float64)[0]


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _lower(power, level, fall, factor):
    """Let the threshold fall: update `level`, which holds its two parts as powers.

    They are what falls from the strongest line, negative to begin with, and what the noise asks
    for. Noise is the mean of the lines below the latter, which starts from the median, so that
    neither targets nor, after a few iterations, what the gaps smear count as noise.
    """
    if level[0] < 0:
        level[0] = power.max()
        level[1] = factor * _median(power) / np.log(2.0)
        return
    below, count = 0.0, 0.0
    for b in range(power.size):
        beneath = 1.0 if power[b] < level[1] else 0.0
        below += beneath * power[b]
        count += beneath
    level[0] *= fall
    level[1] = factor * below / max(count, 1.0)


@njit(cache=True, nogil=True)
def _find_lines(power, level, lines):
    """Write the bins that reach the threshold to `lines`, return how many."""
    count = 0
    for b in range(power.size):
        if power[b] >= level:
            lines[count] = b
            count += 1
    return count


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _convolve(lines, count, re, im, gap_re, gap_im, out_re, out_im):
    """Write the spectrum of the lines' estimate in the gaps, (bin,).

    `gap_re`, `gap_im` are the spectrum of the gaps over the number of samples, twice in a row.
    """
    bins = out_re.size
    out_re[:], out_im[:] = 0.0, 0.0
    # Two lines at a time, so that the sums are loaded and stored half as often.
    for j in range(0, count, 2):
        b, c = lines[j], lines[min(j + 1, count - 1)]
        other = 1.0 if j + 1 < count else 0.0
        b_re, b_im, c_re, c_im = re[b], im[b], other * re[c], other * im[c]
        # Slices, since an index that might be negative would not vectorise.
        by_b_re, by_b_im = gap_re[bins - b : 2 * bins - b], gap_im[bins - b : 2 * bins - b]
        by_c_re, by_c_im = gap_re[bins - c : 2 * bins - c], gap_im[bins - c : 2 * bins - c]
        for m in range(bins):
            p, q, u, v = by_b_re[m], by_b_im[m], by_c_re[m], by_c_im[m]
            out_re[m] += b_re * p - b_im * q + c_re * u - c_im * v
            out_im[m] += b_re * q + b_im * p + c_re * v + c_im * u


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _advance(given_re, given_im, in_gaps_re, in_gaps_im, re, im):
    """Replace a spectrum by what is given and its gaps; return squared change and norm in gaps."""
    change, norm = 0.0, 0.0
    for b in range(re.size):
        new_re, new_im = given_re[b] + in_gaps_re[b], given_im[b] + in_gaps_im[b]
        change += (new_re - re[b]) ** 2 + (new_im - im[b]) ** 2
        norm += in_gaps_re[b] ** 2 + in_gaps_im[b] ** 2
        re[b], im[b] = new_re, new_im
    return change, norm


@njit(cache=True, nogil=True)
def run_sparse(given, gaps, spectra, level, used, state, limits, fall, factor, tol, mirror):
    """Iterate on each signal until it is done, or its lines are too many, or the iterations end.

    Parameters
    ----------
    given
        Complex (signal, bin): the spectra of the signals, zero in their gaps.
    gaps
        Complex (signal, bin): the spectra of the gaps, ones there and zeros elsewhere.
    spectra
        (signal, bin), `given` to begin with: updated.
    level
        (signal, 2), updated: both parts of the threshold as powers, the first negative to begin
        with.
    used, state
        (signal,), updated: the iterations used; the state.
    limits
        Most iterations, and most lines to go on with.
    fall, factor
        What remains of the threshold, as a power, after an iteration, and how far above the mean
        power of the noise it stays.
    tol
        Relative change of the refilled samples below which a signal is done.
    mirror
        (bin,): the bin of the negative frequency of each; empty for complex signals.
    """
    signals, bins = spectra.shape
    power, lines = np.empty(bins), np.empty(bins, np.int64)
    gap_re, gap_im = np.empty(2 * bins), np.empty(2 * bins)
    new_re, new_im = np.empty(bins), np.empty(bins)
    for r in range(signals):
        given_re, given_im = given[r].real.copy(), given[r].imag.copy()
        re, im = spectra[r].real.copy(), spectra[r].imag.copy()
        for b in range(bins):
            gap_re[b] = gap_re[b + bins] = gaps[r, b].real / bins
            gap_im[b] = gap_im[b + bins] = gaps[r, b].imag / bins
        while state[r] == GOES_ON and used[r] < limits[0]:
            _powers(re, im, mirror, power)
            before = level[r, 0], level[r, 1]
            _lower(power, level[r], fall, factor)
            held = level[r, 1] >= level[r, 0]
            count = _find_lines(power, max(level[r, 0], level[r, 1]), lines)
            if level[r, 0] == 0.0:
                state[r] = DONE
            elif count > limits[1]:
                level[r, 0], level[r, 1] = before
                state[r] = MANY_LINES
            else:
                used[r] += 1
                _convolve(lines, count, re, im, gap_re, gap_im, new_re, new_im)
                change, norm = _advance(given_re, given_im, new_re, new_im, re, im)
                state[r] = DONE if held and change <= tol * tol * norm else GOES_ON
        for b in range(bins):
            spectra[r, b] = complex(re[b], im[b])


@njit(cache=True, nogil=True)
def keep_lines(spectra, level, fall, factor, mirror):
    """Lower the threshold of each signal; return its lines, zeros elsewhere, (signal, bin)."""
    kept, power = np.empty_like(spectra), np.empty(spectra.shape[1])
    for r in range(spectra.shape[0]):
        _powers(spectra[r].real, spectra[r].imag, mirror, power)
        _lower(power, level[r], fall, factor)
        threshold = max(level[r, 0], level[r, 1])
        for b in range(power.size):
            kept[r, b] = spectra[r, b] if power[b] >= threshold else 0.0
    return kept


@njit(cache=True, nogil=True)
def advance(given, in_gaps, spectra, level, tol):
    """Replace each spectrum by what is given and its gaps (spectra of both); return the states."""
    state = np.empty(spectra.shape[0], np.int64)
    for r in range(spectra.shape[0]):
        row, gap, out = given[r], in_gaps[r], spectra[r]
        change, norm = _advance(row.real, row.imag, gap.real, gap.imag, out.real, out.imag)
        held = level[r, 1] >= level[r, 0]
        done = level[r, 0] == 0.0 or (held and change <= tol * tol * norm)
        state[r] = DONE if done else GOES_ON
    return state

"""Burg's recursion over several segments, and the filling of gaps by it: compiled kernels.

Signals and coefficients are float64 with the real and the imaginary part apart, on an axis of 2
before the last, so that the inner loops are plain multiply-adds over contiguous memory. Work
arrays are made once a call. The same in a few lines of NumPy is the oracle in
``tests/oracles/burg.py``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

NEIGHBOURHOOD = 16
"""Samples on each side over which the local power is averaged."""

LOUD = 2.0
"""Usual power of a neighbourhood, at most, in units of the harmonic mean over the chirp."""

_BOUND = 4.0
# A fill has at most this many times the power of the largest sample that it is predicted from.

_SILENT = 1e-28
# Errors this far below the signal are the rounding of float64: nothing is left to predict.

# Sums may be reordered and contracted, which vectorises them; NaN and Inf keep their meaning.
_MATHS = {"reassoc", "contract", "nsz"}


@njit(cache=True, nogil=True, fastmath=_MATHS)
def loudness(x, disturbed, work, loud):
    """Write to `loud` the power around each sample of a chirp, in units of what is still usual.

    It is 0 where no clean sample is near. `work` is (3, sample + 2 NEIGHBOURHOOD) or larger.
    """
    samples = disturbed.size
    power, clean, number = work[0], work[1], work[2]
    for n in range(samples + 2 * NEIGHBOURHOOD):
        power[n], clean[n] = 0.0, 0.0
    for n in range(samples):
        loud[n], number[n] = 0.0, 0.0
        if not disturbed[n]:
            power[n + NEIGHBOURHOOD] = x[0, n] * x[0, n] + x[1, n] * x[1, n]
            clean[n + NEIGHBOURHOOD] = 1.0
    # Direct sums: a running sum would leave the rounding of a loud stretch in a silent one.
    for d in range(2 * NEIGHBOURHOOD + 1):
        for n in range(samples):
            loud[n] += power[n + d]
            number[n] += clean[n + d]
    inverse, used = 0.0, 0
    for n in range(samples):
        if loud[n] > 0:
            loud[n] /= number[n]
            if not disturbed[n]:
                inverse += 1 / loud[n]
                used += 1
    for n in range(samples):
        loud[n] *= inverse / (LOUD * max(used, 1))


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _step(m, k_re, k_im, low, size, lattice):
    """Take a segment's errors from order m to m + 1 in place; return its sums for the next step.

    The errors become f + k b and b + conj(k) f for the `size` pairs that the reflection
    coefficient k couples: the forward error that ends at sample n, stored there, and the backward
    error that ends at n - 1, stored at the first sample that it spans. The sums, weighted, run
    over the pairs of the next coefficient: of f conj(b) (real and imaginary part) and of
    |f|^2 + |b|^2.
    """
    begin = low + m + 1
    f_re, f_im = lattice[0, begin : begin + size], lattice[1, begin : begin + size]
    b_re, b_im = lattice[2, low : low + size], lattice[3, low : low + size]
    weight = lattice[4 + m % 2, low + (m + 3) // 2 :]
    real, imag, both = 0.0, 0.0, 0.0
    p, q, u, v = f_re[0], f_im[0], b_re[0], b_im[0]
    f_re[0], f_im[0] = p + k_re * u - k_im * v, q + k_re * v + k_im * u
    r, s = u + k_re * p + k_im * q, v + k_re * q - k_im * p
    b_re[0], b_im[0] = r, s
    for i in range(1, size):
        p, q, u, v = f_re[i], f_im[i], b_re[i], b_im[i]
        x, y = p + k_re * u - k_im * v, q + k_re * v + k_im * u
        w = weight[i - 1]
        real += w * (x * r + y * s)
        imag += w * (y * r - x * s)
        both += w * ((x * x + y * y) + (r * r + s * s))
        r, s = u + k_re * p + k_im * q, v + k_re * q - k_im * p
        f_re[i], f_im[i], b_re[i], b_im[i] = x, y, r, s
    return real, imag, both


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _step_all(m, k_re, k_im, starts, stops, parts, lattice):
    """Step every segment that is long enough; return the sums over all of them."""
    real, imag, both = 0.0, 0.0, 0.0
    for s in range(parts):
        size = stops[s] - starts[s] - m - 1
        if size > 0:
            sums = _step(m, k_re, k_im, starts[s], size, lattice)
            real, imag, both = real + sums[0], imag + sums[1], both + sums[2]
    return real, imag, both


@njit(cache=True, nogil=True, fastmath=_MATHS)
def burg(x, loud, allowed, starts, stops, parts, order, lattice, a, energy):
    """Fit predictors of all orders up to `order` to the first `parts` segments [starts, stops).

    A sample whose neighbourhood is louder than `allowed` counts less, by the squared ratio.
    Writes row m of `a` (2, order + 1, order + 1): 1 and the m coefficients of order m, and
    `energy` (order + 1,): the share of the power that order m leaves. `lattice` is work space,
    (6, sample + 1): forward and backward errors, weights for even and for odd orders.
    Returns the order that was reached: less where the segments are short, or the errors vanish.
    """
    for s in range(parts):
        before = 0.0
        for n in range(starts[s], stops[s]):
            lattice[0, n], lattice[1, n] = x[0, n], x[1, n]
            lattice[2, n], lattice[3, n] = x[0, n], x[1, n]
            weight = (n - starts[s] + 1.0) * (stops[s] - n)
            if loud[n] > allowed:
                weight *= (allowed / loud[n]) ** 2
            lattice[4, n], lattice[5, n] = 2 * weight, before + weight
            before = weight
    a_re, a_im = a[0], a[1]
    a_re[0, 0], a_im[0, 0], energy[0] = 1.0, 0.0, 1.0
    k_re, k_im, loudest = 0.0, 0.0, 0.0
    for m in range(1, order + 1):
        # The first step, by k = 0 from the order below zero, changes nothing and gives the sums.
        real, imag, both = _step_all(m - 2, k_re, k_im, starts, stops, parts, lattice)
        loudest = max(loudest, both)
        if both <= _SILENT * loudest:
            return m - 1
        k_re, k_im = -2 * real / both, -2 * imag / both
        square = k_re * k_re + k_im * k_im
        if square > 1:  # by rounding only: weights are not negative
            k_re, k_im = k_re / np.sqrt(square), k_im / np.sqrt(square)
            square = 1.0
        energy[m] = energy[m - 1] * (1 - square)
        a_re[m, 0], a_im[m, 0], a_re[m, m], a_im[m, m] = 1.0, 0.0, k_re, k_im
        for j in range(1, m):
            p, q = a_re[m - 1, m - j], -a_im[m - 1, m - j]
            a_re[m, j] = a_re[m - 1, j] + k_re * p - k_im * q
            a_im[m, j] = a_im[m - 1, j] + k_re * q + k_im * p
    return order


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _extend(c_re, c_im, m, y_re, y_im, begin, count):
    """Write `count` samples from `begin` on: minus c times the m samples before each."""
    for n in range(begin, begin + count):
        past_re, past_im = y_re[n - m : n], y_im[n - m : n]
        real, imag = 0.0, 0.0
        for j in range(m):
            real += c_re[j] * past_re[j] - c_im[j] * past_im[j]
            imag += c_re[j] * past_im[j] + c_im[j] * past_re[j]
        y_re[n], y_im[n] = -real, -imag


@njit(cache=True, nogil=True, fastmath=_MATHS)
def _predict(a, sign, m, scale, count, y, c, variance):
    """Predict `count` samples behind the m at the head of `y`, and the variance of their errors.

    `sign` = -1 conjugates the coefficients, for time reversed; `scale` is the variance one step
    ahead. `y` is (2, m + count) or larger, `c` work space of 4 such rows.
    """
    c_re, c_im, h_re, h_im = c[0], c[1], c[2], c[3]
    for j in range(m):
        c_re[j], c_im[j] = a[0, m, m - j], sign * a[1, m, m - j]
        h_re[j], h_im[j] = 0.0, 0.0
    _extend(c_re, c_im, m, y[0], y[1], m, count)
    # The variance ahead is the summed energy of the response to one error.
    h_re[m], h_im[m] = 1.0, 0.0
    _extend(c_re, c_im, m, h_re, h_im, m + 1, count - 1)
    total = 0.0
    for n in range(count):
        total += scale * (h_re[m + n] * h_re[m + n] + h_im[m + n] * h_im[m + n])
        variance[n] = total


@njit(cache=True, nogil=True, fastmath=_MATHS)
def bridge(x, start, stop, left, right, a, energy, limit, work, out):
    """Fill the gap [start, stop) of `x` from the `left` and `right` samples beside it.

    These are orders too; negative for a side that does not exist. The fill goes to the same place
    of `out`, its power `limit` at most. `work` is (10, sample + order + 1) or larger.
    """
    count = stop - start
    ahead, back, of_left, of_right = work[0:2], work[2:4], work[4], work[5]
    if left >= 0:
        for j in range(left):
            ahead[0, j], ahead[1, j] = x[0, start - left + j], x[1, start - left + j]
        scale = 1.0 if left == right else energy[left]
        _predict(a, 1.0, left, scale, count, ahead, work[6:], of_left)
    if right >= 0:
        for j in range(right):
            mirror = stop + right - 1 - j
            back[0, j], back[1, j] = x[0, mirror], x[1, mirror]
        scale = 1.0 if left == right else energy[right]
        _predict(a, -1.0, right, scale, count, back, work[6:], of_right)
    for n in range(count):
        other = count - 1 - n
        fade = 1.0 if right < 0 else 0.0
        if left >= 0 and right >= 0:
            total = of_left[n] + of_right[other]
            fade = of_right[other] / total if total > 0 else 0.5
        p, q = 0.0, 0.0
        if left >= 0:
            p, q = fade * ahead[0, left + n], fade * ahead[1, left + n]
        if right >= 0:
            p += (1 - fade) * back[0, right + other]
            q += (1 - fade) * back[1, right + other]
        power = p * p + q * q
        scale = np.sqrt(limit / power) if power > limit else 1.0
        out[0, start + n], out[1, start + n] = scale * p, scale * q


@njit(cache=True, nogil=True)
def _runs(flags, low, high, starts, stops):
    """Write where each run of True in [low, high) starts and stops; return how many there are."""
    found = 0
    for n in range(low, high):
        if flags[n]:
            if n == low or not flags[n - 1]:
                starts[found] = n
                found += 1
            stops[found - 1] = n + 1
    return found


@njit(cache=True, nogil=True)
def _window(disturbed, start, stop, support):
    """Return (low, high) around a gap with up to `support` clean samples on each side of it.

    Both ends are clean: a gap at the edge of the chirp is left out of its own window.
    """
    low, high, first, last = start, stop, -1, -1
    left, right = support, support
    while low > 0 and left > 0:
        low -= 1
        if not disturbed[low]:
            left -= 1
            first = low
    while high < disturbed.size and right > 0:
        if not disturbed[high]:
            right -= 1
            last = high
            if first < 0:
                first = high
        high += 1
    if last < 0:
        last = start - 1
    return first, last + 1


@njit(cache=True, nogil=True)
def _largest(x, disturbed, low, high):
    """Return the power of the largest clean sample in [low, high)."""
    largest = 0.0
    for n in range(low, high):
        if not disturbed[n]:
            largest = max(largest, x[0, n] * x[0, n] + x[1, n] * x[1, n])
    return largest


@njit(cache=True, nogil=True)
def _copy(source, target):
    """Copy a chirp: assigning a slice would take seconds to compile."""
    for n in range(source.shape[1]):
        target[0, n], target[1, n] = source[0, n], source[1, n]


@njit(cache=True, nogil=True)
def _fill_round(old, new, disturbed, known, loud, gap_starts, gap_stops, gaps, order, support, w):
    """Fill the gaps of a chirp, from left to right, by predictors fitted to what is `known`.

    Reads `old` and writes `new`; these are one array in the first round, in which a fill is
    history for the next gap.
    """
    lattice, work, a, energy = w
    starts, stops = np.empty(gaps + 1, np.int64), np.empty(gaps + 1, np.int64)
    reached, limit = 0, 0.0
    old_low, old_high, old_allowed = -1, -1, 0.0
    for g in range(gaps):
        start, stop = gap_starts[g], gap_stops[g]
        low, high = _window(disturbed, start, stop, support)
        # What lies beside the gap is what the predictors go on from: they must know it.
        allowed = 1.0
        if start > 0:
            allowed = max(allowed, loud[start - 1])
        if stop < known.size:
            allowed = max(allowed, loud[stop])
        # With a support as long as the chirp, its gaps mostly share one fit.
        if low != old_low or high != old_high or allowed != old_allowed:
            old_low, old_high, old_allowed = low, high, allowed
            parts = _runs(known, low, high, starts, stops)
            reached = burg(old, loud, allowed, starts, stops, parts, order, lattice, a, energy)
            limit = _BOUND * _largest(old, disturbed, low, high)
        left = min(reached, start) if start > 0 else -1
        right = -1
        if stop < known.size:
            right = 0
            while right < reached and stop + right < known.size and known[stop + right]:
                right += 1
        bridge(old, start, stop, left, right, a, energy, limit, work, new)


@njit(cache=True, nogil=True)
def fill(beat, disturbed, first_order, order, support):
    """Fill the gaps of every chirp in place; `beat` is (chirp, 2, sample), the mask boolean.

    Returns how many gaps and samples were filled, and how many samples were set to zero because
    their chirp has no clean sample at all.
    """
    chirps, samples = disturbed.shape
    work = np.zeros((10, samples + max(order + 1, 2 * NEIGHBOURHOOD)))
    a, energy = np.zeros((2, order + 1, order + 1)), np.zeros(order + 1)
    space = (np.zeros((6, samples + 1)), work, a, energy)
    nothing, old, loud = np.zeros((2, samples)), np.zeros((2, samples)), np.zeros(samples)
    starts, stops = np.empty(samples, np.int64), np.empty(samples, np.int64)
    clean, known = np.empty(samples, np.bool_), np.empty(samples, np.bool_)
    gaps, filled, zeroed = 0, 0, 0
    for c in range(chirps):
        x, bad, missing = beat[c], disturbed[c], 0
        for n in range(samples):
            clean[n], known[n] = not bad[n], True
            missing += bad[n]
        if missing == samples:
            _copy(nothing, x)
            zeroed += samples
            continue
        found = _runs(bad, 0, samples, starts, stops)
        loudness(x, bad, work, loud)
        _fill_round(x, x, bad, clean, loud, starts, stops, found, first_order, support, space)
        _copy(x, old)
        _fill_round(old, x, bad, known, loud, starts, stops, found, order, support, space)
        gaps += found
        filled += missing
    return gaps, filled, zeroed

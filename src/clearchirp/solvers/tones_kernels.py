"""Levels, outliers and least squares of `clearchirp.solvers.tones`, compiled.

Each function works on one chirp, complex128, and on nothing else, so that a chirp's result does not
depend on those beside it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_CUT = 2.5
"""Moduli above so many times the noise do not count for its level."""

_NEAR = 0.8
"""Tones nearer than so many cells of the chirp's spectrum are one."""

_ROUNDS = 2
"""Newton steps of all frequencies in an iteration."""

_RIDGE = 1e-9
_KEPT = 0.9


@njit(cache=True, nogil=True)
def noise_level(moduli, part, start, share, floor):
    """Return the rms of the noise among the moduli, of which many may be outliers.

    `start` is the noise's rms over the modulus at the quantile 1 / `part`; `share` the mean square
    of noise below the cut over that of all. The level grows from there until it explains what lies
    below the cut.
    """
    ordered = np.sort(moduli)
    sums = np.cumsum(ordered * ordered)
    level = max(ordered[ordered.size // part] * start, floor)
    for _ in range(8):
        below = np.searchsorted(ordered, _CUT * level)
        if below < 2:
            break
        new = max(np.sqrt(sums[below - 1] / below / share), floor)
        done = abs(new - level) < 1e-4 * level
        level = new
        if done:
            break
    return level


@njit(cache=True, nogil=True)
def _share_around(flags, half, least):
    """Return where at least the share `least` of the samples within `half` is flagged."""
    n = flags.size
    out = np.zeros(n, dtype=np.bool_)
    total = 0
    for k in range(min(half, n)):
        total += flags[k]
    for k in range(n):
        if k + half < n:
            total += flags[k + half]
        if k - half - 1 >= 0:
            total -= flags[k - half - 1]
        size = min(k + half, n - 1) - max(k - half, 0) + 1
        out[k] = total >= least * size
    return out


@njit(cache=True, nogil=True)
def outliers(moduli, limit, threshold, half, excess):
    """Return which samples stand out: alone, in company, or by their mean power with neighbours.

    A sample does above `limit`, which is `threshold` times the noise; where half of the samples
    around do; and around where the mean power is `excess` standard deviations above the noise's.
    """
    n = moduli.size
    flags = moduli > limit
    flags |= _share_around(flags, 4, 0.5)
    if half == 0:
        return flags
    noise = (limit / threshold) ** 2
    power = np.where(flags, noise, moduli * moduli)
    hot = np.zeros(n, dtype=np.bool_)
    sums = np.zeros(n + 1)
    sums[1:] = np.cumsum(power)
    for k in range(n):
        first, last = max(k - half, 0), min(k + half, n - 1)
        size = last - first + 1
        mean = (sums[last + 1] - sums[first]) / size
        hot[k] = mean > noise * (1 + excess / np.sqrt(size))
    return flags | _share_around(hot, half, 1e-9)


@njit(cache=True, nogil=True)
def waves(omega, samples):
    """Return the tones (tone, sample), of unit modulus and phase 0 in the middle of the chirp."""
    out = np.empty((omega.size, samples), dtype=np.complex128)
    middle = (samples - 1) / 2
    for r in range(omega.size):
        step = np.exp(1j * omega[r])
        value = 0j
        for k in range(samples):
            if k % 64 == 0:  # before the rounding of the products adds up
                value = np.exp(1j * omega[r] * (k - middle))
            out[r, k] = value
            value *= step
    return out


@njit(cache=True, nogil=True)
def _normal(rows, y, prior):
    """Return Gram matrix and right side of the least-squares fit of y by `rows`.

    `prior` is the power of the noise over what a tone's may be: it keeps tones that the kept
    samples can hardly tell apart from rising against each other in the gaps.
    """
    gram = np.dot(np.conj(rows), rows.T)
    for r in range(len(gram)):
        gram[r, r] += _RIDGE * (1 + gram[r, r].real) + prior
    return gram, np.dot(np.conj(rows), y)


@njit(cache=True, nogil=True)
def _newton(omega, kept_y, keep, prior):
    """Return the frequencies after a Gauss-Newton step of all at once, near ones merged."""
    count, samples = omega.size, kept_y.size
    cell = 2 * np.pi / samples
    middle = (samples - 1) / 2
    both = np.empty((2 * count, samples), dtype=np.complex128)
    both[:count] = waves(omega, samples) * keep
    for k in range(samples):
        both[count:, k] = both[:count, k] * ((k - middle) / middle)
    gram, side = _normal(both, kept_y, prior)
    weights = np.linalg.solve(gram, side)
    moved = omega.copy()
    for r in range(count):
        if weights[r] != 0:
            shift = (weights[count + r] / weights[r]).imag / middle
            moved[r] += min(max(shift, -cell / 2), cell / 2)
    order = np.argsort(moved)
    moved, power = moved[order], np.abs(weights[:count][order]) ** 2
    nearest, at = _NEAR * cell, -1
    for r in range(count - 1):
        if moved[r + 1] - moved[r] < nearest:
            nearest, at = moved[r + 1] - moved[r], r
    if at < 0:
        return moved
    total = power[at] + power[at + 1]
    if total > 0:
        moved[at] = (moved[at] * power[at] + moved[at + 1] * power[at + 1]) / total
    return _without(moved, at + 1)


@njit(cache=True, nogil=True)
def _without(values, at):
    """Return the values without one of them."""
    out = np.empty(values.size - 1, dtype=values.dtype)
    out[:at], out[at:] = values[:at], values[at + 1 :]
    return out


@njit(cache=True, nogil=True)
def refit(y, keep, omega, bar, final, noise):
    """Return frequencies, amplitudes and the fit of the kept samples by tones, the last (sample,).

    After Newton steps for the frequencies, tones are dropped whose share of the fit is less than
    `bar` times the power of the residual: one of them, or with `final` all. `noise` is the rms of
    the noise as far as it is known.
    """
    samples = y.size
    kept_y = y * keep
    count = max(np.sum(keep), 1)
    power = np.sum(np.abs(kept_y) ** 2) / count
    prior = noise * noise / power if power > 0 else 0.0
    for _ in range(_ROUNDS):
        if omega.size:
            omega = _newton(omega, kept_y, keep, prior)
    dropped = 0
    while omega.size:
        tones = waves(omega, samples)
        kept = tones * keep
        gram, side = _normal(kept, kept_y, prior)
        inverse = np.linalg.inv(gram)
        amplitudes = np.dot(inverse, side)
        fit = np.dot(amplitudes, tones)
        rest = 0.0
        for k in range(samples):
            if keep[k]:
                rest += abs(y[k] - fit[k]) ** 2
        gain = np.empty(omega.size)
        for r in range(omega.size):
            gain[r] = abs(amplitudes[r]) ** 2 / max(inverse[r, r].real, 1e-300)
        worst = np.argmin(gain)
        if gain[worst] >= _KEPT * bar * rest / count or (dropped and not final):
            return omega, amplitudes, fit
        omega = _without(omega, worst)
        dropped += 1
    return omega, np.zeros(0, dtype=np.complex128), np.zeros(samples, dtype=np.complex128)

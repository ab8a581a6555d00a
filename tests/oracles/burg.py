"""Autoregressive gap filling in plain NumPy: one list of errors a segment, no work arrays."""

from __future__ import annotations

import numpy as np


def runs(flags):
    """Half-open (start, stop) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, int), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def loudness(x, clean):
    """Power around each sample, over twice the harmonic mean of it in this chirp."""
    power = np.zeros(len(x))
    for n in range(len(x)):
        near = np.arange(max(0, n - 16), min(len(x), n + 17))
        near = near[clean[near]]
        if len(near):
            power[n] = np.mean(np.abs(x[near]) ** 2)
    usual = power[clean & (power > 0)]
    return power * np.mean(1 / usual) / 2 if len(usual) else power


def burg(segments, order, loud=None, allowed=1.0):
    """Return ([a_0, a_1 ... a_M], [E_0 ... E_M]): the predictor of every order up to M <= order.

    `segments` are 1-D arrays, `loud` the loudness of their samples. The predictor of order m is
    a_m of length m + 1 with a leading 1: sum_j a_m[j] x[n - j] is the error. A sample that is the
    u-th of a segment of length L (u from 1) has the weight u (L + 1 - u), less where it is louder
    than `allowed`. An error of order m counts with the weight of the middle of the m + 1 samples
    that it spans: for odd m the sum of two neighbours, otherwise twice the one.
    """
    forward = [np.asarray(s, complex) for s in segments]
    backward = [s.copy() for s in forward]
    weight = []
    for i, s in enumerate(segments):
        u = np.arange(1, len(s) + 1)
        weight.append(u * (len(s) + 1.0 - u))
        if loud is not None:
            weight[-1] *= (allowed / np.maximum(allowed, loud[i])) ** 2

    a = [np.ones(1, complex)]
    energy = [1.0]
    loudest = 0.0
    for m in range(1, order + 1):
        forward = [f[1:] for f in forward]
        backward = [b[:-1] for b in backward]
        numerator, denominator = 0, 0
        for t, f, b in zip(weight, forward, backward, strict=True):
            if len(f):
                last = np.arange(m, len(t))
                w = t[last - m // 2] + t[last - (m + 1) // 2]
                numerator += np.sum(w * f * b.conj())
                denominator += np.sum(w * (np.abs(f) ** 2 + np.abs(b) ** 2))
        loudest = max(loudest, denominator)
        if denominator <= 1e-28 * loudest:
            break
        k = -2 * numerator / denominator
        forward, backward = (
            [f + k * b for f, b in zip(forward, backward, strict=True)],
            [b + np.conj(k) * f for f, b in zip(forward, backward, strict=True)],
        )
        shorter = np.append(a[-1], 0)
        a.append(shorter + k * shorter[::-1].conj())
        energy.append(energy[-1] * max(0.0, 1 - abs(k) ** 2))
    return a, energy


def extrapolate(a, history, count):
    """Go on from `history` for `count` samples with errors of zero."""
    x = list(history)
    for _ in range(count):
        x.append(-sum(a[j] * x[-j] for j in range(1, len(a))))
    return np.array(x[len(x) - count :], complex)


def growth(a, count):
    """Variance of the error 1, 2 ... `count` steps ahead, in units of the one-step error's."""
    impulse = extrapolate(a, [0] * (len(a) - 1) + [1], count - 1)
    return np.cumsum(np.abs(np.concatenate([[1], impulse])) ** 2)


def bridge(a, energy, left, right, count):
    """Fill `count` samples between `left` and `right`, either of which may be empty."""
    m_left = min(len(a) - 1, len(left))
    m_right = min(len(a) - 1, len(right))
    from_left = extrapolate(a[m_left], left, count)
    from_right = extrapolate(a[m_right].conj(), right[::-1], count)[::-1]
    if not len(right):
        return from_left
    if not len(left):
        return from_right
    scale = (1.0, 1.0) if m_left == m_right else (energy[m_left], energy[m_right])
    var_left = scale[0] * growth(a[m_left], count)
    var_right = scale[1] * growth(a[m_right], count)[::-1]
    fade = var_right / (var_left + var_right)
    return fade * from_left + (1 - fade) * from_right


def bound(fill, samples):
    """Cut the fill to twice the largest modulus of `samples`, phase kept."""
    limit = 2 * np.abs(samples).max()
    size = np.abs(fill)
    return np.where(size > limit, fill * limit / np.where(size > 0, size, 1), fill)


def reach(clean, start, stop, support):
    """Window around the gap that holds up to `support` clean samples on each side of it."""
    before = np.flatnonzero(clean[:start])[-support:]
    after = stop + np.flatnonzero(clean[stop:])[:support]
    both = np.concatenate([before, after])
    return int(both[0]), int(both[-1]) + 1


def fill_chirp(x, disturbed, order, support):
    """Return one chirp with its gaps filled, complex128."""
    clean = ~disturbed
    if not clean.any():
        return np.zeros(len(x), complex)
    gaps = runs(disturbed)
    loud = loudness(x, clean)
    first = np.array(x, complex)
    known = clean.copy()
    for start, stop in gaps:
        low, high = reach(clean, start, stop, support)
        parts = [slice(low + i, low + j) for i, j in runs(clean[low:high])]
        allowed = max([1.0, *loud[max(start - 1, 0) : start], *loud[stop : stop + 1]])
        segments = [first[p] for p in parts]
        a, energy = burg(segments, -(-3 * order // 5), [loud[p] for p in parts], allowed)
        left = next((i for i in range(start, 0, -1) if not known[i - 1]), 0)
        right = next((i for i in range(stop, len(x)) if not known[i]), len(x))
        bridged = bridge(a, energy, first[left:start], first[stop:right], stop - start)
        first[start:stop] = bound(bridged, np.concatenate(segments))
        known[start:stop] = True
    second = first.copy()
    for start, stop in gaps:
        low, high = reach(clean, start, stop, support)
        allowed = max([1.0, *loud[max(start - 1, 0) : start], *loud[stop : stop + 1]])
        a, energy = burg([first[low:high]], order, [loud[low:high]], allowed)
        bridged = bridge(a, energy, first[:start], first[stop:], stop - start)
        second[start:stop] = bound(bridged, first[low:high][clean[low:high]])
    return second

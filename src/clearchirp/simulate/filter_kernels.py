"""The states of an analog filter, driven by linear chirps; compiled, and imported when needed."""

from __future__ import annotations

import numpy as np
from numba import njit

_NEAR = 1e-6  # of a grid step: an edge this near to a point is on it


@njit(cache=True, nogil=True)
def _beat(u, c0, c1, c2):
    """exp(2 pi j (c0 + c1 u + c2 u^2))."""
    turns = c0 + (c1 + c2 * u) * u
    angle = 2 * np.pi * (turns - np.rint(turns))
    return complex(np.cos(angle), np.sin(angle))


@njit(cache=True, nogil=True)
def _settled(z, u, c0, c1, c2, poles):
    """State of each pole under a chirp that has always been on.

    With z = x w the state's equation z' = p z + x becomes D w = 1 - w', D = 2 pi j f - p. Put into
    itself, it gives w = (1 + g + 3 g^2 + 15 g^3 + 105 g^4 ...) / D with g = 2 pi j rate / D^2. The
    series is asymptotic: where g is not small, the state is left at 0.
    """
    x = _beat(u, c0, c1, c2)
    for k in range(len(poles)):
        inverse = 1 / (2j * np.pi * (c1 + 2 * c2 * u) - poles[k])
        g = 4j * np.pi * c2 * inverse * inverse
        z[k] = 0.0
        if abs(g) < 0.05:
            z[k] = x * inverse * (1 + g * (1 + 3 * g * (1 + 5 * g * (1 + 7 * g))))


@njit(cache=True, nogil=True)
def _advance(z, begin, end, c0, c1, c2, poles, nodes, weights):
    """Integrate z' = p z + x from `begin` to `end` by Gauss's rule."""
    h = end - begin
    for k in range(len(poles)):
        z[k] *= np.exp(poles[k] * h)
    for q in range(len(nodes)):
        x = h * weights[q] * _beat(begin + h * nodes[q], c0, c1, c2)
        for k in range(len(poles)):
            z[k] += x * np.exp(poles[k] * (h * (1 - nodes[q])))


@njit(cache=True, nogil=True)
def drive(
    out, chirp, begin, end, was_on, stays_on, c0, c1, c2, start, rate, poles, residues, direct,
    nodes, weights, tail,
):  # fmt: skip
    """Add the filtered beat of each meeting to `out` (chirp, point of the grid)."""
    count, k_poles = out.shape[1], len(poles)
    step = 1 / rate
    whole = np.exp(poles * step)
    # What a step from point to point needs is the same for all of them.
    kernel = np.empty((len(nodes), k_poles), np.complex128)
    for q in range(len(nodes)):
        kernel[q] = step * weights[q] * np.exp(poles * (step * (1 - nodes[q])))
    z, left = np.zeros(k_poles, np.complex128), np.zeros(k_poles, np.complex128)
    for m in range(len(chirp)):
        a, b, d0, d1 = begin[m], end[m], c0[m], c1[m]
        z[:] = 0.0
        if was_on[m]:
            _settled(z, a, d0, d1, c2, poles)
        n = int(np.ceil((a - start) * rate - _NEAR))
        t = a
        while n < count and start + n * step < b - _NEAR * step:
            point = start + n * step
            if point - t > step * (1 - _NEAR):
                z *= whole
                for q in range(len(nodes)):
                    x = _beat(t + step * nodes[q], d0, d1, c2)
                    for k in range(k_poles):
                        z[k] += x * kernel[q, k]
            elif point > t:
                _advance(z, t, point, d0, d1, c2, poles, nodes, weights)
            t = max(point, t)
            if n >= 0:
                value = direct * _beat(t, d0, d1, c2)
                for k in range(k_poles):
                    value += residues[k] * z[k]
                out[chirp[m], n] += value
            n += 1
        if n >= count:
            continue
        if b > t:
            _advance(z, t, b, d0, d1, c2, poles, nodes, weights)
        if stays_on[m]:
            # It sounds on beyond the filter's reach, where nothing is heard of it but the ringing.
            _settled(left, b, d0, d1, c2, poles)
            z -= left
        z *= np.exp(poles * max(start + n * step - b, 0.0))
        last = min(count, n + tail)
        while n < last:
            if n >= 0:
                value = 0j
                for k in range(k_poles):
                    value += residues[k] * z[k]
                out[chirp[m], n] += value
            z *= whole
            n += 1

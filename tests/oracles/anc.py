"""The adaptive noise canceller of one chirp, tap by tap, without any reuse between bins."""

from __future__ import annotations

import numpy as np


def cancel(spectrum, length, step):
    """Return the range spectrum (bin,) with its positive half filtered from the top downwards."""
    bins = spectrum.size
    top = (bins - 1) // 2
    reference = {k: np.conj(spectrum[-k]) for k in range(1, top + 1)}
    least = 1e-6 * length * np.mean(np.abs(list(reference.values())) ** 2)
    w = np.zeros(length, complex)
    w[0] = 1
    out = spectrum.copy()
    for k in range(top, 0, -1):
        v = np.array([reference.get(k + m, 0) for m in range(length)])
        e = spectrum[k] - np.vdot(w, v)
        out[k] = e
        w = w + step * v * np.conj(e) / (np.vdot(v, v).real + least)
    return out

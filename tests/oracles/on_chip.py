"""The chip's two passes over one chirp, sample by sample."""

from __future__ import annotations

import numpy as np


def plain_bits(x: np.ndarray, magnitude: float, difference: float, hysteresis: int) -> np.ndarray:
    """Disturbed samples of one chirp."""
    steps = [abs(x[n] - x[n - 1]) for n in range(1, len(x))]
    size_mean, step_mean = sum(abs(x)) / len(x), sum(steps) / len(steps)
    bits = np.zeros(len(x), bool)
    for n in range(len(x)):
        large = abs(x[n]) > magnitude * size_mean
        sudden = n > 0 and steps[n - 1] > difference * step_mean
        if large or sudden:
            bits[max(n - hysteresis, 0) : n + hysteresis + 1] = True
    return bits

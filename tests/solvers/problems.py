"""Small frames with targets on and between bins, noise, and samples missing."""

from __future__ import annotations

import numpy as np


def frame(shape=(8, 24), *, targets=3, noise=0.05, between=False, seed=0):
    """Return the samples (chirp, sample) of a few targets, with noise."""
    rng = np.random.default_rng(seed)
    m, n = np.mgrid[: shape[0], : shape[1]]
    beat = np.zeros(shape, complex)
    for k in range(targets):
        at = rng.uniform(0, shape) if between else rng.integers(0, shape)
        turn = m * at[0] / shape[0] + n * at[1] / shape[1]
        beat += 0.5**k * np.exp(2j * np.pi * (turn + rng.random()))
    return beat + noise * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))


def missing(shape=(8, 24), *, share=0.2, bursts=True, seed=1):
    """Return which samples were measured."""
    rng = np.random.default_rng(seed)
    measured = np.ones(shape, bool)
    if not bursts:
        return rng.random(shape) > share
    length = max(1, round(share * shape[1]))
    for row in measured:
        start = rng.integers(0, shape[1] - length + 1)
        row[start : start + length] = False
    return measured

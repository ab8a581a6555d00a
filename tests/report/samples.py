"""Scores of methods that were never run, for tests of reports."""

from __future__ import annotations

import math

import numpy as np

from clearchirp.report import Samples

METHODS = (
    "none", "zeroing", "zeroing-oracle", "ramp-filter", "ar", "imat", "imat-2d", "anc", "wavelet",
    "stft-zeroing", "stft-amplitude", "stft-burg", "on-chip", "sparse-recovery", "sparkle",
)  # fmt: skip


def samples(name="imfrac, detector combined", methods=METHODS, frames=120, seed=0, **more):
    """F1, EVM, beat SINR and noise floor; a later method is better and the third also slow."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=frames)
    values, seconds = {}, {}
    for index, method in enumerate(methods):
        noise = rng.normal(size=(4, frames))
        evm = np.exp(-1.5 - 0.2 * index + hard + 0.3 * noise[0])
        evm[: index % 3] = math.nan
        values[method] = {
            "floor_db": 20 - index + hard + noise[1],
            "evm": evm,
            "f1": 1 / (1 + np.exp(-0.3 * index - hard - 0.3 * noise[2])),
        }
        if index % 4 != 3:
            values[method]["beat_sinr_db"] = 10 + index + 2 * hard + noise[3]
        seconds[method] = 1e-4 * (1 + index) ** 2 * np.exp(0.1 * rng.normal(size=frames))
    return Samples(name=name, values=values, seconds=seconds, **more)

"""The best partition of a chirp into pieces of constant power, by trying every start."""

from __future__ import annotations

import math

import numpy as np


def best_partition(power: np.ndarray, penalty: float) -> list[int]:
    """Ends of the pieces that minimise sum(n log(mean power)) + penalty per change point."""
    best = [-penalty]
    starts = [0]
    for stop in range(1, power.size + 1):
        costs = []
        for start in range(stop):
            mean = max(float(np.mean(power[start:stop])), 1e-12)
            costs.append(best[start] + (stop - start) * math.log(mean) + penalty)
        starts.append(int(np.argmin(costs)))
        best.append(min(costs))
    ends, stop = [], power.size
    while stop > 0:
        ends.append(stop)
        stop = starts[stop]
    return ends[::-1]

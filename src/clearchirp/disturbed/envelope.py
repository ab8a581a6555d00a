"""Change points of the envelope."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import gammaincinv

from clearchirp.disturbed.deviation import deviation
from clearchirp.settings import check_number
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Split each chirp where its power changes, flag the pieces that are too strong for noise.

    The power of a chirp is taken as constant from change point to change point, its samples as
    exponentially distributed around it. The change points maximise the likelihood less a penalty a
    change: first among every `grid`-th sample (optimal partitioning, exact, with the pruning of
    Killick, Fearnhead and Eckley, 2012), then each is moved to the best sample around it.

    Parameters
    ----------
    penalty
        Price of a change point in units of ln(samples), by default 3: one for each of the two
        powers and the place that it adds.
    grid
        Step of the first search in samples; 4 by default. The search costs 1/grid^2.
    false_alarm
        Probability that a piece of Gaussian noise is flagged; 1e-6 by default.
    excess_db
        Least power of a flagged piece over the noise and moving targets of the frame; 6 dB by
        default. A long piece is told from noise by far less, but so is a target that fades.

    Source
    ------
    Oswald 2026, VI-B2 names an "envelope change-point" detector and gives no more; the cost
    function, penalty and decision are ours.
    """

    penalty: float = 3.0
    grid: int = 4
    false_alarm: float = 1e-6
    excess_db: float = 6.0

    def __post_init__(self) -> None:
        check_number("penalty", self.penalty)
        check_number("excess_db", self.excess_db)
        if not self.penalty > 0:
            raise InputError(f"penalty: must be positive, got {self.penalty}")
        if not isinstance(self.grid, int) or self.grid < 1:
            raise InputError(f"grid: must be a whole number from 1, got {self.grid!r}")
        if not 0 < self.false_alarm < 1:
            raise InputError(f"false_alarm: must lie between 0 and 1, got {self.false_alarm}")

    def __call__(self, beat: NDArray[Any], /) -> NDArray[np.bool_]:
        """Return the mask of disturbed samples of a NumPy beat signal (..., chirp, sample)."""
        scaled, _ = deviation(beat, detector="envelope")
        power = (np.abs(scaled) ** 2).astype(np.float64)
        samples = power.shape[-1]
        # Mean of n powers of noise: Gamma with shape n (n/2 for a real receiver) and mean 1.
        shapes = np.arange(1, samples + 1) / (1 if np.iscomplexobj(scaled) else 2)
        limits = gammaincinv(shapes, 1 - self.false_alarm) / shapes
        limits = np.maximum(limits, 10 ** (self.excess_db / 10))
        flags = np.zeros(power.shape, dtype=bool)
        penalty = self.penalty * math.log(max(samples, 2))
        rows = power.reshape(-1, samples)
        _flag_pieces(rows, penalty, self.grid, limits, flags.reshape(-1, samples))
        return flags


@njit(cache=True, nogil=True)
def _flag_pieces(power, penalty, grid, limits, flags):  # pragma: no cover
    samples = power.shape[1]
    blocks = (samples + grid - 1) // grid
    edge = np.minimum(np.arange(blocks + 1) * grid, samples)
    total = np.zeros(samples + 1)
    best = np.empty(blocks + 1)
    last = np.zeros(blocks + 1, np.int64)
    candidates = np.empty(blocks + 1, np.int64)
    costs = np.empty(blocks + 1)
    points = np.empty(blocks + 1, np.int64)
    for row in range(power.shape[0]):
        for n in range(samples):
            total[n + 1] = total[n] + power[row, n]
        _change_points(total, edge, penalty, best, last, candidates, costs)
        count = 1  # the pieces' ends, from the last to the first
        points[0] = samples
        block = last[blocks]
        while block > 0:
            points[count] = edge[block]
            count += 1
            block = last[block]
        points[count] = 0
        _refine(total, grid, points, count)
        for k in range(count):
            start, stop = points[k + 1], points[k]
            if total[stop] - total[start] > limits[stop - start - 1] * (stop - start):
                flags[row, start:stop] = True


@njit(cache=True, nogil=True)
def _change_points(total, edge, penalty, best, last, candidates, costs):  # pragma: no cover
    """Fill `last[block]` with the start of the piece that ends there in the best partition."""
    best[0] = -penalty
    candidates[0] = 0
    count = 1
    for stop in range(1, edge.size):
        best[stop] = np.inf
        for k in range(count):
            start = candidates[k]
            costs[k] = best[start] + _cost(total, edge[start], edge[stop])
            if costs[k] + penalty < best[stop]:
                best[stop] = costs[k] + penalty
                last[stop] = start
        kept = 0
        for k in range(count):  # a start that is behind by a whole penalty never catches up
            if costs[k] <= best[stop]:
                candidates[kept] = candidates[k]
                kept += 1
        candidates[kept] = stop
        count = kept + 1


@njit(cache=True, nogil=True)
def _refine(total, grid, points, count):  # pragma: no cover
    """Move each change point, within a grid step, to where its two neighbours fit best."""
    for k in range(1, count):
        low, high = points[k + 1], points[k - 1]
        best, best_point = np.inf, points[k]
        first = max(points[k] - grid, low + 1)
        for point in range(first, min(points[k] + grid, high - 1) + 1):
            cost = _cost(total, low, point) + _cost(total, point, high)
            if cost < best:
                best, best_point = cost, point
        points[k] = best_point


@njit(cache=True, nogil=True)
def _cost(total, start, stop):  # pragma: no cover
    """Negative log-likelihood of a piece at its best power, less what all pieces share."""
    length = stop - start
    # Differences of running sums leave rounding errors, which may be negative.
    return length * math.log(max((total[stop] - total[start]) / length, 1e-12))

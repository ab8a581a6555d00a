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
    change (optimal partitioning, exact, with the pruning of Killick, Fearnhead and Eckley, 2012).

    Parameters
    ----------
    penalty
        Price of a change point in units of ln(samples), by default 3: one for each of the two
        powers and the place that it adds.
    shortest
        Fewest samples of a piece; 3 by default.
    false_alarm
        Probability that a piece of Gaussian noise is flagged; 1e-6 by default.
    excess_db
        Least power of a flagged piece over the noise and moving targets of the frame; 6 dB by
        default. A long piece is told from noise by far less, but so is a target that fades.

    Source
    ------
    Seed 001, VI-B2 names an "envelope change-point" detector and gives no more; the cost function,
    penalty and decision are ours.
    """

    penalty: float = 3.0
    shortest: int = 3
    false_alarm: float = 1e-6
    excess_db: float = 6.0

    def __post_init__(self) -> None:
        if not self.penalty > 0:
            raise InputError(f"penalty: must be positive, got {self.penalty}")
        if not isinstance(self.shortest, int) or self.shortest < 1:
            raise InputError(f"shortest: must be a whole number from 1, got {self.shortest!r}")
        check_number("excess_db", self.excess_db)
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
        _flag_pieces(
            power.reshape(-1, samples),
            self.penalty * math.log(max(samples, 2)),
            min(self.shortest, samples),
            limits,
            flags.reshape(-1, samples),
        )
        return flags


@njit(cache=True, nogil=True)
def _flag_pieces(power, penalty, shortest, limits, flags):  # pragma: no cover
    samples = power.shape[1]
    total = np.zeros(samples + 1)
    best = np.empty(samples + 1)
    last = np.zeros(samples + 1, np.int64)
    candidates = np.empty(samples + 1, np.int64)
    expiry = np.empty(samples + 1, np.int64)
    for row in range(power.shape[0]):
        for n in range(samples):
            total[n + 1] = total[n] + power[row, n]
        _change_points(total, penalty, shortest, best, last, candidates, expiry)
        stop = samples
        while stop > 0:
            start = last[stop]
            mean = (total[stop] - total[start]) / (stop - start)
            if mean > limits[stop - start - 1]:
                flags[row, start:stop] = True
            stop = start


@njit(cache=True, nogil=True)
def _change_points(total, penalty, shortest, best, last, candidates, expiry):  # pragma: no cover
    """Fill `last[stop]` with the start of the piece that ends at `stop` in the best partition."""
    samples = total.size - 1
    best[:] = np.inf
    best[0] = -penalty
    candidates[0] = 0
    never = samples + shortest + 1
    expiry[0] = never
    count = 1
    for stop in range(shortest, samples + 1):
        kept = 0
        for k in range(count):
            if expiry[k] > stop:
                candidates[kept] = candidates[k]
                expiry[kept] = expiry[k]
                kept += 1
        count = kept
        for k in range(count):
            cost = _cost(total, best, candidates[k], stop)
            if cost + penalty < best[stop]:
                best[stop] = cost + penalty
                last[stop] = candidates[k]
        for k in range(count):
            # A start that is behind by a whole penalty never catches up with a change at `stop`;
            # but such a change is only allowed once its piece has the shortest length.
            if expiry[k] == never and _cost(total, best, candidates[k], stop) > best[stop]:
                expiry[k] = stop + shortest
        newest = stop - shortest + 1
        if newest >= shortest:
            candidates[count] = newest
            expiry[count] = never
            count += 1


@njit(cache=True, nogil=True)
def _cost(total, best, start, stop):  # pragma: no cover
    length = stop - start
    return best[start] + length * math.log((total[stop] - total[start]) / length + 1e-12)

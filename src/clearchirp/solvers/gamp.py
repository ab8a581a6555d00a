"""Generalised approximate message passing with a Bernoulli-Gaussian prior that it learns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clearchirp.arrays import namespace
from clearchirp.solvers.checks import check_stopping, check_within
from clearchirp.solvers.levels import noise_power, power
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array

_LEAST = 0.05
# Of an update that is taken.


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamp:
    """Sum-product message passing; each bin is a target with a probability, else zero.

    The share of target bins, their power and that of the noise are learned along with x, so that
    there is no threshold to set.

    Parameters
    ----------
    damping
        How much of each update is taken to begin with, above 0 and at most 1 (default). It is
        halved, and all starts anew, when the misfit ||y - A x|| exceeds that of x = 0.
    tol, max_iter
        Stop when x changes by less than this, relative to its norm; 1e-3, and 200 iterations.

    Notes
    -----
    Two FFTs an iteration. The theory is for random masks; with bursts it is a heuristic, and where
    whole chirps are missing the result may be worse than zeros.

    Source
    ------
    Rangan 2011, Algorithm 1 with one variance for all entries; prior and its learning: Vila and
    Schniter 2013, section III, with one Gaussian.

    Deviations
    ----------
    Start values come from the masked spectrum and the median of its power; the damping, which
    bursts need, is ours.
    """

    damping: float = 1.0
    tol: float = 1e-3
    max_iter: int = 200

    def __post_init__(self) -> None:
        check_within("damping", self.damping, 0, 1)
        check_stopping(self.tol, self.max_iter)

    def iterates(self, operator: SamplingOperator, y: Array, /) -> Iterator[Iterate]:
        """Yield the iterates."""
        xp: Any = namespace(y)
        count, delta = operator.measurements, operator.measurements / operator.size
        back = operator.adjoint(y)
        energy = float(xp.sum(power(y)))
        tiny = 1e-14 * energy / max(count, 1)
        if energy == 0:
            yield Iterate(xp.zeros_like(back))
            return
        noise = max(float(noise_power(back)) / delta, tiny)
        share, strength = _start(back, energy, noise, delta)
        x, s = xp.zeros_like(back), xp.zeros_like(y)
        variance, taken = share * strength, self.damping
        start = x, s, variance, share, strength, noise
        while True:
            estimate = operator.forward(x)
            misfit = float(xp.sum(power(y - estimate)))
            if misfit > energy and taken > _LEAST:
                x, s, variance, share, strength, noise = start
                taken, estimate = taken / 2, xp.zeros_like(y)
            p = estimate - s * variance
            s = (1 - taken) * s + taken * (y - p) / (variance + noise)
            tau = (variance + noise) / delta
            x_new, variance_new, chance, strength = _denoised(
                x + tau * operator.adjoint(s), tau, share, strength, tiny
            )
            # The noise's power is that of the misfit under the posterior of A x.
            known = variance * noise / (variance + noise)
            left = y - p - s * variance
            noise = max(float(xp.sum(power(left))) / count + known, tiny)
            share = min(max(chance, 1 / operator.size), 1 - 1 / operator.size)
            x = (1 - taken) * x + taken * x_new
            variance = (1 - taken) * variance + taken * max(variance_new, tiny)
            yield Iterate(x)


def _start(back: Array, energy: float, noise: float, delta: float) -> tuple[float, float]:
    """Return share and power of the target bins to start from."""
    xp = namespace(back)
    size = math.prod(back.shape)
    above = int(xp.sum(xp.astype(power(back) > 16 * noise * delta, xp.int64)))
    share = max(above, 1) / size
    signal = max(energy - noise * delta * size, 0.01 * energy)
    return share, signal / delta / size / share


def _denoised(
    r: Array, tau: float, share: float, strength: float, tiny: float
) -> tuple[Array, float, float, float]:
    """Return mean and mean variance of x given r = x + noise of power tau, and what they teach.

    The latter are the mean chance of a bin to be a target and the power of targets.
    """
    xp: Any = namespace(r)
    total = strength + tau
    exponent = power(r) * (strength / (tau * total))
    odds = math.log((1 - share) / share * total / tau)
    chance = 1 / (1 + xp.exp(xp.clip(odds - exponent, -60.0, 60.0)))
    mean, spread = r * (strength / total), strength * tau / total
    x = chance * mean
    second = chance * (power(mean) + spread)
    variance = float(xp.mean(second - power(x)))
    taught = float(xp.mean(chance))
    return x, variance, taught, max(float(xp.mean(second)) / max(taught, 1e-30), tiny)

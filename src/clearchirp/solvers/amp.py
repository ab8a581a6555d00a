"""Approximate message passing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clearchirp.arrays import namespace
from clearchirp.solvers.checks import check_from, check_stopping
from clearchirp.solvers.levels import power
from clearchirp.solvers.proximal import soft
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array

_LEAST = 0.05
# Of an update that is taken.


@dataclass(frozen=True, slots=True, kw_only=True)
class Amp:
    """Soft thresholding whose residual remembers the last one: the Onsager term.

    x_{t+1} = S(x_t + A^H z_t / delta), z_t = y - A x_t + z_{t-1} <S'> / delta, for columns of
    squared norm delta = q/MN. The term takes out of the residual what the same samples have put in
    before, so that the error looks like noise; the threshold is beta times its deviation
    ||z|| / sqrt(q).

    Parameters
    ----------
    beta
        Threshold in standard deviations of that noise, from 0; 2.5 by default.
    tol, max_iter
        Stop when x changes by less than this, relative to its norm; 1e-3, and 200 iterations.

    Notes
    -----
    Two FFTs an iteration. The theory is for random masks; with bursts it is a heuristic.

    Source
    ------
    Donoho, Maleki and Montanari 2009, (1)-(2); complex soft threshold and its derivative: Maleki,
    Anitori, Yang and Baraniuk 2013, section II.

    Deviations
    ----------
    Where whole chirps or more than half of the samples are missing in bursts, it diverges. When the
    residual exceeds that of x = 0, all starts anew with half as much of each update.
    """

    beta: float = 2.5
    tol: float = 1e-3
    max_iter: int = 200

    def __post_init__(self) -> None:
        check_from("beta", self.beta, 0)
        check_stopping(self.tol, self.max_iter)

    def iterates(self, operator: SamplingOperator, y: Array, /) -> Iterator[Iterate]:
        """Yield the iterates."""
        xp: Any = namespace(y)
        delta = operator.measurements / operator.size
        z = y
        x = xp.zeros_like(operator.adjoint(y))
        share, energy = 1.0, float(xp.sum(power(y)))
        while True:
            misfit = xp.sum(power(z))
            if float(misfit) > energy and share > _LEAST:
                x, z, misfit, share = xp.zeros_like(x), y, xp.sum(power(y)), share / 2
            noisy = x + operator.adjoint(z) / delta
            threshold = self.beta * xp.sqrt(misfit / operator.measurements / delta)
            x = (1 - share) * x + share * soft(noisy, threshold)
            yield Iterate(x)
            onsager = z * (_mean_slope(noisy, threshold) / delta)
            z = (1 - share) * z + share * (y - operator.forward(x) + onsager)


def _mean_slope(noisy: Array, threshold: Array) -> Array:
    """Return the mean derivative of the complex soft threshold, over real and imaginary part."""
    xp: Any = namespace(noisy)
    modulus = xp.abs(noisy)
    above = modulus > threshold
    slope = 1 - threshold / (2 * xp.where(above, modulus, xp.ones_like(modulus)))
    return xp.mean(xp.where(above, slope, xp.zeros_like(slope)))

"""Sparse Bayesian learning without matrix inverses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clearchirp.arrays import namespace
from clearchirp.solvers.checks import check_from, check_stopping
from clearchirp.solvers.levels import noise_power, power
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Sbl:
    """Every bin Gaussian with a variance of its own, learned from the samples.

    The bound ||y - A x||^2 <= ||y - A z||^2 + 2 Re <x - z, A^H (A z - y)> + ||x - z||^2 makes the
    posterior of the bins independent, so that learning needs two FFTs and no inverse.

    Parameters
    ----------
    beta
        Noise is taken to be this much stronger than it is, as an amplitude, from 0; 3 by default.
        The learning keeps bins whose power exceeds that of the noise it is told: with 1, a third of
        the bins without a target.
    tol, max_iter
        Stop when the posterior mean changes by less than this, relative to its norm; 1e-3, and 200
        iterations.

    Notes
    -----
    Two FFTs and a median an iteration. Bins without a target decay geometrically.

    Source
    ------
    Duan, Yang, Fang and Li 2017, section III, with the Lipschitz constant 1 of the masked Fourier
    operator and flat priors; the update of the variances is Tipping 2001, (16), which is faster
    than the expectation maximisation of the former.

    Deviations
    ----------
    The noise's power is the median of the spectrum with its gaps filled. Learned from the misfit,
    it falls to nothing as the bins learn to fit the noise.
    """

    beta: float = 3.0
    tol: float = 1e-3
    max_iter: int = 200

    def __post_init__(self) -> None:
        check_from("beta", self.beta, 0)
        check_stopping(self.tol, self.max_iter)

    def iterates(self, operator: SamplingOperator, y: Array, /) -> Iterator[Iterate]:
        """Yield the iterates."""
        xp: Any = namespace(y)
        mean = operator.adjoint(y)
        strongest = float(xp.max(power(mean)))
        if strongest == 0:
            yield Iterate(mean)
            return
        tiny = 1e-14 * strongest
        moved, mean, prior = mean, xp.zeros_like(mean), power(mean)
        while True:
            noise = self.beta**2 * noise_power(moved) + tiny
            gain = prior / (prior + noise)
            mean, prior = moved * gain, power(moved) * gain
            yield Iterate(mean)
            moved = mean + operator.adjoint(y - operator.forward(mean))

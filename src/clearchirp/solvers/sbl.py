"""Sparse Bayesian learning without matrix inverses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clearchirp.arrays import namespace
from clearchirp.solvers.checks import check_stopping
from clearchirp.solvers.levels import noise_power, power
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Sbl:
    """Every bin Gaussian with a precision of its own, learned along with the noise's.

    The bound ||y - A x||^2 <= ||y - A z||^2 + 2 Re <x - z, A^H (A z - y)> + ||x - z||^2 makes the
    posterior of the bins independent, so that learning needs two FFTs and no inverse.

    Parameters
    ----------
    tol, max_iter
        Stop when the posterior mean changes by less than this, relative to its norm; 1e-3, and 200
        iterations.

    Notes
    -----
    Two FFTs an iteration. Nothing is exactly zero in the result; bins without a target decay.

    Source
    ------
    Duan, Yang, Fang and Li 2017, (14)-(21), with the Lipschitz constant 1 of the masked Fourier
    operator and flat priors; complex values, so that each update counts twice.

    Deviations
    ----------
    Started from A^H y and the median of its power rather than from ones.
    """

    tol: float = 1e-3
    max_iter: int = 200

    def __post_init__(self) -> None:
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
        noise = max(float(noise_power(mean)) * operator.size / operator.measurements, tiny)
        prior = power(mean) + noise  # the variance of each bin
        mean = xp.zeros_like(mean)
        while True:
            moved = mean + operator.adjoint(y - operator.forward(mean))
            posterior = prior * noise / (prior + noise)
            mean = moved * (prior / (prior + noise))
            yield Iterate(mean)
            misfit = float(xp.sum(power(y - operator.forward(mean))))
            prior = power(mean) + posterior
            noise = max((misfit + float(xp.sum(posterior))) / operator.size, tiny)

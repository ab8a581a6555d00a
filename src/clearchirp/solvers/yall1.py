"""Basis pursuit by alternating directions on the dual."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clearchirp.arrays import namespace
from clearchirp.solvers.checks import check_from, check_penalty, check_stopping
from clearchirp.solvers.levels import noise_power
from clearchirp.solvers.proximal import onto_discs
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array

_STEP = 1.618
# Of the multiplier; below (1 + sqrt(5)) / 2 it converges.


@dataclass(frozen=True, slots=True, kw_only=True)
class Yall1:
    """min ||x||_1 + 1/(2 nu) ||A x - y||^2 by alternating directions on its dual.

    With A A^H = 1 on the measured samples each step is exact: dual variables u, projection z of
    A^H u + x / mu onto discs of radius 1, and multiplier x.

    Parameters
    ----------
    beta
        nu in standard deviations of the noise in A^H y, from 0; 2.5 by default.
    penalty
        None (default): nu from the noise. A share from 0 to below 1 sets it to that share of the
        largest |A^H y|; 0 is basis pursuit, which fits the noise as well (as Chen 2022 used it).
    tol, max_iter
        Stop when x changes by less than this, relative to its norm; 1e-3, and 200 iterations.

    Notes
    -----
    Two FFTs an iteration.

    Source
    ------
    Yang and Zhang 2011, section 2.2 (the dual method), with mu the mean |y|, as in their code.
    """

    beta: float = 2.5
    penalty: float | None = None
    tol: float = 1e-3
    max_iter: int = 200

    def __post_init__(self) -> None:
        check_from("beta", self.beta, 0)
        check_penalty(self.penalty)
        check_stopping(self.tol, self.max_iter)

    def iterates(self, operator: SamplingOperator, y: Array, /) -> Iterator[Iterate]:
        """Yield the iterates."""
        xp: Any = namespace(y)
        back = operator.adjoint(y)
        if self.penalty is None:
            nu = self.beta * xp.sqrt(noise_power(back))
        else:
            nu = self.penalty * xp.max(xp.abs(back))
        mu = xp.sum(xp.abs(y)) / operator.measurements
        if float(mu) == 0:
            yield Iterate(xp.zeros_like(back))
            return
        x, z = xp.zeros_like(back), xp.zeros_like(back)
        while True:
            u = (mu / (mu + nu)) * (operator.forward(z - x / mu) + y / mu)
            dual = operator.adjoint(u)
            z = onto_discs(dual + x / mu, 1.0)
            x = x + _STEP * mu * (dual - z)
            yield Iterate(x)

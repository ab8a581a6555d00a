"""Iterative hard thresholding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clearchirp.arrays import namespace
from clearchirp.solvers import fused
from clearchirp.solvers.checks import check_from, check_stopping, check_within
from clearchirp.solvers.levels import spread
from clearchirp.solvers.proximal import hard
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Iht:
    """Gradient step, then hard threshold: targets keep their amplitude.

    x_{t+1} = H_lambda(x_t + step A^H (y - A x_t)), lambda = beta std(A^H (y - A x_t)).

    Parameters
    ----------
    beta
        Threshold in standard deviations of the gradient, from 0; 3.5 by default (Chen 2022:
        2 to 4).
    step
        Step of the gradient, above 0 and at most 1; 1 by default.
    tol, max_iter
        Stop when x changes by less than this, relative to its norm; 1e-3, and 200 iterations.

    Notes
    -----
    Two FFTs an iteration. The error falls by about the share of missing samples in each. Where
    whole chirps are missing, sidelobes of their gaps pass for targets and stay; `Ist` does better.

    Source
    ------
    Blumensath and Davies 2009; Chen 2022, (11) and (12).

    Deviations
    ----------
    Chen 2022 stops on the change of the residual's norm, which ends hard thresholding too early:
    the residual is noise long before the gaps are filled; see `clearchirp.solvers.solve.solve`.
    """

    beta: float = 3.5
    step: float = 1.0
    tol: float = 1e-3
    max_iter: int = 200

    def __post_init__(self) -> None:
        check_from("beta", self.beta, 0)
        check_within("step", self.step, 0, 1)
        check_stopping(self.tol, self.max_iter)

    def iterates(
        self, operator: SamplingOperator, y: Array, /, weight: Array | None = None
    ) -> Iterator[Iterate]:
        """Yield the iterates; `weight` scales the threshold bin by bin (`PmIht`)."""
        if fused.applies(operator, y, self.step):
            yield from fused.iterates(operator, y, self.beta, None, weight, soft=False)
            return
        x = namespace(y).zeros_like(operator.adjoint(y))
        while True:
            gradient = operator.adjoint(y - operator.forward(x))
            threshold = self.beta * spread(gradient)
            x = hard(x + self.step * gradient, threshold if weight is None else threshold * weight)
            yield Iterate(x)

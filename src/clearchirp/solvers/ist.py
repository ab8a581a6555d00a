"""Iterative soft thresholding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clearchirp.arrays import namespace
from clearchirp.solvers import fused
from clearchirp.solvers.checks import check_from, check_penalty, check_stopping, check_within
from clearchirp.solvers.levels import spread
from clearchirp.solvers.proximal import soft
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Ist:
    """Gradient step, then soft threshold: the simplest way to the l1 problem.

    min 1/2 ||y - A x||^2 + lambda ||x||_1, with x_{t+1} = S_lambda(x_t + step A^H (y - A x_t)).

    Parameters
    ----------
    beta
        Threshold in standard deviations of the gradient, from 0; 2.5 by default (Chen 2022:
        2 to 4).
    step
        Step of the gradient, above 0 and at most 1; 1 by default.
    penalty
        None (default): the threshold follows the gradient, lambda = beta std(A^H r). A share from 0
        to below 1 fixes it at that share of the largest |A^H y|, from which on x would be zero.
    tol, max_iter
        Stop when x changes by less than this, relative to its norm; 1e-3, and 200 iterations.

    Notes
    -----
    Two FFTs an iteration. The error falls by about the share of missing samples in each.

    Source
    ------
    Daubechies, Defrise and De Mol 2004; Chen 2022, (11) and (12).

    Deviations
    ----------
    Chen 2022 stops on the change of the residual's norm; see `clearchirp.solvers.solve.solve`.
    """

    beta: float = 2.5
    step: float = 1.0
    penalty: float | None = None
    tol: float = 1e-3
    max_iter: int = 200

    def __post_init__(self) -> None:
        check_from("beta", self.beta, 0)
        check_within("step", self.step, 0, 1)
        check_penalty(self.penalty)
        check_stopping(self.tol, self.max_iter)

    def iterates(
        self, operator: SamplingOperator, y: Array, /, weight: Array | None = None
    ) -> Iterator[Iterate]:
        """Yield the iterates; `weight` scales the threshold bin by bin (`PmIst`)."""
        if fused.applies(operator, y, self.step):
            yield from fused.iterates(operator, y, self.beta, self.penalty, weight, soft=True)
            return
        xp = namespace(y)
        back = operator.adjoint(y)
        x = xp.zeros_like(back)
        fixed = None if self.penalty is None else self.penalty * xp.max(xp.abs(back))
        while True:
            gradient = operator.adjoint(y - operator.forward(x))
            threshold = self.beta * spread(gradient) if fixed is None else fixed
            x = soft(x + self.step * gradient, threshold if weight is None else threshold * weight)
            yield Iterate(x)

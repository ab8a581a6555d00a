"""Accelerated iterative soft thresholding with restart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from clearchirp.arrays import namespace
from clearchirp.solvers.checks import check_from, check_penalty, check_stopping
from clearchirp.solvers.levels import spread
from clearchirp.solvers.proximal import soft
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Fista:
    """Soft thresholding from a point ahead: the l1 problem of `Ist` in fewer iterations.

    z is x carried on in the direction of its last change, with the momentum of Beck and Teboulle;
    the momentum starts anew whenever it points uphill.

    Parameters
    ----------
    beta, penalty
        Threshold as in `Ist`.
    tol, max_iter
        Stop when x changes by less than this, relative to its norm; 1e-3, and 200 iterations.

    Notes
    -----
    Two FFTs an iteration; pays where many samples are missing, and `Ist` is slow.

    Source
    ------
    Beck and Teboulle 2009, (4.1)-(4.3); restart by gradient: O'Donoghue and Candès 2015, section 3.
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
        xp = namespace(y)
        back = operator.adjoint(y)
        z = x = xp.zeros_like(back)
        momentum = 1.0
        fixed = None if self.penalty is None else self.penalty * xp.max(xp.abs(back))
        while True:
            gradient = operator.adjoint(y - operator.forward(z))
            threshold = self.beta * spread(gradient) if fixed is None else fixed
            new = soft(z + gradient, threshold)
            if float(xp.sum(xp.real((z - new) * xp.conj(new - x)))) > 0:
                momentum = 1.0
            following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
            z = new + (momentum - 1) / following * (new - x)
            x, momentum = new, following
            yield Iterate(x)

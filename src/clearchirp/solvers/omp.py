"""Orthogonal matching pursuit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clearchirp.arrays import namespace
from clearchirp.solvers.checks import check_from, check_stopping
from clearchirp.solvers.levels import power, spread
from clearchirp.solvers.pursuit import grown_inverse, largest, spread_out
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Omp:
    """One bin an iteration: that with the strongest part of the residual, then least squares.

    Parameters
    ----------
    margin_db
        How far a bin must stand above the largest that noise alone would give, in dB from 0; 1 by
        default. The pursuit ends where none does.
    tol, max_iter
        Stop when x changes by less than this, relative to its norm, and the most bins; 0 (only the
        noise ends it) and 200. A quarter of the measured samples is the most in any case.

    Notes
    -----
    Two FFTs and an update of the inverse k x k Gram matrix in the k-th iteration:
    O(K MN log MN + K^3) for K bins.

    The largest of B bins of complex noise of power s has about s ln B; s is the residual's.

    Source
    ------
    Pati, Rezaiifar and Krishnaprasad 1993; Tropp and Gilbert 2007, Algorithm 3.
    """

    margin_db: float = 1.0
    tol: float = 0.0
    max_iter: int = 200

    def __post_init__(self) -> None:
        check_from("margin_db", self.margin_db, 0)
        check_stopping(self.tol, self.max_iter)

    def iterates(self, operator: SamplingOperator, y: Array, /) -> Iterator[Iterate]:
        """Yield the iterates; ends where no bin stands out of the noise."""
        xp: Any = namespace(y)
        adjoint = operator.adjoint(y)
        back = xp.reshape(adjoint, (-1,))
        factor = math.sqrt(math.log(max(operator.size, 2)) * 10 ** (self.margin_db / 10))
        support, inverse = largest(power(back), 0), None
        x, left = xp.zeros_like(adjoint), adjoint
        yield Iterate(x, math.inf)
        start = float(xp.max(xp.abs(back)))
        while support.shape[0] < max(1, operator.measurements // 4):
            strongest = largest(power(left), 1)
            modulus = float(xp.max(xp.abs(left)))
            if modulus <= factor * float(spread(left)) or modulus <= _tiny(xp, y) * start:
                return
            inverse = grown_inverse(operator, inverse, support, strongest)
            if inverse is None:
                return
            support = xp.concat([support, strongest])
            right = xp.astype(xp.take(back, support), inverse.dtype)
            values = xp.sum(inverse * right, axis=1)
            x = spread_out(xp.astype(values, back.dtype), support, adjoint)
            left = operator.adjoint(y - operator.forward(x))
            yield Iterate(x)


def _tiny(xp: Any, y: Array) -> float:
    """Return the share of the strongest bin below which a residual is rounding."""
    return 100 * float(xp.finfo(y.dtype).eps)

"""Compressive sampling matching pursuit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clearchirp.arrays import namespace
from clearchirp.solvers.checks import check_count, check_from, check_stopping
from clearchirp.solvers.iht import Iht
from clearchirp.solvers.levels import power
from clearchirp.solvers.pursuit import largest, least_squares, spread_out
from clearchirp.solvers.solve import Iterate, SamplingOperator, solve
from clearchirp.types import Array

_MOST, _LOOK = 256, 50
# Bins that are looked for at most where their number is not given, and the iterations spent on it.


@dataclass(frozen=True, slots=True, kw_only=True)
class CoSaMP:
    """k bins at once: the 2k strongest of the residual join, least squares, the best k stay.

    Parameters
    ----------
    sparsity
        The number of bins k. None (default): as many as `Iht` keeps, at most 256 and a sixth of the
        measured samples.
    beta
        The threshold of that `Iht` in standard deviations, from 0; 3.5 by default.
    tol, max_iter
        Stop when x changes by less than this, relative to its norm; 1e-3, and 20 iterations.

    Notes
    -----
    Two FFTs and a least squares on up to 3k bins an iteration, by conjugate gradients with two FFTs
    a step, as the paper advises; few iterations.

    Source
    ------
    Needell and Tropp 2009, section 2.

    Deviations
    ----------
    The paper is given k.
    """

    sparsity: int | None = None
    beta: float = 3.5
    tol: float = 1e-3
    max_iter: int = 20

    def __post_init__(self) -> None:
        if self.sparsity is not None:
            check_count("sparsity", self.sparsity)
        check_from("beta", self.beta, 0)
        check_stopping(self.tol, self.max_iter)

    def iterates(self, operator: SamplingOperator, y: Array, /) -> Iterator[Iterate]:
        """Yield the iterates."""
        xp: Any = namespace(y)
        left = operator.adjoint(y)
        x = xp.zeros_like(left)
        count = min(self.sparsity or self._count(operator, y), max(1, operator.measurements // 6))
        while True:
            support = _chosen(left, 2 * count) | (power(x) > 0)
            fitted = least_squares(operator, y, support, x)
            x = xp.where(_chosen(fitted, count), fitted, xp.zeros((), dtype=fitted.dtype))
            yield Iterate(x)
            left = operator.adjoint(y - operator.forward(x))

    def _count(self, operator: SamplingOperator, y: Array) -> int:
        xp = namespace(y)
        found = solve(Iht(beta=self.beta).iterates(operator, y), tol=1e-2, max_iter=_LOOK)
        kept = int(xp.sum(xp.astype(power(found.x) > 0, xp.int64)))
        return min(_MOST, max(1, kept))


def _chosen(spectrum: Array, count: int) -> Array:
    """Return where the `count` largest bins are, those that are zero left out."""
    xp: Any = namespace(spectrum)
    bins = largest(power(spectrum), count)
    ones = xp.ones(bins.shape[0], dtype=spectrum.dtype)
    return (power(spread_out(ones, bins, spectrum)) > 0) & (power(spectrum) > 0)

"""Soft thresholding with a prior from the frames before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clearchirp.solvers.ist import Ist
from clearchirp.solvers.prior import PriorModel, check_prior
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class PmIst:
    """`Ist` with the threshold (1 - zeta(p)) lambda, lower where the last frames had targets.

    Parameters
    ----------
    beta, step, tol, max_iter
        As in `Ist`.
    frames, gain, offset, reach
        The prior model: `clearchirp.solvers.prior.PriorModel`.

    Source
    ------
    Chen 2022, (13) and Algorithm 1.
    """

    beta: float = 2.5
    step: float = 1.0
    tol: float = 1e-3
    max_iter: int = 200
    frames: int = 5
    gain: float = 0.5
    offset: float = 0.0
    reach: int = 2

    def __post_init__(self) -> None:
        Ist(beta=self.beta, step=self.step, tol=self.tol, max_iter=self.max_iter)
        check_prior(self)

    @property
    def prior(self) -> PriorModel:
        """The prior model with these settings."""
        return PriorModel(frames=self.frames, gain=self.gain, offset=self.offset, reach=self.reach)

    def iterates(
        self, operator: SamplingOperator, y: Array, /, weight: Array | None = None
    ) -> Iterator[Iterate]:
        """Yield the iterates; `weight` is 1 - zeta(p), None where nothing is known."""
        return Ist(beta=self.beta, step=self.step).iterates(operator, y, weight=weight)

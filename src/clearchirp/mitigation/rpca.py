"""Robust principal component analysis of the Hankel matrix of each chirp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.mitigation.separating import (
    OnIterate,
    Separated,
    check_choice,
    check_flag,
    check_run,
    one_by_one,
    separated,
)
from clearchirp.solvers.hankel_rpca import HankelRpca
from clearchirp.solvers.separation import Split
from clearchirp.types import Array, Mitigated
from clearchirp.workers import with_one_blas_thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpca:
    """Split each chirp into a low-rank Hankel matrix, the targets, and few samples.

    Parameters
    ----------
    keep_noise, per, blind
        As for `clearchirp.mitigation.sparkle.Sparkle`.
    shrinkage, tau, fall, rank, seed
        As for `clearchirp.solvers.hankel_rpca.HankelRpca`.
    tol
        Relative change of the signal at which to stop; 1e-3.
    max_iter
        Most iterations; 200.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Source
    ------
    Wang 2022a (7). Deviations are told with the solver. What counts as interference are the samples
    at which the rest stands out of its noise three times, and those of the mask.
    """

    keep_noise: bool | None = None
    per: str = "chirp"
    blind: bool = False
    shrinkage: str = "garrote"
    tau: float | None = None
    fall: float = 0.9
    rank: int = 24
    tol: float = 1e-3
    max_iter: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("per", self.per, ("chirp", "doppler"))
        check_flag("blind", self.blind)
        if self.keep_noise is not None:
            check_flag("keep_noise", self.keep_noise)
        check_run(self.tol, self.max_iter)
        self._solver()

    @with_one_blas_thread
    def __call__(
        self,
        beat: Array,
        disturbed: Array | None = None,
        /,
        on_iterate: OnIterate | None = None,
    ) -> Mitigated:
        """Return `beat` without interference; as `clearchirp.mitigation.sparkle.Sparkle` does."""
        return separated(beat, disturbed, self._find, self, name="rpca", on_iterate=on_iterate)

    def _solver(self) -> HankelRpca:
        return HankelRpca(
            shrinkage=self.shrinkage,
            tau=self.tau,
            fall=self.fall,
            rank=self.rank,
            seed=self.seed,
        )

    def _find(
        self,
        chirps: NDArray[Any],
        known: NDArray[np.bool_],
        real: bool,
        on_iterate: OnIterate | None,
    ) -> Separated:
        solver = self._solver()

        def splits(y: NDArray[Any], known: NDArray[np.bool_]) -> Iterator[Split]:
            return solver.splits(y, known=known, real=real)

        return one_by_one(splits, chirps, known, real, self.tol, self.max_iter, on_iterate)

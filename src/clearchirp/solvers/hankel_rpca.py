"""Robust principal components of a Hankel matrix, by thresholding its singular values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.operators.hankel import Hankel
from clearchirp.settings import check_number
from clearchirp.solvers.outliers import noise_of
from clearchirp.solvers.separation import Split
from clearchirp.types import InputError

_TAU = {"soft": 1.0, "garrote": 0.25}
"""Automatic weight of the interference, of 1 / sqrt(longer side)."""

_NOISES = {"soft": 3.0, "garrote": 4.0}
"""What w falls to, in units of the noise's rms times sqrt(longer side).

Twice these units is about the largest singular value of noise."""

_EXTRA = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class HankelRpca:
    """min w ||X||_* + w tau ||H(i)||_1 + 1/2 ||H(y - i) - X||_F^2, x the antidiagonal means of X.

    Parameters
    ----------
    shrinkage
        "garrote" (default): what is above its threshold t is lowered by t^2 over itself, so that
        little is taken off what is large. "soft": by t, as these two norms have it.
    tau
        Weight of the interference's modulus, above 0; None (default): a quarter of
        1 / sqrt(longer side of the matrix) with "garrote", the paper's, all of it, with "soft".
    fall
        Factor by which w falls in each iteration, above 0 and below 1, from the largest singular
        value of H(y) until it is 4 ("soft": 3) times the noise in y - x and sqrt(longer side);
        0.9 by default.
    rank
        Most singular values that are kept, from 1; 24 by default.
    seed
        Of the block of vectors to begin with.

    Notes
    -----
    Descent block by block: X is H(y - i) with its singular values lowered by w, and i is y - x with
    its modulus lowered by w tau. The strongest singular vectors are those of the iteration before,
    brought up to date by one product with the matrix and one with its adjoint, by FFTs.

    The garrote weights both norms anew in each iteration, by one over what they are norms of. In
    the convex problem each disturbed sample keeps w tau of its interference; once more than half of
    the samples do, that has larger singular values than w and passes for targets.

    Source
    ------
    Wang 2022a (7), the RPCA method of its comparison; weights that are renewed are told there of
    its reference 23, the garrote is Gao 1998.

    Deviations
    ----------
    "garrote" is not of the paper.
    The penalty of (7) instead of its constraint, with a weight that falls to what the noise asks
    for; the paper's mu = 0.05 and its inexact augmented Lagrangian are for samples of its unit. The
    interference is read off the whole antidiagonal, not the first column and last row.
    """

    shrinkage: str = "garrote"
    tau: float | None = None
    fall: float = 0.9
    rank: int = 24
    seed: int = 0

    def __post_init__(self) -> None:
        if self.shrinkage not in _TAU:
            raise InputError(f"shrinkage: must be one of garrote, soft, got {self.shrinkage!r}")
        if self.tau is not None:
            check_number("tau", self.tau)
            if self.tau <= 0:
                raise InputError(f"tau: must be above 0, got {self.tau!r}")
        check_number("fall", self.fall)
        if not 0 < self.fall < 1:
            raise InputError(f"fall: must be between 0 and 1, got {self.fall!r}")
        for name, least in (("rank", 1), ("seed", 0)):
            value = getattr(self, name)
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            if not whole or value < least:
                raise InputError(f"{name}: must be a whole number from {least}, got {value!r}")

    def splits(
        self, y: NDArray[Any], /, *, known: NDArray[np.bool_] | None = None, real: bool = False
    ) -> Iterator[Split]:
        """Yield the splits of a complex signal y (sample,), without end.

        At `known` samples the interference is all that the low-rank part leaves.
        """
        lifting = Hankel(samples=y.size)
        # The level is taken out, so that no power over- or underflows.
        level = float(np.abs(y).max()) or 1.0
        y = y / level
        known = np.zeros(y.size, bool) if known is None else known
        rows = y.size - lifting.columns + 1
        longer = max(rows, lifting.columns) ** 0.5
        tau = _TAU[self.shrinkage] / longer if self.tau is None else self.tau
        power = 1 if self.shrinkage == "soft" else 2
        width = min(self.rank + _EXTRA, rows, lifting.columns)
        start = np.random.default_rng(self.seed).standard_normal((2, width, lifting.columns))
        right = np.linalg.qr((start[0] + 1j * start[1]).T)[0].T
        x, interference = np.zeros_like(y), np.where(known, y, 0)
        weight = np.inf
        while True:
            hat = lifting.transform(y - interference)
            left = lifting.times_transformed(hat, lifting.transform(right))
            left = np.linalg.qr(left.T)[0].T
            back = lifting.adjoint_times_transformed(hat, lifting.transform(left))
            # H = left^T back on the span of `left`; its singular values are those of `back`.
            turn, values, right = np.linalg.svd(back, full_matrices=False)
            least = _NOISES[self.shrinkage] * longer * noise_of(y - x, known, real)
            weight = max(self.fall * min(weight, float(values[0]) / self.fall), least)
            lowered = values * _left(values, weight, power)
            lowered[self.rank :] = 0
            kept = np.count_nonzero(lowered)
            before, x = x, np.zeros_like(y)
            if kept:
                factors = turn[:, :kept].T @ left, lowered[:kept, None] * right[:kept]
                x = lifting.inverse(*factors)
            rest = y - x
            share = _left(np.abs(rest), weight * tau, power)
            interference = np.where(known, rest, rest * share)
            size = float(np.linalg.norm(x))
            moved = float(np.linalg.norm(x - before))
            change = moved / size if size else 0.0
            # Neither has it come to an end while the weight is still falling.
            change = change if weight <= least else max(change, 1.0)
            yield Split(level * x, change, interference=level * interference)


def _left(values: NDArray[Any], threshold: float, power: int) -> NDArray[Any]:
    """Return what a threshold leaves of values from 0, as a share of them."""
    ratio = np.divide(threshold, values, out=np.full(values.shape, np.inf), where=values > 0)
    return np.where(ratio < 1, 1 - np.minimum(ratio, 1) ** power, 0)

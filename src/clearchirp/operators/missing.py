"""Part of each signal given up: the projection away from a subspace, and what fills it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.types import Array, InputError


def _none() -> Mapping[int, NDArray[Any]]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Signals (chirp, sample), each without the subspace that was given up.

    ``P_c = I - Q_c Q_c^H`` with Q_c the orthonormal vectors of chirp c. What they are does not
    matter: samples, fractional cells, cells of time and frequency, pieces of chirps.

    Parameters
    ----------
    bases
        Number of the chirp -> orthonormal vectors (sample, vector). Chirps that are not in it miss
        nothing.

    Examples
    --------
    >>> missing = Missing(bases={1: np.eye(4)[:, 2:3]})
    >>> missing.forward(np.ones((2, 4))).tolist()
    [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 1.0]]
    """

    bases: Mapping[int, NDArray[Any]] = field(default_factory=_none)

    def __post_init__(self) -> None:
        for number, basis in self.bases.items():
            if basis.ndim != 2 or basis.shape[1] > basis.shape[0]:
                raise InputError(
                    f"bases: expected vectors (sample, vector) for chirp {number}, got shape "
                    f"{basis.shape}"
                )

    @classmethod
    def of_samples(cls, disturbed: NDArray[np.bool_]) -> Missing:
        """Return the operator that gives up samples: True in `disturbed` (chirp, sample)."""
        identity = np.eye(disturbed.shape[-1])
        hit = np.flatnonzero(disturbed.any(axis=-1))
        return cls(bases={int(m): identity[:, disturbed[m]] for m in hit})

    def forward(self, x: Array, /) -> Array:
        """Return what is left of the signals (chirp, sample)."""
        return self.filled(x, None)

    def adjoint(self, y: Array, /) -> Array:
        """Return the same: a projection is its own adjoint."""
        return self.filled(y, None)

    def filled(self, x: Array, model: Array | None) -> Array:
        """Return the signals with the missing part of a model in place of their own."""
        out = np.array(x)
        for m, basis in self.bases.items():
            part = out[m] if model is None else out[m] - model[m]
            out[m] -= basis @ (basis.conj().T @ part)
        return out

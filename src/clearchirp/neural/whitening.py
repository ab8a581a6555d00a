"""Data scaled so that real and imaginary part have the covariance identity, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clearchirp.types import Array, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Whitening:
    """y = matrix (x - mean), x and y as (real part, imaginary part).

    Oswald 2023, V, normalises the data set so; the constants are kept with the model.

    Parameters
    ----------
    mean
        (re, im) of the data.
    matrix
        2 x 2, rows first; of the possible ones `fit` takes the symmetric one, which turns nothing.
    """

    mean: tuple[float, float] = (0.0, 0.0)
    matrix: tuple[tuple[float, float], tuple[float, float]] = ((1.0, 0.0), (0.0, 1.0))

    def __post_init__(self) -> None:
        if not np.isfinite(self.mean).all() or not np.isfinite(self.matrix).all():
            raise InputError("whitening: its constants must be finite")
        if np.linalg.det(self.matrix) == 0:
            raise InputError(f"whitening: its matrix is singular: {self.matrix!r}")

    @classmethod
    def fit(cls, maps: Iterable[Any]) -> Whitening:
        """Return the whitening of complex NumPy maps: one array, or any number of them in turn.

        >>> rng = np.random.default_rng(1)
        >>> x = rng.normal(size=4000) + 1j * (1 + 3 * rng.normal(size=4000))
        >>> y = Whitening.fit([x]).apply(x)
        >>> bool(abs(np.cov(y.real, y.imag) - np.eye(2)).max() < 1e-3)
        True
        """
        count, first, second = 0, np.zeros(2), np.zeros((2, 2))
        for each in [maps] if isinstance(maps, np.ndarray) else maps:
            x = np.asarray(each).ravel()
            parts = np.stack([np.real(x), np.imag(x)]).astype(np.float64)
            count += x.size
            first += parts.sum(-1)
            second += parts @ parts.T
        if count < 2:
            raise InputError("whitening: there are no maps to fit it to")
        mean = first / count
        values, vectors = np.linalg.eigh(second / count - np.outer(mean, mean))
        if values[0] <= 1e-12 * values[1]:
            raise InputError("whitening: the maps have no spread in one direction of the plane")
        root = (vectors / np.sqrt(values)) @ vectors.T
        rows = tuple(tuple(float(v) for v in row) for row in root)
        return cls(mean=(float(mean[0]), float(mean[1])), matrix=rows)  # pyright: ignore[reportArgumentType]

    def apply(self, x: Array) -> Array:
        """Return complex x whitened; NumPy or torch, same shape and precision."""
        straight, crossed = _coefficients(np.asarray(self.matrix))
        centred = x - complex(*self.mean)
        return straight * centred + crossed * centred.conj()

    def undo(self, y: Array) -> Array:
        """Return what `apply` was given."""
        straight, crossed = _coefficients(np.linalg.inv(self.matrix))
        return straight * y + crossed * y.conj() + complex(*self.mean)

    def facts(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {"mean": list(self.mean), "matrix": [list(row) for row in self.matrix]}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Whitening:
        """Return the whitening that `facts` describes."""
        (a, b), (c, d) = facts["matrix"]
        re, im = facts["mean"]
        whole = ((float(a), float(b)), (float(c), float(d)))
        return cls(mean=(float(re), float(im)), matrix=whole)


def _coefficients(matrix: Any) -> tuple[complex, complex]:
    """Return p and q for which p z + q conj(z) is the matrix applied to (re z, im z)."""
    (a, b), (c, d) = matrix
    return complex(a + d, c - b) / 2, complex(a - d, c + b) / 2

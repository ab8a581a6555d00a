"""Lifting a signal to a Hankel matrix, and all that is done with that matrix without forming it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Hankel:
    """The lifting of a signal x (..., sample) to the matrix H(x)[i, j] = x[i + j].

    The matrix has `rows` rows and `columns` = samples - rows + 1 columns. It is never formed: its
    products with tall matrices are correlations, and the antidiagonal sums of a low-rank matrix
    are convolutions, all of them FFTs of the length of the signal.

    Tall matrices are held one column in a row of memory, (..., rank, length), since the FFTs run
    along it. The low-rank matrix of `left` (..., rank, rows) and `right` (..., rank, columns) is
    the sum over r of left[r, i] right[r, j]: plain products, no conjugate. With the paper's
    U V^H, `left` is the transpose of U and `right` that of conj(V).

    Parameters
    ----------
    samples
        Length of the signals, from 1.
    rows
        Rows of the matrix, from 1 to `samples`; None (default) makes it as square as it can be.

    Notes
    -----
    Wang 2022a calls the choice of first column and last row the pseudo-inverse of the lifting. It
    is one of many left inverses; the pseudo-inverse of Moore and Penrose is the mean over each
    antidiagonal, which the code of its authors uses as well. See docs/errata.md.

    Source
    ------
    Wang 2022a, (5), (13) and (24).

    Examples
    --------
    >>> lifting = Hankel(samples=5)
    >>> lifting.lifted(np.arange(5.0))
    array([[0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    >>> lifting.times(np.arange(5.0) + 0j, np.ones((1, 3))).real
    array([[3., 6., 9.]])
    """

    samples: int
    rows: int | None = None

    def __post_init__(self) -> None:
        if not _is_count(self.samples) or self.samples < 1:
            raise InputError(f"samples: must be a whole number from 1, got {self.samples!r}")
        rows = self.samples // 2 + 1 if self.rows is None else self.rows
        if not _is_count(rows) or not 1 <= rows <= self.samples:
            raise InputError(f"rows: must be a whole number from 1 to {self.samples}, got {rows!r}")
        object.__setattr__(self, "rows", int(rows))

    @property
    def columns(self) -> int:
        """Columns of the matrix."""
        return self.samples - self._rows + 1

    @property
    def counts(self) -> NDArray[np.float64]:
        """How often each sample stands in the matrix, (sample,)."""
        k = np.arange(self.samples)
        most = min(self._rows, self.columns)
        return np.minimum(np.minimum(k + 1, self.samples - k), most).astype(np.float64)

    def lifted(self, x: NDArray[Any], /) -> NDArray[Any]:
        """Return H(x) (..., row, column) as a read-only view of x: no memory, to look at."""
        return np.lib.stride_tricks.sliding_window_view(self._checked(x), self.columns, axis=-1)

    def transform(self, x: NDArray[Any], /) -> NDArray[Any]:
        """Return the FFT along the last axis that the products need, of a signal or a factor.

        A factor or signal that takes part in several products is transformed once.
        """
        return np.asarray(fft.fft(x, n=self._length, axis=-1))

    def times(self, x: NDArray[Any], right: NDArray[Any], /) -> NDArray[Any]:
        """Return H(x) times the conjugate of `right` (..., rank, column): (..., rank, row)."""
        return self.times_transformed(self.transform(self._checked(x)), self.transform(right))

    def adjoint_times(self, x: NDArray[Any], left: NDArray[Any], /) -> NDArray[Any]:
        """Return H(x)^T times the conjugate of `left` (..., rank, row): (..., rank, column)."""
        x_hat = self.transform(self._checked(x))
        return self.adjoint_times_transformed(x_hat, self.transform(left))

    def times_transformed(self, x_hat: NDArray[Any], right_hat: NDArray[Any], /) -> NDArray[Any]:
        """`times`, given what `transform` returned for the signal and for `right`."""
        return self._correlate(x_hat, right_hat)[..., : self._rows]

    def adjoint_times_transformed(
        self, x_hat: NDArray[Any], left_hat: NDArray[Any], /
    ) -> NDArray[Any]:
        """`adjoint_times`, given what `transform` returned for the signal and for `left`."""
        return self._correlate(x_hat, left_hat)[..., : self.columns]

    def adjoint(self, left: NDArray[Any], right: NDArray[Any], /) -> NDArray[Any]:
        """Return the antidiagonal sums of the matrix of `left` and `right`: the adjoint of H."""
        return self.adjoint_transformed(self.transform(left), self.transform(right))

    def adjoint_transformed(self, left_hat: NDArray[Any], right_hat: NDArray[Any], /) -> Any:
        """`adjoint`, given what `transform` returned for the two factors."""
        product = np.einsum("...rk,...rk->...k", left_hat, right_hat)
        return np.asarray(fft.ifft(product, axis=-1, overwrite_x=True))[..., : self.samples]

    def inverse(self, left: NDArray[Any], right: NDArray[Any], /) -> NDArray[Any]:
        """Return the antidiagonal means of the matrix: the pseudo-inverse of H.

        The signal whose Hankel matrix is nearest to that of `left` and `right`.
        """
        return np.asarray(self.adjoint(left, right) / self.counts)

    def _correlate(self, x_hat: NDArray[Any], factor_hat: NDArray[Any]) -> NDArray[Any]:
        product = np.conj(factor_hat)
        product *= x_hat[..., None, :]
        return np.asarray(fft.ifft(product, axis=-1, overwrite_x=True))

    def _checked(self, x: NDArray[Any]) -> NDArray[Any]:
        if x.shape[-1] != self.samples:
            raise InputError(
                f"x: expected {self.samples} samples along the last axis, got shape {x.shape}"
            )
        return x

    @property
    def _rows(self) -> int:
        return self.samples // 2 + 1 if self.rows is None else int(self.rows)

    @property
    def _length(self) -> int:
        return int(fft.next_fast_len(self.samples) or self.samples)


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)

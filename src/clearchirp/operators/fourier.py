"""The masked Fourier operator: from a spectrum to those samples of a frame that were measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.fft as scipy_fft

from clearchirp.arrays import is_array, is_numpy, namespace
from clearchirp.types import Array, InputError

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_LARGEST = 2**28
# Entries of a dense matrix; 4 GiB of complex128.


@dataclass(frozen=True)
class MaskedFourier:
    """Mask after inverse unitary 2-D FFT: the range-Doppler spectrum to the measured samples.

    Nothing of the size of a matrix is formed: an application is one FFT, O(MN log MN). Spectra and
    samples are frames (..., chirp, sample) of any array library; samples that were not measured are
    zero. Single precision stays single.

    The rows of the operator are orthonormal: A A^H is the mask, so the norm is 1 and the step of
    gradient methods may be 1. Each column has the squared norm q/MN, with q of the MN samples
    measured.

    Parameters
    ----------
    measured
        Boolean (..., chirp, sample), True = measured. Leading axes are a batch.

    Raises
    ------
    InputError
        If it is not a boolean array of at least two axes.

    Source
    ------
    Chen 2022, (17): the masked residual updates.

    Examples
    --------
    >>> measured = np.ones((4, 8), bool)
    >>> measured[1, 2:5] = False
    >>> operator = MaskedFourier(measured)
    >>> x = np.zeros((4, 8), complex)
    >>> x[1, 3] = 1
    >>> samples = operator.forward(x)
    >>> bool(np.all(samples[1, 2:5] == 0)), operator.measurements, operator.size
    (True, 29, 32)
    """

    measured: Array

    def __post_init__(self) -> None:
        check_measured(self.measured)

    @property
    def measurements(self) -> int:
        """How many samples were measured, q (of the whole batch)."""
        return self._measurements

    @property
    def size(self) -> int:
        """How many bins there are, MN (of the whole batch)."""
        return math.prod(self.measured.shape)

    def forward(self, x: Array, /) -> Array:
        """Return the measured samples (..., chirp, sample) of a spectrum (..., chirp, sample)."""
        return self._masked(inverse_unitary(x))

    def adjoint(self, y: Array, /) -> Array:
        """Return the spectrum (..., chirp, sample) of the measured samples."""
        return unitary(self._masked(y))

    def gram(self, left: Array, right: Array, /) -> Array:
        """Return A_L^H A_R, (k, l), for the columns with the flat indices `left` and `right`.

        It depends on the distance of the bins only, as the spectrum of the mask at that distance.
        For an operator of one frame.
        """
        xp = namespace(self.measured)
        chirps, samples = self.measured.shape
        apart = (left[:, None] // samples - right[None, :] // samples) % chirps * samples
        apart = apart + (left[:, None] - right[None, :]) % samples
        flat = xp.take(xp.reshape(self._mask_spectrum, (-1,)), xp.reshape(apart, (-1,)))
        return xp.reshape(flat, apart.shape)

    @cached_property
    def _measurements(self) -> int:
        xp = namespace(self.measured)
        return int(xp.sum(xp.astype(self.measured, xp.int64)))

    @cached_property
    def _mask_spectrum(self) -> Array:
        xp: Any = namespace(self.measured)
        mask = xp.astype(self.measured, xp.complex128)
        return xp.fft.fftn(mask, axes=(-2, -1)) / self.size

    def _masked(self, samples: Array) -> Array:
        xp = namespace(samples)
        return xp.where(self.measured, samples, xp.zeros((), dtype=samples.dtype))


@dataclass(frozen=True)
class DenseFourier:
    """The same as a matrix: vectorised spectrum (MN,) to the vector (q,) of measured samples.

    For comparison on small frames only; an application costs O(q MN), the matrix q MN entries.

    Parameters
    ----------
    measured
        Boolean (chirp, sample), True = measured.

    Raises
    ------
    InputError
        If it is not a boolean frame, or so large that the matrix would not fit into memory.

    Source
    ------
    Chen 2022, section 3.1: the rows of the Kronecker product of two inverse DFT matrices.
    """

    measured: Array

    def __post_init__(self) -> None:
        check_measured(self.measured)
        if self.measured.ndim != 2:
            raise InputError(
                f"measured: expected (chirp, sample), got shape {tuple(self.measured.shape)}"
            )
        if self.size**2 > _LARGEST:
            raise InputError(
                f"measured: the dense matrix of {self.size} bins is too large; use MaskedFourier"
            )

    @cached_property
    def matrix(self) -> Array:
        """Complex128 (q, MN)."""
        xp: Any = namespace(self.measured)
        chirps, samples = self.measured.shape
        one, other = (_inverse_dft(xp, n) for n in (chirps, samples))
        rows = one[:, None, :, None] * other[None, :, None, :]
        rows = xp.reshape(rows, (self.size, self.size))
        return xp.take(rows, xp.nonzero(xp.reshape(self.measured, (-1,)))[0], axis=0)

    @property
    def measurements(self) -> int:
        """How many samples were measured, q."""
        return self.matrix.shape[0]

    @property
    def size(self) -> int:
        """How many bins there are, MN."""
        return math.prod(self.measured.shape)

    def forward(self, x: Array, /) -> Array:
        """Return the measured samples (q,) of a spectrum (MN,)."""
        return self.matrix @ x

    def adjoint(self, y: Array, /) -> Array:
        """Return the spectrum (MN,) of measured samples (q,)."""
        return self._conjugate @ y

    def gram(self, left: Array, right: Array, /) -> Array:
        """Return A_L^H A_R, (k, l), for the columns with the indices `left` and `right`."""
        xp: Any = namespace(self.measured)
        columns = xp.take(self.matrix, left, axis=1)
        return xp.conj(columns).T @ xp.take(self.matrix, right, axis=1)

    @cached_property
    def _conjugate(self) -> Array:
        xp: Any = namespace(self.measured)
        return xp.conj(self.matrix).T


def unitary(samples: Array) -> Array:
    """Return the unitary 2-D FFT over the last two axes."""
    if is_numpy(samples):
        return fft.fft2(samples, norm="ortho")
    xp: Any = namespace(samples)
    return xp.fft.fftn(samples, axes=(-2, -1), norm="ortho")


def inverse_unitary(spectrum: Array) -> Array:
    """Return the inverse unitary 2-D FFT over the last two axes."""
    if is_numpy(spectrum):
        return fft.ifft2(spectrum, norm="ortho")
    xp: Any = namespace(spectrum)
    return xp.fft.ifftn(spectrum, axes=(-2, -1), norm="ortho")


def check_measured(measured: Array) -> None:
    """Raise `InputError` unless `measured` is a boolean array of at least two axes, not empty."""
    if not is_array(measured) or not namespace(measured).isdtype(measured.dtype, "bool"):
        raise InputError("measured: expected a boolean array (..., chirp, sample)")
    if measured.ndim < 2 or 0 in measured.shape:
        raise InputError(
            f"measured: expected (..., chirp, sample), not empty, got shape {tuple(measured.shape)}"
        )


def _inverse_dft(xp: Any, n: int) -> Array:
    product = np.outer(np.arange(n), np.arange(n)) % n
    return xp.asarray(np.exp(2j * math.pi * product / n) / math.sqrt(n))

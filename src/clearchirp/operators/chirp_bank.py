"""A cheap stand-in for the fractional Fourier transform: multiply by a chirp, then an FFT."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.arrays import is_complex, is_numpy
from clearchirp.operators.fractional_fourier import check_signal
from clearchirp.types import Array, InputError

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft


@dataclass(frozen=True, slots=True, kw_only=True)
class ChirpBank:
    """Signals (..., sample) seen along chirps of many angles, by one FFT an angle.

    From 45 degrees on a chirp that undoes the rate ``-cot(angle)/N`` is multiplied on the samples
    and the DFT taken; below, its dual: a chirp is multiplied on the DFT and the inverse taken.
    Each row is exactly unitary, and a linear chirp becomes a pulse as in `MultiAngleFourier`.

    Parameters
    ----------
    samples
        Length N of the signals, from 1.
    angles
        Angles to a full turn M, a multiple of 4; 256 by default. Rows are those of
        `MultiAngleFourier` from -90 to 90 degrees, M/2 + 1 of them: row r has the angle
        ``2 pi (r - M/4) / M``.

    Notes
    -----
    Where it agrees with the exact transform: the power along a row, read at `place` and scaled by
    the width of a cell, for what lies within the circle of diameter N in the time-frequency plane
    (places within N/2, and no closer to its rim than the pulse is wide). Where not: phases, angle
    additivity, and the corners of the plane. The exact transform smears what lies in the corners,
    unless the signal is padded; here they wrap around, and a chirp that crosses the whole band from
    one corner to the other is compressed like any other.

    Examples
    --------
    >>> bank = ChirpBank(samples=64, angles=16)
    >>> x = np.exp(0.1j * np.arange(64))
    >>> bool(np.allclose(bank.adjoint(bank.forward(x)), 9 * x))
    True
    """

    samples: int
    angles: int = 256

    def __post_init__(self) -> None:
        if not isinstance(self.samples, int) or self.samples < 1:
            raise InputError(f"samples: must be a whole number from 1, got {self.samples!r}")
        if not isinstance(self.angles, int) or self.angles < 4 or self.angles % 4:
            raise InputError(f"angles: must be a multiple of 4, got {self.angles!r}")

    @property
    def turns(self) -> NDArray[Any]:
        """Angle of each row in rad, (row,), from -pi/2 to pi/2."""
        return 2 * np.pi / self.angles * np.arange(-self.angles // 4, self.angles // 4 + 1)

    def forward(self, x: Array, /) -> Array:
        """Return the rows (..., row, sample) of a complex NumPy signal (..., sample)."""
        check_signal(x, self.samples)
        steep, chirps = bank_chirps(self.samples, self.angles)
        chirps = chirps.astype(x.dtype)
        rows = np.empty((*x.shape[:-1], len(chirps), self.samples), x.dtype)
        rows[..., ~steep, :] = centred_dft(x[..., None, :] * chirps[~steep])
        rows[..., steep, :] = _inverse(centred_dft(x)[..., None, :] * chirps[steep])
        return rows

    def adjoint(self, y: Array, /) -> Array:
        """Return the sum (..., sample) of the inverses of all rows (..., row, sample)."""
        steep, chirps = bank_chirps(self.samples, self.angles)
        if not is_numpy(y) or not is_complex(y) or y.shape[-2:] != chirps.shape:
            raise InputError(
                f"y: expected a complex NumPy array (..., {len(chirps)}, {self.samples}), got "
                f"{getattr(y, 'dtype', type(y).__name__)} of shape {tuple(np.shape(y))}"
            )
        back = np.conj(chirps).astype(y.dtype)
        slow = np.sum(_inverse(y[..., ~steep, :]) * back[~steep], axis=-2)
        return slow + _inverse(np.sum(centred_dft(y[..., steep, :]) * back[steep], axis=-2))

    def place(self, row: Array, column: Array) -> Array:
        """Return where on the fractional axis (samples from the middle) a column of a row lies."""
        turn = self.turns[row]
        scale = np.maximum(np.abs(np.cos(turn)), np.abs(np.sin(turn)))
        sign = np.where(np.abs(np.sin(turn)) >= _HALF - 1e-12, np.sign(turn), 1.0)
        return (np.asarray(column) - (self.samples - 1) / 2) * scale * sign


_HALF = np.sqrt(0.5)


@lru_cache(maxsize=8)
def bank_chirps(samples: int, angles: int) -> tuple[NDArray[np.bool_], NDArray[np.complex128]]:
    """Return which rows work on the DFT, and the chirp of each row (row, sample)."""
    turn = 2 * np.pi / angles * np.arange(-angles // 4, angles // 4 + 1)
    steep = np.abs(np.sin(turn)) < _HALF - 1e-12
    rate = np.empty(len(turn))
    rate[steep] = -np.tan(turn[steep])
    rate[~steep] = 1 / np.tan(turn[~steep])
    middle = np.arange(samples) - (samples - 1) / 2
    chirps = np.exp(1j * np.pi * rate[:, None] * middle**2 / samples)
    return steep, chirps


@lru_cache(maxsize=16)
def _shift(samples: int) -> NDArray[np.complex128]:
    """Return the phases that move the zeros of time and frequency to the middle."""
    n = np.arange(samples)
    return np.exp(1j * np.pi * (samples - 1) * n / samples)


def centred_dft(x: NDArray[Any]) -> NDArray[Any]:
    """Return the unitary DFT (..., sample) with time and frequency counted from the middle."""
    samples = x.shape[-1]
    turn = _shift(samples)
    ends = turn * np.exp(-1j * np.pi * (samples - 1) ** 2 / (2 * samples))
    spectrum = fft.fft(x * turn.astype(x.dtype), axis=-1, norm="ortho", overwrite_x=True)
    return spectrum * ends.astype(x.dtype)


def _inverse(x: NDArray[Any]) -> NDArray[Any]:
    return np.conj(centred_dft(np.conj(x)))

"""Room around a signal in the time-frequency plane: oversampled, and zeros at both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft

from clearchirp.operators.fractional_fourier import check_signal
from clearchirp.settings import check_number
from clearchirp.types import Array, InputError

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversampling:
    """Oversample signals (..., sample) by a factor and put zeros before and behind them.

    The samples fill a square in the time-frequency plane; afterwards they lie inside of a circle,
    which a fractional Fourier transform turns without touching its rim.

    Parameters
    ----------
    samples
        Length N of the signals, from 1.
    factor
        By which the signal is oversampled, and then lengthened; from 1, 1.32 by default (the root
        of 2 would put the corners on the circle; signals under a window do with less).

    Notes
    -----
    Norms are kept, so that `adjoint` undoes `forward`: cropping in time and in frequency. N = 512
    becomes 676 samples between zeros, 896 in all: the next length with a fast FFT.

    Source
    ------
    Oswald 2026, IV-C, where the converter samples faster; here the samples are interpolated by
    their DFT, as its successor does with recordings.

    Examples
    --------
    >>> room = Oversampling(samples=512)
    >>> room.padded
    896
    >>> x = np.exp(0.1j * np.arange(512))
    >>> bool(np.allclose(room.adjoint(room.forward(x)), x))
    True
    """

    samples: int
    factor: float = 1.32

    def __post_init__(self) -> None:
        if not isinstance(self.samples, int) or self.samples < 1:
            raise InputError(f"samples: must be a whole number from 1, got {self.samples!r}")
        check_number("factor", self.factor)
        if self.factor < 1:
            raise InputError(f"factor: must be from 1, got {self.factor!r}")

    @property
    def oversampled(self) -> int:
        """Samples of the oversampled signal, without the zeros."""
        return max(self.samples, 2 * round(self.factor * self.samples / 2))

    @property
    def padded(self) -> int:
        """Samples of the result."""
        return int(fft.next_fast_len(round(self.factor * self.oversampled)))

    def forward(self, x: Array, /) -> Array:
        """Return the signal (..., padded) of a complex NumPy signal (..., sample)."""
        check_signal(x, self.samples)
        many, half = self.oversampled, self.samples // 2
        spectrum = fft.fft(x, axis=-1, norm="ortho")
        wide = np.zeros((*x.shape[:-1], many), x.dtype)
        wide[..., : self.samples - half] = spectrum[..., : self.samples - half]
        wide[..., many - half :] = spectrum[..., self.samples - half :]
        padded = np.zeros((*x.shape[:-1], self.padded), x.dtype)
        padded[..., self._window()] = fft.ifft(wide, axis=-1, norm="ortho")
        return padded

    def adjoint(self, y: Array, /) -> Array:
        """Return the signal (..., sample) that a padded one (..., padded) is cropped to."""
        check_signal(y, self.padded)
        many, half = self.oversampled, self.samples // 2
        wide = fft.fft(y[..., self._window()], axis=-1, norm="ortho")
        spectrum = np.concatenate(
            [wide[..., : self.samples - half], wide[..., many - half :]], axis=-1
        )
        return fft.ifft(spectrum, axis=-1, norm="ortho")

    def _window(self) -> slice:
        start = (self.padded - self.oversampled) // 2
        return slice(start, start + self.oversampled)

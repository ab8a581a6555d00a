"""Digital I/Q: the complex signal of half the rate that a real one stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft

from clearchirp.arrays import is_complex, is_numpy
from clearchirp.operators.fractional_fourier import check_signal
from clearchirp.types import Array, InputError

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalIq:
    """Real signals (..., sample) of 2N samples as complex ones of N samples, one sideband each.

    The sideband of positive frequencies, DC to half the sample rate, is moved so that its middle
    lies at zero: a real chirp that crosses DC becomes two complex chirps, one after the other, that
    come down (or go up) to the edge of the band and turn there, a V.

    Parameters
    ----------
    samples
        Length 2N of the real signals, from 2; an odd one loses nothing but its last half bin.
    notch
        Bins at DC that are taken out, from 0; 2 by default, what a Hann window makes of DC.

    Notes
    -----
    By DFT: exact and with linear phase. Norms are kept but for DC, the notch, the bin at half the
    sample rate (which is left out) and a factor of the root of 2 for the sideband that is gone.

    Source
    ------
    Oswald 2026a, III.

    Examples
    --------
    >>> iq = DigitalIq(samples=64)
    >>> iq.forward(np.cos(0.5 * np.arange(64))).shape
    (32,)
    """

    samples: int
    notch: int = 2

    def __post_init__(self) -> None:
        if not isinstance(self.samples, int) or self.samples < 2:
            raise InputError(f"samples: must be a whole number from 2, got {self.samples!r}")
        if not isinstance(self.notch, int) or isinstance(self.notch, bool) or self.notch < 0:
            raise InputError(f"notch: must be a whole number from 0, got {self.notch!r}")

    @property
    def complex_samples(self) -> int:
        """Samples of the complex signals."""
        return self.samples // 2

    def forward(self, x: Array, /) -> Array:
        """Return the complex signal (..., samples // 2) of a real NumPy one (..., samples)."""
        if not is_numpy(x) or is_complex(x) or x.shape[-1:] != (self.samples,):
            raise InputError(
                f"x: expected a real NumPy array of {self.samples} samples, got "
                f"{getattr(x, 'dtype', type(x).__name__)} of shape {tuple(np.shape(x))}"
            )
        bins = fft.rfft(x, axis=-1, norm="ortho")[..., : self.complex_samples]
        bins[..., : self.notch] = 0
        return fft.ifft(np.fft.ifftshift(bins, axes=-1), axis=-1, norm="ortho")

    def spectrum(self, z: Array, /) -> Array:
        """Return the range bins (..., samples // 2 + 1) that a complex signal stands for.

        Scaled as an unscaled FFT of the real signal is; the last bin is zero, and so is the notch.
        """
        check_signal(z, self.complex_samples)
        bins = np.zeros((*z.shape[:-1], self.samples // 2 + 1), z.dtype)
        shifted = np.fft.fftshift(fft.fft(z, axis=-1, norm="ortho"), axes=-1)
        kept = shifted[..., self.notch :]
        bins[..., self.notch : self.complex_samples] = kept * z.dtype.type(np.sqrt(self.samples))
        return bins

    def adjoint(self, z: Array, /) -> Array:
        """Return the real signal (..., samples); the adjoint over the reals."""
        bins = self.spectrum(z) / z.dtype.type(np.sqrt(self.samples))
        # A bin and its mirror add up to twice its real part; `forward` reads one of the two.
        bins[..., 1:] /= 2
        return fft.irfft(bins, n=self.samples, axis=-1, norm="ortho")

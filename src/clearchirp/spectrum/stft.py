"""The short-time spectrum of each chirp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.spectrum.windows import hann
from clearchirp.types import InputError

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortTime:
    """Settings of a short-time spectrum.

    Parameters
    ----------
    length
        Samples of the (symmetric Hann) window, an even number; 32 by default.
    hop
        Samples from one window to the next; 4 by default.
    """

    length: int = 32
    hop: int = 4

    def __post_init__(self) -> None:
        if not isinstance(self.length, int) or self.length < 4 or self.length % 2:
            raise InputError(f"length: must be an even number from 4, got {self.length!r}")
        if not isinstance(self.hop, int) or not 1 <= self.hop <= self.length:
            raise InputError(f"hop: must be a number from 1 to the length, got {self.hop!r}")

    def centres(self, samples: int) -> NDArray[np.intp]:
        """Sample in the middle of each window, from 0 to the last sample or beyond by < hop."""
        return np.arange(0, samples + self.hop - 1, self.hop)


def short_time_spectrum(beat: NDArray, settings: ShortTime | None = None) -> NDArray:
    """Return the short-time spectrum (..., frequency, time) of a signal (..., sample).

    Frequencies are those of `fft` for complex and of `rfft` for real input, unscaled. The windows
    are centred on the samples `settings.centres(samples)`; beyond the ends the signal is zero.

    >>> short_time_spectrum(np.ones(64, np.complex64)).shape
    (32, 17)
    """
    settings = settings or ShortTime()
    half = settings.length // 2
    pad = [(0, 0)] * (beat.ndim - 1) + [(half, half + settings.hop)]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(beat, pad), settings.length, axis=-1)
    frames = windows[..., settings.centres(beat.shape[-1]), :] * hann(settings.length, like=beat)
    transform = fft.fft if np.iscomplexobj(beat) else fft.rfft
    return np.swapaxes(transform(frames, axis=-1), -1, -2)

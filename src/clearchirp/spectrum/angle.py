"""Range-Doppler-angle maps of an array's range-Doppler maps: Taylor window, broadside centred."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray
from scipy.signal.windows import taylor

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft


def angle_map(maps: NDArray[Any], *, positive: bool = True) -> NDArray[Any]:
    """Return the range-Doppler-angle map of the receivers' range-Doppler maps.

    Parameters
    ----------
    maps
        Complex (..., rx, doppler, range) of an equidistant array, of either precision.
    positive
        True, the default, keeps the lower half of the ranges: those of the positive beat
        frequencies of an I/Q receiver. False keeps all; so it should be for a real receiver.

    Returns
    -------
    ndarray
        Complex (..., angle, doppler, range), unscaled; as many angles as receivers, equidistant in
        the sine of the angle, broadside at bin rx // 2.
    """
    kept = maps[..., : maps.shape[-1] // 2] if positive else maps
    receivers = kept.shape[-3]
    window = taylor(receivers, sym=True).astype(kept.real.dtype)
    spectrum = fft.fft(kept * window[:, np.newaxis, np.newaxis], axis=-3)
    return np.roll(spectrum, receivers // 2, axis=-3)

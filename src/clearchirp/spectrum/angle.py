"""Range-Doppler-angle maps of an array's range-Doppler maps, broadside centred, and back."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.types import InputError

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

AngleWindow = Literal["taylor", "none"]


def angle_map(
    maps: NDArray[Any], *, positive: bool = True, window: AngleWindow = "taylor"
) -> NDArray[Any]:
    """Return the range-Doppler-angle map of the receivers' range-Doppler maps.

    Parameters
    ----------
    maps
        Complex (..., rx, doppler, range) of an equidistant array, of either precision.
    positive
        True, the default, keeps the lower half of the ranges: those of the positive beat
        frequencies of an I/Q receiver. False keeps all; so it should be for a real receiver.
    window
        Over the receivers: ``"taylor"``, symmetric, of four sidelobes 30 dB down, or ``"none"``.

    Returns
    -------
    ndarray
        Complex (..., angle, doppler, range), unscaled; as many angles as receivers, equidistant in
        the sine of the angle, broadside at bin rx // 2.

    Examples
    --------
    >>> rx = np.arange(8).reshape(8, 1, 1)
    >>> wave = np.exp(2j * np.pi * 3 * rx / 8) * np.ones((8, 2, 2))
    >>> int(np.argmax(np.abs(angle_map(wave)[:, 0, 0])))
    7
    """
    kept = maps[..., : maps.shape[-1] // 2] if positive else maps
    spectrum = fft.fft(kept * _weights(kept, window), axis=-3, overwrite_x=True)
    return np.fft.fftshift(spectrum, axes=-3)


def receivers_of_angle_map(maps: NDArray[Any], *, window: AngleWindow = "taylor") -> NDArray[Any]:
    """Return the receivers' range-Doppler maps (..., rx, doppler, range) of `angle_map`'s result.

    The window, which is nowhere near zero, is divided out.
    """
    receivers = fft.ifft(np.fft.ifftshift(maps, axes=-3), axis=-3, overwrite_x=True)
    receivers /= _weights(receivers, window)
    return receivers


def _weights(maps: NDArray[Any], window: str) -> NDArray[Any]:
    if window not in ("taylor", "none"):
        raise InputError(f"window: must be 'taylor' or 'none', got {window!r}")
    if maps.ndim < 3:
        raise InputError(
            f"maps: expected axes (..., rx, doppler, range), got shape {tuple(maps.shape)}"
        )
    receivers = maps.shape[-3]
    weights = np.ones(receivers)
    if window == "taylor" and receivers > 2:
        from scipy.signal.windows import taylor  # here, since it takes long to import

        weights = taylor(receivers, sym=True)
    return weights.astype(np.real(maps).dtype)[:, np.newaxis, np.newaxis]

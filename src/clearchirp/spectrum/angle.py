"""Range-Doppler-angle maps of an array of receivers, and back to the receivers' own maps."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.types import InputError

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

AngleWindow = Literal["taylor", "none"]


def angle_spectrum(range_doppler_maps: NDArray, window: AngleWindow = "taylor") -> NDArray:
    """Return the FFT over the receivers, broadside in the middle.

    Parameters
    ----------
    range_doppler_maps
        Complex (..., rx, doppler, range); the receivers of a uniform line in their order.
    window
        Over the receivers: ``"taylor"`` (symmetric, 4 nearly constant sidelobes 30 dB down) or
        ``"none"``.

    Returns
    -------
    NDArray
        Complex (..., angle, doppler, range) of the same precision, unscaled; broadside at bin
        rx // 2.

    Examples
    --------
    >>> rx = np.arange(8).reshape(8, 1, 1)
    >>> wave = np.exp(2j * np.pi * 3 * rx / 8) * np.ones((8, 2, 2))
    >>> int(np.argmax(np.abs(angle_spectrum(wave)[:, 0, 0])))
    7
    """
    weights = _window(range_doppler_maps, window)
    spectrum = fft.fft(range_doppler_maps * weights, axis=-3, overwrite_x=True)
    return np.fft.fftshift(spectrum, axes=-3)


def receivers_from_angle(angle_maps: NDArray, window: AngleWindow = "taylor") -> NDArray:
    """Return the receivers' range-Doppler maps (..., rx, doppler, range): the inverse.

    The window is divided out; it is nowhere near zero.
    """
    receivers = fft.ifft(np.fft.ifftshift(angle_maps, axes=-3), axis=-3, overwrite_x=True)
    receivers /= _window(receivers, window)
    return receivers


def _window(maps: NDArray, window: str) -> NDArray:
    if window not in ("taylor", "none"):
        raise InputError(f"window: must be 'taylor' or 'none', got {window!r}")
    if maps.ndim < 3:
        raise InputError(
            f"map: expected axes (..., rx, doppler, range), got shape {tuple(maps.shape)}"
        )
    count = maps.shape[-3]
    if window == "none" or count < 3:
        weights = np.ones(count)
    else:
        from scipy.signal.windows import taylor  # here, since it takes long to import

        weights = taylor(count, sym=True)
    return weights.astype(np.real(maps).dtype)[:, np.newaxis, np.newaxis]

"""Range spectra and range-Doppler maps: symmetric Hann windows, unscaled FFTs, zero speed centred.

Single precision stays single. NumPy arrays go through `scipy.fft` on one thread (`numpy.fft`
computes complex64 in double; threads belong over frames, and `scipy.fft.set_backend` swaps in a
faster library); other libraries through their own array-API `fft`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft as scipy_fft

from clearchirp.arrays import is_complex, is_numpy, namespace
from clearchirp.spectrum.windows import hann
from clearchirp.types import Array

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft


def range_spectrum(beat: Array) -> Array:
    """Return the Hann-windowed FFT over fast time.

    Parameters
    ----------
    beat
        Beat signal (..., sample), real or complex.

    Returns
    -------
    Array
        Complex (..., range): N bins of N complex samples (negative beat frequencies in the upper
        half), N//2 + 1 of N real ones. Unscaled.
    """
    return _fast_time_fft(beat * hann(beat.shape[-1], like=beat))


def doppler_spectrum(range_spectra: Array) -> Array:
    """Return the Hann-windowed FFT over slow time, zero speed in the middle.

    Parameters
    ----------
    range_spectra
        Complex (..., chirp, range).

    Returns
    -------
    Array
        Complex (..., doppler, range), unscaled; zero speed at bin chirps // 2.
    """
    window, shifted = _slow_time_window(range_spectra)
    return _slow_time_fft(range_spectra * window, shifted)


def range_doppler(beat: Array) -> Array:
    """Return the range-Doppler map of a beat signal.

    Parameters
    ----------
    beat
        Beat signal (..., chirp, sample), real or complex.

    Returns
    -------
    Array
        Complex (..., doppler, range), unscaled, symmetric Hann windows both ways, N//2 + 1 range
        bins for real input, zero speed at Doppler bin chirps // 2.

    Examples
    --------
    >>> m, n = np.mgrid[:8, :16]
    >>> tone = np.exp(2j * np.pi * (3 * n / 16 + 2 * m / 8))
    >>> strongest = np.argmax(np.abs(range_doppler(tone)))
    >>> [int(i) for i in np.unravel_index(strongest, (8, 16))]
    [6, 3]
    """
    window, shifted = _slow_time_window(beat)
    # One pass over memory for both windows; a fresh array, so that the transforms may overwrite it.
    windowed = beat * (window * hann(beat.shape[-1], like=beat))
    if is_complex(windowed) and is_numpy(windowed):
        spectrum = fft.fft2(windowed, overwrite_x=True)
        return spectrum if shifted else np.fft.fftshift(spectrum, axes=-2)
    return _slow_time_fft(_fast_time_fft(windowed), shifted)


def beat_from_range(range_spectra: Array, samples: int, *, real: bool) -> Array:
    """Return the beat signal (..., chirp, sample) of range spectra, still windowed.

    Parameters
    ----------
    range_spectra
        Complex (..., range) as `range_spectrum` returns them.
    samples
        Fast-time samples of the beat signal.
    real
        True for a real-valued receiver.
    """
    if is_numpy(range_spectra):
        if real:
            return fft.irfft(range_spectra, n=samples, axis=-1)
        return fft.ifft(range_spectra, n=samples, axis=-1)
    xp: Any = namespace(range_spectra)
    inverse = xp.fft.irfft if real else xp.fft.ifft
    return inverse(range_spectra, n=samples, axis=-1)


def beat_from_range_doppler(range_doppler_map: Array, samples: int, *, real: bool) -> Array:
    """Return the beat signal (..., chirp, sample) of a range-Doppler map, still windowed both ways.

    Parameters
    ----------
    range_doppler_map
        Complex (..., doppler, range) as `range_doppler` returns it.
    samples
        Fast-time samples of the beat signal.
    real
        True for a real-valued receiver.
    """
    xp: Any = namespace(range_doppler_map)
    chirps = range_doppler_map.shape[-2]
    unshifted = xp.roll(range_doppler_map, -(chirps // 2), axis=-2)
    if is_numpy(unshifted):
        spectra = fft.ifft(unshifted, axis=-2, overwrite_x=True)
    else:
        spectra = xp.fft.ifft(unshifted, axis=-2)
    return beat_from_range(spectra, samples, real=real)


def _slow_time_window(x: Array) -> tuple[Array, bool]:
    """Return the slow-time window (chirp, 1) and whether it already shifts the Doppler axis.

    For an even number of chirps, alternating the sign from chirp to chirp moves zero speed to the
    middle exactly and spares the shift its pass over memory.
    """
    chirps = x.shape[-2]
    xp: Any = namespace(x)
    window = hann(chirps, like=x)
    even = chirps % 2 == 0
    if even:
        sign = 1 - 2 * (np.arange(chirps) % 2)
        window = window * xp.asarray(sign, dtype=window.dtype)
    return window[:, None], even


def _fast_time_fft(x: Array) -> Array:
    real = not is_complex(x)
    if is_numpy(x):
        return fft.rfft(x, axis=-1) if real else fft.fft(x, axis=-1, overwrite_x=True)
    xp: Any = namespace(x)
    return xp.fft.rfft(x, axis=-1) if real else xp.fft.fft(x, axis=-1)


def _slow_time_fft(x: Array, shifted: bool) -> Array:
    if is_numpy(x):
        spectrum = fft.fft(x, axis=-2, overwrite_x=True)
        return spectrum if shifted else np.fft.fftshift(spectrum, axes=-2)
    xp: Any = namespace(x)
    spectrum = xp.fft.fft(x, axis=-2)
    return spectrum if shifted else xp.fft.fftshift(spectrum, axes=(-2,))

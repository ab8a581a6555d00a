"""What a network sees of a frame: its map, on one scale whatever unit the samples have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearchirp.spectrum import angle_spectrum, range_doppler
from clearchirp.spectrum.angle import AngleWindow


def frame_level(beat: NDArray, disturbed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the root-mean-square of the undisturbed samples of each frame.

    Parameters
    ----------
    beat
        (..., rx, chirp, sample).
    disturbed
        The mask, of the same shape. Of a frame without an undisturbed sample all are taken.

    Returns
    -------
    NDArray
        Double (...), one level a frame.
    """
    axes = (-3, -2, -1)
    power = np.square(np.real(beat), dtype=np.float64) + np.square(np.imag(beat), dtype=np.float64)
    clear = ~disturbed
    clear |= ~clear.any(axis=axes, keepdims=True)
    return np.sqrt(np.sum(power, axis=axes, where=clear) / np.sum(clear, axis=axes))


def positive_ranges(maps: NDArray) -> NDArray:
    """Return the half (..., N // 2) of N range bins in which an I/Q receiver sees targets."""
    return maps[..., : maps.shape[-1] // 2]


def angle_map(beat: NDArray, window: AngleWindow = "taylor") -> NDArray:
    """Return the map (..., angle, doppler, range) of a frame (..., rx, chirp, sample): all ranges.

    Hann windows in range and Doppler, `window` in angle.
    """
    return angle_spectrum(range_doppler(beat), window)

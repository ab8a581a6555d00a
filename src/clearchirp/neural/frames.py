"""The scale of a frame, whatever unit its samples have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def frame_level(beat: NDArray, disturbed: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Return the root-mean-square of the undisturbed samples of each frame.

    Parameters
    ----------
    beat
        (..., rx, chirp, sample).
    disturbed
        The mask, of the same shape; None for no disturbed samples. Of a frame without an
        undisturbed sample all are taken.

    Returns
    -------
    NDArray
        Double (...), one level a frame.
    """
    axes = (-3, -2, -1)
    power = np.square(np.real(beat), dtype=np.float64) + np.square(np.imag(beat), dtype=np.float64)
    if disturbed is None:
        return np.sqrt(np.mean(power, axis=axes))
    clear = ~disturbed
    clear |= ~clear.any(axis=axes, keepdims=True)
    return np.sqrt(np.sum(power, axis=axes, where=clear) / np.sum(clear, axis=axes))

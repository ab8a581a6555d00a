"""Windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearchirp.arrays import namespace
from clearchirp.types import Array


def hann(length: int, like: Array | None = None) -> Array:
    """Return the symmetric Hann window, shape (length,).

    Below three points the symmetric Hann window is nothing but zeros and would erase the signal:
    there it is ones.

    Parameters
    ----------
    length
        Points.
    like
        An array whose library, device and precision the window shall have; default NumPy double.

    Examples
    --------
    >>> hann(5).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    >>> hann(2).tolist()
    [1.0, 1.0]
    """
    window = np.hanning(length) if length > 2 else np.ones(length)
    if like is None:
        return window
    xp: Any = namespace(like)
    precision = xp.float32 if like.dtype in (xp.float32, xp.complex64) else xp.float64
    return xp.asarray(window, dtype=precision)

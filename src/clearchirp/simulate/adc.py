"""The converter: clipping and rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def convert(x: NDArray[Any], bits: int, full_scale: float) -> NDArray[Any]:
    """Return `x` as a converter of that many bits gives it, in the same units and type.

    The step is ``2 full_scale / 2^bits``; codes go from ``-2^(bits - 1)`` to
    ``2^(bits - 1) - 1``, and what lies beyond them is clipped. Of a complex signal each part is
    converted.

    >>> convert(np.array([0.3, -2.0, 2.0]), 2, 1.0).tolist()
    [0.5, -1.0, 0.5]
    """
    out = np.ascontiguousarray(x).copy()
    parts = out.view(np.finfo(out.dtype).dtype)
    half = 2 ** (bits - 1)
    step = full_scale / half
    parts[...] = np.clip(np.rint(parts.astype(np.float64) / step), -half, half - 1) * step
    return out

"""The levels that thresholds are taken from."""

from __future__ import annotations

import math
from typing import Any

from clearchirp.arrays import namespace, squared_magnitude
from clearchirp.types import Array

power = squared_magnitude


def spread(gradient: Array) -> Array:
    """Return the standard deviation of complex values, a scalar array: std of Chen 2022, (12)."""
    xp = namespace(gradient)
    mean = xp.mean(gradient)
    return xp.sqrt(xp.mean(power(gradient - mean)))


def noise_power(spectrum: Array) -> Array:
    """Return the mean power of the noise in a spectrum that is noise in most of its bins.

    The median, over ln 2 as for complex Gaussian noise.
    """
    xp: Any = namespace(spectrum)
    ordered = xp.sort(xp.reshape(power(spectrum), (-1,)))
    return ordered[ordered.shape[0] // 2] / math.log(2)

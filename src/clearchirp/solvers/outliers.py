"""What stands out of the noise in the rest of a fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

CUT = 2.5
"""Moduli above so many times the noise do not count for its level."""

CERTAIN = 7.0
"""A chirp has interference if a sample exceeds what one chirp of noise in exp(7) reaches."""

_ROUNDING = 1e-7


def noise_of(rest: NDArray[Any], known: NDArray[np.bool_], real: bool) -> float:
    """Return the rms of the noise in a rest (sample,), much of which may be interference.

    The level of the bulk of the moduli, from their lower twentieth on, so that four fifths may be
    interference; `known` samples do not count.
    """
    # Numba takes a second to load, which importing a solver must not.
    from clearchirp.solvers.tones_kernels import noise_level

    moduli = np.abs(rest[~known])
    if not moduli.size:
        return 0.0
    _, share = bulk(real)
    start = 1 / 0.1257 if real else 1 / math.sqrt(-math.log(0.9))  # if half are
    return float(noise_level(moduli, 20, start, share, _ROUNDING * float(np.median(moduli))))


def interference_in(
    rest: NDArray[Any], known: NDArray[np.bool_], real: bool, threshold: float = 3.0
) -> NDArray[Any]:
    """Return the rest (sample,) where it is interference, zero elsewhere.

    Where it is `known` or stands out of the noise by `threshold` (for real samples times 1.2);
    nowhere if nothing is known and the largest is one that noise may have.
    """
    noise = noise_of(rest, known, real)
    modulus = np.abs(rest)
    if not known.any() and modulus.max() <= extreme(rest.size, real) * noise:
        return np.zeros_like(rest)
    return np.where(known | (modulus > threshold * (1.2 if real else 1.0) * noise), rest, 0)


def extreme(samples: int, real: bool) -> float:
    """Return what the largest of noise of rms 1 exceeds once in exp(7) chirps."""
    return math.sqrt((math.log(samples) + CERTAIN) * (2 if real else 1))


def bulk(real: bool) -> tuple[float, float]:
    """Return rms over quantile two fifths of noise's modulus, and its mean square below `CUT`."""
    if real:
        density = math.exp(-(CUT**2) / 2) / math.sqrt(2 * math.pi)
        return 1 / 0.5244, 1 - 2 * CUT * density / float(erf(CUT / math.sqrt(2)))
    tail = math.exp(-(CUT**2))
    return 1 / math.sqrt(-math.log(0.6)), 1 - CUT**2 * tail / (1 - tail)

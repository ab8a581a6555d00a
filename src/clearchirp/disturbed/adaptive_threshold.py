"""Iterative adaptive threshold on the modulus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.disturbed.deviation import deviation, gamma_for, undisturbed_power
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveThreshold:
    """Flag samples whose modulus exceeds gamma times the rms of the samples not yet flagged.

    Parameters
    ----------
    false_alarm
        Probability that a sample of Gaussian noise is flagged; sets gamma: sqrt(-ln P) for an I/Q
        receiver, sqrt(2) erfc^-1(P) for a real one (3.7 and 4.9 for the default 1e-6).
    tolerance
        The iteration ends when the threshold changes by less than this share; 1e-3 by default.

    Source
    ------
    Chen 2022 (19), section 4.

    Deviations
    ----------
    The modulus is that of the `deviation` from the recurring part of the frame, so that start-up
    transients and strong static targets do not raise the threshold. The first threshold comes from
    the median modulus instead of the rms of all samples: strong interference on a third of the
    samples would otherwise hide itself. One threshold serves a frame, so that a chirp hit over its
    whole length is found too.

    Examples
    --------
    >>> beat = np.exp(0.3j * np.arange(512)).reshape(4, 128).astype(np.complex64)
    >>> beat += np.random.default_rng(0).standard_normal(beat.shape).astype(np.float32)
    >>> beat[2, 40:50] += 30
    >>> np.flatnonzero(AdaptiveThreshold()(beat)[2])
    array([40, 41, 42, 43, 44, 45, 46, 47, 48, 49])
    """

    false_alarm: float = 1e-6
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 < self.false_alarm < 1:
            raise InputError(f"false_alarm: must lie between 0 and 1, got {self.false_alarm}")
        if not 0 < self.tolerance < 1:
            raise InputError(f"tolerance: must lie between 0 and 1, got {self.tolerance}")

    def __call__(self, beat: NDArray[Any], /) -> NDArray[np.bool_]:
        """Return the mask of disturbed samples of a NumPy beat signal (..., chirp, sample)."""
        scaled, _ = deviation(beat, detector="adaptive-threshold")
        return self.flag(scaled)

    def flag(self, scaled: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the mask from a deviation in units of the noise, (..., chirp, sample)."""
        gamma = gamma_for(self.false_alarm, np.iscomplexobj(scaled))
        power = np.abs(scaled) ** 2
        flags = np.empty(scaled.shape, dtype=bool)
        frame = power.shape[-2:] if power.ndim > 1 else power.shape
        for one, out in zip(power.reshape(-1, *frame), flags.reshape(-1, *frame), strict=True):
            # A share of the amplitude T is twice that share of its square.
            mean = undisturbed_power(one.ravel(), 1.0, gamma**2, 2 * self.tolerance)
            np.greater(one, gamma**2 * mean, out=out)
        return flags

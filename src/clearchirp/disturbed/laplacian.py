"""Edges of bursts: second difference of the modulus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.disturbed.deviation import deviation
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Laplacian:
    """Flag samples where the modulus bends along fast time more than noise does.

    Precise at the edges of a burst, blind to the inside of a smooth one.

    Parameters
    ----------
    factor
        Threshold in units of the rms that the Laplacian of noise has; 5.5 by default, which
        Gaussian noise exceeds in one of a million samples (five of a real receiver; simulated).

    Source
    ------
    Chen 2022, section 4, where the kernel is (1, -2, 1) and neither threshold nor scale is given.

    Deviations
    ----------
    The modulus is that of the `deviation` from the recurring part of the frame.
    """

    factor: float = 5.5

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise InputError(f"factor: must be positive, got {self.factor}")

    def __call__(self, beat: NDArray[Any], /) -> NDArray[np.bool_]:
        """Return the mask of disturbed samples of a NumPy beat signal (..., chirp, sample)."""
        scaled, _ = deviation(beat, detector="laplacian")
        return self.flag(scaled)

    def flag(self, scaled: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the mask from a deviation in units of the noise, (..., chirp, sample)."""
        modulus = np.abs(scaled)
        if modulus.shape[-1] < 3:
            return np.zeros(modulus.shape, dtype=bool)
        bend = np.zeros_like(modulus)
        inner = modulus[..., :-2] - 2 * modulus[..., 1:-1] + modulus[..., 2:]
        np.abs(inner, out=bend[..., 1:-1])
        # Rms of the second difference of a Gaussian's modulus: sqrt(6) times the modulus's own
        # deviation, sqrt(1 - pi/4) for an I/Q receiver and sqrt(1 - 2/pi) for a real one.
        variance = 1 - np.pi / 4 if np.iscomplexobj(scaled) else 1 - 2 / np.pi
        return bend > self.factor * np.sqrt(6 * variance)

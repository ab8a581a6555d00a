"""The victim's receiver: array, ideal anti-alias filter, I/Q or real samples, noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.checks import check_count, check_number
from clearchirp.types import InputError
from clearchirp.waveform import Waveform


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """What stands between the mixer and the samples.

    Parameters
    ----------
    receivers
        Antennas of a uniform linear array, 1 by default.
    spacing
        Distance from one antenna to the next in wavelengths, 0.5 by default.
    real
        True for a receiver with one mixer branch: it keeps the real part of the beat signal.
    noise_power
        Power of the white Gaussian noise in each sample: E|n|^2, for an I/Q receiver half of it
        in each of I and Q. 0 by default. It is the power after the filter; the noise stays white
        where `bandwidth` is below half of the sample rate.
    bandwidth
        One-sided bandwidth in Hz of the ideal anti-alias filter: what beats at `bandwidth` or
        more is gone at once, what beats below passes untouched. None, the default, is half of
        the sample rate; above it the beat signal folds back, as it does in a real receiver.

    Raises
    ------
    InputError
        For a value that no receiver can have.
    """

    receivers: int = 1
    spacing: float = 0.5
    real: bool = False
    noise_power: float = 0.0
    bandwidth: float | None = None

    def __post_init__(self) -> None:
        check_count("receiver", "receivers", self.receivers)
        check_number("receiver", "spacing", self.spacing, "positive")
        check_number("receiver", "noise_power", self.noise_power, "not negative")
        if self.bandwidth is not None:
            check_number("receiver", "bandwidth", self.bandwidth, "positive")
        if not isinstance(self.real, bool):
            raise InputError(f"receiver: real must be true or false, got {self.real!r}")

    def band(self, waveform: Waveform) -> float:
        """One-sided bandwidth of the filter in Hz."""
        return waveform.sample_rate / 2 if self.bandwidth is None else self.bandwidth

    def steering(self, angle: float) -> NDArray[np.complex128]:
        """Phase factor of each antenna for a wave from `angle` (rad); shape (rx,).

        Antenna k gets the phase 2 pi k spacing sin(angle) in the beat signal, so that a positive
        angle lies in the positive half of the shifted spectrum over the antennas.

        >>> Receiver(receivers=2).steering(math.pi / 2).round(6).tolist()
        [(1+0j), (-1+0j)]
        """
        turns = np.arange(self.receivers) * (self.spacing * math.sin(angle))
        return np.exp(2j * np.pi * turns)

    def noise(self, rng: np.random.Generator, waveform: Waveform) -> NDArray[np.inexact]:
        """Noise of one frame; (rx, chirp, sample), complex128 or, for a real receiver, float64."""
        shape = (self.receivers, waveform.chirps, waveform.samples)
        if self.real:
            return math.sqrt(self.noise_power) * rng.standard_normal(shape)
        noise = rng.standard_normal((*shape, 2)).view(np.complex128)[..., 0]
        noise *= math.sqrt(self.noise_power / 2)
        return noise

"""Targets and their beat signal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.checks import check_number
from clearchirp.simulate.receiver import Receiver
from clearchirp.waveform import SPEED_OF_LIGHT, Waveform


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A point target that moves at a constant rate.

    Parameters
    ----------
    distance
        Range in m at time 0, the start of the first ramp of frame 0.
    range_rate
        Its change in m/s, receding positive; 0 by default.
    amplitude
        Amplitude of the beat signal at each antenna, 1 by default.
    angle
        Direction in rad from the array's broadside, 0 by default.
    phase
        Phase in rad added to the beat signal, 0 by default.

    Raises
    ------
    InputError
        For a value that no target can have.
    """

    distance: float
    range_rate: float = 0.0
    amplitude: float = 1.0
    angle: float = 0.0
    phase: float = 0.0

    def __post_init__(self) -> None:
        check_number("target", "distance", self.distance, "positive")
        check_number("target", "amplitude", self.amplitude, "not negative")
        for name in ("range_rate", "angle", "phase"):
            check_number("target", name, getattr(self, name))


def target_beat(
    targets: Sequence[Target],
    waveform: Waveform,
    receiver: Receiver,
    ramp_starts: NDArray[np.float64],
) -> NDArray[np.complex128]:
    """Noise-free beat signal of all targets, as an I/Q receiver sees it.

    Parameters
    ----------
    targets
        The targets.
    waveform
        The victim's waveform.
    receiver
        Its array and filter.
    ramp_starts
        Time in s at which each ramp starts; (chirp,).

    Returns
    -------
    ndarray
        complex128, (rx, chirp, sample).

    Notes
    -----
    With the delay tau(t) = 2 (R + v t) / c the phase of ``tx * conj(rx)`` at the time u after the
    start of a ramp is ``2 pi (f0 tau + slope u tau - slope tau^2 / 2)``, residual video phase
    included. The delay is taken where the target is when the echo arrives (it differs by v/c, one
    part in ten million, from that at the reflection). The ramp is taken to have begun early enough
    for the echo to be there at the first sample. A chirp in which the target beats outside of the
    filter, or has passed the radar, holds nothing of it.
    """
    shape = (receiver.receivers, waveform.chirps, waveform.samples)
    total = np.zeros(shape, np.complex128)
    for target in targets:
        one = _single(target, waveform, receiver.band(waveform), ramp_starts)
        for k, factor in enumerate(receiver.steering(target.angle)):
            total[k] += factor * one
    return total


def _single(
    target: Target, waveform: Waveform, band: float, ramp_starts: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Beat signal of one target at the first antenna; (chirp, sample)."""
    f0, slope = waveform.start_frequency, waveform.slope
    tau = 2 * (target.distance + target.range_rate * ramp_starts) / SPEED_OF_LIGHT
    rate = 2 * target.range_rate / SPEED_OF_LIGHT
    # The phase in turns, c0 + c1 u + c2 u^2, with tau(u) = tau + rate u put in.
    c0 = f0 * tau - slope * tau**2 / 2
    c1 = f0 * rate + slope * tau * (1 - rate)
    c2 = slope * rate * (1 - rate / 2)
    middle = waveform.adc_start + waveform.duration / 2
    seen = (tau > 0) & (np.abs(c1 + 2 * c2 * middle) < band)
    amplitude = seen * target.amplitude * np.exp(1j * target.phase)
    return amplitude[:, np.newaxis] * _phasors(c0, c1, c2, waveform)


def _phasors(
    c0: NDArray[np.float64], c1: NDArray[np.float64], c2: float, waveform: Waveform
) -> NDArray[np.complex128]:
    """exp(2 pi j (c0 + c1 u + c2 u^2)) at the samples of each chirp; (chirp, sample).

    The linear part is the product of a coarse and a fine table: a complex product costs a tenth of
    an exponential, and is as exact.
    """
    samples, step = waveform.samples, 1 / waveform.sample_rate
    fine = max(1, math.isqrt(samples))
    coarse = -(-samples // fine)
    start = np.exp(2j * np.pi * ((c0 + c1 * waveform.adc_start) % 1.0))
    turns = c1[:, np.newaxis] * step
    blocks = start[:, np.newaxis] * np.exp(2j * np.pi * turns * (np.arange(coarse) * fine))
    within = np.exp(2j * np.pi * turns * np.arange(fine))
    linear = (blocks[:, :, np.newaxis] * within[:, np.newaxis, :]).reshape(len(c0), -1)
    u = waveform.adc_start + waveform.sample_times()
    return linear[:, :samples] * np.exp(2j * np.pi * c2 * u**2)

"""Interferers, where their ramps cross the victim's, and the beat signal that they leave there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.checks import check_count, check_number
from clearchirp.simulate.receiver import Receiver
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

_ROUNDING = 1e-6
"""Of a sample: well above the rounding of times, well below what could be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interferer:
    """Another FMCW radar, as it arrives at the victim.

    Its clock is the scene's: time 0 is the start of the victim's first ramp of frame 0, and it
    runs on through all frames. The propagation delay is part of `time_offset`.

    Parameters
    ----------
    start_frequency
        Frequency at the start of a ramp in Hz.
    slope
        Chirp rate in Hz/s, negative for a down-chirp, 0 for a continuous wave.
    ramp_duration
        Time in s from the start to the end of a ramp; it is silent from there to the next ramp.
    chirp_interval
        Time in s from the start of one ramp to the next.
    chirps
        How many ramps it sends, the first at `time_offset`. None, the default: it always has and
        always will.
    time_offset
        Time in s at which its ramp number 0 starts, 0 by default; may be negative.
    amplitude
        Amplitude of the beat signal at each antenna, 1 by default.
    angle
        Direction in rad from the array's broadside, 0 by default.
    phase
        Phase in rad added to the beat signal, 0 by default.

    Raises
    ------
    InputError
        For a value that no radar can have.

    Notes
    -----
    The phase of both radars continues by the carrier: a radar's signal is
    ``exp(2 pi j (start_frequency t + slope w^2 / 2))`` with w the time since its ramp started, as
    if an oscillator at the start frequency ran on for ever and each ramp only added its sweep. So
    the start phase differs from ramp to ramp, without a random number.
    """

    start_frequency: float
    slope: float
    ramp_duration: float
    chirp_interval: float
    chirps: int | None = None
    time_offset: float = 0.0
    amplitude: float = 1.0
    angle: float = 0.0
    phase: float = 0.0

    def __post_init__(self) -> None:
        for name in ("start_frequency", "ramp_duration", "chirp_interval"):
            check_number("interferer", name, getattr(self, name), "positive")
        check_number("interferer", "amplitude", self.amplitude, "not negative")
        for name in ("slope", "time_offset", "angle", "phase"):
            check_number("interferer", name, getattr(self, name))
        if self.chirps is not None:
            check_count("interferer", "chirps", self.chirps)
        if self.ramp_duration > self.chirp_interval:
            raise InputError(
                f"interferer: ramp_duration {self.ramp_duration!r} s is longer than chirp_interval "
                f"{self.chirp_interval!r} s"
            )


@dataclass(frozen=True, slots=True)
class Crossings:
    """Pairs of a victim chirp and an interferer's ramp that meet inside of the filter.

    All arrays have the shape (crossing,). At the time u after the start of the victim's ramp the
    beat signal has the phase ``2 pi (c0 + c1 u + c2 u^2)``, so the frequency ``c1 + 2 c2 u``.
    """

    chirp: NDArray[np.intp]
    lag: NDArray[np.float64]  # s by which the interferer's ramp started before the victim's
    first: NDArray[np.intp]  # samples first..last may be hit, no others
    last: NDArray[np.intp]
    c0: NDArray[np.float64]
    c1: NDArray[np.float64]
    c2: float


def find_crossings(
    interferer: Interferer, waveform: Waveform, band: float, ramp_starts: NDArray[np.float64]
) -> Crossings:
    """Every crossing of an interferer's ramps and the victim's chirps.

    Parameters
    ----------
    interferer, waveform
        The two radars.
    band
        One-sided bandwidth of the victim's filter in Hz.
    ramp_starts
        Time in s at which each of the victim's ramps starts; (chirp,).
    """
    duration = interferer.ramp_duration
    opens = waveform.adc_start
    closes = opens + (waveform.samples - 1) / waveform.sample_rate
    since = ramp_starts - interferer.time_offset
    oldest = np.floor((since + opens - duration) / interferer.chirp_interval)
    most = math.ceil((closes - opens + duration) / interferer.chirp_interval) + 2
    ramp = oldest[:, np.newaxis] + np.arange(most)
    chirp = np.broadcast_to(np.arange(len(ramp_starts))[:, np.newaxis], ramp.shape)
    lag = since[:, np.newaxis] - ramp * interferer.chirp_interval
    sent = np.ones(ramp.shape, bool)
    if interferer.chirps is not None:
        sent = (ramp >= 0) & (ramp < interferer.chirps)
    ahead = waveform.start_frequency - interferer.start_frequency
    # Frequencies are subtracted before they meet a time: turns of 77 GHz would eat the digits.
    c1 = ahead - interferer.slope * lag
    c2 = (waveform.slope - interferer.slope) / 2
    enters, leaves = _inside(c1, c2, band)
    enters = np.maximum(enters, np.maximum(-lag, opens))
    leaves = np.minimum(leaves, np.minimum(duration - lag, closes))
    # A sample of slack on both sides; the samples themselves are judged one by one later.
    hit = np.nonzero(sent & (leaves - enters > -1 / waveform.sample_rate))
    first = np.floor((enters[hit] - opens) * waveform.sample_rate).astype(np.intp)
    last = np.ceil((leaves[hit] - opens) * waveform.sample_rate).astype(np.intp)
    c0 = (ahead * ramp_starts % 1.0)[chirp[hit]] - interferer.slope * lag[hit] ** 2 / 2
    return Crossings(
        chirp=chirp[hit],
        lag=lag[hit],
        first=first,
        last=np.minimum(last, waveform.samples - 1),
        c0=c0 % 1.0,
        c1=c1[hit],
        c2=c2,
    )


def _inside(
    c1: NDArray[np.float64], c2: float, band: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times at which the frequency c1 + 2 c2 u comes into the band and leaves it."""
    if c2 == 0:  # parallel ramps: always or never inside
        ever = np.where(np.abs(c1) < band, np.inf, -np.inf)
        return -ever, ever
    one, other = (-band - c1) / (2 * c2), (band - c1) / (2 * c2)
    return np.minimum(one, other), np.maximum(one, other)


def interference_beat(
    interferers: Sequence[Interferer],
    waveform: Waveform,
    receiver: Receiver,
    ramp_starts: NDArray[np.float64],
) -> NDArray[np.complex128]:
    """Beat signal of all interferers, as an I/Q receiver sees it.

    Each of an interferer's samples is kept where |f_victim - f_interferer| is below the filter's
    bandwidth and the interferer is on a ramp. The phase is the closed-form integral of the linear
    frequency difference. A chirp may be crossed by several ramps, or by a part of one.

    Parameters
    ----------
    interferers
        The interferers.
    waveform
        The victim's waveform.
    receiver
        Its array and filter.
    ramp_starts
        Time in s at which each of the victim's ramps starts; (chirp,).

    Returns
    -------
    ndarray
        complex128, (rx, chirp, sample); exactly 0 where no interferer is.
    """
    band = receiver.band(waveform)
    total = np.zeros((receiver.receivers, waveform.chirps * waveform.samples), np.complex128)
    for interferer in interferers:
        crossings = find_crossings(interferer, waveform, band, ramp_starts)
        where, values = _samples(crossings, interferer, waveform, band)
        # Two ramps of one interferer never sound at once, so `where` holds no index twice.
        total[:, where] += np.outer(receiver.steering(interferer.angle), values)
    return total.reshape(receiver.receivers, waveform.chirps, waveform.samples)


def _samples(
    crossings: Crossings, interferer: Interferer, waveform: Waveform, band: float
) -> tuple[NDArray[np.intp], NDArray[np.complex128]]:
    """Flat (chirp, sample) index and value of each sample that an interferer hits."""
    counts = np.maximum(crossings.last - crossings.first + 1, 0)
    owner = np.repeat(np.arange(len(counts)), counts)
    starts = crossings.first - (np.cumsum(counts) - counts)
    sample = np.arange(counts.sum()) + starts[owner]
    u = waveform.adc_start + sample / waveform.sample_rate
    # A ramp that starts on a sample, but for rounding, has that sample, and the one before has not.
    since = u + crossings.lag[owner] + _ROUNDING / waveform.sample_rate
    c1 = crossings.c1[owner]
    heard = np.abs(c1 + 2 * crossings.c2 * u) < band
    heard &= (since >= 0) & (since < interferer.ramp_duration)
    u, c1, owner, sample = u[heard], c1[heard], owner[heard], sample[heard]
    turns = crossings.c0[owner] + (c1 + crossings.c2 * u) * u
    values = interferer.amplitude * np.exp(1j * (2 * np.pi * (turns % 1.0) + interferer.phase))
    return crossings.chirp[owner] * waveform.samples + sample, values

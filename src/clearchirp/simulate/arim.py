"""ARIM's data sets of single chirps, drawn as their published generators draw them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.checks import check_count
from clearchirp.simulate.interferers import Interferer
from clearchirp.simulate.receiver import Receiver
from clearchirp.simulate.scene import Scene
from clearchirp.simulate.streams import stream
from clearchirp.simulate.targets import Target
from clearchirp.types import InputError
from clearchirp.waveform import SPEED_OF_LIGHT, Waveform

SLOPE = 1.6e9 / 25.6e-6
DURATION = 25.6e-6
SAMPLES = 1024
SAMPLE_RATE = 40e6
LABEL_BINS = 2048
REPEATS = 50
"""How often each combination of levels and slope comes in set 1."""

_LIGHT = 3e8
"""Metres a second in ARIM's distances."""
_WAVEFORM = Waveform(
    # The carrier is not part of the published signals; it turns no more than their phases.
    start_frequency=77e9,
    slope=SLOPE,
    sample_rate=SAMPLE_RATE,
    samples=SAMPLES,
    chirps=1,
    chirp_interval=DURATION,
)
# Targets beat up to 39.6 MHz and are not filtered. The interference is cut at 20 MHz, here by the
# start and the end of its ramp.
_BAND = SAMPLE_RATE
_INTERFERENCE_BAND = SAMPLE_RATE / 2
_SNRS = range(5, 41, 5)
_BLOCK = 48_000
_TEST = 8_000
_GRID = np.array(
    [
        (snr, sir, tenth / 10)
        for snr in _SNRS
        for sir in range(-5, snr + 6, 5)
        for tenth in range(16)
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArimChirp:
    """One chirp of a set: what was drawn for it.

    Attributes
    ----------
    snr_db
        Power of the first target over the noise, after a Fourier transform of the chirp.
    sir_db, alpha
        Level of the first target (set 2: of a target of amplitude 1) over each interferer, and the
        slope of each over the victim's; (interferer,).
    crossing
        Time in s from the start of the ramp, at which each interferer's frequency comes to
        `offset` Hz below the victim's; (interferer,).
    offset
        0, but -15 MHz in set 1.
    reference
        Amplitude that `sir_db` is relative to.
    amplitudes, distances
        Complex amplitude and distance in m of each target; (target,).
    """

    snr_db: float
    sir_db: NDArray[np.float64]
    alpha: NDArray[np.float64]
    crossing: NDArray[np.float64]
    offset: float
    reference: float
    amplitudes: NDArray[np.complex128]
    distances: NDArray[np.float64]

    def scene(self, name: str = "arim", frames: int = 1) -> Scene:
        """Return the scene that has these signals, sample for sample."""
        noise = SAMPLES * abs(self.amplitudes[0]) ** 2 * 10 ** (-self.snr_db / 10)
        chirps = zip(self.sir_db, self.alpha, self.crossing, strict=True)
        found = [self._interferer(float(s), float(a), float(t)) for s, a, t in chirps]
        return Scene(
            waveform=_WAVEFORM,
            receiver=Receiver(noise_power=noise, bandwidth=_BAND),
            targets=tuple(
                _target(complex(amplitude), float(distance))
                for amplitude, distance in zip(self.amplitudes, self.distances, strict=True)
            ),
            interferers=tuple(one for one in found if one is not None),
            name=name,
            frames=frames,
        )

    def labels(self) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
        """Complex amplitudes and distances in m on 2048 bins, 0 where no target is; (2048,) each.

        A target is in the bin nearest to it, of two in one bin the later.
        """
        bins = np.arange(LABEL_BINS) * (_LIGHT / 2 / SLOPE * SAMPLE_RATE / LABEL_BINS)
        amplitudes = np.zeros(LABEL_BINS, np.complex128)
        distances = np.zeros(LABEL_BINS)
        for amplitude, distance in zip(self.amplitudes, self.distances, strict=True):
            nearest = int(np.argmin(np.abs(bins - distance)))
            amplitudes[nearest], distances[nearest] = amplitude, distance
        return amplitudes, distances

    def _interferer(self, sir_db: float, alpha: float, crossing: float) -> Interferer | None:
        rate = (1 - alpha) * SLOPE
        level = self.reference * 10 ** (-sir_db / 20)
        amplitude = level * math.sqrt(abs(rate)) * SAMPLES / SAMPLE_RATE
        if amplitude == 0:
            return None
        beats = self.offset + rate * (_WAVEFORM.sample_times() - crossing)
        # A frequency of 20 MHz but for rounding is inside, as in the published "not above".
        kept = np.flatnonzero(np.abs(beats) <= _INTERFERENCE_BAND * (1 + 1e-9))
        if not kept.size:
            return None
        # From half a sample before the first to half a sample after the last, clear of rounding.
        start = (kept[0] - 0.5) / SAMPLE_RATE
        duration = kept.size / SAMPLE_RATE
        frequency = _WAVEFORM.start_frequency - (self.offset - rate * crossing)
        slope = alpha * SLOPE
        return Interferer(
            start_frequency=frequency + slope * start,
            slope=slope,
            ramp_duration=duration,
            chirp_interval=duration,
            chirps=1,
            time_offset=start,
            amplitude=amplitude,
            phase=2 * math.pi * ((self._turns(alpha, crossing) + slope * start**2 / 2) % 1.0),
        )

    def _turns(self, alpha: float, crossing: float) -> float:
        """Phase of an interferer's beat at time 0 in turns, its frequency law carried on."""
        half, delay = DURATION / 2, crossing - DURATION / 2
        if self.offset:
            return (1 - alpha) * SLOPE * half**2 / 2
        return SLOPE * (half**2 / 2 + delay**2 - alpha * crossing**2 / 2)


def _target(amplitude: complex, distance: float) -> Target:
    """Return a target whose beat signal is the published one, which has no carrier."""
    delay = 2 * distance / _LIGHT
    # The published ramp is at frequency 0 in its middle, ours at the carrier at its start.
    turns = (_WAVEFORM.start_frequency + SLOPE * DURATION / 2) * delay
    return Target(
        distance=delay * SPEED_OF_LIGHT / 2,
        amplitude=abs(amplitude),
        phase=float(np.angle(amplitude)) - 2 * math.pi * (turns % 1.0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArimSet:
    """A set of ARIM; frame k is its chirp number k.

    One chirp of 1.6 GHz in 25.6 us, 1024 samples at 40 MHz. 1 to 4 targets at whole metres from 2
    to 95 with amplitudes in hundredths from 0.01 to 1, one of them 1, in random phase. The noise
    has the variance ``1024 |A1|^2 10^(-SNR/10)``, an interferer the amplitude
    ``A1 10^(-SIR/20) sqrt(slope |1 - alpha|) 1024 / 40e6``, with A1 the first target (in set 2: 1),
    where its frequency is within 20 MHz.

    Set 1 holds one interferer, 50 times each of SNR 5, 10 .. 40 dB, SIR -5, 0 .. SNR + 5 dB and
    alpha 0, 0.1 .. 1.5, with the beat frequency ``-15 MHz + (1 - alpha) slope (t - T/2)``. At
    alpha = 1 its amplitude is 0: these chirps hold no interference.

    Set 2 holds two interferers in its first half and three in its second, 6000 chirps of each SNR;
    SIR in whole dB from -5 to SNR + 5, alpha in hundredths from 0.01 to 1.50, delays in whole
    hundredths of T within 35 of them, with the beat frequency
    ``(1 - alpha) slope (t - T/2 - delay)``.

    Parameters
    ----------
    number
        1 or 2.
    name
        What to call it.
    frames
        How many frames it is meant for; by default all: 48,000 of set 1, 96,000 of set 2.

    Raises
    ------
    InputError
        For a set that there is not.

    Notes
    -----
    Ristea 2020 for set 1 and the same authors' ARIM-v2 for set 2. The numbers are drawn by the
    published rules, not by the published stream: the sets are alike in their statistics, not the
    same chirp for chirp. Seed and chirp number give the same chirp in any order. Distances are
    those of a speed of light of 3e8 m/s, as published.
    """

    number: Literal[1, 2]
    name: str = "arim"
    frames: int = 0

    def __post_init__(self) -> None:
        if self.number not in (1, 2):
            raise InputError(f"arim: number must be 1 or 2, got {self.number!r}")
        if not isinstance(self.name, str):
            raise InputError(f"arim: name must be a str, got {self.name!r}")
        if self.frames == 0:
            object.__setattr__(self, "frames", self.size)
        check_count("arim", "frames", self.frames)

    @property
    def size(self) -> int:
        """How many chirps the set has."""
        return _BLOCK * self.number

    @property
    def waveform(self) -> Waveform:
        """The victim's waveform; the published signals have no carrier, ours is at 77 GHz."""
        return _WAVEFORM

    @property
    def receiver(self) -> Receiver:
        """The victim's receiver, without its noise, which differs from chirp to chirp."""
        return Receiver(bandwidth=_BAND)

    def draw(self, frame: int, seed: int = 0) -> Scene:
        """Draw the scene of chirp number `frame`."""
        return self.chirp(frame, seed).scene(self.name, self.frames)

    def chirp(self, frame: int, seed: int = 0) -> ArimChirp:
        """Draw chirp number `frame`, with its labels."""
        check_count("arim", "frame", frame, least=0)
        if frame >= self.size:
            raise InputError(f"arim: set {self.number} has {self.size} chirps, got frame {frame}")
        rng = stream(seed, frame, "scene")
        count = int(rng.integers(1, 4, endpoint=True))
        moduli = rng.integers(1, 100, count, endpoint=True) / 100
        moduli[rng.integers(count)] = 1.0
        phases = rng.uniform(-math.pi, math.pi, count)
        amplitudes = (moduli * np.exp(1j * phases)).astype(np.complex128)
        distances = rng.integers(2, 95, count, endpoint=True).astype(np.float64)
        if self.number == 1:
            snr, sir, alpha = _GRID[frame % len(_GRID)]
            sirs, alphas, delays = np.array([sir]), np.array([alpha]), np.zeros(1)
        else:
            snr = float(_SNRS[frame % _BLOCK * len(_SNRS) // _BLOCK])
            others = 2 + frame // _BLOCK
            alphas = rng.integers(1, 150, others, endpoint=True) / 100
            sirs = rng.integers(-5, int(snr) + 5, others, endpoint=True).astype(np.float64)
            delays = rng.integers(-35, 35, others, endpoint=True) / 100 * DURATION
        return ArimChirp(
            snr_db=float(snr),
            sir_db=sirs,
            alpha=alphas,
            crossing=DURATION / 2 + delays,
            offset=-15e6 if self.number == 1 else 0.0,
            reference=float(moduli[0]) if self.number == 1 else 1.0,
            amplitudes=amplitudes,
            distances=distances,
        )

    def split(self, seed: int = 0) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the numbers of the chirps for training and for test, in rising order.

        8000 chirps of each 48,000 are for test, drawn at random.
        """
        rng = np.random.default_rng(np.random.SeedSequence([seed, self.number]))
        test = np.concatenate(
            [
                first + np.sort(rng.permutation(_BLOCK)[:_TEST])
                for first in range(0, self.size, _BLOCK)
            ]
        )
        return np.setdiff1d(np.arange(self.size), test), test

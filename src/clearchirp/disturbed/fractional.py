"""Interferers found by their pulses among fractional spectra: a mask, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearchirp.disturbed.chirp_segments import (
    Limits,
    Recurring,
    Segment,
    bank,
    find_segments,
)
from clearchirp.disturbed.deviation import deviation
from clearchirp.operators.chirp_bank import ChirpBank
from clearchirp.settings import check_number
from clearchirp.types import InputError

_MIN_CHIRPS = 4
_LEAST_SAMPLES = 16


class Interferer(NamedTuple):
    """An interferer in one chirp of the victim.

    Attributes
    ----------
    chirp
        Number of the chirp, counted through all frames and receivers.
    first_sample, last_sample
        The samples first to last, both included.
    chirp_rate
        Victim minus interferer in cycles a sample squared: times the sample rate squared, Hz/s. A
        real receiver does not tell its sign.
    amplitude
        Of the beat signal, in its units.
    """

    chirp: int
    first_sample: int
    last_sample: int
    chirp_rate: float
    amplitude: float


class SlopeFound(NamedTuple):
    """Interferers of a frame that have the same slope: one of them, as a rule.

    Attributes
    ----------
    chirp_rate
        The median of theirs, in cycles a sample squared; of a real receiver its modulus.
    amplitude
        The median, in the units of the beat signal.
    crossings
        How often it was found, over chirps and receivers.
    """

    chirp_rate: float
    amplitude: float
    crossings: int


def slopes_found(found: list[Interferer], samples: int, *, real: bool) -> list[SlopeFound]:
    """Group the interferers of one frame by chirp rate, those of the most energy first.

    Rates belong together where their angles ``arctan(samples rate)`` follow each other in less than
    a step of 256 to the turn. What is left where two interferers cross may pass for a third: a
    group of a tenth of the largest or less is left out where each of its chirps holds others.
    """
    if not found:
        return []
    rates = np.array([one.chirp_rate for one in found])
    rates = np.abs(rates) if real else rates
    angles = np.arctan(samples * rates)
    order = np.argsort(angles, kind="stable")
    breaks = np.flatnonzero(np.diff(angles[order]) > 2 * np.pi / 256) + 1
    sizes = np.array([one.amplitude for one in found])
    lengths = np.array([one.last_sample - one.first_sample + 1 for one in found])
    groups = np.split(order, breaks)
    most = max(len(group) for group in groups)
    hit = np.array([one.chirp for one in found])
    several = np.bincount(hit)[hit] > 1
    groups = [group for group in groups if 10 * len(group) > most or not several[group].all()]
    groups.sort(key=lambda group: -float(np.sum(sizes[group] ** 2 * lengths[group])))
    return [
        SlopeFound(float(np.median(rates[group])), float(np.median(sizes[group])), len(group))
        for group in groups
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fractional:
    """Flag the samples of each interferer that is a pulse at some angle.

    Parameters
    ----------
    threshold_db
        Least power of a pulse over the lesser of the means on either side, and over the noise; 20
        dB by default.
    angles
        Angles to a full turn, a multiple of 4; 256 by default.
    max_angle_deg
        Angle up to 90 from which on a pulse must stand out of what recurs from chirp to chirp, too;
        80 degrees by default.
    guard
        Samples flagged on either side of an interferer; 2 by default.

    Notes
    -----
    The search is that of `notch-refill`, in the `deviation` from what recurs, under a Hann window:
    what is weak and near an end of the chirp is not seen. `interferers` tells rate and place.

    Source
    ------
    Oswald 2026, V-A: the peak test of the fractional transforms as a detector of its own.

    Deviations
    ----------
    The transforms are those of `ChirpBank`. A pulse gives an angle to within a step; the rate is
    refined by the phase of the samples, and the interferer's ends by where it adds up.
    """

    threshold_db: float = 20.0
    angles: int = 256
    max_angle_deg: float = 80.0
    guard: int = 2

    def __post_init__(self) -> None:
        ChirpBank(samples=1, angles=self.angles)
        for name in ("threshold_db", "max_angle_deg"):
            check_number(name, getattr(self, name))
        if not 0 < self.max_angle_deg <= 90:
            raise InputError(
                f"max_angle_deg: must be above 0 and up to 90, got {self.max_angle_deg!r}"
            )
        if not isinstance(self.guard, int) or isinstance(self.guard, bool) or self.guard < 0:
            raise InputError(f"guard: must be a whole number from 0, got {self.guard!r}")

    def __call__(self, beat: Any, /) -> NDArray[np.bool_]:
        """Return the mask of disturbed samples of a NumPy beat signal (..., chirp, sample)."""
        return self.mask_of(self.interferers(beat), beat.shape)

    def mask_of(self, interferers: list[Interferer], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return the mask (..., chirp, sample) of the interferers that were found."""
        mask: Any = np.zeros(shape, dtype=bool)
        rows = mask.reshape(-1, shape[-1])
        for found in interferers:
            start = max(found.first_sample - self.guard, 0)
            rows[found.chirp, start : found.last_sample + 1 + self.guard] = True
        return mask

    def interferers(self, beat: Any, /) -> list[Interferer]:
        """Return the interferers of a NumPy beat signal (..., chirp, sample), chirp by chirp."""
        result: Any = deviation(beat, detector="fractional")
        scaled, noise = result
        samples = scaled.shape[-1]
        if samples < _LEAST_SAMPLES:
            return []
        chirps = scaled.shape[-2] if len(scaled.shape) > 1 else 1
        searched = bank(samples, self.angles, self.max_angle_deg)
        ratio = 10 ** (self.threshold_db / 10)
        found: list[Interferer] = []
        units = np.atleast_1d(noise).ravel()
        for k, frame in enumerate(scaled.reshape(-1, chirps, samples)):
            signals = frame * searched.window
            same = Recurring(searched, signals) if chirps >= _MIN_CHIRPS else None
            limits = Limits(ratio, ratio, same, 1.0)
            for m, signal in enumerate(signals):
                for piece in find_segments(
                    signal, searched, limits, real=np.isrealobj(beat)
                ).pieces:
                    size = _amplitude(signal, piece, searched.window, real=np.isrealobj(beat))
                    found.append(
                        Interferer(
                            chirp=k * chirps + m,
                            first_sample=piece.start,
                            last_sample=piece.stop - 1,
                            chirp_rate=piece.rate,
                            amplitude=size * float(units[k]),
                        )
                    )
        return found

    def pieces(self, beat: Any, chirp: int, /) -> list[Segment]:
        """Return the interferers of one chirp of a frame of one receiver, (chirp, sample).

        With their frequencies, which pictures need; what recurs is learnt from all chirps.
        """
        result: Any = deviation(beat, detector="fractional")
        chirps, samples = beat.shape
        if samples < _LEAST_SAMPLES:
            return []
        searched = bank(samples, self.angles, self.max_angle_deg)
        ratio = 10 ** (self.threshold_db / 10)
        signals = result.scaled * searched.window
        same = Recurring(searched, signals) if chirps >= _MIN_CHIRPS else None
        limits = Limits(ratio, ratio, same, 1.0)
        real = np.isrealobj(beat)
        return find_segments(signals[chirp], searched, limits, real=real).pieces


def _amplitude(signal: NDArray[Any], piece: Segment, window: NDArray[Any], *, real: bool) -> float:
    """Return the amplitude of a piece in a windowed signal, by least squares."""
    part = slice(piece.start, piece.stop)
    time = np.arange(signal.size)[part] - (signal.size - 1) / 2
    wave = np.exp(2j * np.pi * (piece.frequency * time + piece.rate * time**2 / 2)) * window[part]
    energy = float(np.vdot(wave, wave).real)
    size = abs(np.vdot(wave, signal[part])) / energy if energy > 0 else 0.0
    return float(2 * size if real else size)

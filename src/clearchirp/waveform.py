"""The victim radar's waveform, and the only code that turns bins into metres and metres a second.

Everything is in SI units. A field that the recording does not tell is NaN: mitigation needs none of
them, axes in metres need `sample_rate` and `slope`, axes in metres a second need `start_frequency`
and `chirp_interval`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearchirp.types import InputError

SPEED_OF_LIGHT = 299_792_458.0
"""Metres a second, exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """A frame of equal linear chirps.

    Parameters
    ----------
    start_frequency
        Frequency at the start of the ramp in Hz; NaN where unknown.
    slope
        Chirp rate in Hz/s, negative for a down-chirp; NaN where unknown.
    sample_rate
        ADC rate in Hz, of complex samples for an I/Q receiver; NaN where unknown.
    samples
        Samples a chirp.
    chirps
        Chirps a frame, in time order, of all transmitters together.
    chirp_interval
        Time from one chirp to the next in s; NaN where unknown.
    adc_start
        Time from the start of the ramp to the first sample in s.
    transmit_order
        TDM-MIMO: the transmitter of each chirp, repeated over the frame. ``(0,)`` for one.

    Raises
    ------
    InputError
        For a value that no radar can have; the message names the field.

    Examples
    --------
    >>> radar = Waveform(start_frequency=77e9, slope=30e12, sample_rate=20e6, samples=512,
    ...                  chirps=128, chirp_interval=30e-6)
    >>> round(float(radar.ranges(5)[1]), 4)
    0.1952
    >>> round(float(radar.speeds(128)[-1]), 3)
    31.938
    """

    start_frequency: float
    slope: float
    sample_rate: float
    samples: int
    chirps: int
    chirp_interval: float
    adc_start: float = 0.0
    transmit_order: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        for name in ("samples", "chirps"):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
                raise InputError(f"waveform: {name} must be a whole number from 1, got {value!r}")
        for name in ("start_frequency", "sample_rate", "chirp_interval"):
            value = getattr(self, name)
            if not _is_number(value) or value <= 0 or math.isinf(value):
                raise InputError(f"waveform: {name} must be a positive number, got {value!r}")
        if not _is_number(self.slope) or self.slope == 0 or math.isinf(self.slope):
            raise InputError(f"waveform: slope must be a number other than 0, got {self.slope!r}")
        if not _is_number(self.adc_start) or not 0 <= self.adc_start < math.inf:
            raise InputError(f"waveform: adc_start must be 0 or more, got {self.adc_start!r}")
        if len(self.transmit_order) == 0 or self.chirps % len(self.transmit_order):
            raise InputError(
                f"waveform: transmit_order has {len(self.transmit_order)} entries, which does not "
                f"divide the {self.chirps} chirps"
            )

    @property
    def knows_range(self) -> bool:
        """True where range bins can be told in metres."""
        return not (math.isnan(self.slope) or math.isnan(self.sample_rate))

    @property
    def knows_speed(self) -> bool:
        """True where Doppler bins can be told in metres a second."""
        return not (math.isnan(self.start_frequency) or math.isnan(self.chirp_interval))

    @property
    def duration(self) -> float:
        """Time in s from the first to the end of the last sample of a chirp."""
        return self.samples / self.sample_rate

    @property
    def bandwidth(self) -> float:
        """Bandwidth in Hz that the samples of a chirp sweep over."""
        return abs(self.slope) * self.duration

    @property
    def wavelength(self) -> float:
        """Wavelength in m at `start_frequency`."""
        return SPEED_OF_LIGHT / self.start_frequency

    def sample_times(self) -> NDArray[np.float64]:
        """Time in s of each sample within its chirp, from the first sample; shape (sample,)."""
        return np.arange(self.samples) / self.sample_rate

    def beat_frequencies(self, bins: int) -> NDArray[np.float64]:
        """Beat frequency in Hz of each of the first `bins` range bins; shape (bins,)."""
        return np.arange(bins, dtype=np.float64) * (self.sample_rate / self.samples)

    def ranges(self, bins: int | None = None) -> NDArray[np.float64]:
        """Range in m of each of the first `bins` range bins (default: those not negative).

        The bin k stands for the beat frequency k sample_rate / samples = slope 2R/c. A down-chirp
        puts its targets at negative beat frequencies, the upper half of the spectrum; the ranges
        are then those of the bins 0, -1, -2 ...
        """
        bins = self.samples // 2 if bins is None else bins
        return self.beat_frequencies(bins) * SPEED_OF_LIGHT / (2 * abs(self.slope))

    def speeds(self, bins: int | None = None) -> NDArray[np.float64]:
        """Range rate in m/s of each Doppler bin of a shifted spectrum, receding positive.

        `bins` defaults to the chirps of one transmitter. The phase advances by
        2 pi start_frequency 2v/c each second.
        """
        order = len(self.transmit_order)
        bins = self.chirps // order if bins is None else bins
        interval = self.chirp_interval * order
        doppler = (np.arange(bins) - bins // 2) / (bins * interval)
        return np.asarray(doppler * (self.wavelength / 2), dtype=np.float64)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class UniformArray:
    """A uniform linear array of (virtual) receivers.

    Parameters
    ----------
    receivers
        How many.
    spacing
        Distance from one to the next in wavelengths, 0.5 by default.
    """

    receivers: int
    spacing: float = 0.5

    def angles(self, bins: int | None = None) -> NDArray[np.float64]:
        """Angle in rad of each bin of a shifted spectrum over the receivers; NaN beyond sight.

        >>> UniformArray(receivers=4).angles().round(3).tolist()
        [-1.571, -0.524, 0.0, 0.524]
        """
        bins = self.receivers if bins is None else bins
        sine = (np.arange(bins) - bins // 2) / (bins * self.spacing)
        return np.arcsin(np.where(np.abs(sine) <= 1, sine, np.nan))

"""The victim's receiver: array, mixer, anti-alias filter, I/Q or real samples, noise, converter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.checks import check_count, check_number
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

_FILTERS = ("ideal", "butterworth", "fir")


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
        whatever the filter is.
    bandwidth
        One-sided bandwidth in Hz of the anti-alias filter. None, the default, is half of the
        sample rate; above it the beat signal folds back, as it does in a real receiver.
    filter
        "ideal" (default): what beats at `bandwidth` or more is gone at once, what beats below
        passes untouched. "butterworth": the analog filter of order `filter_order`, 3 dB down at
        `bandwidth`, with its delay. "fir": a windowed sinc (Kaiser, 60 dB), 6 dB down at
        `bandwidth`, of ``filter_order * oversampling + 1`` taps (one less, to be odd) at
        `oversampling` times the sample rate, whose delay is taken out.
    filter_order
        Order of the Butterworth filter (1 to 16), or length of the FIR filter in samples; 8 by
        default.
    oversampling
        A filter that is not ideal works at this many times the sample rate: it sees what beats at
        less than `oversampling` / 2 sample rates, on both sides, and its output is decimated, with
        what folds back. 4 by default; a filter of low order needs more for its long skirts.
    high_pass
        Corner (3 dB) in Hz of a first-order high-pass before the other filter, 0 (default) for
        none.
    transient_amplitude
        Start-up transient: this real amplitude at the first sample of each chirp, 0 by default.
        It varies from chirp to chirp and antenna to antenna by 1 % (standard deviation).
    transient_decay
        Time in s in which the transient falls to 1/e; 0 by default, needed where there is one.
    iq_gain_db
        Gain of the Q branch over the I branch in dB (20 log10), 0 by default.
    iq_phase
        Phase error of the Q branch in rad, 0 by default: the Q branch holds the imaginary part of
        ``x exp(j iq_phase)`` for the signal x.
    phase_noise_db
        Phase noise of the victim's oscillator at 1 MHz from the carrier in dBc/Hz; None, the
        default, is none. It falls with the square of the frequency: the phase is a random walk.
    sensitivity
        Amplitude of the beat signal of a target of 1 m^2 at 1 m, 1 by default; see
        `Target.cross_section`.
    adc_bits
        Bits of the converter, for each of I and Q. None, the default, neither clips nor rounds.
    adc_full_scale
        What the converter takes: from ``-adc_full_scale`` to a step less than
        ``adc_full_scale``, 1 by default; its step is ``2 adc_full_scale / 2^adc_bits``.

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
    filter: Literal["ideal", "butterworth", "fir"] = "ideal"
    filter_order: int = 8
    oversampling: int = 4
    high_pass: float = 0.0
    transient_amplitude: float = 0.0
    transient_decay: float = 0.0
    iq_gain_db: float = 0.0
    iq_phase: float = 0.0
    phase_noise_db: float | None = None
    sensitivity: float = 1.0
    adc_bits: int | None = None
    adc_full_scale: float = 1.0

    def __post_init__(self) -> None:
        check_count("receiver", "receivers", self.receivers)
        for name in ("spacing", "sensitivity", "adc_full_scale"):
            check_number("receiver", name, getattr(self, name), "positive")
        for name in ("noise_power", "high_pass", "transient_decay"):
            check_number("receiver", name, getattr(self, name), "not negative")
        for name in ("transient_amplitude", "iq_gain_db", "iq_phase"):
            check_number("receiver", name, getattr(self, name))
        if self.bandwidth is not None:
            check_number("receiver", "bandwidth", self.bandwidth, "positive")
        if self.phase_noise_db is not None:
            check_number("receiver", "phase_noise_db", self.phase_noise_db)
        if not isinstance(self.real, bool):
            raise InputError(f"receiver: real must be true or false, got {self.real!r}")
        self._check_filter()
        self._check_parts()

    def _check_filter(self) -> None:
        if self.filter not in _FILTERS:
            raise InputError(
                f"receiver: filter must be one of {', '.join(_FILTERS)}, got {self.filter!r}"
            )
        check_count("receiver", "filter_order", self.filter_order)
        check_count("receiver", "oversampling", self.oversampling, least=2)
        if self.filter == "butterworth" and self.filter_order > 16:
            # Beyond it the filter's poles lie too near to each other for its partial fractions.
            raise InputError(
                f"receiver: filter_order of a butterworth filter must be at most 16, got "
                f"{self.filter_order!r}"
            )

    def _check_parts(self) -> None:
        if self.transient_amplitude and not self.transient_decay:
            raise InputError(
                "receiver: transient_decay must be a positive number where there is a "
                "transient_amplitude; it is in seconds"
            )
        if self.real and (self.iq_gain_db or self.iq_phase):
            raise InputError(
                "receiver: iq_gain_db and iq_phase are those of an I/Q receiver; this one is real"
            )
        if self.adc_bits is not None:
            check_count("receiver", "adc_bits", self.adc_bits)
            if self.adc_bits > 32:
                raise InputError(f"receiver: adc_bits must be at most 32, got {self.adc_bits!r}")

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

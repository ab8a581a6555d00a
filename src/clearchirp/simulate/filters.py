"""The receiver's filters: what they do to a tone, and their parts that work in time.

An analog filter is kept as partial fractions, ``H(s) = direct + sum residues / (s - poles)``: each
pole is then a state of its own, driven by the beat signal and integrated without a grid that would
have to resolve the ramps' beginnings and ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.receiver import Receiver
from clearchirp.waveform import Waveform

_FORGOTTEN = 1e-9
"""A state is followed until it has fallen to this; single precision ends far above."""


@dataclass(frozen=True, slots=True)
class AnalogFilter:
    """A rational filter in partial fractions; no poles and ``direct = 1`` pass everything.

    Attributes
    ----------
    poles, residues
        In rad/s, complex128, (pole,).
    direct
        What passes at once, 0 or 1.
    """

    poles: NDArray[np.complex128]
    residues: NDArray[np.complex128]
    direct: float

    @property
    def settling_time(self) -> float:
        """Time in s in which the slowest state falls by a factor of 10^9."""
        if len(self.poles) == 0:
            return 0.0
        return -math.log(_FORGOTTEN) / float(np.abs(self.poles.real).min())

    def response(self, frequency: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Complex gain at frequencies in Hz."""
        s = 2j * np.pi * np.asarray(frequency)[..., np.newaxis]
        return self.direct + (self.residues / (s - self.poles)).sum(-1)


def analog_filter(receiver: Receiver, waveform: Waveform) -> AnalogFilter:
    """Return the analog part of the receiver: Butterworth low-pass and high-pass, where present.

    The Butterworth filter of order n has the poles ``w exp(j pi (2k + n - 1) / (2n))``, k = 1..n,
    with w = 2 pi bandwidth; the high-pass is ``s / (s + 2 pi high_pass)``.
    """
    order = receiver.filter_order if receiver.filter == "butterworth" else 0
    corner = 2 * math.pi * receiver.band(waveform)
    k = np.arange(1, order + 1)
    poles = np.exp(1j * np.pi * (2 * k + order - 1) / (2 * max(order, 1))) * corner
    gain = corner**order
    if receiver.high_pass:
        high = -2 * math.pi * receiver.high_pass + 0j
        # A double pole has no partial fractions of this kind; a millionth apart is as good.
        high *= 1 + 1e-6 * bool(np.any(np.abs(poles - high) < 1e-6 * abs(high)))
        poles = np.append(poles, high)
    apart = poles[:, np.newaxis] - poles
    np.fill_diagonal(apart, 1.0)
    zero = poles if receiver.high_pass else np.ones_like(poles)
    residues = gain * zero / apart.prod(1)
    return AnalogFilter(poles.astype(complex), residues, 0.0 if order else 1.0)


def fir_taps(receiver: Receiver, waveform: Waveform) -> NDArray[np.float64]:
    """Taps of the FIR filter at ``oversampling * sample_rate``, symmetric, gain 1 at 0 Hz.

    A sinc cut by a Kaiser window of 60 dB side lobes (beta 5.65, Kaiser's formula).
    """
    half = receiver.filter_order * receiver.oversampling // 2
    m = np.arange(-half, half + 1)
    cutoff = 2 * receiver.band(waveform) / (receiver.oversampling * waveform.sample_rate)
    taps = np.sinc(cutoff * m) * np.kaiser(len(m), 5.65)
    return taps / taps.sum()


def reach(receiver: Receiver, waveform: Waveform) -> float:
    """Beat frequency in Hz up to which the filter sees anything."""
    if receiver.filter == "ideal":
        return receiver.band(waveform)
    return receiver.oversampling * waveform.sample_rate / 2


def tone_gain(
    receiver: Receiver, waveform: Waveform, frequency: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Complex gain of the whole filter for tones at `frequency` (Hz); 0 beyond its reach."""
    frequency = np.asarray(frequency, np.float64)
    gain = analog_filter(receiver, waveform).response(frequency)
    if receiver.filter == "fir":
        taps = fir_taps(receiver, waveform)
        m = np.arange(len(taps)) - len(taps) // 2
        turns = frequency / (receiver.oversampling * waveform.sample_rate)
        gain = gain * (np.cos(2 * np.pi * turns[..., np.newaxis] * m) @ taps)
    return np.where(np.abs(frequency) < reach(receiver, waveform), gain, 0)

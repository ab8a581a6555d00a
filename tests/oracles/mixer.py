"""A radar's oscillator and mixer stepped in time at 64 times the sample rate.

Nothing is in closed form here: frequencies are added up step by step, delayed signals are read off
the stepped phase, and the mixer multiplies signals. All times of a ramp are whole numbers of steps.
Only for radars scaled down to some MHz.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import expm
from scipy.signal import butter, firwin, lfilter, zpk2ss

OVERSAMPLING = 64


class Oscillator:
    """Phase (rad), frequency (Hz) and ramp on/off at each step from time 0."""

    def __init__(
        self,
        *,
        start_frequency: float,
        slope: float,
        ramp_steps: int,
        interval_steps: int,
        offset_steps: int = 0,
        chirps: int | None = None,
        steps: int,
        dt: float,
    ):
        self.dt = dt
        self.phase = np.zeros(steps)
        self.frequency = np.zeros(steps)
        self.on = np.zeros(steps, bool)
        begin = offset_steps  # at the start of a ramp, at time 0 or before it
        while begin > 0:
            begin -= interval_steps
        carrier, sweep = start_frequency * begin * dt, 0.0
        for n in range(begin, steps):
            ramp, since = divmod(n - offset_steps, interval_steps)
            if since == 0:
                sweep = 0.0
            if n >= 0:
                self.phase[n] = 2 * math.pi * (carrier + sweep)
                self.frequency[n] = start_frequency + slope * since * dt
                self.on[n] = since < ramp_steps and (chirps is None or 0 <= ramp < chirps)
            carrier += start_frequency * dt
            sweep += slope * (since + 0.5) * dt * dt

    def delayed(self, delay: np.ndarray) -> np.ndarray:
        """Phase as it was `delay` (s) ago, at each step."""
        times = np.arange(len(self.phase)) * self.dt
        return np.interp(times - delay, times, self.phase)


def mix_analytic(transmitted: np.ndarray, received: np.ndarray) -> np.ndarray:
    """tx * conj(rx) of two analytic signals given by their phases."""
    return np.exp(1j * transmitted) * np.conj(np.exp(1j * received))


def mix_real(transmitted: np.ndarray, received: np.ndarray, cutoff: float, rate: float):
    """What an I/Q mixer of real passband signals gives after a low-pass filter of 129 taps."""
    taps = firwin(129, cutoff, fs=rate, window=("kaiser", 8.0))
    antenna = np.cos(received)
    in_phase = 2 * np.convolve(np.cos(transmitted) * antenna, taps, "same")
    quadrature = 2 * np.convolve(np.sin(transmitted) * antenna, taps, "same")
    return in_phase + 1j * quadrature


def averages(transmitted: Oscillator, received: Oscillator) -> np.ndarray:
    """Mean of tx * conj(rx) over each step, silent where the received oscillator is off."""
    middle = [(x.phase + np.append(x.phase[1:], x.phase[-1])) / 2 for x in (transmitted, received)]
    beat = transmitted.frequency - received.frequency
    return received.on * np.sinc(beat * transmitted.dt) * mix_analytic(*middle)


def filter_analog(
    mean: np.ndarray, now: np.ndarray, dt: float, *, order: int, cutoff: float, high_pass: float
) -> np.ndarray:
    """Butterworth low-pass (order 0: none) and first-order high-pass, a state space in steps.

    `mean` is the mean of the signal over each step, `now` its value at the step's beginning.
    """
    zeros, poles, gain = [], [], 1.0
    if order:
        # Radians a microsecond: powers of radians a second would overflow the matrices' digits.
        corner = 2 * math.pi * cutoff * 1e-6
        zeros, poles, gain = butter(order, corner, analog=True, output="zpk")
    if high_pass:
        zeros = np.append(zeros, 0.0)
        poles = np.append(poles, -2 * math.pi * high_pass * 1e-6)
    a, b, c, d = zpk2ss(zeros, poles, gain)
    size = len(a)
    step = expm(np.block([[a, b], [np.zeros((1, size + 1))]]) * (dt * 1e6))
    # Each eigenvector of the step is a filter of its own; a loop over matrices takes a minute.
    values, vectors = np.linalg.eig(step[:size, :size])
    enters, leaves = np.linalg.solve(vectors, step[:size, size]), c[0] @ vectors
    out = d[0, 0] * now
    for value, enter, leave in zip(values, enters, leaves, strict=True):
        out = out + lfilter([0.0, enter * leave], [1.0, -value], mean)
    return out


def filter_fir(
    now: np.ndarray, *, order: int, cutoff: float, times: int, rate: float
) -> np.ndarray:
    """FIR low-pass at `times` the sample rate without delay; at each step, right at its inputs."""
    every = OVERSAMPLING // times
    taps = firwin(order * times + 1, cutoff, fs=times * rate, window=("kaiser", 5.65))
    out = np.zeros(len(now), complex)
    out[::every] = np.convolve(now[::every], taps, "same")
    return out


def take_samples(signal: np.ndarray, *, chirps: int, samples: int, interval: int, first: int):
    """Samples (chirp, sample) of a stepped signal: every 64th step, from `first` in each chirp."""
    rows = [
        signal[m * interval + first : m * interval + first + samples * OVERSAMPLING : OVERSAMPLING]
        for m in range(chirps)
    ]
    return np.stack(rows)

"""Targets and their beat signal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearchirp.simulate.checks import check_number
from clearchirp.simulate.filters import tone_gain
from clearchirp.simulate.receiver import Receiver
from clearchirp.types import InputError
from clearchirp.waveform import SPEED_OF_LIGHT, Waveform

_SERIES_ERROR = 1e-12
"""In rad, of the power series of a moving target's phase; rounding is near."""


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
        Amplitude of the beat signal at each antenna; 1 where neither it nor `cross_section` is
        given, None where `cross_section` is.
    cross_section
        Radar cross-section in m^2 instead of `amplitude`: by the radar equation the amplitude is
        ``Receiver.sensitivity * sqrt(cross_section) / distance^2``, from chirp to chirp.
    angle
        Direction in rad from the array's broadside, 0 by default.
    phase
        Phase in rad added to the beat signal, 0 by default.

    Raises
    ------
    InputError
        For a value that no target can have, and for both an amplitude and a cross-section.
    """

    distance: float
    range_rate: float = 0.0
    amplitude: float | None = None
    angle: float = 0.0
    phase: float = 0.0
    cross_section: float | None = None

    def __post_init__(self) -> None:
        check_number("target", "distance", self.distance, "positive")
        if self.cross_section is not None:
            check_number("target", "cross_section", self.cross_section, "not negative")
            if self.amplitude is not None:
                raise InputError(
                    f"target: amplitude {self.amplitude!r} and cross_section "
                    f"{self.cross_section!r} are both given; leave one of them out"
                )
        else:
            # None means the default here: only so can both being given be told.
            object.__setattr__(self, "amplitude", 1.0 if self.amplitude is None else self.amplitude)
            check_number("target", "amplitude", self.amplitude, "not negative")
        for name in ("range_rate", "angle", "phase"):
            check_number("target", name, getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """A target as it was at the start of a frame.

    Attributes
    ----------
    frame, target
        Numbers from 0 of the frame and of the target in ``Scene.targets``.
    distance
        Range in m; negative for a target that has passed the radar, which is seen no more.
    range_rate
        Its change in m/s, receding positive.
    angle
        Direction in rad from the array's broadside.
    amplitude
        Amplitude of the beat signal at each antenna, before the receiver's filter.
    """

    frame: int
    target: int
    distance: float
    range_rate: float
    angle: float
    amplitude: float

    @classmethod
    def at(
        cls, target: Target, receiver: Receiver, time: float, *, frame: int, number: int
    ) -> TargetState:
        """Return the state of target `number` at `time` (s), the start of `frame`."""
        return cls(
            frame=frame,
            target=number,
            distance=target.distance + target.range_rate * time,
            range_rate=target.range_rate,
            angle=target.angle,
            amplitude=float(_amplitudes(target, receiver, np.array([time]))[0]),
        )


@dataclass(frozen=True, slots=True)
class Echoes:
    """Targets as linear chirps behind the mixer, all arrays (target, chirp) but `c2`, (target, 1).

    At the time u after the start of a ramp the phase is ``2 pi (c0 + c1 u + c2 u^2)``; `delay` (s)
    is that at the start of the ramp. `amplitude` is complex and holds the filter's gain, the phase
    of the transmitter and that of the target; 0 where the target is not seen.
    """

    delay: NDArray[np.float64]
    amplitude: NDArray[np.complex128]
    c0: NDArray[np.float64]
    c1: NDArray[np.float64]
    c2: NDArray[np.float64]

    def only(self, number: int) -> Echoes:
        """Return the echoes of one target."""
        k = slice(number, number + 1)
        return Echoes(self.delay[k], self.amplitude[k], self.c0[k], self.c1[k], self.c2[k])


def find_echoes(
    targets: Sequence[Target],
    waveform: Waveform,
    receiver: Receiver,
    ramp_starts: NDArray[np.float64],
) -> Echoes:
    """Return the echo of each target in each chirp.

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

    Notes
    -----
    With the delay tau(t) = 2 (R + v t) / c the phase of ``tx * conj(rx)`` at the time u after the
    start of a ramp is ``2 pi (f0 tau + slope u tau - slope tau^2 / 2)``, residual video phase
    included. The delay is taken where the target is when the echo arrives (it differs by v/c, one
    part in ten million, from that at the reflection). The ramp is taken to have begun early enough
    for the echo to be there at the first sample, and for the filter to have settled: it gives
    each chirp its gain at the beat frequency in the chirp's middle. A chirp in which the target
    beats outside of the filter's reach, or has passed the radar, holds nothing of it. The
    transmitters of a TDM-MIMO radar stand ``receivers * spacing`` wavelengths apart, so that they
    continue the array of the receivers.
    """
    f0, slope = waveform.start_frequency, waveform.slope
    column = np.array([(t.distance, t.range_rate, t.angle, t.phase) for t in targets])
    distance, speed, angle, phase = column.reshape(-1, 4).T[:, :, np.newaxis]
    tau = 2 * (distance + speed * ramp_starts) / SPEED_OF_LIGHT
    rate = 2 * speed / SPEED_OF_LIGHT
    # The phase in turns, c0 + c1 u + c2 u^2, with tau(u) = tau + rate u put in.
    c0 = f0 * tau - slope * tau**2 / 2
    c1 = f0 * rate + slope * tau * (1 - rate)
    c2 = slope * rate * (1 - rate / 2)
    middle = waveform.adc_start + waveform.duration / 2
    gain = tone_gain(receiver, waveform, c1 + 2 * c2 * middle)
    order = np.resize(np.array(waveform.transmit_order), len(ramp_starts))
    aside = order * (receiver.receivers * receiver.spacing) * np.sin(angle)
    rows = [_amplitudes(target, receiver, ramp_starts) for target in targets]
    amplitude = np.array(rows).reshape(tau.shape)
    factor = (tau > 0) * gain * np.exp(1j * (phase + 2 * np.pi * aside))
    return Echoes(tau, amplitude * factor, c0, c1, c2)


def _amplitudes(
    target: Target, receiver: Receiver, times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Amplitude of a target at some times (s)."""
    if target.amplitude is not None:
        return np.full(len(times), float(target.amplitude))
    assert target.cross_section is not None  # one of the two is given
    distance = target.distance + target.range_rate * times
    # Behind the radar it is not seen; at it, the equation would divide by 0.
    squared = np.where(distance > 0, distance, np.inf) ** 2
    return receiver.sensitivity * math.sqrt(target.cross_section) / squared


def target_beat(
    echoes: Echoes, steering: NDArray[np.complex128], waveform: Waveform, kind: DTypeLike
) -> NDArray[np.complexfloating]:
    """Noise-free beat signal of all targets, as an I/Q receiver sees it.

    Parameters
    ----------
    echoes
        The targets.
    steering
        Phase factor of each antenna for each target; (rx, target).
    waveform
        The victim's waveform.
    kind
        ``complex64`` or ``complex128``. Phases are computed in double precision either way.

    Returns
    -------
    ndarray
        (rx, chirp, sample).

    Notes
    -----
    A linear phase is the product of a coarse and a fine table of samples, and the sum over the
    targets then a product of matrices for each chirp: as exact as an exponential a sample, at a
    small part of its cost. Of the quadratic phase, that of a moving target, the square of a sum
    leaves twice the product of coarse and fine times: its exponential is a short power series,
    each of whose terms is separable again.
    """
    samples = waveform.samples
    fine = min(samples, max(1, math.isqrt(samples * len(steering))))
    coarse = -(-samples // fine)
    # Times from the middle of the tables, where the power series is at its best.
    at = (np.arange(coarse) - (coarse - 1) / 2) * fine / waveform.sample_rate
    within = (np.arange(fine) - (fine - 1) / 2) / waveform.sample_rate
    middle = waveform.adc_start + ((coarse - 1) * fine + fine - 1) / (2 * waveform.sample_rate)
    c1 = echoes.c1 + 2 * echoes.c2 * middle
    turns = echoes.c0 + (echoes.c1 + echoes.c2 * middle) * middle
    start = echoes.amplitude * np.exp(2j * np.pi * (turns - np.rint(turns)))
    left = start[..., np.newaxis] * _chirps(c1, echoes.c2, at)
    right = _chirps(c1, echoes.c2, within)
    reach = abs(within[0])
    twist = 4 * np.pi * np.abs(echoes.c2).max(initial=0.0) * abs(at[0]) * reach
    terms = 1
    while twist**terms / math.factorial(terms) > _SERIES_ERROR:
        terms += 1
    lefts, rights = [left], [right]
    for k in range(1, terms):
        lefts.append(lefts[-1] * at * (4j * np.pi * reach / k) * echoes.c2[..., np.newaxis])
        rights.append(rights[-1] * (within / reach))
    # (chirp, rx * coarse, target * term) @ (chirp, target * term, fine)
    a = np.concatenate(lefts).transpose(1, 2, 0).astype(kind)
    b = np.concatenate(rights).transpose(1, 0, 2).astype(kind)
    weights = np.tile(steering, terms).astype(kind)
    shape = (waveform.chirps, len(steering) * coarse, a.shape[2])
    a = (weights[:, np.newaxis, :] * a[:, np.newaxis]).reshape(shape)
    beat = (a @ b).reshape(waveform.chirps, len(steering), coarse * fine)[..., :samples]
    return np.ascontiguousarray(beat.transpose(1, 0, 2))


def _chirps(
    c1: NDArray[np.float64], c2: NDArray[np.float64], t: NDArray[np.floating]
) -> NDArray[np.complex128]:
    """exp(2 pi j (c1 t + c2 t^2)); (target, chirp, time)."""
    return np.exp(2j * np.pi * (c1[..., np.newaxis] + c2[..., np.newaxis] * t) * t)

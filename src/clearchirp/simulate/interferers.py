"""Interferers and the ways on which they arrive."""

from __future__ import annotations

from dataclasses import dataclass

from clearchirp.simulate.checks import check_count, check_number
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Another way from an interferer to the victim, by a reflection; a copy of the direct signal.

    Parameters
    ----------
    delay
        Time in s by which the copy comes later than the direct signal, carrier and ramp alike.
    amplitude
        Amplitude relative to the direct signal.
    angle
        Direction in rad from the array's broadside from which it comes, 0 by default.
    phase
        Phase in rad added to the interferer's own, 0 by default.

    Raises
    ------
    InputError
        For a value that no path can have.
    """

    delay: float
    amplitude: float
    angle: float = 0.0
    phase: float = 0.0

    def __post_init__(self) -> None:
        for name in ("delay", "amplitude"):
            check_number("path", name, getattr(self, name), "not negative")
        for name in ("angle", "phase"):
            check_number("path", name, getattr(self, name))


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
    paths
        Further ways on which it arrives, each a copy of the direct signal; none by default.

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
    paths: tuple[Path, ...] = ()

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
        paths = self.paths
        if not isinstance(paths, tuple | list) or not all(isinstance(p, Path) for p in paths):
            raise InputError(f"interferer: paths must be a tuple of Path, got {paths!r}")
        object.__setattr__(self, "paths", tuple(paths))

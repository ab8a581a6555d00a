"""Where the ramps of interferers meet the victim's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.interferers import Interferer, Path
from clearchirp.waveform import Waveform

_ROUNDING = 1e-6
"""Of a sample: well above the rounding of times, well below what could be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A chirp of the victim and a ramp of an interferer that meet inside of the filter's band.

    Attributes
    ----------
    frame, chirp
        Numbers from 0 of the victim's frame and of its chirp in the frame.
    interferer
        Number from 0 in ``Scene.interferers``.
    path
        0 for the direct signal, k for the interferer's k-th path.
    time
        Time in s from the chirp's first sample to where the frequencies are equal. It lies outside
        of the chirp, or of the ramp, where they meet by a tail of the ramp only; NaN for parallel
        ramps, whose frequencies never are.
    chirp_rate
        Slope of the victim minus that of the interferer in Hz/s: the chirp rate of the beat.
    amplitude
        Amplitude at the mixer, before the receiver's filter.
    first_sample, last_sample
        The samples first to last, both included, in which the ramp sounds and beats inside of the
        one-sided bandwidth of the filter, whatever kind of filter it is; its skirts and its
        ringing reach further.
    """

    frame: int
    chirp: int
    interferer: int
    path: int
    time: float
    chirp_rate: float
    amplitude: float
    first_sample: int
    last_sample: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Equally spaced times after the start of the victim's ramp: ``start + index / rate``."""

    start: float
    rate: float
    count: int

    @property
    def end(self) -> float:
        """Time of the last point in s."""
        return self.start + (self.count - 1) / self.rate


@dataclass(frozen=True, slots=True)
class Meetings:
    """Pairs of a victim's chirp and an interferer's ramp that sound at once inside of a band.

    All arrays have the shape (pair,). At the time u after the start of the victim's ramp the beat
    signal has the phase ``2 pi (c0 + c1 u + c2 u^2)``, so the frequency ``c1 + 2 c2 u``. The ramp
    sounds from ``-lag`` on; the pair is in the band from `enters` to `leaves`.
    """

    chirp: NDArray[np.intp]
    lag: NDArray[np.float64]
    enters: NDArray[np.float64]
    leaves: NDArray[np.float64]
    c0: NDArray[np.float64]
    c1: NDArray[np.float64]
    c2: float


def sample_grid(waveform: Waveform) -> Grid:
    """Return the times of the victim's samples."""
    return Grid(waveform.adc_start, waveform.sample_rate, waveform.samples)


def find_meetings(
    interferer: Interferer,
    path: Path,
    waveform: Waveform,
    ramp_starts: NDArray[np.float64],
    *,
    band: float,
    opens: float,
    closes: float,
) -> Meetings:
    """Every meeting of an interferer's ramps, as they come on a path, and the victim's chirps.

    Parameters
    ----------
    interferer, path, waveform
        The two radars and the way between them.
    ramp_starts
        Time in s at which each of the victim's ramps starts; (chirp,).
    band
        Only what beats below it (Hz) counts.
    opens, closes
        Only what sounds between these times (s after the start of the victim's ramp) counts.
    """
    interval, duration = interferer.chirp_interval, interferer.ramp_duration
    since = ramp_starts - interferer.time_offset - path.delay
    oldest = np.floor((since + opens - duration) / interval)
    most = math.ceil((closes - opens + duration) / interval) + 2
    ramp = oldest[:, np.newaxis] + np.arange(most)
    chirp = np.broadcast_to(np.arange(len(ramp_starts))[:, np.newaxis], ramp.shape)
    lag = since[:, np.newaxis] - ramp * interval
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
    # A sample of slack; what really meets is judged later, sample by sample.
    hit = np.nonzero(sent & (leaves - enters > -1 / waveform.sample_rate))
    c0 = (ahead * ramp_starts % 1.0)[chirp[hit]] - interferer.slope * lag[hit] ** 2 / 2
    # The copy is late with its carrier, too.
    c0 += interferer.start_frequency * path.delay % 1.0
    return Meetings(chirp[hit], lag[hit], enters[hit], leaves[hit], c0 % 1.0, c1[hit], c2)


def _inside(
    c1: NDArray[np.float64], c2: float, band: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times at which the frequency c1 + 2 c2 u comes into the band and leaves it."""
    if c2 == 0:  # parallel ramps: always or never inside
        ever = np.where(np.abs(c1) < band, np.inf, -np.inf)
        return -ever, ever
    one, other = (-band - c1) / (2 * c2), (band - c1) / (2 * c2)
    return np.minimum(one, other), np.maximum(one, other)


@dataclass(frozen=True, slots=True)
class Hits:
    """The points of a grid at which one interferer is heard.

    `owner` and `index`, both (hit,), are the pair in `meetings` and the point in `grid` of each:
    the pairs in rising order, the points of a pair without a gap.
    """

    meetings: Meetings
    grid: Grid
    owner: NDArray[np.intp]
    index: NDArray[np.intp]

    @property
    def flat_index(self) -> NDArray[np.intp]:
        """Index into the flattened array (chirp, point)."""
        return self.meetings.chirp[self.owner] * self.grid.count + self.index

    def beat(self) -> NDArray[np.complex128]:
        """Beat signal of amplitude 1 at each point, in closed form."""
        met, owner = self.meetings, self.owner
        u = self.grid.start + self.index / self.grid.rate
        turns = met.c0[owner] + (met.c1[owner] + met.c2 * u) * u
        return np.exp(2j * np.pi * (turns - np.rint(turns)))


def points_inside(meetings: Meetings, interferer: Interferer, grid: Grid, band: float) -> Hits:
    """Find the points of a grid at which a ramp sounds and beats inside of the band."""
    first = np.ceil((meetings.enters - grid.start) * grid.rate - 1).astype(np.intp)
    last = np.floor((meetings.leaves - grid.start) * grid.rate + 1).astype(np.intp)
    first, last = np.maximum(first, 0), np.minimum(last, grid.count - 1)
    counts = np.maximum(last - first + 1, 0)
    owner = np.repeat(np.arange(len(counts)), counts)
    index = np.arange(counts.sum()) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    u = grid.start + index / grid.rate
    # A ramp that starts on a point, but for rounding, has that point, and the one before has not.
    since = u + meetings.lag[owner] + _ROUNDING / grid.rate
    heard = np.abs(meetings.c1[owner] + 2 * meetings.c2 * u) < band
    heard &= (since >= 0) & (since < interferer.ramp_duration)
    return Hits(meetings, grid, owner[heard], index[heard])


def list_crossings(
    hits: Hits, *, frame: int, interferer: int, path: int, amplitude: float
) -> list[Crossing]:
    """List the crossings of one arrival from the samples that it hits."""
    met, owner = hits.meetings, hits.owner
    begins = np.flatnonzero(np.diff(owner, prepend=-1))
    ends = np.append(begins[1:], len(owner))[: len(begins)] - 1
    pairs = owner[begins]
    rate = 2 * met.c2
    times = np.full(len(pairs), np.nan) if rate == 0 else -met.c1[pairs] / rate - hits.grid.start
    return [
        Crossing(
            frame=frame,
            chirp=chirp,
            interferer=interferer,
            path=path,
            time=time,
            chirp_rate=rate,
            amplitude=amplitude,
            first_sample=first,
            last_sample=last,
        )
        for chirp, time, first, last in zip(
            met.chirp[pairs].tolist(),
            times.tolist(),
            hits.index[begins].tolist(),
            hits.index[ends].tolist(),
            strict=True,
        )
    ]

"""The beat signal that interferers leave behind the receiver's filter."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.crossings import (
    Crossing,
    Grid,
    Hits,
    Meetings,
    find_meetings,
    list_crossings,
    points_inside,
    sample_grid,
)
from clearchirp.simulate.filters import AnalogFilter, analog_filter, fir_taps, reach
from clearchirp.simulate.interferers import Interferer, Path
from clearchirp.simulate.receiver import Receiver
from clearchirp.waveform import Waveform


def interference_beat(
    interferers: Sequence[Interferer],
    waveform: Waveform,
    receiver: Receiver,
    ramp_starts: NDArray[np.float64],
    *,
    frame: int = 0,
) -> tuple[NDArray[np.complex128], list[Crossing]]:
    """Beat signal of all interferers, as an I/Q receiver sees it, and the list of its crossings.

    The phase is the closed-form integral of the linear frequency difference. A chirp may be
    crossed by several ramps, or by a part of one.

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
    frame
        Number of the frame for the list.

    Returns
    -------
    beat : ndarray
        complex128, (rx, chirp, sample); exactly 0 where no interferer is.
    crossings : list of Crossing
        In the order of interferers, paths and chirps.

    Notes
    -----
    The ideal filter keeps the samples at which |f_victim - f_interferer| is below its bandwidth
    and the interferer is on a ramp. Other filters are driven by all that sounds within their reach
    (`Receiver.oversampling`); their states are integrated exactly, and begin where an interferer
    comes into reach as if it had always sounded, so that this leaves no click, while a ramp that
    starts or ends inside of the reach does. One that starts or ends outside of it leaves nothing;
    a transmitter that switches in no time at f Hz from the victim would be heard for the length of
    the filter's response, at about ``bandwidth / (pi f)`` of its amplitude. As for targets, the
    victim's ramp is taken to have begun early enough for the filter to have settled (at most one
    `chirp_interval`) and to last until the last sample is out of the filter.
    """
    count = waveform.samples
    total = np.zeros((receiver.receivers, waveform.chirps * count), np.complex128)
    crossings: list[Crossing] = []
    for number, interferer in enumerate(interferers):
        direct = Path(delay=0.0, amplitude=1.0, angle=interferer.angle)
        for way, path in enumerate((direct, *interferer.paths)):
            where, values, met = _arrival(interferer, path, waveform, receiver, ramp_starts)
            for row, factor in zip(total, receiver.steering(path.angle), strict=True):
                row[where] += factor * values
            crossings += list_crossings(
                met,
                frame=frame,
                interferer=number,
                path=way,
                amplitude=interferer.amplitude * path.amplitude,
            )
    return total.reshape(receiver.receivers, waveform.chirps, count), crossings


def _arrival(
    interferer: Interferer,
    path: Path,
    waveform: Waveform,
    receiver: Receiver,
    ramp_starts: NDArray[np.float64],
) -> tuple[NDArray[np.intp] | slice, NDArray[np.complex128], Hits]:
    """What comes on one path: flat (chirp, sample) index and value of its samples, its hits."""
    grid, band = sample_grid(waveform), receiver.band(waveform)
    meetings = find_meetings(
        interferer, path, waveform, ramp_starts, band=band, opens=grid.start, closes=grid.end
    )
    hits = points_inside(meetings, interferer, grid, band)
    amplitude = interferer.amplitude * path.amplitude
    factor = amplitude * cmath.exp(1j * (interferer.phase + path.phase))
    if receiver.filter == "ideal" and not receiver.high_pass:
        # Two ramps of one interferer never sound at once: no index comes twice.
        return hits.flat_index, factor * hits.beat(), hits
    one = _filtered(interferer, path, waveform, receiver, ramp_starts)
    return slice(None), factor * one.ravel(), hits


def _filtered(
    interferer: Interferer,
    path: Path,
    waveform: Waveform,
    receiver: Receiver,
    ramp_starts: NDArray[np.float64],
) -> NDArray[np.complex128]:
    """One arrival of amplitude 1 behind the filter; (chirp, sample)."""
    grid, analog = sample_grid(waveform), analog_filter(receiver, waveform)
    if receiver.filter == "fir":
        times = receiver.oversampling
        half = len(fir_taps(receiver, waveform)) // 2
        rate = times * grid.rate
        grid = Grid(grid.start - half / rate, rate, (grid.count - 1) * times + 1 + 2 * half)
    band = reach(receiver, waveform)
    lead = min(analog.settling_time, waveform.chirp_interval)
    meetings = find_meetings(
        interferer, path, waveform, ramp_starts,
        band=band, opens=grid.start - lead, closes=grid.end + 0.5 / grid.rate,
    )  # fmt: skip
    out = np.zeros((waveform.chirps, grid.count), np.complex128)
    if len(analog.poles) == 0:
        hits = points_inside(meetings, interferer, grid, band)
        out.reshape(-1)[hits.flat_index] = hits.beat()
    else:
        _drive(out, meetings, interferer, grid, analog, band, receiver.filter == "ideal")
    if receiver.filter == "fir":
        out = _decimate(out, fir_taps(receiver, waveform), receiver.oversampling)
    return out


def _drive(
    out: NDArray[np.complex128],
    meetings: Meetings,
    interferer: Interferer,
    grid: Grid,
    analog: AnalogFilter,
    band: float,
    gated: bool,
) -> None:
    """Drive the analog filter by each meeting and add what comes out at the grid's points."""
    # Only here: the compiler is heavy, and most scenes have an ideal filter.
    from clearchirp.simulate.filter_kernels import drive

    some = meetings.leaves > meetings.enters
    chirp, lag, c0, c1 = (x[some] for x in (meetings.chirp, meetings.lag, meetings.c0, meetings.c1))
    begin, end = meetings.enters[some], meetings.leaves[some]
    was_on = begin > -lag
    stays_on = end < interferer.ramp_duration - lag
    if gated:
        # The ideal filter lets nothing through outside of the band: there, it was not on.
        at_edge = np.abs(np.abs(c1 + 2 * meetings.c2 * begin) - band) < 1e-6 * band
        was_on &= ~at_edge
        stays_on = np.zeros_like(was_on)
    # Gauss's rule on a step in which the phase turns by up to 2 pi band / rate.
    nodes, weights = np.polynomial.legendre.leggauss(math.ceil(math.pi * band / grid.rate) + 8)
    drive(
        out, chirp, begin, end, was_on, stays_on, c0, c1, meetings.c2, grid.start, grid.rate,
        analog.poles, analog.residues, analog.direct, (nodes + 1) / 2, weights / 2,
        math.ceil(analog.settling_time * grid.rate),
    )  # fmt: skip


def _decimate(
    x: NDArray[np.complex128], taps: NDArray[np.float64], times: int
) -> NDArray[np.complex128]:
    """Each `times`-th output of the FIR filter, from where all taps have their inputs."""
    points = (x.shape[1] - len(taps)) // times + 1
    out = np.zeros((x.shape[0], points), np.complex128)
    for k, tap in enumerate(taps):
        out += tap * x[:, k : k + (points - 1) * times + 1 : times]
    return out

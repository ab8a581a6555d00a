"""From signals and maps to what the page draws: levels in dB, axes, lines, marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearchirp.disturbed.chirp_segments import Segment
from clearchirp.metrics.detections import cluster_peaks
from clearchirp.operators.chirp_bank import ChirpBank
from clearchirp.report.scales import (
    Axis,
    decibels,
    frequency_scale,
    on_one_scale,
    peak_hold,
    positive_columns,
    range_axis,
    speed_axis,
    time_axis,
)
from clearchirp.report.short_time import short_time_levels
from clearchirp.waveform import Waveform

Part = Literal["real part", "imaginary part", "modulus"]

NOTHING_DB = -300.0
"""Stands for minus infinity, which JSON and colour scales do not have."""
_MOST_ROWS, _MOST_COLUMNS = 1024, 1024
_ANGLES = 256


class Picture(NamedTuple):
    """Levels in dB (y, x) as float32, and where their cells lie."""

    levels: NDArray[np.float32]
    x: Axis
    y: Axis

    @property
    def corner(self) -> tuple[float, float]:
        """Lower left corner."""
        return self.x.edges[0], self.y.edges[0]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        (left, right), (bottom, top) = self.x.edges, self.y.edges
        return right - left, top - bottom


class Marks(NamedTuple):
    """Points with what hover tells about them."""

    x: NDArray[np.floating]
    y: NDArray[np.floating]
    level: NDArray[np.floating]


class Lines(NamedTuple):
    """The beat signal of a chirp: time, a line an entry, and where it is disturbed."""

    x: Axis
    lines: dict[str, NDArray[np.float64]]
    starts: NDArray[np.floating]
    stops: NDArray[np.floating]
    calm: float


class MapsInView(NamedTuple):
    """Range-Doppler maps on one scale: 0 dB is the strongest cell of the first."""

    pictures: dict[str, Picture]
    detections: dict[str, Marks]
    floor: float


def maps_in_view(
    maps: Mapping[str, NDArray[Any]],
    found: Mapping[str, NDArray[np.bool_]],
    waveform: Waveform,
    *,
    real: bool,
) -> MapsInView:
    """Return maps (doppler, range) by name with the peaks of the detections on them."""
    first = next(iter(maps.values()))
    columns = positive_columns(first.shape[-1], waveform, real=real, name="maps")
    x, y = range_axis(waveform, columns.size), speed_axis(waveform, first.shape[0])
    raw = {name: decibels(cells[:, columns]) for name, cells in maps.items()}
    levels, floor = on_one_scale(raw, next(iter(raw)))
    pictures, detections = {}, {}
    for name, level in levels.items():
        peaks = cluster_peaks(np.abs(maps[name]), found[name])[:, columns]
        row, column = np.nonzero(peaks)
        detections[name] = Marks(x.values[column], y.values[row], level[row, column])
        pictures[name] = _picture(level, x, y)
    return MapsInView(pictures, detections, floor)


def profiles(
    maps: Mapping[str, NDArray[Any]], waveform: Waveform, *, real: bool
) -> tuple[Axis, dict[str, NDArray[np.float64]]]:
    """Return the mean power over Doppler in dB against range, 0 dB the strongest of the first."""
    first = next(iter(maps.values()))
    columns = positive_columns(first.shape[-1], waveform, real=real, name="maps")
    levels = {
        name: decibels(np.sqrt(np.mean(np.abs(cells[:, columns]).astype(np.float64) ** 2, axis=0)))
        for name, cells in maps.items()
    }
    levels, _ = on_one_scale(levels, next(iter(levels)))
    drawn = {name: np.maximum(level, NOTHING_DB) for name, level in levels.items()}
    return range_axis(waveform, columns.size), drawn


def beat_lines(
    chirps: Mapping[str, NDArray[Any]],
    disturbed: NDArray[np.bool_],
    waveform: Waveform,
    part: Part = "real part",
) -> Lines:
    """Return a chirp (sample,) in several states over time, and its runs of disturbed samples.

    `calm` is a limit within which the undisturbed samples of the first entry lie.
    """
    first = next(iter(chirps.values()))
    x = time_axis(waveform, first.size)
    bounds = np.flatnonzero(np.diff(np.r_[False, disturbed, False].astype(np.int8)))
    lines = {name: _part(chirp, part).astype(np.float64) for name, chirp in chirps.items()}
    calm = np.abs(next(iter(lines.values()))[~disturbed])
    if calm.size == 0 or not calm.any():
        calm = np.abs(next(iter(lines.values())))
    # Four times the median modulus: a transient at the head of the chirp does not move it.
    limit = min(4 * float(np.median(calm)) or np.inf, 1.05 * float(calm.max(initial=0.0)))
    return Lines(
        x=x,
        lines=lines,
        starts=(bounds[::2] - 0.5) * x.step,
        stops=(bounds[1::2] - 0.5) * x.step,
        calm=limit or 1.0,
    )


def time_frequency(chirp: NDArray[Any], waveform: Waveform) -> Picture:
    """Return the short-time spectrum of a chirp (sample,), 0 dB at its strongest cell."""
    levels, x, y = short_time_levels(chirp, waveform, real=np.isrealobj(chirp))
    return _picture(_from_the_top(levels), x, y)


def chirp_traces(
    segments: Sequence[Segment], samples: int, waveform: Waveform, *, real: bool
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Return times and frequencies of found chirps as lines over a time-frequency picture.

    Beyond half the sample rate a line goes on from the other side; of a real receiver it is
    reflected.
    """
    scale, _ = frequency_scale(waveform)
    step = time_axis(waveform, samples).step
    xs, ys = [], []
    for one in segments:
        n = np.arange(one.start, one.stop)
        frequency = one.frequency + one.rate * (n - (samples - 1) / 2)
        frequency = (frequency + 0.5) % 1.0 - 0.5
        frequency = np.abs(frequency) if real else frequency
        broken = np.abs(np.diff(frequency, prepend=frequency[:1])) > 0.5
        xs.append(n * step)
        ys.append(np.where(broken, np.nan, frequency * scale))
    return xs, ys


def fractional_angles(chirp: NDArray[Any]) -> Picture:
    """Return a chirp (sample,) seen along chirps of all angles, 0 dB at the strongest cell.

    Rows are angles from -90 to 90 degrees, columns places on the fractional axis in samples from
    the middle: a target is a point at the upper and lower edge, an interferer one in between. NaN
    beyond what a row shows.
    """
    samples = chirp.size
    bank = ChirpBank(samples=samples, angles=_ANGLES)
    rows = bank.forward((chirp * np.hanning(samples)).astype(np.complex64))
    places = np.arange(-(samples / 2), samples / 2, _HALF_ROOT)
    power = np.full((len(rows), places.size), np.nan, np.float64)
    for row, cells in enumerate(rows):
        turn = bank.turns[row]
        scale = max(abs(np.cos(turn)), abs(np.sin(turn)))
        mirrored = abs(np.sin(turn)) >= _HALF_ROOT - 1e-12 and turn < 0
        line = np.abs(cells[::-1] if mirrored else cells)
        column = np.rint(places / scale + (samples - 1) / 2).astype(int)
        inside = (column >= 0) & (column < samples)
        power[row, inside] = line[column[inside]]
    x = Axis(places, _HALF_ROOT, "place on the fractional axis in samples", True)
    degrees = np.rad2deg(bank.turns)
    y = Axis(degrees, float(degrees[1] - degrees[0]), "angle in degrees", True)
    return _picture(_from_the_top(decibels(power)), x, y)


_HALF_ROOT = float(np.sqrt(0.5))


def fractional_marks(segments: Sequence[Segment], samples: int, waveform: Waveform) -> Marks:
    """Return angle and place of found chirps, and their chirp rate in MHz/us (or a sample squared).

    Angles of `fractional_angles`: the rate is ``-cot(angle) / samples`` cycles a sample squared.
    """
    # The frequency in the middle of the signal may lie outside the band, that in the middle of the
    # piece does not.
    rate = np.array([one.rate for one in segments], dtype=np.float64)
    middle = np.array([(one.start + one.stop - samples) / 2 for one in segments], np.float64)
    frequency = np.array([one.frequency for one in segments], np.float64) + rate * middle
    frequency = (frequency + 0.5) % 1.0 - 0.5
    turn = np.arctan2(-1.0, rate * samples)
    turn = np.where(turn < -np.pi / 2, turn + np.pi, turn)
    place = middle * np.cos(turn) + samples * frequency * np.sin(turn)
    scale, _ = frequency_scale(waveform)
    return Marks(place, np.rad2deg(turn), rate * scale**2)


def _picture(levels: NDArray[Any], x: Axis, y: Axis) -> Picture:
    """Thin a picture to what a screen shows, the strongest cells kept."""
    finite = np.where(np.isneginf(levels), NOTHING_DB, levels)
    cells, (above, beside) = peak_hold(finite, _MOST_ROWS, _MOST_COLUMNS)
    return Picture(
        np.ascontiguousarray(cells, dtype=np.float32),
        _thinned(x, cells.shape[1], beside),
        _thinned(y, cells.shape[0], above),
    )


def _thinned(axis: Axis, cells: int, beyond: float) -> Axis:
    if cells == len(axis.values):
        return axis
    step = axis.step * (len(axis.values) + beyond) / cells
    left = axis.edges[0]
    return Axis(left + step * (np.arange(cells) + 0.5), step, axis.label, axis.whole)


def _from_the_top(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    top = float(np.nanmax(levels))
    return levels - top if np.isfinite(top) else levels


def _part(chirp: NDArray[Any], part: Part) -> NDArray[Any]:
    if part == "modulus":
        return np.abs(chirp)
    return np.imag(chirp) if part == "imaginary part" else np.real(chirp)

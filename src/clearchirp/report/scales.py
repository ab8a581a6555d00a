"""From arrays and a waveform to what a figure draws: physical axes, decibels, one colour scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearchirp.types import InputError
from clearchirp.waveform import Waveform

SPAN_DB = 80.0
_LEAST_SPAN_DB = 20.0
_BELOW_MEDIAN_DB = 6.0


class Axis(NamedTuple):
    """Centres of equally spaced cells, in the unit that the label names."""

    values: NDArray[np.floating]
    step: float
    label: str
    whole: bool

    @property
    def edges(self) -> tuple[float, float]:
        """Outer edges of the first and of the last cell."""
        return float(self.values[0] - self.step / 2), float(self.values[-1] + self.step / 2)


def range_axis(waveform: Waveform, bins: int) -> Axis:
    """Return the first `bins` range bins in m, or their numbers where unknown."""
    if not waveform.knows_range:
        return Axis(np.arange(bins, dtype=float), 1.0, "range bin", True)
    return Axis(waveform.ranges(bins), float(waveform.ranges(2)[1]), "range in m", False)


def speed_axis(waveform: Waveform, bins: int) -> Axis:
    """Return `bins` shifted Doppler bins in m/s, or counted from zero speed where unknown."""
    if not waveform.knows_speed:
        label = "Doppler bin, receding positive"
        return Axis(np.arange(bins) - float(bins // 2), 1.0, label, True)
    speeds = waveform.speeds(bins)
    step = float(speeds[1] - speeds[0]) if bins > 1 else 1.0
    return Axis(speeds, step, "range rate in m/s, receding positive", False)


def time_axis(waveform: Waveform, samples: int) -> Axis:
    """Return the times of the samples of a chirp in us, or their numbers where unknown."""
    count = np.arange(samples, dtype=float)
    if math.isnan(waveform.sample_rate):
        return Axis(count, 1.0, "sample", True)
    step = 1e6 / waveform.sample_rate
    return Axis(count * step, step, "time from the first sample in µs", False)


def frequency_scale(waveform: Waveform) -> tuple[float, str]:
    """Return what a frequency in cycles a sample is multiplied by for its axis, and the label."""
    if math.isnan(waveform.sample_rate):
        return 1.0, "beat frequency in cycles a sample"
    return waveform.sample_rate / 1e6, "beat frequency in MHz"


def positive_columns(bins: int, waveform: Waveform, *, real: bool, name: str) -> NDArray[np.intp]:
    """Return the columns of a map with `bins` range bins that hold ranges from 0 up, in order.

    All N//2 + 1 bins of a real receiver; the bins 0 .. N//2 - 1 of an I/Q receiver, for a
    down-chirp the bins 0, -1, -2 ... instead.
    """
    expected = waveform.samples // 2 + 1 if real else waveform.samples
    if bins != expected:
        kind = "a real" if real else "an I/Q"
        raise InputError(
            f"{name}: has {bins} range bins, {kind} receiver with {waveform.samples} samples a "
            f"chirp gives {expected}; check real= and waveform.samples"
        )
    if real:
        return np.arange(bins)
    columns = np.arange(max(bins // 2, 1))
    return (-columns) % bins if waveform.slope < 0 else columns


def checked(
    arrays: Mapping[str, NDArray], *, name: str, ndim: tuple[int, ...]
) -> dict[str, NDArray]:
    """Return the arrays if there is at least one, all of one shape with so many axes and values."""
    if not arrays:
        raise InputError(f"{name}: is empty; give at least one array by name")
    checked_arrays = {str(key): np.asarray(value) for key, value in arrays.items()}
    shape = next(iter(checked_arrays.values())).shape
    for key, value in checked_arrays.items():
        if value.ndim not in ndim or value.size == 0:
            wanted = " or ".join(str(n) for n in ndim)
            raise InputError(
                f"{name}[{key!r}]: expected {wanted} axes and some values, got shape "
                f"{value.shape}; choose one frame and one receiver"
            )
        if value.shape != shape:
            raise InputError(f"{name}[{key!r}]: its shape {value.shape} is not {shape}")
    return checked_arrays


def decibels(amplitude: NDArray) -> NDArray[np.float64]:
    """Return 20 log10 of the modulus; a zero is -inf, NaN stays NaN.

    >>> decibels(np.array([10.0, -1.0, 0.0])).tolist()
    [20.0, 0.0, -inf]
    """
    with np.errstate(divide="ignore"):
        return 20 * np.log10(np.abs(amplitude).astype(np.float64))


def on_one_scale(
    levels_db: Mapping[str, NDArray], reference: str
) -> tuple[dict[str, NDArray], float]:
    """Return the levels with 0 dB at the strongest cell of the reference, and the shared floor.

    The floor lies 6 dB below the median of the quietest entry (of its cells that are not zero), at
    most 80 and at least 20 dB down, in steps of 5 dB.
    """
    finite = {key: level[np.isfinite(level)] for key, level in levels_db.items()}
    peaks = [f.max() for f in (finite[reference], *finite.values()) if f.size]
    top = float(peaks[0]) if peaks else 0.0
    medians = [float(np.median(f)) - top for f in finite.values() if f.size]
    floor = min(medians, default=-SPAN_DB) - _BELOW_MEDIAN_DB
    floor = 5.0 * math.floor(max(-SPAN_DB, min(floor, -_LEAST_SPAN_DB)) / 5.0)
    return {key: level - top for key, level in levels_db.items()}, floor


def peak_hold(cells: NDArray, rows: int, columns: int) -> tuple[NDArray, tuple[float, float]]:
    """Return `cells` thinned to at most `rows` x `columns`, the largest of each block kept.

    Without it a picture with fewer pixels than cells drops single-cell targets. The second result
    is how far (rows, columns) the last block reaches beyond the array, in cells.
    """
    beyond = []
    for axis, limit in ((0, rows), (1, columns)):
        block = -(-cells.shape[axis] // limit)
        starts = np.arange(0, cells.shape[axis], block)
        beyond.append(float(starts.size * block - cells.shape[axis]))
        if block > 1:
            cells = np.fmax.reduceat(cells, starts, axis=axis)
    return cells, (beyond[0], beyond[1])

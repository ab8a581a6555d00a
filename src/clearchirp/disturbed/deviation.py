"""How far each sample departs from what its radar shows chirp after chirp, in units of its noise.

Every detector of this room looks at this deviation and not at the samples themselves. A start-up
transient at the head of each chirp, a DC offset and the strong static targets near the bumper recur
from chirp to chirp, interference does not: the slow-time median takes them away. Dividing by the
noise makes thresholds independent of the unit that the ADC counts in.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import erfcinv

from clearchirp.arrays import check_beat, require_numpy

# Median of the modulus of a unit-power Gaussian: sqrt(ln 2) if complex, Phi^-1(3/4) if real.
_MEDIAN_MODULUS_COMPLEX = 0.8325546111576977
_MEDIAN_MODULUS_REAL = 0.6744897501960817

_MIN_CHIRPS = 4
"""With fewer chirps a slow-time median would follow the interference itself."""

_NOISE_TAIL = 1e-4
_NOISE_TOLERANCE = 1e-3
_MAX_ROUNDS = 100

_RESOLUTION_SAMPLES = 2048
_REPEATED_LEVELS = 8

_ROUNDING = 1e-6

_TRANSIENT_FACTOR = 3.0
_TRANSIENT_INSTABILITY = 0.25


class Deviation(NamedTuple):
    """What departs from the recurring part.

    Attributes
    ----------
    scaled
        (..., chirp, sample), real or complex like the beat signal, in units of the noise's rms.
    noise
        (...,), rms of the noise and the moving targets in the units of the beat signal.
    """

    scaled: NDArray[Any]
    noise: NDArray[Any]


def deviation(beat: NDArray[Any], *, detector: str) -> Deviation:
    """Return the deviation of each sample of a beat signal (..., chirp, sample).

    The recurring part is the median over the chirps of a frame (real and imaginary parts
    apart), or the median of the chirp itself where the frame has fewer than four chirps. The
    noise is the rms of the rest over the frame, without what stands far out of it: none of the
    samples may be disturbed or up to half of them, without moving it much.

    Samples that an ADC quantised are taken to have a noise of one of its steps at least.

    Where the recurring part stands out of its own usual level by a factor of more than three, it is
    a start-up transient, and a transient is not the same in each chirp: the first chirp after a
    pause differs from the others by up to a fifth. There, a quarter of what stands out counts as
    noise too.

    Raises
    ------
    InputError
        For anything but a valid NumPy beat signal; `detector` is named in the message.
    """
    require_numpy(beat, method=detector)
    check_beat(beat)
    shape = beat.shape
    frame = np.ascontiguousarray(beat)
    frame = frame.reshape((-1, *shape[-2:]) if beat.ndim > 1 else (1, 1, shape[-1]))
    scaled = np.empty_like(frame)
    noise = np.empty(len(frame))
    for index, one in enumerate(frame):
        scaled[index], noise[index] = _frame_deviation(one)
    return Deviation(scaled.reshape(shape), noise.reshape(shape[:-2]))


def _frame_deviation(frame: NDArray[Any]) -> tuple[NDArray[Any], float]:
    chirps, samples = frame.shape
    is_complex = np.iscomplexobj(frame)
    parts = frame.view(np.finfo(frame.dtype).dtype).reshape(chirps, samples, -1)
    per_chirp = chirps < _MIN_CHIRPS
    if per_chirp:
        recurring = np.median(parts, axis=1)[:, None, :].astype(parts.dtype)
    else:
        recurring = column_medians(parts.reshape(chirps, -1)).reshape(1, samples, -1)
    power = _rest_power(parts, recurring)
    noise = max(_noise_rms(power, is_complex), resolution(parts), _rounding(parts))
    if noise == 0.0:
        return np.zeros_like(frame), 0.0
    scale = np.full(samples, noise)
    if not per_chirp:
        steady = recurring[0] - np.median(recurring[0], axis=0)
        profile = np.sqrt(np.sum(steady**2, axis=-1))
        excess = np.maximum(profile - _TRANSIENT_FACTOR * np.median(profile), 0.0)
        scale = np.hypot(noise, _TRANSIENT_INSTABILITY * excess)
    scaled = np.empty_like(parts)
    _scale_rest(parts, recurring, (1 / scale).astype(parts.dtype), scaled)
    return scaled.reshape(chirps, -1).view(frame.dtype), noise


def _noise_rms(power: NDArray[Any], is_complex: bool) -> float:
    """Return the rms of what is not interference, started from the median modulus.

    The median alone is too coarse where noise is a count or two of the ADC. Being only the start,
    it need not see every sample.
    """
    power = power.ravel()
    typical = math.sqrt(float(np.median(power[:: 1 + power.size // 16384])))
    start = typical / (_MEDIAN_MODULUS_COMPLEX if is_complex else _MEDIAN_MODULUS_REAL)
    gamma = gamma_for(_NOISE_TAIL, is_complex)
    return math.sqrt(undisturbed_power(power, start**2, gamma**2, _NOISE_TOLERANCE))


@njit(cache=True, nogil=True, fastmath={"contract"})
def _rest_power(parts: Any, recurring: Any) -> Any:  # pragma: no cover
    """Return |sample - recurring|^2 (chirp, sample) from real and imaginary parts."""
    chirps, samples, width = parts.shape
    power = np.empty((chirps, samples), parts.dtype)
    for m in range(chirps):
        row = m if recurring.shape[0] > 1 else 0
        for n in range(samples):
            column = n if recurring.shape[1] > 1 else 0
            total = (parts[m, n, 0] - recurring[row, column, 0]) ** 2
            if width == 2:
                total += (parts[m, n, 1] - recurring[row, column, 1]) ** 2
            power[m, n] = total
    return power


@njit(cache=True, nogil=True)
def _scale_rest(parts: Any, recurring: Any, gain: Any, scaled: Any) -> None:  # pragma: no cover
    chirps, samples, width = parts.shape
    for m in range(chirps):
        row = m if recurring.shape[0] > 1 else 0
        for n in range(samples):
            column = n if recurring.shape[1] > 1 else 0
            for k in range(width):
                scaled[m, n, k] = (parts[m, n, k] - recurring[row, column, k]) * gain[n]


def resolution(parts: NDArray[Any]) -> float:
    """Return the step of the ADC, 0 where the values are not quantised.

    Noise below the step leaves most samples of the rest at zero and the others at whole steps: what
    lies a step or two off is then no interference. Quantised values repeat, others do not.
    """
    values = parts.ravel()[:: 1 + parts.size // _RESOLUTION_SAMPLES]
    levels, counts = np.unique(values, return_counts=True)
    if np.count_nonzero(counts > 1) < _REPEATED_LEVELS:
        return 0.0
    return float(np.min(np.diff(levels)))


def _rounding(parts: NDArray[Any]) -> float:
    """Return what the rounding of single-precision samples amounts to."""
    return _ROUNDING * math.sqrt(float(np.mean(np.square(parts, dtype=np.float64))))


def gamma_for(false_alarm: float, is_complex: bool) -> float:
    """Return the factor over the rms that the modulus of Gaussian noise exceeds so often.

    >>> round(gamma_for(1e-6, is_complex=True), 2), round(gamma_for(1e-6, is_complex=False), 2)
    (3.72, 4.89)
    """
    if is_complex:
        return math.sqrt(-math.log(false_alarm))
    return math.sqrt(2) * float(erfcinv(false_alarm))


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def undisturbed_power(power, start, gamma_squared, tolerance):  # pragma: no cover
    """Return the mean power of the samples that do not exceed gamma^2 times it, by iteration."""
    mean = start
    for _ in range(_MAX_ROUNDS):
        limit = gamma_squared * mean
        total = 0.0
        count = 0
        for value in power:
            below = value <= limit
            total += value if below else 0.0
            count += 1 if below else 0
        if count == 0:
            return mean
        new = total / count
        if abs(new - mean) <= tolerance * mean:
            return new
        mean = new
    return mean


@njit(cache=True, nogil=True)
def column_medians(values: NDArray[Any]) -> NDArray[Any]:  # pragma: no cover
    """Return the median of each column of (row, column), as `numpy.median` does.

    Bisection on the value: counting what lies below runs along the rows, many columns at a time,
    where a selection would go through each column alone. Values closer to each other than 2^-30
    of the column's spread count as one.
    """
    rows, columns = values.shape
    medians = np.empty(columns, values.dtype)
    for first in range(0, columns, _BLOCK):
        last = min(first + _BLOCK, columns)
        # A copy that is contiguous is what the compiler can vectorise over.
        _block_medians(np.ascontiguousarray(values[:, first:last]), rows, medians[first:last])
    return medians


_BLOCK = 64
_BISECTIONS = 30


@njit(cache=True, nogil=True)
def _block_medians(values: Any, rows: Any, medians: Any) -> None:  # pragma: no cover
    width = values.shape[1]
    low = values[0].copy()
    high = values[0].copy()
    for m in range(1, rows):
        for n in range(width):
            low[n] = min(low[n], values[m, n])
            high[n] = max(high[n], values[m, n])
    needed = (rows - 1) // 2 + 1  # so many values lie at or below the lower of the two middle ones
    middle = np.empty_like(low)
    count = np.empty(width, np.int32)
    for _ in range(_BISECTIONS):
        for n in range(width):
            middle[n] = low[n] + (high[n] - low[n]) / 2
        _count_below(values, middle, count)
        for n in range(width):
            enough = count[n] >= needed
            high[n] = middle[n] if enough else high[n]
            low[n] = low[n] if enough else middle[n]
    _count_below(values, high, count)
    below = np.full(width, -np.inf, values.dtype)
    above = np.full(width, np.inf, values.dtype)
    for m in range(rows):
        for n in range(width):
            value = values[m, n]
            inside = value <= high[n]
            below[n] = max(below[n], value) if inside else below[n]
            above[n] = above[n] if inside else min(above[n], value)
    for n in range(width):
        alone = rows % 2 == 0 and count[n] == needed
        medians[n] = below[n] + (above[n] - below[n]) / 2 if alone else below[n]


@njit(cache=True, nogil=True)
def _count_below(values: Any, limit: Any, count: Any) -> None:  # pragma: no cover
    count[:] = 0
    for m in range(values.shape[0]):
        for n in range(values.shape[1]):
            count[n] += 1 if values[m, n] <= limit[n] else 0

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
        recurring = np.median(parts, axis=1)[:, None, :]
    else:
        recurring = column_medians(parts.reshape(chirps, -1)).reshape(1, samples, -1)
    rest = parts - recurring
    modulus = np.sqrt(np.sum(rest**2, axis=-1)) if is_complex else np.abs(rest[..., 0])
    noise = _noise_rms(modulus, is_complex)
    if noise == 0.0:
        return np.zeros_like(frame), 0.0
    scale = np.full(samples, noise)
    if not per_chirp:
        steady = recurring[0] - np.median(recurring[0], axis=0)
        profile = np.sqrt(np.sum(steady**2, axis=-1))
        excess = np.maximum(profile - _TRANSIENT_FACTOR * np.median(profile), 0.0)
        scale = np.hypot(noise, _TRANSIENT_INSTABILITY * excess)
    result = (rest / scale[:, None]).astype(parts.dtype)
    return np.ascontiguousarray(result).reshape(chirps, -1).view(frame.dtype), noise


def _noise_rms(modulus: NDArray[Any], is_complex: bool) -> float:
    """Return the rms of what is not interference, started from the median modulus.

    The median alone is too coarse where noise is a count or two of the ADC.
    """
    power = (modulus**2).ravel()
    typical = float(np.median(modulus))
    start = typical / (_MEDIAN_MODULUS_COMPLEX if is_complex else _MEDIAN_MODULUS_REAL)
    if start == 0.0:
        # More than half of the rest is exactly zero: a quiet ADC, or a simulation without noise.
        moving = modulus[modulus > 0]
        if moving.size == 0:
            return 0.0
        start = float(moving.min())
    gamma = gamma_for(_NOISE_TAIL, is_complex)
    return math.sqrt(undisturbed_power(power, start**2, gamma**2, _NOISE_TOLERANCE))


def gamma_for(false_alarm: float, is_complex: bool) -> float:
    """Return the factor over the rms that the modulus of Gaussian noise exceeds so often.

    >>> round(gamma_for(1e-6, is_complex=True), 2), round(gamma_for(1e-6, is_complex=False), 2)
    (3.72, 4.89)
    """
    if is_complex:
        return math.sqrt(-math.log(false_alarm))
    return math.sqrt(2) * float(erfcinv(false_alarm))


@njit(cache=True, nogil=True)
def undisturbed_power(power, start, gamma_squared, tolerance):  # pragma: no cover
    """Return the mean power of the samples that do not exceed gamma^2 times it, by iteration."""
    mean = start
    for _ in range(_MAX_ROUNDS):
        limit = gamma_squared * mean
        total = 0.0
        count = 0
        for value in power:
            if value <= limit:
                total += value
                count += 1
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

    Columns are copied in blocks, since one at a time would load a cache line for each value.
    """
    rows, columns = values.shape
    medians = np.empty(columns, values.dtype)
    block = np.empty((16, rows), values.dtype)
    for first in range(0, columns, 16):
        width = min(16, columns - first)
        for row in range(rows):
            for k in range(width):
                block[k, row] = values[row, first + k]
        for k in range(width):
            medians[first + k] = _median(block[k])
    return medians


@njit(cache=True, nogil=True)
def _median(buffer: NDArray[Any]) -> float:  # pragma: no cover
    """Return the median of `buffer`, whose order is destroyed (Hoare's selection)."""
    size = buffer.size
    middle = size // 2
    low, high = 0, size - 1
    while low < high:
        pivot = buffer[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while buffer[i] < pivot:
                i += 1
            while buffer[j] > pivot:
                j -= 1
            if i <= j:
                swap = buffer[i]
                buffer[i] = buffer[j]
                buffer[j] = swap
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            break
    upper = buffer[middle]
    if size % 2:
        return upper
    lower = buffer[0]
    for k in range(1, middle):
        lower = max(lower, buffer[k])
    return (lower + upper) / 2

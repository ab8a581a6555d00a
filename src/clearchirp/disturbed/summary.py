"""What a mask says about a frame: hit or not, share, interference-to-noise ratio, chirp rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.disturbed.deviation import deviation
from clearchirp.disturbed.runs import runs

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_MAX_BURSTS = 24
_LONGEST_BURST = 48
_SHORTEST_BURST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSummary:
    """One frame.

    Attributes
    ----------
    frame
        Its number.
    hit
        Whether any sample is disturbed.
    share
        Share of its samples that are disturbed, 0 to 1.
    chirps_hit
        Share of its chirps with a disturbed sample.
    inr_db
        Mean power of the interference on disturbed samples over the noise in dB, the median over
        receivers; NaN without any.
    chirp_rate
        Chirp-rate difference (victim minus interferer), the median over strong bursts, in Hz/s, or
        in cycles a sample squared where the sample rate is unknown; a real receiver's modulus;
        NaN where no burst is long enough. Short bursts and the phase of the receiver's filter
        leave it a few per cent off.
    """

    frame: int
    hit: bool
    share: float
    chirps_hit: float
    inr_db: float
    chirp_rate: float


def summarise(
    beat: NDArray[Any],
    disturbed: NDArray[np.bool_],
    *,
    frame: int = 0,
    sample_rate: float = math.nan,
) -> FrameSummary:
    """Summarise one frame, `beat` and `disturbed` of shape (..., chirp, sample)."""
    hit = bool(disturbed.any())
    return FrameSummary(
        frame=frame,
        hit=hit,
        share=float(disturbed.mean()),
        chirps_hit=float(disturbed.any(axis=-1).mean()),
        inr_db=_interference_to_noise_db(beat, disturbed) if hit else math.nan,
        chirp_rate=_frame_chirp_rate(beat, disturbed, sample_rate) if hit else math.nan,
    )


def saturated_share(beat: NDArray[Any], full_scale: tuple[float, float]) -> float:
    """Return the share of samples at either end of the ADC, in I or Q.

    `full_scale` is the lowest and the highest value that a count can take, in the units of `beat`.

    >>> saturated_share(np.array([0.0, 5.0, 9.0, 2.0]), (0.0, 9.0))
    0.5
    """
    low, high = full_scale
    parts = [np.real(beat), np.imag(beat)] if np.iscomplexobj(beat) else [beat]
    over = [(part <= low) | (part >= high) for part in parts]
    return float(np.any(over, axis=0).mean())


def _interference_to_noise_db(beat: NDArray[Any], disturbed: NDArray[np.bool_]) -> float:
    scaled, _ = deviation(beat, detector="summary")
    power = (np.abs(scaled) ** 2).reshape(-1, *beat.shape[-2:])
    ratios = []
    for one, mask in zip(power, disturbed.reshape(power.shape), strict=True):
        if mask.any() and not mask.all():
            noise = float(one[~mask].mean())
            excess = float(one[mask].mean()) - noise
            if noise > 0 and excess > 0:
                ratios.append(10 * math.log10(excess / noise))
    return float(np.median(ratios)) if ratios else math.nan


def _frame_chirp_rate(
    beat: NDArray[Any], disturbed: NDArray[np.bool_], sample_rate: float
) -> float:
    """Median over strong bursts of the first receiver that has any."""
    signal = beat.reshape(-1, *beat.shape[-2:])
    masks = disturbed.reshape(signal.shape)
    receiver = int(np.argmax(masks.any(axis=(-1, -2))))
    chirps, mask = signal[receiver], masks[receiver]
    found = runs(mask)
    found = found[found[:, 2] - found[:, 1] >= _SHORTEST_BURST]
    if len(found) == 0:
        return math.nan
    energy = np.array([np.sum(np.abs(chirps[row, a:b]) ** 2) for row, a, b in found])
    strong = found[energy >= 0.1 * energy.max()]
    # Evenly over the frame: the filter's phase moves the estimate with the place of a burst.
    chosen = strong[np.unique(np.linspace(0, len(strong) - 1, _MAX_BURSTS).astype(int))]
    rate = float(np.median([chirp_rate(_core(chirps[row, a:b])) for row, a, b in chosen]))
    return rate if math.isnan(sample_rate) else rate * sample_rate**2


def _core(burst: NDArray[Any]) -> NDArray[Any]:
    """Return the part of a burst between the first and the last sample of half its peak.

    Outside of it the receiver's filter rings at its band edge, a tone that is no part of the chirp.
    """
    modulus = np.abs(burst)
    strong = np.flatnonzero(modulus >= 0.5 * modulus.max())
    start, stop = strong[0], strong[-1] + 1
    if stop - start < _SHORTEST_BURST:
        start = max(0, min(start, burst.size - _SHORTEST_BURST))
        stop = start + _SHORTEST_BURST
    surplus = max(0, stop - start - _LONGEST_BURST)
    return burst[start + surplus // 2 : stop - (surplus - surplus // 2)]


def chirp_rate(burst: NDArray[Any]) -> float:
    """Return the chirp rate of a burst (sample,) in cycles a sample squared.

    The rate k in -1/2..1/2 (beyond, sampling makes it ambiguous) whose removal, multiplication by
    exp(-j pi k n^2), leaves the tallest peak in the spectrum: the maximum-likelihood estimate for
    one linear chirp in noise, on a grid of 1/(2 length^2) and refined by a parabola. A real burst
    holds the chirp and its mirror image; the result is then the modulus.

    >>> n = np.arange(40) - 20
    >>> round(chirp_rate(np.exp(1j * np.pi * 0.05 * n**2)), 3)
    0.05
    """
    length = burst.size
    n = np.arange(length) - (length - 1) / 2
    steps = length**2
    lowest = 0 if np.isrealobj(burst) else -steps
    grid = np.arange(lowest, steps + 1) / (2 * steps)
    size = fft.next_fast_len(2 * length)
    parts = np.array_split(grid, max(1, grid.size // 2048))
    heights = np.concatenate([_peak_heights(burst, part, n, size) for part in parts])
    top = int(np.argmax(heights))
    if not 0 < top < heights.size - 1:
        return float(grid[top])
    # The vertex of the parabola through the tallest peak and its neighbours.
    left, middle, right = heights[top - 1 : top + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(grid[top] + shift * (grid[1] - grid[0]))


def _peak_heights(
    burst: NDArray[Any], rates: NDArray[Any], n: NDArray[Any], size: int
) -> NDArray[Any]:
    removed = burst * np.exp(-1j * np.pi * rates[:, None] * n**2)
    return np.abs(fft.fft(removed, size, axis=-1)).max(axis=-1)

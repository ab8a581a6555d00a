"""The competitor: a fast approximate fractional transform, its angle by golden-section search."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, is_complex, require_numpy
from clearchirp.mitigation.imfrac import power_of_two
from clearchirp.operators.chirp_bank import centred_dft
from clearchirp.operators.oversampling import Oversampling
from clearchirp.settings import check_number
from clearchirp.types import Array, InputError, Mitigated, Status

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_GOLDEN = (math.sqrt(5) - 1) / 2
_LEAST_SAMPLES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FrftGss:
    """Search each chirp for the angle with the tallest pulse, zero what a CFAR finds there, repeat.

    Parameters
    ----------
    max_iter
        Most interferers of a chirp, from 1; 3 by default.
    guard
        Guard cells of the CFAR on either side, at 512 samples; 20 by default.
    threshold_db
        Power of a detected cell over the mean of all others but the guard; 20 dB by default.
    tolerance_deg
        To which the angle is searched, and within which of 90 degrees (a target) the search ends;
        0.5 degrees by default.
    padded
        Whether chirps are oversampled by 1.32 and lie between zeros, as those of `Imfrac`; False by
        default.

    Notes
    -----
    The angle runs from 0 to 180 degrees; the search takes the modulus of the tallest sample for a
    function with a single maximum, which it is for a single chirp only. The transform is neither
    unitary nor exactly undone by the opposite angle: chirps that are changed are changed a little
    everywhere. Chirps without a detection are untouched.

    Source
    ------
    Chen 2025, as Oswald 2026 describes it (V-D, VI-B2); the transform is that of Ozaktas 1996.

    Deviations
    ----------
    Detected cells are set to zero; Chen 2025 puts the mean amplitude in their place.
    """

    max_iter: int = 3
    guard: int = 20
    threshold_db: float = 20.0
    tolerance_deg: float = 0.5
    padded: bool = False

    def __post_init__(self) -> None:
        for name, least in (("max_iter", 1), ("guard", 0)):
            count = getattr(self, name)
            if not isinstance(count, int) or isinstance(count, bool) or count < least:
                raise InputError(f"{name}: must be a whole number from {least}, got {count!r}")
        for name in ("threshold_db", "tolerance_deg"):
            check_number(name, getattr(self, name))
            if getattr(self, name) <= 0:
                raise InputError(f"{name}: must be above 0, got {getattr(self, name)!r}")
        if not isinstance(self.padded, bool):
            raise InputError(f"padded: must be true or false, got {self.padded!r}")

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return the cleaned beat signal, (..., chirp, sample) complex NumPy as `beat`.

        A mask is checked and ignored. The stats count the chirps changed and the cells zeroed.
        `InputError` for what is no beat signal, and for real samples.
        """
        require_numpy(check_beat(beat), method="frft-gss")
        if not is_complex(beat):
            raise InputError("beat: frft-gss takes complex samples only; imfrac2 takes real ones")
        if disturbed is not None:
            check_mask(disturbed, beat)
        signal = np.array(beat, order="C")
        rows = signal.reshape(-1, beat.shape[-1])
        changed, cells = 0, 0
        if beat.shape[-1] >= _LEAST_SAMPLES:
            for row in rows:
                count = self._clean(row)
                changed, cells = changed + (count > 0), cells + count
        stats = {"chirps_changed": float(changed), "cells_zeroed": float(cells)}
        return Mitigated(signal, None, Status.DIRECT, stats)

    def _clean(self, row: NDArray[Any]) -> int:
        """Clean one chirp in place; return how many cells were zeroed."""
        scale = power_of_two(row)
        if scale == 0:
            return 0
        now, zeroed = row.astype(np.complex128) / scale, 0
        room = Oversampling(samples=row.size) if self.padded else None
        now = now if room is None else room.forward(now)
        tolerance = math.radians(self.tolerance_deg)
        for _ in range(self.max_iter):
            angle = self._tallest(now, tolerance)
            if abs(angle - math.pi / 2) <= tolerance:
                break
            seen = fast_fractional(now, angle)
            found = self._detected(np.abs(seen) ** 2)
            if not found.any():
                break
            now = fast_fractional(np.where(found, 0, seen), -angle)
            zeroed += int(found.sum())
        if zeroed:
            row[:] = (now if room is None else room.adjoint(now)) * scale
        return zeroed

    def _tallest(self, x: NDArray[Any], tolerance: float) -> float:
        """Return the angle of the tallest pulse by golden-section search."""

        def height(angle: float) -> float:
            return float(np.abs(fast_fractional(x, angle)).max())

        low, high = 0.0, math.pi
        one, two = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        at_one, at_two = height(one), height(two)
        while high - low > tolerance:
            if at_one > at_two:
                high, two, at_two = two, one, at_one
                one = high - _GOLDEN * (high - low)
                at_one = height(one)
            else:
                low, one, at_one = one, two, at_two
                two = low + _GOLDEN * (high - low)
                at_two = height(two)
        return (low + high) / 2

    def _detected(self, power: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the cells that stand out of the mean of the others, wrapped at the ends."""
        samples = power.size
        guard = min(round(self.guard * samples / 512), self.guard)
        window = max(samples // 2 - guard - 1, 1)
        sums = np.concatenate([[0.0], np.cumsum(np.tile(power, 3))])
        n = np.arange(samples) + samples
        right = sums[n + guard + 1 + window] - sums[n + guard + 1]
        left = sums[n - guard] - sums[n - guard - window]
        return power > 10 ** (self.threshold_db / 10) * (left + right) / (2 * window)


def fast_fractional(x: NDArray[Any], angle: float) -> NDArray[np.complex128]:
    """Return the fast approximate fractional Fourier transform of one signal (sample,).

    The integral's kernel is a chirp, a convolution with a chirp, and a chirp again:
    ``exp(j pi (cot u^2 - 2 csc u t + cot t^2)) = exp(-j pi tan(a/2) u^2) exp(j pi csc (u - t)^2)
    exp(-j pi tan(a/2) t^2)``, sampled at twice the rate of the signal. It holds from 45 to 135
    degrees; other angles go through the DFT first (Ozaktas 1996).
    """
    angle = (angle + math.pi) % (2 * math.pi) - math.pi
    x = x.astype(np.complex128)
    if abs(angle) < 1e-9:
        return x
    if math.pi - abs(angle) < 1e-9:
        return x[::-1].copy()
    if abs(angle) < math.pi / 4:
        x = np.conj(centred_dft(np.conj(x)))  # by -90 degrees
        angle += math.pi / 2
    elif abs(angle) > 3 * math.pi / 4:
        turn = math.copysign(math.pi / 2, angle)
        x = centred_dft(x) if turn > 0 else np.conj(centred_dft(np.conj(x)))
        angle -= turn
    samples = x.size
    fine = _interpolated(x)
    t = (np.arange(2 * samples) - (samples - 1)) / (2 * math.sqrt(samples))
    chirp = np.exp(-1j * np.pi * math.tan(angle / 2) * t**2)
    lag = np.arange(-(2 * samples - 1), 2 * samples) / (2 * math.sqrt(samples))
    kernel = np.exp(1j * np.pi / math.sin(angle) * lag**2)
    bins = int(fft.next_fast_len(6 * samples))
    product = fft.fft(fine * chirp, bins) * fft.fft(kernel, bins)
    inside = fft.ifft(product)[2 * samples - 1 : 4 * samples - 1]
    scale = np.sqrt(1 - 1j / math.tan(angle)) / (2 * math.sqrt(samples))
    return (inside * chirp * scale)[::2]


def _interpolated(x: NDArray[Any]) -> NDArray[np.complex128]:
    """Return a signal at twice its rate, by its spectrum; even samples are the signal's."""
    samples = x.size
    spectrum = fft.fft(x)
    wide = np.zeros(2 * samples, np.complex128)
    half = (samples + 1) // 2
    wide[:half] = spectrum[:half]
    wide[2 * samples - (samples - half) :] = spectrum[half:]
    return 2 * fft.ifft(wide)

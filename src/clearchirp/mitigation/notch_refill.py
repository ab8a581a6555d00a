"""Interferers notched out as pieces of chirps, and what the notch takes away filled in again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.disturbed.chirp_segments import (
    Bank,
    Limits,
    Segment,
    bank,
    find_segments,
    orthonormal,
    recurring_powers,
)
from clearchirp.disturbed.deviation import gamma_for, resolution, undisturbed_power
from clearchirp.mitigation.imfrac import power_of_two
from clearchirp.operators.missing import Missing
from clearchirp.settings import check_number
from clearchirp.spectrum import range_spectrum
from clearchirp.types import Array, InputError, Mitigated, Status

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_MIN_CHIRPS = 4
_NOISE_TAIL = 1e-4
_BLOCKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NotchRefill:
    """Give up the few dimensions that hold an interferer; fill them from the range-Doppler map."""

    angles: int = 256
    max_angle_deg: float = 80.0
    threshold_db: float = 20.0
    late_threshold_db: float = 14.0
    passes: int = 3
    steps: int = 30

    def __post_init__(self) -> None:
        pass

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return the range spectra (..., chirp, range) of a real or complex NumPy beat signal."""
        require_numpy(check_beat(beat), method="notch-refill")
        if disturbed is not None:
            check_mask(disturbed, beat)
        beat = np.ascontiguousarray(beat)
        spectra = range_spectrum(beat)
        mask = np.zeros(beat.shape, dtype=bool)
        shape = (-1, *beat.shape[-2:]) if beat.ndim > 1 else (1, 1, beat.shape[-1])
        frames, masks = beat.reshape(shape), mask.reshape(shape)
        total = np.zeros(4)
        for frame, lines, flags in zip(
            frames, spectra.reshape(*frames.shape[:2], -1), masks, strict=True
        ):
            total += _clean_frame(frame, lines, flags, self)
        names = ("interferers_found", "chirps_changed", "dimensions_filled", "samples_given_up")
        stats = {name: float(value) for name, value in zip(names, total, strict=True)}
        return Mitigated(spectra, mask, Status.CONVERGED, stats)


def _clean_frame(frame, spectra, flags, settings):
    chirps, samples = frame.shape
    scale = power_of_two(frame)
    if scale == 0 or samples < 16:
        return np.zeros(4)
    real = np.isrealobj(frame)
    searched = bank(samples, settings.angles, settings.max_angle_deg)
    given = frame.astype(np.complex128) * (searched.window / scale)
    recurring = np.zeros(samples, np.complex128)
    if chirps >= _MIN_CHIRPS:
        recurring = column_medians_of(given)
        levels = [noise_power(x, searched.window, real) for x in (given, given - recurring)]
        if levels[0] <= levels[1]:  # where many chirps are hit at the same samples
            recurring = np.zeros(samples, np.complex128)
    slow = slow_window(chirps)
    moving = given - recurring
    step = resolution(frame.view(np.finfo(frame.dtype).dtype)) / scale
    quiet = max(step**2, 1e-12 * float(np.mean(np.abs(given) ** 2)))
    model = np.zeros_like(moving)
    found: dict[int, list[Segment]] = {}
    missing = Missing()
    for number in range(settings.passes):
        left = moving - model
        noise = max(noise_power(left, searched.window, real), quiet)
        limits = _limits(left, searched, noise, settings, number, chirps)
        found, missing, given_up = _notches(left, searched, limits, found, number, real)
        if not missing.bases:
            return np.zeros(4)
        model = refill(moving, missing, noise, searched.window, slow, settings.steps)
        if real:
            model = model.real.astype(np.complex128)
        if number + 1 < settings.passes and chirps >= _MIN_CHIRPS:
            # Where many chirps are hit at the same samples, so was the median.
            change = column_medians_of(missing.filled(moving, model))
            recurring, moving, model = recurring + change, moving - change, model - change
    clean = missing.filled(moving, model)
    for m, basis in missing.bases.items():
        change = clean[m] - moving[m]
        line = fft.rfft(change.real) if real else fft.fft(change)
        spectra[m] += line * scale
        flags[m] = np.abs(basis).max(axis=1) > 0
    return np.array(
        [
            sum(len(pieces) for pieces in found.values()),
            len(missing.bases),
            sum(b.shape[1] for b in missing.bases.values()),
            given_up,
        ]
    )


def column_medians_of(signals: NDArray[Any]) -> NDArray[np.complex128]:
    """Return the median over the chirps, real and imaginary parts apart."""
    return np.median(signals.real, axis=0) + 1j * np.median(signals.imag, axis=0)


def slow_window(chirps: int) -> NDArray[np.float64]:
    return np.hamming(chirps) if chirps > 2 else np.ones(chirps)


def noise_power(left: NDArray[Any], window: NDArray[Any], real: bool) -> float:
    """Return the power of the noise of a sample without window, from windowed signals."""
    inside = window > 0.5
    power = (left.real[:, inside] ** 2 + left.imag[:, inside] ** 2) / window[inside] ** 2
    block = max(power.shape[1] // _BLOCKS, 1)
    blocks = power[:, : block * (power.shape[1] // block)].reshape(len(power), -1, block)
    medians = np.median(blocks, axis=-1)
    quiet = float(np.quantile(medians, 0.25))
    start = quiet / (0.4549 if real else math.log(2))
    power = blocks[medians <= 4 * quiet].ravel()
    tail = gamma_for(_NOISE_TAIL, not real) ** 2
    return float(undisturbed_power(power, start, tail, 1e-3))


def _limits(left, searched: Bank, noise: float, settings, number: int, chirps: int) -> Limits:
    late = 10 ** (settings.late_threshold_db / 10)
    ratio = late if number else 10 ** (settings.threshold_db / 10)
    recurring = recurring_powers(searched, left) if chirps >= _MIN_CHIRPS else None
    floor = late * noise * float(np.mean(searched.window**2))
    return Limits(floor, ratio, recurring, noise)


def _notches(left, searched, limits, known, number, real):
    found, bases, given_up = {}, {}, 0
    parts = [
        find_segments(signal, searched, limits, known.get(m), real=real)
        for m, signal in enumerate(left)
    ]
    if number == 0 and not any(part.pieces for part in parts):
        return {}, Missing(), 0
    sigma = math.sqrt(limits.noise) * (1 if number else 2)
    for m, (pieces, basis, rest) in enumerate(parts):
        size = np.abs(rest)
        bad = size > OUT * sigma
        if pieces and NEAR:
            near = np.zeros(size.size, bool)
            for p in pieces:
                near[max(p.start - NEAR, 0) : p.stop + NEAR] = True
            bad |= near & (size > OUTN * sigma)
        if DIL and bad.any():
            bad = np.convolve(bad, np.ones(2 * DIL + 1), "same") > 0
        if not pieces and not bad.any():
            continue
        if bad.any():
            vectors = [] if basis is None else [basis]
            vectors.append(np.eye(bad.size)[:, bad])
            given_up += int(bad.sum())
            basis = orthonormal(np.concatenate(vectors, axis=1))
        found[m], bases[m] = pieces, basis
    return found, Missing(bases=bases), given_up


OUT, OUTN, NEAR, DIL = 5.0, 5.0, 0, 0


def refill(moving, missing, noise, window, slow, steps):
    """Return the sparse model (chirp, sample) of signals, from what is not missing."""
    measured = missing.forward(moving) * slow[:, None]
    least = 4.0 * math.sqrt(noise * np.sum(window**2) * np.sum(slow**2))
    now = measured
    spectrum = fft.fft2(now)
    threshold = max(0.7 * float(np.abs(spectrum).max()), least)
    fall = (least / threshold) ** (1 / (0.8 * steps))
    for _ in range(steps):
        kept = np.where(np.abs(spectrum) > threshold, spectrum, 0)
        estimate = fft.ifft2(kept, overwrite_x=True)
        now = missing.filled(measured, estimate)
        spectrum = fft.fft2(now)
        threshold = max(threshold * fall, least)
    kept = np.where(np.abs(spectrum) > least, spectrum, 0)
    return fft.ifft2(kept, overwrite_x=True) / slow[:, None]

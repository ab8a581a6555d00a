"""Interferers notched out as pieces of chirps, and what the notch takes away filled in again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.disturbed.chirp_segments import (
    Limits,
    Recurring,
    Segment,
    Segments,
    bank,
    orthonormal,
)
from clearchirp.disturbed.deviation import column_medians, gamma_for, resolution, undisturbed_power
from clearchirp.mitigation.imfrac import power_of_two
from clearchirp.mitigation.notch_refill_search import Search, outliers
from clearchirp.mitigation.notch_refill_tones import fill_with_tones, tones_alone
from clearchirp.operators.chirp_bank import ChirpBank
from clearchirp.operators.fractional_fourier import check_threads
from clearchirp.operators.missing import Missing
from clearchirp.settings import check_number
from clearchirp.spectrum import range_spectrum
from clearchirp.types import Array, InputError, Mitigated, Status
from clearchirp.workers import with_one_blas_thread

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_MIN_CHIRPS = 4
_NOISE_TAIL = 1e-4
_BLOCKS = 8
_LEAST_SAMPLES = 16
_SURE = 0.4
_QUIET, _QUIET_ALONE = (0.5, 0.25), (0.1, 0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotchRefill:
    """Give up the few dimensions that hold an interferer; fill them from the range-Doppler map.

    Parameters
    ----------
    threshold_db
        Least power of a pulse over the lesser of the means on either side, and over the noise, in
        the first pass; 20 dB by default. Where no chirp of a frame has one, the frame is left as
        it is.
    late_threshold_db
        The same once the targets are subtracted; 14 dB by default.
    angles, max_angle_deg
        Angles to a full turn, a multiple of 4 (256 by default), and the angle from which on a pulse
        must stand out of what recurs from chirp to chirp, too (80 degrees by default).
    passes
        Searches, each followed by a fill, from 1; 3 by default.
    steps
        Iterations of a fill, from 1; 22 by default.
    level
        Least modulus of a cell of the range-Doppler map that the fill believes, in units of the
        noise; 4 (12 dB) by default.
    threads
        Threads over chirps and over the columns of a fill; 1 by default.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Notes
    -----
    In each pass:

    1. What is left of each chirp after the targets found so far (in the first pass after what
       recurs from chirp to chirp) is searched for pulses at all angles (`ChirpBank`). A pulse
       gives rate and frequency of an interferer; a least-squares phase refines both, and the
       stretch of samples that holds most of it is where it begins and ends.
       Every fourth chirp is searched so, and those in which samples stand out; the others near the
       angles that recur in the frame.
    2. The interferer is given up as a subspace Q: the piece of the chirp under the window, times as
       many polynomials as stand out of the noise, three at least. Samples that still stand out are
       given up, too. Some three to ten dimensions of a chirp are missing, where a fractional notch
       takes 41 and zeroing the whole burst.
    3. The missing part is filled: with F the windowed range-Doppler spectrum and P = I - Q Q^H,
       ``X <- threshold(F(P y + Q Q^H F^-1 X))``, the threshold falling to `level`. These are the
       masked residual updates of Chen 2022 with a subspace in the place of the mask.

    At the end ``P y + Q Q^H F^-1 X`` is returned: only what was missing is filled, what was
    measured stays as measured. A chirp without an interferer is the range spectrum of the input,
    bit for bit.

    Real receivers need no digital I/Q: a complex chirp compresses half of a real one, and real and
    imaginary part of its piece span both.

    Limits: an interferer that hits half of the chirps or more with the slope of the victim looks
    like a target, and one below the noise of a pulse is not seen. One to three chirps have no
    Doppler: there, tones of any frequency fill, fitted to what was measured of each chirp.

    Source
    ------
    clearchirp; docs/decisions/0005-notch-refill.md tells what was tried.

    Examples
    --------
    >>> m, n = np.mgrid[:16, :128]
    >>> clean = np.exp(1j * (0.8 * n + 0.5 * m))
    >>> clean += 0.01 * np.random.default_rng(0).standard_normal(clean.shape)
    >>> beat = clean.copy()
    >>> beat[5] += 30 * np.exp(0.02j * (n[5] - 70) ** 2)
    >>> error = NotchRefill()(beat).signal - range_spectrum(clean)
    >>> bool(np.abs(error).max() < 0.02 * np.abs(range_spectrum(clean)).max())
    True
    """

    threshold_db: float = 20.0
    late_threshold_db: float = 14.0
    angles: int = 256
    max_angle_deg: float = 80.0
    passes: int = 3
    steps: int = 22
    level: float = 4.0
    threads: int = 1

    def __post_init__(self) -> None:
        ChirpBank(samples=1, angles=self.angles)
        for name in ("threshold_db", "late_threshold_db", "max_angle_deg", "level"):
            check_number(name, getattr(self, name))
            if getattr(self, name) <= 0:
                raise InputError(f"{name}: must be above 0, got {getattr(self, name)!r}")
        if self.max_angle_deg > 90:
            raise InputError(f"max_angle_deg: must be up to 90, got {self.max_angle_deg!r}")
        for name in ("passes", "steps"):
            count = getattr(self, name)
            if not isinstance(count, int) or isinstance(count, bool) or count < 1:
                raise InputError(f"{name}: must be a whole number from 1, got {count!r}")
        check_threads(self.threads)

    @with_one_blas_thread
    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return the range spectra (..., chirp, range) of a real or complex NumPy beat signal.

        `beat` is (..., chirp, sample). A mask is checked and ignored; the mask that is returned is
        where something was given up. The stats count pieces of chirps found, chirps changed,
        dimensions filled and samples given up. `InputError` for what is no beat signal.
        """
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
        return Mitigated(spectra, mask, Status.DIRECT, stats)

    @with_one_blas_thread
    def targets(self, beat: Array, /) -> NDArray[Any]:
        """Return the targets of a beat signal (..., chirp, sample), without its noise: tones that
        stand out of it, of any frequency, fitted to each cleaned chirp.
        """
        cleaned, samples, real = self(beat).signal, beat.shape[-1], np.isrealobj(beat)
        window = np.hanning(samples)
        whole = fft.irfft(cleaned, samples) if real else fft.ifft(cleaned)
        noise = partial(noise_power, window=window, real=real)
        lines = [tones_alone(line, window, noise) for line in whole.reshape(-1, samples)]
        return np.array(lines).reshape(beat.shape).astype(beat.dtype)


@dataclass(frozen=True, slots=True)
class _Notches:
    """What is given up of a frame in one pass."""

    pieces: dict[int, list[Segment]]
    missing: Missing
    samples: int


def _clean_frame(
    frame: NDArray[Any],
    spectra: NDArray[Any],
    flags: NDArray[np.bool_],
    settings: NotchRefill,
) -> NDArray[np.float64]:
    """Clean one frame (chirp, sample): change its `spectra`, set its `flags`, return the counts."""
    chirps, samples = frame.shape
    scale = power_of_two(frame)
    if scale == 0 or samples < _LEAST_SAMPLES:
        return np.zeros(4)
    real = np.isrealobj(frame)
    searched = bank(samples, settings.angles, settings.max_angle_deg)
    given = frame.astype(np.complex128) * (searched.window / scale)
    recurring = _recurring(given, searched.window, real)
    step = resolution(frame.view(np.finfo(frame.dtype).dtype)) / scale
    quiet = max(step**2, 1e-12 * float(np.mean(np.abs(given) ** 2)))
    moving, model = given - recurring, np.zeros_like(given)
    notches = _Notches({}, Missing(), 0)
    for number in range(settings.passes):
        left = moving - model
        if number:
            # The model divides by the slow window: its errors grow towards the ends of the frame.
            left *= np.minimum(_slow_window(chirps) / _SURE, 1)[:, None]
        noise = max(noise_power(left, searched.window, real), quiet)
        decibels = settings.late_threshold_db if number else settings.threshold_db
        ratio = 10 ** (decibels / 10)
        same = Recurring(searched, left) if chirps >= _MIN_CHIRPS else None
        limits = Limits(ratio * noise, ratio, same, noise)
        search = Search(left, searched, limits, notches.pieces, real, settings.threads)
        parts = search.chirps(number)
        notches = _give_up(parts, limits, first=number == 0)
        if not notches.missing.bases:
            return np.zeros(4)
        told = (moving, notches.missing, noise, searched.window)
        model = refill(*told, settings) if chirps >= _MIN_CHIRPS else fill_with_tones(*told)
        model = model.real.astype(np.complex128) if real else model
        if number + 1 < settings.passes and chirps >= _MIN_CHIRPS:
            # Where many chirps are hit at the same samples, so was the median.
            change = _median(notches.missing.filled(moving, model))
            recurring, moving, model = recurring + change, moving - change, model - change
    bases = notches.missing.bases
    filled = notches.missing.filled(moving, model)
    for m, basis in bases.items():
        change = filled[m] - moving[m]
        line = fft.rfft(change.real) if real else fft.fft(change)
        spectra[m] += line * scale
        flags[m] = np.abs(basis).max(axis=1) > 0
    found = sum(len(pieces) for pieces in notches.pieces.values())
    dimensions = sum(basis.shape[1] for basis in bases.values())
    return np.array([found, len(bases), dimensions, notches.samples], dtype=np.float64)


def _median(signals: Any) -> NDArray[np.complex128]:
    """Return the median over the chirps, real and imaginary parts apart."""
    return column_medians(signals.real) + 1j * column_medians(signals.imag)


def _recurring(given: NDArray[Any], window: NDArray[Any], real: bool) -> NDArray[np.complex128]:
    """Return what is in every chirp; nothing where taking it away would leave more.

    It does where half of the chirps are hit at the same samples.
    """
    nothing = np.zeros(given.shape[-1], np.complex128)
    if len(given) < _MIN_CHIRPS:
        return nothing
    median = _median(given)
    before, after = (noise_power(x, window, real) for x in (given, given - median))
    return median if after < before else nothing


def noise_power(left: Any, window: NDArray[Any], real: bool) -> float:
    """Return the power of the noise of a sample without window, from windowed signals.

    Only blocks of samples as quiet as the quietest quarter count, of a few chirps the quietest
    tenth: interference may lie on most of the others.
    """
    least, share = _QUIET if len(left) >= _MIN_CHIRPS else _QUIET_ALONE
    inside = window > least
    power = (left.real[:, inside] ** 2 + left.imag[:, inside] ** 2) / window[inside] ** 2
    block = max(power.shape[1] // _BLOCKS, 1)
    blocks = power[:, : block * (power.shape[1] // block)].reshape(len(power), -1, block)
    medians = np.median(blocks, axis=-1)
    quiet = float(np.quantile(medians, share))
    start = quiet / (_MEDIAN_REAL if real else math.log(2))
    tail = gamma_for(_NOISE_TAIL, not real) ** 2
    return float(undisturbed_power(blocks[medians <= 4 * quiet].ravel(), start, tail, 1e-3))


_MEDIAN_REAL = 0.4549364
"""Median of the square of a Gaussian of unit power."""


def _give_up(parts: list[Segments], limits: Limits, *, first: bool) -> _Notches:
    """Say what is to be given up of each chirp by what was found in it.

    In the first pass targets are still there, and samples must stand out twice as far.
    """
    if first and not any(part.pieces for part in parts):
        return _Notches({}, Missing(), 0)
    noise = math.sqrt(limits.noise) * (2 if first else 1)
    pieces: dict[int, list[Segment]] = {}
    bases: dict[int, NDArray[Any]] = {}
    count = 0
    for m, part in enumerate(parts):
        outside = outliers(np.abs(part.rest) / noise, part.pieces)
        if outside.any():
            count += int(outside.sum())
            unit = np.eye(outside.size)[:, outside]
            both = [unit] if part.basis is None else [part.basis, unit]
            bases[m] = orthonormal(np.concatenate(both, axis=1))
        elif part.basis is not None:
            bases[m] = part.basis
        if m in bases:
            pieces[m] = part.pieces
    return _Notches(pieces, Missing(bases=bases), count)


def _slow_window(chirps: int) -> NDArray[np.float64]:
    """Return the window over the chirps that the map of a fill is under; nowhere zero."""
    return np.hamming(chirps) if chirps > 2 else np.ones(chirps)


def refill(
    signals: NDArray[Any],
    missing: Missing,
    noise: float,
    window: NDArray[Any],
    settings: NotchRefill,
) -> NDArray[np.complex128]:
    """Return a model (chirp, sample) of windowed signals, sparse in its range-Doppler map.

    From what is not missing, in single precision: the largest cells first, down to `level` times
    the noise of the map. A Hamming window over the chirps, which is nowhere zero, is divided out of
    the model.
    """
    slow = _slow_window(len(signals))
    measured = missing.forward(signals) * slow[:, None]
    least = settings.level * math.sqrt(noise * np.sum(window**2) * np.sum(slow**2))
    # Numba takes a second to load, which `import clearchirp` must not.
    from clearchirp.mitigation.notch_refill_kernels import sparse_map

    # Over the chirps' range spectra, not their samples: one FFT less each way.
    spectra = fft.fft(measured.astype(np.complex64), axis=-1)
    bases, chirps = _stacked(missing)
    spectrum = sparse_map(spectra, bases, chirps, least, settings.steps, settings.threads)
    filled = fft.ifft2(spectrum.astype(np.complex128), overwrite_x=True)
    return filled / slow[:, None]


def _stacked(missing: Missing) -> tuple[NDArray[np.complex64], NDArray[np.intp]]:
    """Return the vectors given up over range, (vector, range), and the chirp of each."""
    lines = np.concatenate([basis.T for basis in missing.bases.values()])
    chirps = np.repeat(list(missing.bases), [basis.shape[1] for basis in missing.bases.values()])
    bases = fft.fft(lines.astype(np.complex64), axis=-1, norm="ortho", overwrite_x=True)
    return bases, chirps.astype(np.intp)

"""Zeroed samples refilled by iterative thresholding with a falling threshold, in 1-D and in 2-D."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.settings import check_number
from clearchirp.types import Array, InputError, Mitigated, Status

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

WINDOWS = ("hamming", "none")

_LINES = 8.0
# This many lines, times the logarithm of the samples, cost what the two FFTs that replace them do.

_BLOCK = 2**15
# Samples that are worked on at a time, so that they stay in the cache through all iterations.


@dataclass(frozen=True, slots=True, kw_only=True)
class Imat:
    """Refill the gaps of each chirp from the strongest lines of its spectrum.

    Parameters
    ----------
    alpha
        How fast the threshold falls: it is multiplied by exp(-alpha) in every iteration; above 0,
        0.25 (2.2 dB) by default.
    margin_db
        How far the threshold stays above the largest line that noise alone would give, in dB from
        0; 1 by default. Lower refills noise, higher leaves out weak targets.
    max_iter
        Most iterations, from 1; 40 by default, enough for a spectrum of 80 dB.
    tol
        Relative change of the refilled samples, from 0, at which a chirp whose threshold has come
        to the noise is done; 0.02 by default. 0 goes on to `max_iter`.
    window
        "hamming" (default) or "none": the weight of the samples when lines are looked for.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Notes
    -----
    The method is Marvasti 2012, for radar Bechter 2017. With y the beat signal, zero in its gaps:

    1. x_0 = y, and T_0 is the modulus of the strongest line of its spectrum, (7).
    2. The lines of x_k that reach T_k give an estimate; x_{k+1} is y with the estimate in its gaps.
    3. T_{k+1} = T_k exp(-alpha), but never below the noise.

    Undisturbed samples stay as they are, bit for bit; a chirp without an undisturbed sample is
    zero.

    Deviations
    ----------
    Bechter 2017 takes no window, steps so that three iterations pass before the strongest line's
    gap sidelobes are reached, (6)-(9), and stops 10 dB above a known thermal noise, (10)-(11).

    - Lines are taken under a Hamming window, which is divided out of the refilled samples: without
      it the sidelobes of strong targets between two bins stand in for targets. In the
      demonstration scene (``benchmarks/bench_imat.py``) the error in the gaps is 1 dB lower and
      that of the range-Doppler map 2 dB.
    - The noise is taken from the spectrum: the mean power of the lines below the threshold that
      the noise asked for in the iteration before, in the first one the median. The largest of B
      lines of noise has about ln(B) times that.
    - Refilled samples are no larger than the largest undisturbed one of their chirp: dividing by
      the window magnifies errors up to 12 times at the ends of a chirp.
    - A chirp whose threshold has settled and whose samples change by no more than `tol` is done.

    References
    ----------
    Marvasti 2012
        F. Marvasti et al., "Sparse signal processing using iterative method with adaptive
        thresholding (IMAT)", International Conference on Telecommunications, 2012.
    Bechter 2017
        J. Bechter, F. Roos, M. Rahman, C. Waldschmidt, "Automotive radar interference mitigation
        using a sparse sampling approach", European Radar Conference, 2017.

    Examples
    --------
    >>> tone = np.exp(0.3j * np.arange(128))[None]
    >>> disturbed = np.zeros((1, 128), bool)
    >>> disturbed[0, 50:60] = True
    >>> result = Imat()(np.where(disturbed, 0, tone), disturbed)
    >>> bool(np.max(np.abs(result.signal - tone)) < 0.05)
    True
    """

    alpha: float = 0.25
    margin_db: float = 1.0
    max_iter: int = 40
    tol: float = 0.02
    window: str = "hamming"

    def __post_init__(self) -> None:
        _check_settings(self)

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return `beat` (..., chirp, sample) with its disturbed samples refilled.

        Real or complex NumPy array, with a boolean mask of the same shape (True = disturbed). The
        result has its shape and type; `stats` holds the chirps and samples refilled, the most
        iterations of any chirp, and the chirps that ran out of them. `InputError` for what is not
        a beat signal or not a mask for it.
        """
        require_numpy(check_beat(beat), method="imat")
        return _mitigate(beat, check_mask(disturbed, beat), self, axes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imat2d:
    """Refill the gaps of each frame from the strongest lines of its range-Doppler spectrum.

    Parameters
    ----------
    alpha, margin_db, max_iter, tol, window
        As for `Imat`.

    Notes
    -----
    The method and its deviations are those of `Imat`, with the two-dimensional
    spectrum of the frame in place of each chirp's, its Hamming window over samples and chirps, and
    one threshold for the frame. A target that stands out of the noise by the gain of the frame
    and not of the chirp is refilled, too; targets must keep their phase from chirp to chirp.

    Bechter 2017 takes each chirp by itself; taking the frame as a whole is ours, in the manner of
    the two-dimensional updates of Chen 2022. The stats count frames in place of chirps.
    """

    alpha: float = 0.25
    margin_db: float = 1.0
    max_iter: int = 40
    tol: float = 0.02
    window: str = "hamming"

    def __post_init__(self) -> None:
        _check_settings(self)

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return `beat` (..., chirp, sample) with its disturbed samples refilled, as `Imat`."""
        require_numpy(check_beat(beat, min_ndim=2), method="imat-2d")
        return _mitigate(beat, check_mask(disturbed, beat), self, axes=2)


def _check_settings(settings: Imat | Imat2d) -> None:
    for name in ("alpha", "margin_db", "tol"):
        check_number(name, getattr(settings, name))
    if settings.alpha <= 0:
        raise InputError(f"alpha: must be above 0, got {settings.alpha!r}")
    if settings.margin_db < 0:
        raise InputError(f"margin_db: must be from 0, got {settings.margin_db!r}")
    if settings.tol < 0:
        raise InputError(f"tol: must be from 0, got {settings.tol!r}")
    count = settings.max_iter
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise InputError(f"max_iter: must be a whole number from 1, got {count!r}")
    if settings.window not in WINDOWS:
        raise InputError(f"window: must be one of {', '.join(WINDOWS)}, got {settings.window!r}")


def _mitigate(beat: Array, disturbed: Array, settings: Imat | Imat2d, *, axes: int) -> Mitigated:
    """Refill signals that span the last `axes` axes, in blocks that fit the cache."""
    shape = beat.shape[-axes:]
    signal = np.array(beat, order="C")
    rows = signal.reshape(-1, math.prod(shape))
    flags = np.ascontiguousarray(disturbed).reshape(rows.shape)
    hit = np.flatnonzero(flags.any(axis=1))
    weight = _weight(shape, settings.window)
    block = max(1, _BLOCK // rows.shape[1])
    most, unfinished = 0, 0
    for first in range(0, hit.size, block):
        part = hit[first : first + block]
        count, left = _refill(rows, flags[part], part, weight, shape, settings)
        most, unfinished = max(most, count), unfinished + left
    noun = "chirps" if axes == 1 else "frames"
    stats = {
        f"{noun}_refilled": float(hit.size),
        "samples_refilled": float(np.sum(flags)),
        "iterations": float(most),
        f"{noun}_unfinished": float(unfinished),
    }
    status = Status.MAX_ITERATIONS if unfinished else Status.CONVERGED
    return Mitigated(signal, disturbed, status, stats)


def _weight(shape: tuple[int, ...], window: str) -> NDArray[np.float64]:
    """Return the window over a signal, flat; the Hamming window is nowhere zero."""
    weight = np.ones(shape)
    if window == "hamming":
        for axis, length in enumerate(shape):
            # Of fewer than three points it would be nothing but edges.
            line = np.hamming(length) if length > 2 else np.ones(length)
            weight *= line.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return weight.ravel()


def _refill(
    rows: NDArray[Any],
    flags: NDArray[np.bool_],
    part: NDArray[np.intp],
    weight: NDArray[np.float64],
    shape: tuple[int, ...],
    settings: Imat | Imat2d,
) -> tuple[int, int]:
    """Refill the signals `part` of `rows` in place; `flags` is their mask.

    Returns the iterations and how many signals were not done by then.
    """
    given = rows[part]
    kept = np.where(flags, 0, given)
    windowed = (kept * weight).astype(np.complex128).reshape(-1, *shape)
    refilled, count, left = _iterate(
        windowed, flags.reshape(windowed.shape), settings, real=not np.iscomplexobj(rows)
    )
    index = np.nonzero(flags)
    fill = refilled.reshape(flags.shape)[index] / weight[index[1]]
    largest = np.abs(kept).max(axis=1)[index[0]].astype(np.float64)
    modulus = np.abs(fill)
    fill *= np.divide(largest, modulus, out=np.ones_like(modulus), where=modulus > largest)
    given[index] = (fill if np.iscomplexobj(rows) else fill.real).astype(rows.dtype)
    rows[part] = given
    return count, left


def _iterate(
    given: NDArray[np.complex128],
    flags: NDArray[np.bool_],
    settings: Imat | Imat2d,
    *,
    real: bool,
) -> tuple[NDArray[np.complex128], int, int]:
    """Return the refilled signals (signal, ...), the most iterations, and the signals not done.

    `given` are the windowed signals, zero in their gaps; `flags` is their mask.
    """
    # Numba takes a second to load, which `import clearchirp` must not.
    from clearchirp.mitigation import imat_kernels as kernels

    axes = tuple(range(1, given.ndim))
    signals, bins = given.shape[0], given[0].size
    start = fft.fftn(given, axes=axes).reshape(signals, bins)
    spectra = start.copy()
    level, used = np.full((signals, 2), -1.0), np.zeros(signals, np.int64)
    state = np.full(signals, kernels.GOES_ON)
    fall = math.exp(-2 * settings.alpha)
    factor = math.log(max(bins, 2)) * 10 ** (settings.margin_db / 10)
    progress = (spectra, level, used, state)
    mirror = _mirror(given.shape[1:]) if real else np.empty(0, np.int64)
    if given.ndim == 2:
        gaps = fft.fft(flags, axis=1)
        limits = (settings.max_iter, int(_LINES * math.log2(bins + 1)))
        kernels.run_sparse(start, gaps, *progress, limits, fall, factor, settings.tol, mirror)
        left = np.flatnonzero(state == kernels.MANY_LINES)
    else:
        left = np.arange(signals)
    while left.size:
        chosen, levels = spectra[left], level[left]
        kept = kernels.keep_lines(chosen, levels, fall, factor, mirror)
        in_gaps = _cut_to_gaps(kept, flags[left])
        states = kernels.advance(start[left], in_gaps, chosen, levels, settings.tol)
        spectra[left], level[left], state[left] = chosen, levels, states
        used[left] += 1
        left = left[(states == kernels.GOES_ON) & (used[left] < settings.max_iter)]
    refilled = fft.ifftn(spectra.reshape(given.shape), axes=axes, overwrite_x=True)
    return refilled, int(used.max()), int(np.sum(state == kernels.GOES_ON))


def _mirror(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the flat index of the negative frequency of each bin of a spectrum."""
    index = np.arange(math.prod(shape)).reshape(shape)
    axes = tuple(range(len(shape)))
    return np.roll(np.flip(index), (1,) * len(shape), axis=axes).ravel()


def _cut_to_gaps(
    spectra: NDArray[np.complex128], flags: NDArray[np.bool_]
) -> NDArray[np.complex128]:
    """Return the spectra (signal, bin) of signals whose undisturbed samples are set to zero."""
    axes = tuple(range(1, flags.ndim))
    signals = fft.ifftn(spectra.reshape(flags.shape), axes=axes, overwrite_x=True)
    signals[~flags] = 0
    return fft.fftn(signals, axes=axes, overwrite_x=True).reshape(spectra.shape)

"""Sparse recovery of the range-Doppler spectrum from the undisturbed samples of a frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from clearchirp.arrays import check_beat, check_mask, is_complex, is_numpy, namespace
from clearchirp.operators.fourier import MaskedFourier, inverse_unitary, unitary
from clearchirp.operators.sampling import measured_samples
from clearchirp.solvers.ist import Ist
from clearchirp.solvers.pm_iht import PmIht
from clearchirp.solvers.pm_ist import PmIst
from clearchirp.solvers.prior import History
from clearchirp.solvers.solve import Solver, solve
from clearchirp.spectrum import hann, range_doppler
from clearchirp.types import Array, InputError, Mitigated, Status

WINDOWS = ("hamming", "none")
MAP_WINDOWS = ("hann", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseRecovery:
    """Refill the disturbed samples of each frame from a sparse range-Doppler spectrum.

    The undisturbed samples y, under a window, are y = A x with the masked Fourier operator A; a
    solver finds the sparse x; the gaps get the inverse FFT of x, the window divided out. The other
    samples stay as they are, bit for bit, and with them the floor of noise that an object detector
    needs.

    Parameters
    ----------
    solver
        One of `clearchirp.solvers`, with its settings; `Ist` by default.
    samples_per_chirp, seed
        None (default): every undisturbed sample takes part. A number from 1: so many of each chirp,
        drawn at random, as in Chen 2022; `seed` is the draw's.
    window
        "hamming" (default) or "none": the weight of the samples when x is looked for. Without it
        the sidelobes of strong targets between two bins stand in for targets.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Notes
    -----
    Each frame is one problem with a threshold and an end of its own; leading axes are looped over.
    Samples are scaled by a power of two before and after, so that their unit does not matter. A
    frame without disturbed samples is returned as it is; one without undisturbed samples is zero.
    A real frame is treated as a complex one with a symmetric spectrum.

    Refilled samples are no larger than the largest undisturbed one of their frame, since dividing
    by the window magnifies errors at the edges.

    Source
    ------
    Chen 2022, section 3.4 and Algorithm 1; the solvers' files name theirs.

    Deviations
    ----------
    - The paper returns x itself; that is `SparseMap`.
    - The window: the paper takes none.

    Examples
    --------
    >>> m, n = np.mgrid[:16, :64]
    >>> tone = np.exp(2j * np.pi * (0.1 * n + 0.2 * m))
    >>> disturbed = np.zeros(tone.shape, bool)
    >>> disturbed[3:9, 20:40] = True
    >>> result = SparseRecovery()(np.where(disturbed, 50, tone), disturbed)
    >>> bool(np.max(np.abs(result.signal - tone)) < 0.2)
    True
    """

    solver: Solver = field(default_factory=Ist)
    samples_per_chirp: int | None = None
    seed: int = 0
    window: str = "hamming"

    def __post_init__(self) -> None:
        _check_settings(self, WINDOWS)

    @property
    def memory(self) -> int:
        """How many frames before it a frame has a use for; 0 for solvers without a prior."""
        return self.solver.frames if isinstance(self.solver, PmIht | PmIst) else 0

    def __call__(
        self,
        beat: Array,
        disturbed: Array | None = None,
        /,
        history: tuple[History | None, ...] | None = None,
    ) -> Mitigated:
        """Return `beat` (..., chirp, sample) with its disturbed samples refilled.

        Parameters
        ----------
        beat
            Real or complex, of any array library.
        disturbed
            Boolean of the same shape, True = disturbed.
        history
            The `history` of the result for the frames before, one entry for each combination of the
            leading axes; None to begin with. Solvers without a prior ignore it.

        Raises
        ------
        InputError
            For what is not a beat signal, not a mask for it, or not a history for it.
        """
        check_beat(beat, min_ndim=2)
        disturbed = check_mask(disturbed, beat)
        shape = beat.shape[-2:]
        weight = _weight(shape, self.window, beat)
        work = _Work(self.solver, self.samples_per_chirp, self.seed, weight)
        frames, masks, past = _frames(beat, disturbed, history)
        done = [
            _recover(frame, mask, before, work)
            for frame, mask, before in zip(frames, masks, past, strict=True)
        ]
        signals = [
            frame if one.x is None else _fill(frame, mask, one, weight)
            for frame, mask, one in zip(frames, masks, done, strict=True)
        ]
        signal = _stacked(signals, beat.shape, beat)
        return _result(signal, disturbed, done, self.memory > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseMap:
    """The sparse range-Doppler spectrum of each frame itself: the paper's map.

    As `SparseRecovery`, but the result is x in the form of the conventions' range-Doppler map: the
    solver works on the samples under the symmetric Hann windows, so that its bins are those of
    `clearchirp.spectrum.range_doppler`, and zero where the threshold left nothing. No floor of
    noise remains: a detector that compares with its surroundings finds every bin that is left.

    Parameters
    ----------
    solver, samples_per_chirp, seed
        As for `SparseRecovery`.
    window
        "hann" (default) or "none". Without, x is the spectrum under no window, as in the paper, and
        is brought under the Hann windows afterwards, which spreads each bin over three by three.

    Notes
    -----
    A frame without disturbed samples gives its range-Doppler map as it is, with its noise.

    Source
    ------
    Chen 2022, Algorithm 1.
    """

    solver: Solver = field(default_factory=Ist)
    samples_per_chirp: int | None = None
    seed: int = 0
    window: str = "hann"

    def __post_init__(self) -> None:
        _check_settings(self, MAP_WINDOWS)

    @property
    def domain(self) -> str:
        """What the result is, for the chain."""
        return "range-doppler"

    @property
    def memory(self) -> int:
        """How many frames before it a frame has a use for; 0 for solvers without a prior."""
        return self.solver.frames if isinstance(self.solver, PmIht | PmIst) else 0

    def __call__(
        self,
        beat: Array,
        disturbed: Array | None = None,
        /,
        history: tuple[History | None, ...] | None = None,
    ) -> Mitigated:
        """Return the map (..., doppler, range) of `beat` (..., chirp, sample), as `SparseRecovery`.

        Complex; N//2 + 1 range bins for real input.
        """
        check_beat(beat, min_ndim=2)
        disturbed = check_mask(disturbed, beat)
        weight = _weight(beat.shape[-2:], self.window, beat)
        work = _Work(self.solver, self.samples_per_chirp, self.seed, weight)
        frames, masks, past = _frames(beat, disturbed, history)
        done = [
            _recover(frame, mask, before, work)
            for frame, mask, before in zip(frames, masks, past, strict=True)
        ]
        maps = [
            range_doppler(frame) if one.x is None else _as_map(one, frame, self.window)
            for frame, one in zip(frames, done, strict=True)
        ]
        bins = maps[0].shape[-1]
        signal = _stacked(maps, (*beat.shape[:-1], bins), maps[0])
        return _result(signal, disturbed, done, self.memory > 0)


class _Work(NamedTuple):
    solver: Solver
    samples_per_chirp: int | None
    seed: int
    weight: Array


class _Recovered(NamedTuple):
    """A frame's spectrum x of its weighted samples times `scale`; None if nothing was disturbed."""

    x: Array | None
    scale: float
    filled: int
    iterations: int
    status: Status
    history: History | None


def _recover(frame: Array, mask: Array, history: History | None, work: _Work) -> _Recovered:
    xp: Any = namespace(frame)
    kind = xp.complex64 if frame.dtype in (xp.float32, xp.complex64) else xp.complex128
    filled = int(xp.sum(xp.astype(mask, xp.int64)))
    solver = work.solver
    remembers = isinstance(solver, PmIht | PmIst)
    if filled == 0:
        if remembers:
            scale = _scale(frame)
            spectrum = unitary(xp.astype(frame * scale * work.weight, kind))
            history = solver.prior.remember(history, _unscaled(spectrum, scale))
        return _Recovered(None, 1.0, 0, 0, Status.DIRECT, history)
    measured = measured_samples(mask, work.samples_per_chirp, seed=work.seed)
    kept = xp.where(measured, frame, xp.zeros((), dtype=frame.dtype))
    scale = _scale(kept)
    y = xp.astype(kept * scale * work.weight, kind)
    if scale == 0:
        return _Recovered(xp.zeros_like(y), 1.0, filled, 0, Status.CONVERGED, history)
    operator = MaskedFourier(measured)
    if isinstance(solver, PmIht | PmIst):
        iterates = solver.iterates(operator, y, weight=solver.prior.weight(history))
    else:
        iterates = solver.iterates(operator, y)
    solution = solve(iterates, tol=solver.tol, max_iter=solver.max_iter)
    x = solution.x
    if isinstance(solver, PmIht | PmIst):
        # Before the threshold: measured samples as they are, the gaps filled.
        spectrum = x + operator.adjoint(y - operator.forward(x))
        history = solver.prior.remember(history, _unscaled(spectrum, scale))
    return _Recovered(x, scale, filled, solution.iterations, solution.status, history)


def _fill(frame: Array, mask: Array, one: _Recovered, weight: Array) -> Array:
    """Return the frame with the estimate in its gaps."""
    xp: Any = namespace(frame)
    estimate = inverse_unitary(one.x) / weight
    if not is_complex(frame):
        estimate = xp.real(estimate)
    zero = xp.zeros((), dtype=xp.real(estimate).dtype if is_complex(estimate) else estimate.dtype)
    modulus = xp.abs(estimate)
    most = xp.max(xp.where(mask, zero, xp.abs(frame))) * one.scale
    over = modulus > most
    cut = xp.where(over, most / xp.where(over, modulus, xp.ones_like(modulus)), 1 + zero)
    estimate = xp.astype(estimate * cut / one.scale, frame.dtype)
    return xp.where(mask, estimate, frame)


def _as_map(one: _Recovered, frame: Array, window: str) -> Array:
    """Return x as the range-Doppler map of the conventions."""
    xp: Any = namespace(frame)
    x: Any = one.x
    chirps, samples = frame.shape
    if window == "none":
        beat = inverse_unitary(x)
        x = unitary(beat * _weight((chirps, samples), "hann", beat))
    result = x * math.sqrt(chirps * samples) / one.scale
    if not is_complex(frame):
        # Of a pair of bins a pursuit may have taken one: the spectrum of the real part has both.
        mirrored = xp.roll(xp.flip(result), (1, 1), axis=(0, 1))
        result = ((result + xp.conj(mirrored)) / 2)[:, : samples // 2 + 1]
    return xp.roll(result, chirps // 2, axis=0)


def _frames(
    beat: Array, disturbed: Array, history: tuple[History | None, ...] | None
) -> tuple[list[Array], list[Array], tuple[History | None, ...]]:
    """Return frames, masks and histories, one for each combination of the leading axes."""
    xp = namespace(beat)
    shape = beat.shape[-2:]
    flat, flags = xp.reshape(beat, (-1, *shape)), xp.reshape(disturbed, (-1, *shape))
    count = flat.shape[0]
    past = history if history is not None else (None,) * count
    if len(past) != count:
        raise InputError(
            f"history: it is of {len(past)} frames side by side, the beat signal has {count}"
        )
    frames = [flat[k, ...] for k in range(count)]
    if is_numpy(beat):
        frames = [np.ascontiguousarray(frame) for frame in frames]
    return frames, [flags[k, ...] for k in range(count)], past


def _stacked(parts: list[Array], shape: tuple[int, ...], like: Array) -> Array:
    return namespace(like).reshape(namespace(like).stack(parts), shape)


def _result(signal: Array, disturbed: Array, done: list[_Recovered], has_memory: bool) -> Mitigated:
    counts = [one.iterations for one in done]
    unfinished = sum(one.status is Status.MAX_ITERATIONS for one in done)
    stats = {
        "frames_refilled": float(sum(one.x is not None for one in done)),
        "samples_refilled": float(sum(one.filled for one in done)),
        "iterations": float(max(counts)),
        "frames_unfinished": float(unfinished),
    }
    status = Status.MAX_ITERATIONS if unfinished else Status.CONVERGED
    history = tuple(one.history for one in done) if has_memory else None
    return Mitigated(signal, disturbed, status, stats, history)


def _scale(samples: Array) -> float:
    """Return the power of two that brings the largest modulus to 1..2; 0 for zeros."""
    largest = float(namespace(samples).max(namespace(samples).abs(samples)))
    return 2.0 ** min(1 - math.frexp(largest)[1], 120) if largest > 0 else 0.0


def _unscaled(spectrum: Array, scale: float) -> Array:
    return spectrum / scale if scale > 0 else spectrum


def _weight(shape: tuple[int, ...], window: str, like: Array) -> Array:
    """Return the window over a frame (chirp, sample), in its precision."""
    xp: Any = namespace(like)
    lines = []
    for length in shape:
        if window == "hann":
            line = np.asarray(hann(length))
        elif window == "hamming" and length > 2:
            line = np.hamming(length)
        else:
            line = np.ones(length)
        lines.append(line)
    single = like.dtype in (xp.float32, xp.complex64)
    weight = np.outer(*lines)
    return xp.asarray(weight, dtype=xp.float32 if single else xp.float64)


def _check_settings(settings: SparseRecovery | SparseMap, windows: tuple[str, ...]) -> None:
    solver = settings.solver
    if not hasattr(solver, "iterates"):
        raise InputError(f"solver: expected one of clearchirp.solvers, got {solver!r}")
    count = settings.samples_per_chirp
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise InputError(f"samples_per_chirp: must be a whole number from 1 or None, got {count!r}")
    seed = settings.seed
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise InputError(f"seed: must be a whole number from 0, got {seed!r}")
    if settings.window not in windows:
        raise InputError(f"window: must be one of {', '.join(windows)}, got {settings.window!r}")

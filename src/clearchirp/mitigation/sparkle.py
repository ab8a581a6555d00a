"""Sparse and low-rank Hankel decomposition: few tones are targets, few samples interference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.operators.hankel import Hankel
from clearchirp.settings import check_number
from clearchirp.solvers.hankel_admm import HankelAdmm
from clearchirp.solvers.outliers import interference_in
from clearchirp.solvers.separation import separate
from clearchirp.solvers.tones import TonePursuit
from clearchirp.types import Array, InputError, Mitigated, Status
from clearchirp.workers import with_one_blas_thread

_AT_ONCE = 2**18
"""Samples that are worked on at once, which bounds the memory."""

Separated = tuple[NDArray[Any], NDArray[Any], dict[str, float]]
"""Signal and interference (chirp, sample), and facts: iterations, chirps that came to no end ..."""

Find = Callable[[NDArray[Any], NDArray[np.bool_], bool], Separated]
"""Of complex chirps, the samples known to be disturbed, and whether the samples are real."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkle:
    """Split each chirp into few tones, the targets, and few samples, the interference.

    Parameters
    ----------
    solver
        "pursuit" (default): the problem itself, min rank H(x) + tau ||i||_0, with everything set
        from the data (`clearchirp.solvers.tones`). "admm": its convex form by Algorithm 1 of the
        paper (`clearchirp.solvers.hankel_admm`).
    keep_noise
        Whether what is neither target nor interference stays in the signal. False, as in the paper:
        a disturbed chirp becomes its tones alone. True takes away the interference and nothing
        else, since targets below the noise of a chirp may stand out of that of the frame. None
        (default) is False for a chirp alone and True for frames of several.
    per
        "chirp" (default), or "doppler" for signals along the bins of a Fourier transform over the
        chirps, where moving targets are still few tones each and interference is at the same place
        in each chirp.
    blind
        Whether a mask tells no more than in which chirps there is interference. False (default):
        its samples are disturbed whatever else is found.
    rank
        Most tones of a chirp (pursuit, default 32), or columns of the factors (admm, default 10).
    threshold
        pursuit: samples stand out above so many times the noise, from 1; 3 by default.
    tau, beta, mu, beta_growth, beta_every, mu_growth, transform
        admm: as for `clearchirp.solvers.hankel_admm.HankelAdmm`, None is automatic.
    tol
        When to stop; None (default) for 1e-4, the relative change of the tones (pursuit), or 1e-6,
        the paper's ||y - x - i|| / ||y|| (admm).
    max_iter
        Most iterations; 200.
    seed
        admm: of the factors to begin with.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Notes
    -----
    It finds the interference itself; without a mask all chirps are looked at, and one in which
    nothing stands out stays as it is. With a mask, chirps without a disturbed sample stay as they
    are, which bounds the time, too, and the samples of the mask are disturbed whatever else is
    found, unless it is to be `blind` ("doppler" always is; "admm" separates blindly and only
    counts them as disturbed).

    The settings of the paper are ``solver="admm", tau=0.02, beta=0.1, mu=0.02, mu_growth=1.2`` for
    samples of its unit. The sweep that its authors publish comes out at 29.7 dB with them and at
    41.5 dB by pursuit, in a fiftieth of the time; see docs/decisions/0006-*.md.

    Source
    ------
    Wang 2022a: (6) for "pursuit", which is our own; (15) and Algorithm 1 for "admm"; V-B for the
    transform over the chirps.

    Deviations
    ----------
    See the two solvers. Real samples are taken as complex ones; the signal is the real part.

    Examples
    --------
    >>> n = np.arange(256)
    >>> beat = np.exp(0.3j * n)[None].repeat(2, axis=0)
    >>> noise = np.random.default_rng(0).standard_normal((2, 2, 256))
    >>> beat += 0.01 * (noise[0] + 1j * noise[1])
    >>> beat[0, 100:120] += 50
    >>> result = Sparkle(keep_noise=False)(beat)
    >>> bool(np.abs(result.signal[0] - np.exp(0.3j * n)).max() < 0.01)
    True
    >>> bool((result.signal[1] == beat[1]).all()), np.flatnonzero(result.disturbed).size
    (True, 20)
    """

    solver: str = "pursuit"
    keep_noise: bool | None = None
    per: str = "chirp"
    blind: bool = False
    rank: int | None = None
    threshold: float = 3.0
    tau: float | None = None
    beta: float | None = None
    mu: float | None = None
    beta_growth: float = 1.6
    beta_every: int = 10
    mu_growth: float = 1.15
    transform: str | None = None
    tol: float | None = None
    max_iter: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("solver", self.solver, ("pursuit", "admm"))
        check_choice("per", self.per, ("chirp", "doppler"))
        check_flag("blind", self.blind)
        if self.keep_noise is not None:
            check_flag("keep_noise", self.keep_noise)
        check_run(self.tol, self.max_iter)
        self._pursuit()
        self._admm()

    @with_one_blas_thread
    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return `beat` without interference.

        Parameters
        ----------
        beat
            Real or complex NumPy array (..., sample), any number of leading axes; (..., chirp,
            sample) with ``per="doppler"``.
        disturbed
            Boolean array of the same shape, True = disturbed; None looks at all chirps.

        Returns
        -------
        Mitigated
            `signal` of the shape and type of `beat`; `disturbed` as found, False in chirps that
            were skipped; `stats` counts the chirps changed, the iterations of the one that took
            the most, and the chirps that came to no end; with "admm" `relative_error` is the
            largest ||y - x - i|| / ||y||.
        """
        find = self._by_pursuit if self.solver == "pursuit" else self._by_admm
        return separated(beat, disturbed, find, self, name="sparkle")

    def _pursuit(self) -> TonePursuit:
        rank = 32 if self.rank is None else self.rank
        return TonePursuit(rank=rank, threshold=self.threshold)

    def _admm(self) -> HankelAdmm:
        return HankelAdmm(
            tau=self.tau,
            beta=self.beta,
            mu=self.mu,
            beta_growth=self.beta_growth,
            beta_every=self.beta_every,
            mu_growth=self.mu_growth,
            rank=10 if self.rank is None else self.rank,
            transform=self.transform,
            seed=self.seed,
        )

    def _by_pursuit(self, chirps: NDArray[Any], known: NDArray[np.bool_], real: bool) -> Separated:
        tol = 1e-4 if self.tol is None else self.tol
        splits = self._pursuit().splits(chirps, known=known, real=real, tol=tol)
        found = separate(splits, tol=0.0, max_iter=self.max_iter)
        unfinished = found.changes[-1] * len(chirps)
        return found.signal, found.interference, facts(found.iterations, round(unfinished))

    def _by_admm(self, chirps: NDArray[Any], known: NDArray[np.bool_], real: bool) -> Separated:
        tol = 1e-6 if self.tol is None else self.tol
        solver, lifting = self._admm(), Hankel(samples=chirps.shape[-1])
        signal, interference = np.empty_like(chirps), np.empty_like(chirps)
        iterations = unfinished = 0
        error = 0.0
        for c, y in enumerate(chirps):
            found = separate(solver.splits(lifting, y), tol=tol, max_iter=self.max_iter)
            signal[c] = found.signal
            # The part i of the paper holds the noise as well.
            interference[c] = interference_in(y - found.signal, known[c], real)
            iterations = max(iterations, found.iterations)
            unfinished += found.status is Status.MAX_ITERATIONS
            error = max(error, found.changes[-1])
        return signal, interference, facts(iterations, unfinished) | {"relative_error": error}


class HowToSeparate(Protocol):
    """The settings that all methods of this kind have."""

    @property
    def keep_noise(self) -> bool | None:
        """Whether what is neither target nor interference stays."""
        ...

    @property
    def per(self) -> str:
        """ "chirp" or "doppler"."""
        ...

    @property
    def blind(self) -> bool:
        """Whether the samples of a mask count for nothing."""
        ...


def facts(iterations: int, unfinished: int) -> dict[str, float]:
    """Return the facts that all separations have."""
    return {"iterations": float(iterations), "chirps_unfinished": float(unfinished)}


def separated(
    beat: Array,
    disturbed: Array | None,
    find: Find,
    how: HowToSeparate,
    *,
    name: str,
) -> Mitigated:
    """Return the result of a separation method that works on complex chirps (chirp, sample).

    The frame of all of them: which chirps are worked on, real samples, and what is returned.
    """
    per, keep_noise = how.per, how.keep_noise
    require_numpy(check_beat(beat, min_ndim=2 if per == "doppler" else 1), method=name)
    mask = None if disturbed is None else np.asarray(check_mask(disturbed, beat))
    signal = np.array(beat, order="C")
    found = np.zeros(beat.shape, dtype=bool)
    if keep_noise is None:
        keep_noise = beat.ndim > 1 and beat.shape[-2] > 1
    shape = (-1, *beat.shape[-2:]) if per == "doppler" else (-1, beat.shape[-1])
    work = _per_doppler if per == "doppler" else _per_chirp
    flags = None if mask is None else mask.reshape(shape)
    stats = {"chirps_changed": 0.0} | facts(0, 0)
    for each in work(
        signal.reshape(shape), flags, found.reshape(shape), find, bool(keep_noise), how.blind
    ):
        for key, value in each.items():
            before = stats.get(key, 0.0)
            stats[key] = before + value if key.startswith("chirps") else max(before, value)
    status = Status.MAX_ITERATIONS if stats["chirps_unfinished"] else Status.CONVERGED
    return Mitigated(signal, found, status, stats)


def _per_chirp(
    rows: NDArray[Any],
    flags: NDArray[np.bool_] | None,
    found: NDArray[np.bool_],
    find: Find,
    keep_noise: bool,
    blind: bool,
) -> Iterator[dict[str, float]]:
    """Clean chirps (chirp, sample) in place and mark what was found in them; yield facts."""
    hit = np.arange(len(rows)) if flags is None else np.flatnonzero(flags.any(axis=-1))
    at_once = max(_AT_ONCE // rows.shape[-1], 1)
    for first in range(0, hit.size, at_once):
        some = hit[first : first + at_once]
        known = (
            np.zeros((some.size, rows.shape[-1]), bool) if flags is None or blind else flags[some]
        )
        targets, part, told = find(rows[some].astype(complex), known, np.isrealobj(rows))
        marks = part != 0
        with_any = marks.any(axis=-1)
        # A fit to few samples may rise between them.
        largest = 2 * np.max(np.where(marks, 0, np.abs(rows[some])), axis=-1, keepdims=True)
        modulus = np.abs(targets)
        over = marks & (modulus > largest)
        targets = np.where(over, targets * (largest / np.where(over, modulus, 1)), targets)
        # What is left of the samples found is the tones; the others are not touched.
        clean = np.where(marks, targets, rows[some]) if keep_noise else targets
        if np.isrealobj(rows):
            clean = np.real(clean)
        rows[some[with_any]] = clean[with_any].astype(rows.dtype)
        found[some] = marks
        yield told | {"chirps_changed": float(with_any.sum())}


def _per_doppler(
    frames: NDArray[Any],
    flags: NDArray[np.bool_] | None,
    found: NDArray[np.bool_],
    find: Find,
    keep_noise: bool,
    blind: bool,
) -> Iterator[dict[str, float]]:
    """Clean frames (frame, chirp, sample) in place, bin by bin of their slow-time transform."""
    for f, frame in enumerate(frames):
        hit = np.ones(len(frame), bool) if flags is None else flags[f].any(axis=-1)
        if not hit.any():
            continue
        bins = np.asarray(fft.fft(frame.astype(complex), axis=0, norm="ortho"))
        targets, part, told = find(bins, np.zeros(bins.shape, bool), False)
        targets, part = (np.asarray(fft.ifft(x, axis=0, norm="ortho")) for x in (targets, part))
        clean = frame - part if keep_noise else targets
        found[f][hit] = np.abs(part[hit]) > 0.5 * np.abs(frame[hit])
        if np.isrealobj(frame):
            clean = np.real(clean)
        frame[hit] = clean[hit].astype(frame.dtype)
        yield told | {"chirps_changed": float(hit.sum())}


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise `InputError` unless a setting is one of the choices."""
    if value not in choices:
        raise InputError(f"{name}: must be one of {', '.join(choices)}, got {value!r}")


def check_flag(name: str, value: object) -> None:
    """Raise `InputError` unless a setting is True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{name}: must be true or false, got {value!r}")


def check_run(tol: float | None, max_iter: int) -> None:
    """Raise `InputError` unless tolerance and most iterations make sense."""
    if tol is not None:
        check_number("tol", tol)
        if tol < 0:
            raise InputError(f"tol: must be 0 or more, got {tol!r}")
    whole = isinstance(max_iter, int | np.integer) and not isinstance(max_iter, bool)
    if not whole or max_iter < 1:
        raise InputError(f"max_iter: must be a whole number from 1, got {max_iter!r}")

"""The frame of all separation methods: which chirps are worked on, and what is returned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.settings import check_number
from clearchirp.solvers.outliers import interference_in
from clearchirp.solvers.separation import Split
from clearchirp.solvers.solve import Solution, solve
from clearchirp.types import Array, InputError, Mitigated, Status

_AT_ONCE = 2**18
"""Samples that are worked on at once, which bounds the memory."""

Separated = tuple[NDArray[Any], NDArray[Any], dict[str, float]]
"""Signal and interference (chirp, sample), and `facts`."""

OnIterate = Callable[[NDArray[np.intp], int, Split], object]
"""Called after each iteration with the places of the chirps (or, per Doppler bin, of the bins) that
are worked on, counted over all leading axes, with its number, from 1, and with the split of these.

Where it returns True, that iteration is the last of these chirps.
"""

Find = Callable[[NDArray[Any], NDArray[np.bool_], bool, OnIterate | None], Separated]
"""Of complex chirps, the samples known to be disturbed, and whether the samples are real."""


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


def facts(found: Solution[Split], unfinished: int) -> dict[str, float]:
    """Return the facts that all separations have, of chirps worked on at once."""
    return {
        "iterations": float(found.iterations),
        "relative_change": found.changes[-1],
        "chirps_unfinished": float(unfinished),
    }


def gathered(all_facts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the facts of all: counts of chirps added, of the others the largest."""
    told: dict[str, float] = {"iterations": 0.0, "relative_change": 0.0, "chirps_unfinished": 0.0}
    for each in all_facts:
        for key, value in each.items():
            before = told.get(key, 0.0)
            told[key] = before + value if key.startswith("chirps") else max(before, value)
    return told


def watched(
    on_iterate: OnIterate | None, places: NDArray[np.intp]
) -> Callable[[int, Split], object] | None:
    """Return what `solve` calls for the chirps at these places."""
    return None if on_iterate is None else partial(on_iterate, places)


def one_by_one(
    splits: Callable[[NDArray[Any], NDArray[np.bool_]], Iterator[Split]],
    chirps: NDArray[Any],
    known: NDArray[np.bool_],
    real: bool,
    tol: float,
    max_iter: int,
    on_iterate: OnIterate | None,
) -> Separated:
    """Run a solver of one chirp on each; interference is what stands out of the noise in y - x."""
    signal, interference = np.empty_like(chirps), np.empty_like(chirps)
    told = []
    for c, y in enumerate(chirps):
        seen = watched(on_iterate, np.array([c]))
        found = solve(splits(y, known[c]), tol=tol, max_iter=max_iter, on_iterate=seen)
        signal[c] = found.x
        interference[c] = interference_in(y - found.x, known[c], real)
        told.append(facts(found, int(found.status is Status.MAX_ITERATIONS)))
    return signal, interference, gathered(told)


def separated(
    beat: Array,
    disturbed: Array | None,
    find: Find,
    how: HowToSeparate,
    *,
    name: str,
    on_iterate: OnIterate | None = None,
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
    parts = work(
        signal.reshape(shape),
        flags,
        found.reshape(shape),
        find,
        bool(keep_noise),
        how.blind,
        on_iterate,
    )
    stats = {"chirps_changed": 0.0} | gathered(parts)
    status = Status.MAX_ITERATIONS if stats["chirps_unfinished"] else Status.CONVERGED
    return Mitigated(signal, found, status, stats)


def _per_chirp(
    rows: NDArray[Any],
    flags: NDArray[np.bool_] | None,
    found: NDArray[np.bool_],
    find: Find,
    keep_noise: bool,
    blind: bool,
    on_iterate: OnIterate | None,
) -> Iterator[dict[str, float]]:
    """Clean chirps (chirp, sample) in place and mark what was found in them; yield facts."""
    hit = np.arange(len(rows)) if flags is None else np.flatnonzero(flags.any(axis=-1))
    at_once = max(_AT_ONCE // rows.shape[-1], 1)
    for first in range(0, hit.size, at_once):
        some = hit[first : first + at_once]
        known = (
            np.zeros((some.size, rows.shape[-1]), bool) if flags is None or blind else flags[some]
        )
        seen = _moved(on_iterate, some)
        targets, part, told = find(rows[some].astype(complex), known, np.isrealobj(rows), seen)
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
    on_iterate: OnIterate | None,
) -> Iterator[dict[str, float]]:
    """Clean frames (frame, chirp, sample) in place, bin by bin of their slow-time transform."""
    for f, frame in enumerate(frames):
        hit = np.ones(len(frame), bool) if flags is None else flags[f].any(axis=-1)
        if not hit.any():
            continue
        bins = np.asarray(fft.fft(frame.astype(complex), axis=0, norm="ortho"))
        seen = _moved(on_iterate, np.arange(f * len(bins), (f + 1) * len(bins)))
        targets, part, told = find(bins, np.zeros(bins.shape, bool), False, seen)
        targets, part = (np.asarray(fft.ifft(x, axis=0, norm="ortho")) for x in (targets, part))
        clean = frame - part if keep_noise else targets
        found[f][hit] = np.abs(part[hit]) > 0.5 * np.abs(frame[hit])
        if np.isrealobj(frame):
            clean = np.real(clean)
        frame[hit] = clean[hit].astype(frame.dtype)
        yield told | {"chirps_changed": float(hit.sum())}


def _moved(on_iterate: OnIterate | None, places: NDArray[np.intp]) -> OnIterate | None:
    """Return `on_iterate` for chirps that are counted within those at these places."""
    if on_iterate is None:
        return None
    return lambda chosen, number, split: on_iterate(places[chosen], number, split)


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

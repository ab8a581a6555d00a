"""Chirps in windowed signals, found among fractional Fourier transforms of many angles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearchirp.operators.fractional_fourier import MultiAngleFourier, eigenbasis_in, to_eigenbasis
from clearchirp.settings import check_number
from clearchirp.types import InputError

_LONG = 512
"""Samples from which on the guard is as set."""


class Search(NamedTuple):
    """What the peak test needs, in cells.

    Attributes
    ----------
    angles
        Angles to a full turn.
    most
        Rows on either side of angle 0 that are searched.
    guard
        Cells on either side of a peak that belong to it.
    factor
        Least power of a peak over the mean of the others.
    reach
        Distance from the middle of the time-frequency plane that the signal fills.
    at_once
        Chirps of a signal to find in one pass.
    """

    angles: int
    most: int
    guard: int
    factor: float
    reach: float
    at_once: int


@dataclass(frozen=True, slots=True)
class Found:
    """Chirps of one pass.

    Attributes
    ----------
    signal
        Which signal each lies in, (found,).
    row, column
        Angle ``2 pi row / angles`` and cell of the peak, (found,).
    ratio
        Power of the peak over the floor beside it, (found,).
    cells
        The row's values from `guard` cells before the peak to `guard` behind, (found, cell).
    """

    signal: NDArray[np.intp]
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    ratio: NDArray[np.float64]
    cells: NDArray[Any]


def check_search(settings: Any) -> None:
    """Raise `InputError` for settings (angles, max_angle_deg, guard, threshold_db) out of range."""
    MultiAngleFourier(samples=1, angles=settings.angles)
    for name in ("max_angle_deg", "threshold_db"):
        check_number(name, getattr(settings, name))
        if getattr(settings, name) <= 0:
            raise InputError(f"{name}: must be above 0, got {getattr(settings, name)!r}")
    if settings.max_angle_deg > 90:
        raise InputError(f"max_angle_deg: must be up to 90, got {settings.max_angle_deg!r}")
    guard = settings.guard
    if not isinstance(guard, int) or isinstance(guard, bool) or guard < 0:
        raise InputError(f"guard: must be a whole number from 0, got {guard!r}")


def search_of(settings: Any, samples: int, *, at_once: int, reach: float) -> Search:
    """Return the search for signals of a length by settings in degrees and decibels."""
    most = math.ceil(settings.max_angle_deg * settings.angles / 360) - 1
    return Search(
        angles=settings.angles,
        most=max(most, 0),
        guard=min(settings.guard, round(settings.guard * samples / _LONG)),
        factor=10 ** (settings.threshold_db / 10),
        reach=reach,
        at_once=at_once,
    )


def find_chirps(
    bank: MultiAngleFourier,
    rho: NDArray[Any],
    search: Search,
    turned: NDArray[np.intp] | None = None,
    recurring: NDArray[Any] | None = None,
) -> Found:
    """Find chirps in signals given by their eigen-coefficients (signal, p), one pass.

    `turned` says by how many rows each signal has been turned already; the rows that are searched,
    and returned, are counted from angle 0 of the signal as it was. `recurring` is what is in every
    signal, as `recurring_columns` gives it.
    """
    from clearchirp.disturbed import fractional_kernels as kernels

    samples, real = rho.shape[-1], np.finfo(rho.dtype).dtype
    found = np.zeros((len(rho), search.at_once, 3))
    counts = np.zeros(len(rho), np.int64)
    width = 2 * search.guard + 1
    cells = np.zeros((len(rho), search.at_once, width), rho.dtype)
    shift = np.zeros(len(rho), np.intp) if turned is None else turned
    same = np.empty((0, search.angles), rho.dtype) if recurring is None else recurring

    def use(index: int, columns: NDArray[Any]) -> None:
        parts = columns.view(real).reshape(*columns.shape, 2)
        first = -search.most - int(shift[index])
        count = kernels.find(
            columns,
            parts,
            samples,
            first % search.angles,
            2 * search.most + 1,
            search.guard,
            search.factor,
            search.reach,
            same,
            int(shift[index]),
            found[index],
        )
        counts[index] = count
        line = np.empty(samples, rho.dtype)
        for k in range(count):
            kernels.read_row(columns, samples, int(found[index, k, 0]), line)
            start = int(found[index, k, 1]) - search.guard
            cells[index, k] = np.take(line, np.arange(start, start + width), mode="wrap")

    bank.visit(rho, use)
    signal, number = np.nonzero(np.arange(search.at_once) < counts[:, None])
    lines = found[signal, number]
    row = lines[:, 0].astype(np.intp) + shift[signal]
    row = (row + search.angles // 2) % search.angles - search.angles // 2
    return Found(signal, row, lines[:, 1].astype(np.intp), lines[:, 2], cells[signal, number])


def recurring_columns(bank: MultiAngleFourier, signal: NDArray[Any]) -> NDArray[Any]:
    """Return what `find_chirps` takes, of what recurs from chirp to chirp (sample,)."""
    kept: list[NDArray[Any]] = []
    bank.visit(to_eigenbasis(signal[None]), lambda _, columns: kept.append(columns.copy()))
    return kept[0]


def take_out(
    rho: NDArray[Any], found: Found, search: Search, weight: NDArray[Any] | None = None
) -> None:
    """Take the cells of the chirps that were found out of the eigen-coefficients, in place."""
    from clearchirp.disturbed import fractional_kernels as kernels

    samples = rho.shape[-1]
    basis = eigenbasis_in(samples, rho.dtype == np.complex64)
    p = np.arange(samples)
    for k, index in enumerate(found.signal):
        row = int(found.row[k])
        turns = np.exp(2j * np.pi / search.angles * (row * p % search.angles)).astype(rho.dtype)
        cells = found.cells[k] if weight is None else found.cells[k] * weight[k]
        kernels.subtract(rho[index], basis, turns, cells, int(found.column[k]) - search.guard)


def chirp_samples(
    row: NDArray[Any], column: NDArray[Any], *, angles: int, padded: int, band: int, samples: int
) -> NDArray[np.bool_]:
    """Return the samples (found, sample) in which chirps lie inside of the band.

    A chirp found at the angle a and the place u from the middle is the line ``t cos a + f sin a =
    u`` of the plane of `padded` samples, in which the signal takes `band` samples of time.
    """
    turn = 2 * np.pi / angles * np.asarray(row)[:, None]
    place = np.asarray(column)[:, None] - (padded - 1) / 2
    grid = (np.arange(samples) - (samples - 1) / 2) * (band / samples)
    sine = np.where(np.abs(np.sin(turn)) < 1e-9, 1e-9, np.sin(turn))
    frequency = (place - grid * np.cos(turn)) / sine
    # Half a signal's sample of slack: a pulse is at least a sample wide.
    slack = band / samples * np.abs(np.cos(turn) / sine)
    return np.abs(frequency) <= samples / band * padded / 2 + slack

"""Peaks at large angles that targets explain: they are no chirps.

At 80 degrees a target is a hundred cells wide, and a few strong ones that add up pass the peak test
of `imfrac`. What tells them apart is the range spectrum: there the target is the taller, a chirp at
any other angle is spread out.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.disturbed.fractional_search import Found, Search, find_chirps
from clearchirp.operators.fractional_fourier import MultiAngleFourier, from_eigenbasis

_NEAR = math.pi / 3
"""Angle from which on a target's pulse is narrow enough to pass for a chirp."""


def find_beside_targets(
    bank: MultiAngleFourier,
    rho: NDArray[Any],
    search: Search,
    turned: NDArray[np.intp] | None = None,
    recurring: NDArray[Any] | None = None,
) -> Found:
    """Find chirps as `find_chirps` does, without the peaks that targets explain."""
    found = find_chirps(bank, rho, search, turned, recurring)
    kept = ~_are_targets(found, rho, search, turned)
    return Found(*(getattr(found, name)[kept] for name in Found.__slots__))


def _step(search: Search) -> float:
    return 2 * math.pi / search.angles


def _are_targets(
    found: Found, rho: NDArray[Any], search: Search, turned: NDArray[np.intp] | None
) -> NDArray[np.bool_]:
    """Say of which peaks the range spectrum holds a taller one, at a range under the peak.

    A tone of the frequency f, from the middle, is seen at the angle a within ``N/2 cos a`` cells of
    the place ``f sin a``.
    """
    angle = _step(search) * found.row
    result = np.zeros(found.signal.size, bool)
    near = np.flatnonzero(np.abs(angle) > _NEAR)
    if near.size == 0:
        return result
    samples, signals = rho.shape[-1], found.signal[near]
    ahead = 0 if turned is None else turned[signals]
    turn = math.pi / 2 - _step(search) * ahead
    phase = np.exp(-1j * np.multiply.outer(np.broadcast_to(turn, near.size), np.arange(samples)))
    spectra = from_eigenbasis(rho[signals] * phase.astype(rho.dtype))
    middle = (samples - 1) / 2
    under = (found.column[near] - middle) / np.sin(angle[near])
    half = samples / 2 * np.cos(angle[near]) + 1
    inside = np.abs(np.arange(samples) - middle - under[:, None]) <= half[:, None]
    tallest = np.max(np.abs(spectra) * inside, axis=-1)
    result[near] = tallest > np.abs(found.cells[near, search.guard])
    return result

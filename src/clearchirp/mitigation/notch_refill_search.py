"""The search of a frame for pieces of chirps, near the angles that recur in it where it can."""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.disturbed.chirp_segments import Bank, Limits, Segment, Segments, find_segments

_OUTLIER, _OUTLIER_NEAR = 5.0, 4.0
_NEAR, _GUARD = 20, 2
_EVERY = 4


@dataclass(frozen=True, slots=True)
class Search:
    """The search of what is left of a frame (chirp, sample) for pieces of chirps."""

    left: NDArray[Any]
    bank: Bank
    limits: Limits
    known: dict[int, list[Segment]]
    real: bool
    threads: int

    def chirps(self, number: int) -> list[Segments]:
        """Search every fourth chirp at all angles, the others near those that are known by then.

        An interferer keeps its rate over a frame. Chirps in which samples still stand out are
        searched at all angles, too. Which chirps are those of the fourth differs from pass to pass.
        """
        chirps = range(len(self.left))
        offset = max(2 * number - 1, 0) % _EVERY
        first = {m: self.known.get(m) for m in chirps if m % _EVERY == offset}
        found = self._search(first, None)
        pieces = [*self.known.values(), *(part.pieces for part in found.values())]
        near = self.bank.near(piece for some in pieces for piece in some)
        others = self._search({m: self.known.get(m) for m in chirps if m not in first}, near)
        if near is not None:
            noise = math.sqrt(self.limits.noise) * (1 if number else 2)
            again = {
                m: part.pieces
                for m, part in others.items()
                if outliers(np.abs(part.rest) / noise, part.pieces).any()
            }
            others |= self._search(again, None)
        found |= others
        return [found[m] for m in chirps]

    def _search(
        self, known: Mapping[int, list[Segment] | None], near: NDArray[np.intp] | None
    ) -> dict[int, Segments]:
        def search(m: int) -> Segments:
            return find_segments(
                self.left[m], self.bank, self.limits, known[m], near=near, real=self.real
            )

        if self.threads == 1:
            return {m: search(m) for m in known}
        with ThreadPoolExecutor(self.threads) as pool:
            return dict(zip(known, pool.map(search, known), strict=True))


def outliers(size: NDArray[Any], pieces: list[Segment]) -> NDArray[np.bool_]:
    """Return the samples that stand out of the noise, the sooner the nearer to a piece."""
    limit = np.full(size.size, _OUTLIER)
    for piece in pieces:
        limit[max(piece.start - _NEAR, 0) : piece.stop + _NEAR] = _OUTLIER_NEAR
    outside = size > limit
    if outside.any():
        outside = np.convolve(outside, np.ones(2 * _GUARD + 1), "same") > 0
    return outside

"""The disturbed share of every chirp of a recording, filled frame by frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Bars(NamedTuple):
    """Bars over the chirps counted through the recording: from, to, height; NaN where unknown."""

    left: NDArray[np.floating]
    right: NDArray[np.floating]
    share: NDArray[np.float32]


class Strip:
    """Shares of disturbed samples, (frame, chirp), the mean over receivers; NaN until known.

    >>> strip = Strip(3, 2)
    >>> strip.fill(1, np.ones((1, 1, 2, 8), bool))
    >>> strip.next(1), strip.done
    (2, 1)
    """

    def __init__(self, frames: int, chirps: int) -> None:
        self.shares = np.full((frames, chirps), np.nan, np.float32)
        self.problem = ""
        """Why the first frame that was left out was; empty while none was."""
        self._seen = np.zeros(frames, bool)

    @property
    def done(self) -> int:
        """How many frames are known, or cannot be."""
        return int(np.count_nonzero(self._seen))

    @property
    def complete(self) -> bool:
        """Whether nothing is left."""
        return bool(self._seen.all())

    def next(self, near: int) -> int | None:
        """Return the next frame to be looked at: from `near` on, then from the start."""
        for start, stop in ((near, self._seen.size), (0, near)):
            left = np.flatnonzero(~self._seen[start:stop])
            if left.size:
                return start + int(left[0])
        return None

    def fill(self, frame: int, mask: NDArray[np.bool_]) -> None:
        """Take the mask (1, rx, chirp, sample) of a frame."""
        self.shares[frame] = mask.mean(axis=(0, 1, 3))
        self._seen[frame] = True

    def skip(self, frame: int, problem: str) -> None:
        """Leave out a frame that cannot be read."""
        self._seen[frame] = True
        self.problem = self.problem or problem

    def bars(self, most: int = 2000) -> Bars:
        """Return at most so many bars, each the greatest share of the chirps it stands for."""
        flat = self.shares.ravel()
        block = -(-flat.size // most)
        starts = np.arange(0, flat.size, block)
        stops = np.minimum(starts + block, flat.size)
        return Bars(starts - 0.5, stops - 0.5, np.fmax.reduceat(flat, starts))

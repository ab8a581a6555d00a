"""Zeroing of disturbed samples, hard or with raised-cosine edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, namespace
from clearchirp.types import Array, InputError, Mitigated


@dataclass(frozen=True, slots=True, kw_only=True)
class Zeroing:
    """Set disturbed samples to zero.

    Takes real and complex beat signals of any array library.

    Parameters
    ----------
    taper
        Undisturbed samples on either side of each gap that are faded by a raised cosine, so that
        the gap's spectrum falls off faster; 0 (hard edges, every undisturbed sample untouched) by
        default.

    Source
    ------
    Fischer 2016, as the reference method "zeroing" of Oswald 2026.

    Examples
    --------
    >>> beat = np.ones((1, 6))
    >>> disturbed = np.array([[False, False, False, True, False, False]])
    >>> Zeroing()(beat, disturbed).signal.tolist()
    [[1.0, 1.0, 1.0, 0.0, 1.0, 1.0]]
    >>> Zeroing(taper=1)(beat, disturbed).signal.round(3).tolist()
    [[1.0, 1.0, 0.5, 0.0, 0.5, 1.0]]
    """

    taper: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.taper, int) or self.taper < 0:
            raise InputError(f"taper: must be a whole number from 0, got {self.taper!r}")

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return the beat signal (..., chirp, sample) with its disturbed samples at zero."""
        check_beat(beat)
        disturbed = check_mask(disturbed, beat)
        xp = namespace(beat)
        if self.taper:
            weight = gap_fade(np.asarray(disturbed), self.taper)
            signal = beat * xp.asarray(weight, dtype=xp.real(beat).dtype)
        else:
            signal = xp.where(disturbed, xp.zeros((), dtype=beat.dtype), beat)
        zeroed = float(xp.sum(xp.astype(disturbed, xp.int64)))
        return Mitigated(signal=signal, disturbed=disturbed, stats={"samples_zeroed": zeroed})


def gap_fade(disturbed: NDArray[np.bool_], taper: int) -> NDArray[np.float64]:
    """Return weights (..., sample): 0 in gaps, a raised cosine over `taper` samples, then 1."""
    samples = disturbed.shape[-1]
    position = np.arange(samples)
    before = np.maximum.accumulate(np.where(disturbed, position, -taper - 1), axis=-1)
    after = np.where(disturbed, position, samples + taper)[..., ::-1]
    after = np.minimum.accumulate(after, axis=-1)[..., ::-1]
    distance = np.minimum(np.minimum(position - before, after - position), taper + 1)
    return 0.5 - 0.5 * np.cos(np.pi * distance / (taper + 1))

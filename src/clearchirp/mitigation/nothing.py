"""The method that does nothing: the row to compare with."""

from __future__ import annotations

from dataclasses import dataclass

from clearchirp.arrays import check_beat, check_mask
from clearchirp.types import Array, Mitigated


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Return the beat signal as it is; any array library."""

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return `beat` (..., chirp, sample) itself, marked with the mask that came along."""
        check_beat(beat)
        if disturbed is not None:
            check_mask(disturbed, beat)
        return Mitigated(signal=beat, disturbed=disturbed)

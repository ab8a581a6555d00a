"""What radar chips do with disturbed samples: zero them, blank them smoothly, or draw a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.mitigation.zeroing import gap_fade
from clearchirp.types import InputError, Mitigated

_FILLS = ("zero", "blank", "interpolate")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnChip:
    """Repair disturbed samples as the hardware of a radar chip does.

    Takes real and complex NumPy arrays. The chip finds the samples by itself, which here is the
    detector "on-chip" (`clearchirp.disturbed.on_chip`); any other mask will do.

    Parameters
    ----------
    fill
        ``"interpolate"`` (default) draws a straight line from the last clean sample before a gap to
        the first one behind it, real and imaginary part each; at an edge of the chirp the only
        clean neighbour is held, and a chirp without any becomes zero. It suits the strong echoes
        from nearby, whose beat frequency is low; of an echo that turns faster than once in a gap it
        leaves no more than ``"zero"`` does, which sets the gap to zero. ``"blank"`` sets it to zero
        and fades the clean samples beside it, for lower sidelobes.
    taper
        ``"blank"`` only: clean samples on either side of a gap that are faded by a raised cosine;
        8 by default. The other fills leave every clean sample bit for bit.

    Source
    ------
    Texas Instruments, application note SWRA725 (AWR2944), 2021, section 3.3, which does not give
    the window of the blanking or its length.

    Examples
    --------
    >>> beat = np.array([[1.0, 2.0, 90.0, 90.0, 5.0]])
    >>> disturbed = beat > 50
    >>> OnChip()(beat, disturbed).signal.tolist()
    [[1.0, 2.0, 3.0, 4.0, 5.0]]
    >>> OnChip(fill="blank", taper=1)(beat, disturbed).signal.round(3).tolist()
    [[1.0, 1.0, 0.0, 0.0, 2.5]]
    """

    fill: Literal["zero", "blank", "interpolate"] = "interpolate"
    taper: int = 8

    def __post_init__(self) -> None:
        if self.fill not in _FILLS:
            raise InputError(f"fill: must be one of {', '.join(_FILLS)}, got {self.fill!r}")
        if not isinstance(self.taper, int) or self.taper < 0:
            raise InputError(f"taper: must be a whole number from 0, got {self.taper!r}")

    def __call__(
        self, beat: NDArray[Any], disturbed: NDArray[np.bool_] | None = None, /
    ) -> Mitigated:
        """Return the beat signal (..., chirp, sample) with its disturbed samples repaired."""
        require_numpy(beat, method="on-chip")
        mask = check_mask(disturbed, check_beat(beat))
        if self.fill == "zero":
            signal = np.where(mask, beat.dtype.type(0), beat)
        elif self.fill == "blank":
            signal = beat * gap_fade(mask, self.taper).astype(np.real(beat).dtype)
        else:
            signal = _bridged(beat, mask)
        stats = {"samples_repaired": float(np.sum(mask))}
        return Mitigated(signal=signal, disturbed=mask, stats=stats)


def _bridged(beat: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Return the beat signal with straight lines over its gaps."""
    samples = beat.shape[-1]
    place = np.arange(samples)
    before = np.maximum.accumulate(np.where(mask, -1, place), axis=-1)
    behind = np.where(mask, samples, place)[..., ::-1]
    behind = np.minimum.accumulate(behind, axis=-1)[..., ::-1]
    # At the edges of a chirp both ends of the line are the one sample that there is.
    first = np.where(before < 0, behind, before)
    last = np.where(behind == samples, before, behind)
    nowhere = (before < 0) & (behind == samples)
    first, last = np.clip(first, 0, samples - 1), np.clip(last, 0, samples - 1)
    share = ((place - first) / np.maximum(last - first, 1)).astype(np.real(beat).dtype)
    start = np.take_along_axis(beat, first, axis=-1)
    stop = np.take_along_axis(beat, last, axis=-1)
    line = np.where(nowhere, 0, start + share * (stop - start))
    return np.where(mask, line, beat).astype(beat.dtype, copy=False)

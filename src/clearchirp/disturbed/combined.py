"""The union of the adaptive threshold and the Laplacian: the default detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.disturbed.adaptive_threshold import AdaptiveThreshold
from clearchirp.disturbed.deviation import deviation, gamma_for
from clearchirp.disturbed.laplacian import Laplacian
from clearchirp.disturbed.runs import alone, closed, grown
from clearchirp.settings import check_number
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """Flag what the adaptive threshold or the Laplacian flags, with the gaps of bursts closed.

    Parameters
    ----------
    false_alarm
        Of the `AdaptiveThreshold`; 1e-6 by default.
    factor
        Of the `Laplacian`; 5.5 by default.
    gap
        Stretches of at most so many samples between two flagged ones belong to the burst: a
        modulus passes through zero inside it. 10 by default.
    guard
        Samples added on either side of each burst, where the receiver's filter lets it rise and
        fall below the threshold. 2 by default.
    edge
        Before that, a burst takes in the samples beside it while the modulus exceeds this many
        times the rms, 3 by default: a lower threshold that alone would flag noise, but not beside
        a burst.

    Source
    ------
    Chen 2022, section 4 and Table 1 (F 79.00 %, recall 95.73 %).

    Deviations
    ----------
    Guard samples and edges: at equal F, the recall is what mitigation lives on. A single flagged
    sample with no other within the gap is dropped unless its modulus is twice what the threshold
    asks for: interference lasts as long as its frequency stays inside the receiver's band, noise
    does not. The rest as in the two parts.
    """

    false_alarm: float = 1e-6
    factor: float = 5.5
    gap: int = 10
    guard: int = 2
    edge: float = 3.0

    def __post_init__(self) -> None:
        AdaptiveThreshold(false_alarm=self.false_alarm)
        Laplacian(factor=self.factor)
        check_number("edge", self.edge)
        if self.edge <= 0:
            raise InputError(f"edge: must be positive, got {self.edge}")
        for name in ("gap", "guard"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 0:
                raise InputError(f"{name}: must be a whole number from 0, got {value!r}")

    def __call__(self, beat: NDArray[Any], /) -> NDArray[np.bool_]:
        """Return the mask of disturbed samples of a NumPy beat signal (..., chirp, sample)."""
        scaled, _ = deviation(beat, detector="combined")
        flags = AdaptiveThreshold(false_alarm=self.false_alarm).flag(scaled)
        flags |= Laplacian(factor=self.factor).flag(scaled)
        flags = closed(flags, self.gap, 0)
        sure = 2 * gamma_for(self.false_alarm, np.iscomplexobj(scaled))
        flags &= ~(alone(flags) & (np.abs(scaled) < sure))
        flags = grown(flags, np.abs(scaled), self.edge)
        return closed(flags, 0, self.guard)

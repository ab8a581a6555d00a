"""The mask that only the ground truth can give: the upper bound for every detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """Flag samples on which the interference is stronger than all else.

    The chain gives it the truth of a recording that has one; called on a beat signal alone it
    refuses.

    Source
    ------
    Oswald 2026, VI-B2: the oracle zeroes where |interference| > |targets + noise|.
    """

    def __call__(self, beat: NDArray[Any], /) -> NDArray[np.bool_]:
        """Refuse: a beat signal alone does not tell its interference."""
        raise InputError(
            "detector oracle: needs the ground truth, a recording that holds `disturbed`, or "
            "`interference` and `clean`; simulated ones do"
        )

    def flag(self, interference: NDArray[Any], clean: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the mask from the truth, both (..., chirp, sample); clean = targets + noise.

        >>> Oracle().flag(np.array([0.0, 2.0, 0.5]), np.array([1.0, 1.0, 1.0])).tolist()
        [False, True, False]
        """
        return np.abs(interference) > np.abs(clean)

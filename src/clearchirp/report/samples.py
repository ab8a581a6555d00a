"""What methods scored, frame by frame, as a report takes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What methods scored on the same frames of one scene with one detector.

    Attributes
    ----------
    name
        Of scene and detector, as a heading.
    values
        Method -> metric -> one value a frame (the mean over its receivers), the same frames for
        all; NaN where a metric had nothing to work on or the method failed. A metric that a method
        lacks is unknown on every frame.
    seconds
        Method -> time of each frame; methods without stay out of the Pareto figure.
    errors
        Method -> on how many frames it failed.
    absent
        Method -> why it has no values: it has not landed yet, does not take this receiver ...

    Raises
    ------
    InputError
        Where the numbers of frames differ.
    """

    name: str
    values: Mapping[str, Mapping[str, NDArray]]
    seconds: Mapping[str, NDArray] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes = {
            np.asarray(values).shape for known in self.values.values() for values in known.values()
        }
        if len(sizes) > 1 or any(len(shape) != 1 for shape in sizes):
            raise InputError(
                f"samples {self.name!r}: each metric of each method must have one value for each "
                f"of the same frames, got the shapes {sorted(sizes)}"
            )

    @property
    def frames(self) -> int:
        """How many frames there are."""
        sizes = [len(values) for known in self.values.values() for values in known.values()]
        return sizes[0] if sizes else 0

    def metric(self, name: str) -> dict[str, NDArray]:
        """Return method -> values of one metric."""
        nothing = np.full(self.frames, math.nan)
        return {method: known.get(name, nothing) for method, known in self.values.items()}

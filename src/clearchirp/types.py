"""What the rooms of the house hand each other: results, protocols, the error for wrong input.

No logic lives here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeAlias

Array: TypeAlias = Any
"""An N-dimensional array of NumPy or of any library that follows the array API standard."""


class InputError(ValueError):
    """The input is wrong: one line that names what is wrong, where, and the mend.

    The command line prints the line without a traceback and leaves with exit code 2.
    """


class FarFromTraining(UserWarning):
    """A network is given data that its training says nothing about; one line says in what."""


class Status(Enum):
    """How a mitigator came to its result; `advice` is a sentence for the user."""

    DIRECT = "direct"
    CONVERGED = "converged"
    MAX_ITERATIONS = "max iterations"

    @property
    def advice(self) -> str:
        """What the status means and what to do about it."""
        return _ADVICE[self]


_ADVICE = {
    Status.DIRECT: "The method has no iterations; nothing to check.",
    Status.CONVERGED: "The iterations met their stopping rule.",
    Status.MAX_ITERATIONS: (
        "The iterations ran out before the stopping rule was met; raise max_iter or loosen tol."
    ),
}


def _no_stats() -> dict[str, float]:
    return {}


@dataclass(frozen=True, slots=True)
class Mitigated:
    """The result of every mitigator.

    Attributes
    ----------
    signal
        The cleaned signal in the domain that the catalogue names for the method.
    disturbed
        Boolean, True for each sample that was treated as interference; None where the method
        does not work on samples.
    status
        How the method ended.
    stats
        Facts about the run by name (iterations, samples filled ...), each a float.
    history
        What a method with memory wants to be given with the next frame; None for all others.
    """

    signal: Array
    disturbed: Array | None
    status: Status = Status.DIRECT
    stats: Mapping[str, float] = field(default_factory=_no_stats)
    history: Any = None


class LinearOperator(Protocol):
    """A linear map with its adjoint, N-D in and N-D out."""

    def forward(self, x: Array, /) -> Array:
        """Apply the map."""
        ...

    def adjoint(self, y: Array, /) -> Array:
        """Apply the conjugate transpose."""
        ...


class Detector(Protocol):
    """Finds disturbed samples: beat (..., chirp, sample) in, boolean of the same shape out."""

    def __call__(self, beat: Array, /) -> Array:
        """Return a mask that is True at each disturbed sample."""
        ...


class Mitigator(Protocol):
    """Removes interference: beat and mask (..., chirp, sample) in, `Mitigated` out."""

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return the cleaned signal."""
        ...

"""What a separation of targets and interference hands out after each iteration."""

from __future__ import annotations

from dataclasses import dataclass, field

from clearchirp.solvers.solve import Iterate
from clearchirp.types import Array


@dataclass(frozen=True, slots=True)
class Split(Iterate):
    """Where a separation is after an iteration; `clearchirp.solvers.solve.solve` runs it.

    Attributes
    ----------
    x
        The targets' part, also called `signal`. Valid until the next iteration, as `interference`.
    change
        What is compared with the tolerance: of `HankelAdmm` ||y - x - i|| / ||y||, of the others
        the relative change of the signal; of several chirps the largest.
    interference
        The other part.
    going
        How many of several chirps worked on at once have not come to an end.
    """

    interference: Array = field(kw_only=True)
    going: int = field(default=1, kw_only=True)

    @property
    def signal(self) -> Array:
        """The targets' part."""
        return self.x

"""Running a separation of targets and interference: stopping, history, timing and progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clearchirp.types import Array, Status


@dataclass(frozen=True, slots=True)
class Split:
    """Where a separation is after an iteration.

    Attributes
    ----------
    signal, interference
        The two parts. Valid until the next iteration, which may overwrite them.
    change
        What is compared with the tolerance: of `HankelAdmm` ||y - x - i|| / ||y||, of the others
        the relative change of the signal.
    """

    signal: Array
    interference: Array
    change: float


@dataclass(frozen=True, slots=True)
class Separation:
    """What `separate` found.

    Attributes
    ----------
    signal, interference
        The last split.
    status
        CONVERGED or MAX_ITERATIONS.
    changes
        `Split.change` of each iteration.
    seconds
        Time since the start after each iteration.
    """

    signal: Array
    interference: Array
    status: Status
    changes: tuple[float, ...]
    seconds: tuple[float, ...]

    @property
    def iterations(self) -> int:
        """How many there were."""
        return len(self.changes)


def separate(
    splits: Iterator[Split],
    *,
    tol: float,
    max_iter: int,
    on_split: Callable[[int, Split], None] | None = None,
) -> Separation:
    """Draw splits until their change falls below `tol` or there are `max_iter` of them.

    Parameters
    ----------
    splits
        From a solver; where it ends by itself, it has converged.
    tol, max_iter
        When to stop.
    on_split
        Called with the number of the iteration, from 1, and the split: progress, or a look at it.
    """
    begin = time.perf_counter()
    changes: list[float] = []
    seconds: list[float] = []
    status = Status.CONVERGED
    last: Split | None = None
    for number, last in enumerate(splits, start=1):
        changes.append(last.change)
        if on_split is not None:
            on_split(number, last)
        seconds.append(time.perf_counter() - begin)
        if last.change < tol:
            break
        if number >= max_iter:
            status = Status.MAX_ITERATIONS
            break
    if last is None:
        raise ValueError("the solver yielded nothing")
    return Separation(last.signal, last.interference, status, tuple(changes), tuple(seconds))

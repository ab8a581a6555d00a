"""Running a solver: stopping, history, timing and progress, once for all of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from clearchirp.arrays import namespace
from clearchirp.solvers.levels import power
from clearchirp.types import Array, LinearOperator, Status


class SamplingOperator(LinearOperator, Protocol):
    """A linear operator whose rows are orthonormal, one a measured sample."""

    @property
    def measurements(self) -> int:
        """How many samples were measured, q."""
        ...

    @property
    def size(self) -> int:
        """How many bins there are, MN."""
        ...

    def gram(self, left: Array, right: Array, /) -> Array:
        """Return A_L^H A_R for the columns with the flat indices `left` and `right`."""
        ...


@dataclass(frozen=True, slots=True)
class Iterate:
    """Where a solver is after an iteration.

    Attributes
    ----------
    x
        The spectrum. Valid until the next iteration, which may overwrite it.
    change
        ||x - x_before|| / ||x|| where the solver knows it already; NaN has `solve` compute it.
    """

    x: Array
    change: float = math.nan


Step = TypeVar("Step", bound=Iterate)


class Solver(Protocol):
    """Frozen settings whose `iterates` is the loop of the paper.

    A solver works on one problem, whatever the shape of its arrays: a frame has its own threshold
    and its own end. Leading axes are looped over by the method.
    """

    @property
    def tol(self) -> float:
        """Relative change of x below which the iterations are done."""
        ...

    @property
    def max_iter(self) -> int:
        """Most iterations."""
        ...

    def iterates(self, operator: SamplingOperator, y: Array, /) -> Iterator[Iterate]:
        """Yield one iterate after another, starting from the spectrum zero.

        Where a solver has come to its end by itself, the iterator ends: that counts as converged.
        """
        ...


@dataclass(frozen=True, slots=True)
class Solution(Generic[Step]):
    """What `solve` found.

    Attributes
    ----------
    last
        The last iterate; its spectrum is also called `x`.
    status
        CONVERGED or MAX_ITERATIONS.
    changes
        Relative change of x in each iteration.
    seconds
        Time since the start after each iteration.
    """

    last: Step
    status: Status
    changes: tuple[float, ...]
    seconds: tuple[float, ...]

    @property
    def x(self) -> Array:
        """The last spectrum."""
        return self.last.x

    @property
    def iterations(self) -> int:
        """How many there were."""
        return len(self.changes)


def solve(
    iterates: Iterator[Step],
    *,
    tol: float,
    max_iter: int,
    on_iterate: Callable[[int, Step], object] | None = None,
) -> Solution[Step]:
    """Draw iterates until x changes by less than `tol`, relative to its norm, or there are enough.

    A spectrum that is zero and stays zero has not changed. The papers stop on the residual's norm;
    it is dominated by the noise, and settles while hard thresholding still fills the gaps.

    Parameters
    ----------
    iterates
        From a solver.
    tol, max_iter
        When to stop; 0 goes on to `max_iter`.
    on_iterate
        Called with the number of the iteration, from 1, and the iterate: progress, or a look at
        it. What it does counts in `seconds`. Where it returns True, that iteration is the last.
    """
    begin = time.perf_counter()
    before: Array | None = None
    last: Step | None = None
    changes: list[float] = []
    seconds: list[float] = []
    status = Status.CONVERGED
    for number, last in enumerate(iterates, start=1):
        change = last.change
        if math.isnan(change):
            change = relative_change(last.x, before)
            before = last.x
        changes.append(change)
        enough = number >= max_iter
        if on_iterate is not None:
            enough |= on_iterate(number, last) is True
        seconds.append(time.perf_counter() - begin)
        if change < tol or (change == 0 and tol > 0):
            break
        if enough:
            status = Status.MAX_ITERATIONS
            break
    if last is None:
        raise ValueError("the solver yielded nothing")
    return Solution(last, status, tuple(changes), tuple(seconds))


def relative_change(x: Array, before: Array | None) -> float:
    """Return ||x - before|| / ||x||; 0 where both are zero, infinite where x alone is."""
    xp = namespace(x)
    size = float(xp.sum(power(x)))
    step = size if before is None else float(xp.sum(power(x - before)))
    return ratio(step, size)


def ratio(step: float, size: float) -> float:
    """Return the root of step / size; 0 / 0 is 0."""
    if size > 0:
        return math.sqrt(step / size)
    return 0.0 if step == 0 else math.inf

"""Hard thresholding with a threshold that falls from the strongest bin to the noise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clearchirp.arrays import namespace
from clearchirp.solvers.checks import check_from, check_stopping, check_within
from clearchirp.solvers.levels import noise_power, spread
from clearchirp.solvers.proximal import hard
from clearchirp.solvers.solve import Iterate, SamplingOperator
from clearchirp.types import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class ImatSolver:
    """`Iht` whose threshold falls by a fixed factor: T_k = T_0 exp(-alpha k), down to the noise.

    Parameters
    ----------
    alpha
        How fast the threshold falls, above 0; 0.25 by default.
    beta
        Where it ends, in standard deviations of the gradient, from 0; 3.5 by default.
    tol, max_iter
        Stop when x changes by less than this, relative to its norm; 1e-3, and 200 iterations. What
        falls may pause between two targets: it goes on at least until the noise is reached.

    Notes
    -----
    Two FFTs an iteration. The method that fills gaps by it, windowed, compiled and with its noise
    rule, is `clearchirp.mitigation.imat.Imat2d`; this is the same loop on the common operator.

    Source
    ------
    Marvasti 2012, (7); Bechter 2017, (6)-(11).
    """

    alpha: float = 0.25
    beta: float = 3.5
    tol: float = 1e-3
    max_iter: int = 200

    def __post_init__(self) -> None:
        check_within("alpha", self.alpha, 0, 10)
        check_from("beta", self.beta, 0)
        check_stopping(self.tol, self.max_iter)

    def iterates(self, operator: SamplingOperator, y: Array, /) -> Iterator[Iterate]:
        """Yield the iterates."""
        xp: Any = namespace(y)
        back = operator.adjoint(y)
        x = xp.zeros_like(back)
        # A real frame's bins come in pairs: rounding must not take one of two and leave the other.
        falling = xp.max(xp.abs(back)) * (1 - 1e-6)
        noise = self.beta * xp.sqrt(noise_power(back))
        while True:
            gradient = operator.adjoint(y - operator.forward(x))
            least = xp.minimum(self.beta * spread(gradient), xp.maximum(noise, falling))
            x = hard(x + gradient, xp.maximum(falling, least))
            done = bool(falling <= least)
            yield Iterate(x, math.nan if done else math.inf)
            falling = falling * math.exp(-self.alpha)

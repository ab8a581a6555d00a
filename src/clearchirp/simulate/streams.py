"""Random numbers: a stream for each purpose, so that no effect moves another's numbers."""

from __future__ import annotations

from typing import Literal

import numpy as np

Purpose = Literal["noise", "transient", "phase noise", "scene"]

# Their order is part of what a seed means: append, never insert.
_PURPOSES: tuple[Purpose, ...] = ("noise", "transient", "phase noise", "scene")


def stream(seed: int, frame: int, purpose: Purpose) -> np.random.Generator:
    """Generator of one purpose in one frame: the same on any machine, in any order of frames."""
    child = (_PURPOSES.index(purpose),)
    return np.random.default_rng(np.random.SeedSequence([seed, frame], spawn_key=child))

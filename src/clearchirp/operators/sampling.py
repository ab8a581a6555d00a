"""Which samples of a frame a solver sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearchirp.arrays import namespace
from clearchirp.types import Array, InputError


def measured_samples(
    disturbed: Array, samples_per_chirp: int | None = None, *, seed: int = 0
) -> Array:
    """Return which samples take part in the recovery: boolean, True = used.

    Parameters
    ----------
    disturbed
        Boolean mask (..., chirp, sample), True = disturbed.
    samples_per_chirp
        None (default): every undisturbed sample. A number p from 1: p undisturbed samples of each
        chirp, drawn at random as in Chen 2022, section 3.4, where delta = p/N is the compression
        ratio; a chirp with fewer keeps all that it has.
    seed
        Of the random draw.

    Raises
    ------
    InputError
        If `samples_per_chirp` is not a whole number from 1.

    Examples
    --------
    >>> disturbed = np.zeros((2, 8), bool)
    >>> disturbed[0, :6] = True
    >>> measured_samples(disturbed).sum(axis=-1), measured_samples(disturbed, 4).sum(axis=-1)
    (array([2, 8]), array([2, 4]))
    """
    xp: Any = namespace(disturbed)
    if samples_per_chirp is None:
        return ~disturbed
    count = samples_per_chirp
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise InputError(f"samples_per_chirp: must be a whole number from 1 or None, got {count!r}")
    flags = np.asarray(disturbed)
    # The undisturbed samples of each chirp in random order come first; the first p are drawn.
    order = np.argsort(np.random.default_rng(seed).random(flags.shape) + flags, axis=-1)
    drawn = np.zeros(flags.shape, bool)
    np.put_along_axis(drawn, order[..., :count], True, axis=-1)
    return xp.asarray(drawn & ~flags)

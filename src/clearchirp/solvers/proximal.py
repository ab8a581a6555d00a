"""Proximal maps of the sparsity terms, for complex arrays of any shape and library."""

from __future__ import annotations

from typing import Any

from clearchirp.arrays import namespace
from clearchirp.types import Array


def soft(x: Array, threshold: Array | float) -> Array:
    """Return x with its modulus lowered by `threshold`, at most to zero, its phase kept.

    The proximal map of threshold * ||.||_1; Chen 2022, (13).
    """
    xp: Any = namespace(x)
    modulus = xp.abs(x)
    above = modulus > threshold
    kept = xp.where(above, modulus - threshold, xp.zeros_like(modulus))
    return x * (kept / xp.where(above, modulus, xp.ones_like(modulus)))


def hard(x: Array, threshold: Array | float) -> Array:
    """Return x where its modulus reaches `threshold`, zero elsewhere.

    The proximal map of threshold^2 / 2 * ||.||_0; Chen 2022, (15).
    """
    xp: Any = namespace(x)
    return xp.where(xp.abs(x) >= threshold, x, xp.zeros((), dtype=x.dtype))


def onto_discs(x: Array, radius: float) -> Array:
    """Return x with its modulus cut to `radius`: the projection onto ||x||_inf <= radius."""
    xp: Any = namespace(x)
    modulus = xp.abs(x)
    over = modulus > radius
    return xp.where(over, x * (radius / xp.where(over, modulus, xp.ones_like(modulus))), x)

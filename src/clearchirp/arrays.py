"""The one place that knows which array library an array belongs to, and what a valid array is."""

from __future__ import annotations

from typing import Any

import array_api_compat
import numpy as np

from clearchirp.types import Array, InputError


def namespace(*arrays: Array) -> Any:
    """Return the array-API namespace that the arrays share (NumPy, torch, CuPy ...).

    >>> namespace(np.zeros(3)).__name__
    'array_api_compat.numpy'
    """
    return array_api_compat.array_namespace(*arrays)


def is_array(x: object) -> bool:
    """True for an array of any library that follows the array API standard."""
    return bool(array_api_compat.is_array_api_obj(x))


def is_numpy(*arrays: Array) -> bool:
    """True where every array is a NumPy array, so that the fused kernels apply."""
    return all(isinstance(a, np.ndarray) for a in arrays)


def is_complex(x: Array) -> bool:
    """True for a complex floating-point array of any library."""
    return bool(namespace(x).isdtype(x.dtype, "complex floating"))


def squared_magnitude(spectrum: Array) -> Array:
    """Return |spectrum|^2 of a real or complex array of any library, in its own precision."""
    if not is_complex(spectrum):
        return spectrum * spectrum
    xp = namespace(spectrum)
    real, imag = xp.real(spectrum), xp.imag(spectrum)
    return real * real + imag * imag


def check_beat(beat: Array, *, name: str = "beat", min_ndim: int = 1) -> Array:
    """Return `beat` if it is a beat signal, raise `InputError` otherwise.

    A beat signal is a real or complex floating-point array with at least `min_ndim` axes
    (..., chirp, sample), at least one sample, and neither NaN nor Inf.
    """
    if not is_array(beat):
        raise InputError(f"{name}: expected an array, got {type(beat).__name__}")
    xp = namespace(beat)
    if not xp.isdtype(beat.dtype, ("real floating", "complex floating")):
        raise InputError(
            f"{name}: expected a real or complex floating-point array, got {beat.dtype}; "
            "convert counts with .astype(numpy.float32)"
        )
    if beat.ndim < min_ndim:
        raise InputError(
            f"{name}: expected at least {min_ndim} axes (..., chirp, sample), got shape "
            f"{tuple(beat.shape)}"
        )
    if 0 in beat.shape:
        raise InputError(f"{name}: is empty, its shape is {tuple(beat.shape)}")
    if not bool(xp.all(xp.isfinite(beat))):
        count = int(xp.sum(xp.astype(~xp.isfinite(beat), xp.int64)))
        raise InputError(
            f"{name}: {count} of its values are NaN or Inf; replace them (by zeros, say) and mark "
            "them as disturbed"
        )
    return beat


def require_numpy(beat: Array, *, method: str) -> None:
    """Raise `InputError` unless `beat` is a NumPy array."""
    if not is_numpy(beat):
        raise InputError(
            f"beat: {method} takes NumPy arrays only, got {type(beat).__name__}; convert it first"
        )


def check_mask(disturbed: Array | None, beat: Array, *, name: str = "disturbed") -> Array:
    """Return `disturbed` if it is a boolean array of the shape of `beat`, raise otherwise."""
    if disturbed is None:
        raise InputError(f"{name}: this method needs the mask of disturbed samples; run a detector")
    if not is_array(disturbed):
        raise InputError(f"{name}: expected a boolean array, got {type(disturbed).__name__}")
    if not namespace(disturbed).isdtype(disturbed.dtype, "bool"):
        raise InputError(f"{name}: expected a boolean array, got {disturbed.dtype}")
    if tuple(disturbed.shape) != tuple(beat.shape):
        raise InputError(
            f"{name}: its shape {tuple(disturbed.shape)} is not the beat signal's "
            f"{tuple(beat.shape)}"
        )
    return disturbed

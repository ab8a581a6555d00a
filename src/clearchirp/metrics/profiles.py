"""Metrics of range spectra against known targets, one chirp at a time, as ARIM scores them.

Arguments have one shape (..., range): spectra, complex or real where only the modulus counts, and
a mask of the bins that hold a target. Each function returns a number for one spectrum and an array
of one value a spectrum for a batch; NaN where there is no target, or nothing else. NumPy only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from clearchirp.arrays import namespace
from clearchirp.types import InputError


def auc(spectra: NDArray[Any], targets: NDArray[np.bool_]) -> Any:
    """Return the area under the ROC curve of a threshold on the modulus over the bins.

    The chance that a bin with a target exceeds one without, ties half (Mann and Whitney).

    Examples
    --------
    >>> import numpy as np
    >>> auc(np.array([4.0, 1.0, 3.0, 0.5]), np.array([True, False, False, False]))
    1.0
    """
    _check(targets, spectra=spectra)
    ranks = rankdata(np.abs(spectra), axis=-1)
    found, rest = targets.sum(-1), (~targets).sum(-1)
    least = found * (found + 1) / 2
    return _per_chirp(_divide((ranks * targets).sum(-1) - least, found * rest))


def snr_gain_db(
    after: NDArray[Any], before: NDArray[Any], amplitudes: NDArray[Any], *, guard: int = 2
) -> Any:
    """Return the gain in SNR of the strongest target in dB.

    SNR is the power in its bin over the mean power of the bins that are more than `guard` bins from
    every target, around the end, too; `amplitudes` are the true ones, 0 where no target is. Two
    bins are the main lobe of a spectrum that is padded to twice its length. NaN, too, where nothing
    is left of either.
    """
    targets = amplitudes != 0
    _check(targets, after=after, before=before)
    near = np.zeros_like(targets)
    for step in range(-guard, guard + 1):
        near |= np.roll(targets, step, axis=-1)
    strongest = np.argmax(np.abs(amplitudes), axis=-1)[..., None]

    def snr(spectra: NDArray[Any]) -> NDArray[Any]:
        power = np.square(np.abs(spectra), dtype=np.float64)
        rest = _divide(np.sum(power, axis=-1, where=~near), (~near).sum(-1))
        return _divide(np.take_along_axis(power, strongest, -1)[..., 0], rest)

    gain = _divide(snr(after), snr(before))
    gain = np.where(targets.any(-1) & (gain > 0), gain, np.nan)
    return _per_chirp(10 * np.log10(gain))


def amplitude_error_db(
    spectra: NDArray[Any], true: NDArray[Any], targets: NDArray[np.bool_]
) -> Any:
    """Return the mean over the targets of the modulus of the ratio to the true modulus in dB.

    A target that is gone counts as one at -240 dB of the strongest true one.
    """
    _check(targets, spectra=spectra, true=true)
    known = np.where(targets, np.abs(true), 1.0)
    least = 1e-12 * np.abs(true).max(axis=-1, keepdims=True, initial=0.0)
    error = np.abs(20 * np.log10(np.maximum(np.abs(spectra), np.maximum(least, 1e-300)) / known))
    return _per_chirp(_divide(np.sum(error, axis=-1, where=targets), targets.sum(-1)))


def phase_error(spectra: NDArray[Any], true: NDArray[Any], targets: NDArray[np.bool_]) -> Any:
    """Return the mean over the targets of the modulus of the phase difference in rad."""
    _check(targets, spectra=spectra, true=true)
    error = np.abs(np.angle(spectra * np.conj(true)))
    return _per_chirp(_divide(np.sum(error, axis=-1, where=targets), targets.sum(-1)))


def _check(targets: Any, **spectra: Any) -> None:
    for name, array in spectra.items():
        namespace(array)
        if not np.issubdtype(array.dtype, np.inexact):
            raise InputError(f"{name}: must be floating-point, got {array.dtype}")
        if array.ndim < 1 or array.shape != targets.shape:
            raise InputError(
                f"{name}: must be (..., range) like the targets {targets.shape}, got {array.shape}"
            )
        if not np.isfinite(array).all():
            raise InputError(f"{name}: contains NaN or Inf")


def _divide(above: Any, below: Any) -> NDArray[np.float64]:
    """NaN where nothing is below."""
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _per_chirp(values: NDArray[Any]) -> Any:
    return float(values) if values.ndim == 0 else values

"""Matrix pencil: gaps filled by the tones whose poles the undisturbed samples show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.solvers.pencil import (
    clean_runs,
    fit,
    poles,
    signal_subspace,
)
from clearchirp.types import Array, InputError, Mitigated
from clearchirp.workers import with_one_blas_thread

_SHORTEST_WINDOW = 4
_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixPencil:
    """Fill the disturbed samples of a chirp with tones fitted to its other samples.

    Parameters
    ----------
    order
        Tones of a chirp, from 1; None (default) finds as many as stand out of the noise.
    max_order
        Most tones that are looked for, from 1; 24 by default.
    window
        Samples of a window (the pencil's parameter, and one), from 2; None (default) is half of the
        longest stretch without a disturbed sample.

    Raises
    ------
    InputError
        If a setting is not such a whole number.

    Notes
    -----
    The windows of all clean stretches, forward and reversed and conjugated, have the tones as their
    signal subspace (`clearchirp.solvers.pencil.signal_subspace`); its shift invariance gives the
    poles, which are brought to the unit circle, and least squares over all clean samples their
    amplitudes. Any number of gaps, none of which is bridged before the poles are known.

    Automatic order: fitted with as many poles as there may be, some do not explain more than noise
    would; the order is the number of the others, with which poles and fit are found anew, until it
    stays. Where none does alone, half of them are tried: slow drifts of a receiver without I/Q take
    several poles next to one another.

    A chirp whose clean stretches are too short for a window of 4 samples gets zeros.

    Source
    ------
    Wang 2021; the pencil is Hua and Sarkar's (Hua 1990). Only what seed papers tell of Wang 2021
    was at hand.

    Deviations
    ----------
    Wang 2021 decomposes one matrix of the samples beside one gap by a singular value decomposition.

    Examples
    --------
    >>> n = np.arange(200)
    >>> tones = (np.exp(0.3j * n) + 0.5 * np.exp(-1.1j * n))[None]
    >>> disturbed = ((n > 50) & (n < 80) | (n > 120) & (n < 130))[None]
    >>> result = MatrixPencil()(np.where(disturbed, 0, tones), disturbed)
    >>> bool(np.allclose(result.signal, tones))
    True
    """

    order: int | None = None
    max_order: int = 24
    window: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("order", 1), ("max_order", 1), ("window", 2)):
            value = getattr(self, name)
            if value is None and name != "max_order":
                continue
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            if value is None or not whole or value < least:
                raise InputError(f"{name}: must be a whole number from {least}, got {value!r}")

    @with_one_blas_thread
    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return `beat` with its disturbed samples replaced by those of the tones.

        Parameters
        ----------
        beat
            Real or complex NumPy array (..., sample), any number of leading axes.
        disturbed
            Boolean array of the same shape, True = disturbed.

        Returns
        -------
        Mitigated
            `signal` of the shape and type of `beat`, undisturbed samples as they were; `stats`
            holds the chirps and samples filled and the tones used for them, all chirps together.
        """
        require_numpy(check_beat(beat), method="matrix-pencil")
        mask = np.asarray(check_mask(disturbed, beat))
        signal = np.array(beat, order="C")
        rows, flags = (a.reshape(-1, beat.shape[-1]) for a in (signal, mask))
        hit = np.flatnonzero(flags.any(axis=-1))
        tones = 0
        for c in hit:
            fill, count = self._model(rows[c].astype(complex), ~flags[c])
            largest = np.abs(rows[c][~flags[c]]).max(initial=0)
            over = np.abs(fill) > 2 * largest
            fill[over] *= 2 * largest / np.abs(fill[over])
            values = fill if np.iscomplexobj(rows) else np.real(fill)
            rows[c][flags[c]] = values[flags[c]].astype(rows.dtype)
            tones += count
        stats = {"chirps_filled": hit.size, "samples_filled": int(mask.sum()), "tones": tones}
        return Mitigated(signal, mask, stats={k: float(v) for k, v in stats.items()})

    def _model(self, y: NDArray[Any], keep: NDArray[np.bool_]) -> tuple[NDArray[Any], int]:
        """Return the tones (sample,) that fit the kept samples, and how many they are."""
        runs = clean_runs(keep, _SHORTEST_WINDOW)
        kept = int(keep.sum())
        longest = max((b - a for a, b in runs), default=0)
        window = min(longest // 2 + 1 if self.window is None else self.window, longest)
        most = min(self.max_order if self.order is None else self.order, window - 1, kept // 3)
        nothing = np.zeros_like(y)
        if window < _SHORTEST_WINDOW or most < 1 or not y[keep].any():
            return nothing, 0
        # The level is taken out, so that no power over- or underflows.
        level = float(np.abs(y[keep]).max())
        unit = np.where(keep, y, 0) / level
        vectors, _ = signal_subspace(unit, runs, window, most)
        order, found = len(vectors), nothing
        for number in range(_ROUNDS):
            z = poles(vectors[:order])
            z = z[np.abs(z) > 0]
            if not z.size:
                return nothing, 0
            z = z / np.abs(z)
            found, significant = fit(z, unit, keep)
            new = int(significant.sum())
            if new == 0 and order > 1:
                # Poles side by side may explain all of it and none of them much alone.
                new = order // 2
            if self.order is not None or new == order:
                break
            order = new
            if number == _ROUNDS - 1 and significant.any():
                found, _ = fit(z[significant], unit, keep)
        return (found * level if order else nothing), order

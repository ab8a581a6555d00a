"""The oracle of `imfrac`: notches that only the ground truth can give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.disturbed.fractional_search import check_search, find_chirps, search_of
from clearchirp.mitigation.imfrac import power_of_two, turn_by
from clearchirp.operators.digital_iq import DigitalIq
from clearchirp.operators.fractional_fourier import (
    MultiAngleFourier,
    check_threads,
    from_eigenbasis,
    to_eigenbasis,
)
from clearchirp.operators.oversampling import Oversampling
from clearchirp.spectrum import hann, range_spectrum
from clearchirp.types import Array, InputError, Mitigated

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_MAX_PASSES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ImfracOracle:
    """Zero, at each interferer's angle, the cells where the interference is stronger than the rest.

    Parameters
    ----------
    angles, max_angle_deg, padded, threads
        As those of `Imfrac`.

    Notes
    -----
    Called as a method it is given the true mask alone, and takes the samples under it for the
    interference and the others for the rest; `with_truth` is the oracle of the paper, (16), which
    needs both signals. Real receivers go through digital I/Q.

    It is no upper bound where the interference is strong: 60 dB over the noise, as in the preset
    `imfrac`, the skirts of a chirp that ends inside of the band are stronger than the rest in most
    cells of the row, and (16) zeroes those. There, F1 is 0.49 with the truth (8 frames, seed 0).

    Source
    ------
    Oswald 2026, VI-B1, (16).

    Deviations
    ----------
    The paper turns to the angle of each interferer; here the strongest pulse of what is left of the
    interference gives the angle, until no cell of it is stronger than the rest.
    """

    angles: int = 256
    max_angle_deg: float = 80.0
    padded: bool = False
    threads: int = 1

    @property
    def guard(self) -> int:
        """Cells of a pulse: the peak alone, the truth gives the others."""
        return 0

    @property
    def threshold_db(self) -> float:
        """Any peak is one."""
        return 0.01

    def __post_init__(self) -> None:
        check_search(self)
        if not isinstance(self.padded, bool):
            raise InputError(f"padded: must be true or false, got {self.padded!r}")
        check_threads(self.threads)

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return the range spectra (..., chirp, range) of a beat signal and its true mask."""
        require_numpy(check_beat(beat), method="imfrac-oracle")
        mask = np.asarray(check_mask(disturbed, beat))
        zero = beat.dtype.type(0)
        return self.with_truth(beat, np.where(mask, beat, zero), np.where(mask, zero, beat), mask)

    def with_truth(
        self,
        beat: NDArray[Any],
        interference: NDArray[Any],
        clean: NDArray[Any],
        disturbed: NDArray[np.bool_] | None = None,
    ) -> Mitigated:
        """Return the range spectra by the true interference and the clean signal, all alike."""
        beat = np.ascontiguousarray(beat)
        spectra = range_spectrum(beat)
        samples = beat.shape[-1]
        frame = (-1, *beat.shape[-2:]) if beat.ndim > 1 else (1, 1, samples)
        parts = [np.ascontiguousarray(x).reshape(frame) for x in (beat, interference, clean)]
        window = hann(samples, like=beat)
        cells = 0
        for lines, *signals in zip(spectra.reshape(*parts[0].shape[:2], -1), *parts, strict=True):
            hit = np.flatnonzero(np.any(signals[1] != 0, axis=-1))
            if hit.size and samples >= 16:
                scale = window.dtype.type(1 / power_of_two(signals[0]))
                removed, count = self._removed(*(x[hit] * (window * scale) for x in signals))
                lines[hit] -= removed / scale
                cells += count
        mask = np.zeros(beat.shape, dtype=bool) if disturbed is None else disturbed
        return Mitigated(spectra, mask, stats={"cells_zeroed": float(cells)})

    def _removed(
        self, signal: NDArray[Any], interference: NDArray[Any], clean: NDArray[Any]
    ) -> tuple[NDArray[Any], int]:
        """Return what is taken out of the range spectra (signal, range), and how many cells."""
        iq = None if np.iscomplexobj(signal) else DigitalIq(samples=signal.shape[-1])
        parts = [x if iq is None else iq.forward(x) for x in (signal, interference, clean)]
        room = Oversampling(samples=parts[0].shape[-1]) if self.padded else None
        parts = [x if room is None else room.forward(x) for x in parts]
        rho, ours, others = (to_eigenbasis(x) for x in parts)
        start, samples = rho.copy(), rho.shape[-1]
        bank = MultiAngleFourier(samples=samples, angles=self.angles, threads=self.threads)
        search = search_of(self, samples, at_once=1, reach=samples)
        left, cells = np.arange(len(rho)), 0
        for _ in range(_MAX_PASSES):
            found = find_chirps(bank, ours[left], search)
            index = left[found.signal]
            turn = turn_by(found.row, self.angles, samples, rho.dtype)
            pulses, rest = (from_eigenbasis(x[index] * turn) for x in (ours, others))
            stronger = np.abs(pulses) > np.abs(rest)
            for x in (rho, ours):
                there = from_eigenbasis(x[index] * turn)
                x[index] -= to_eigenbasis(np.where(stronger, there, 0)) * np.conj(turn)
            cells += int(np.sum(stronger))
            left = index[stronger.any(axis=-1)]
            if left.size == 0:
                break
        removed = from_eigenbasis(start - rho)
        removed = removed if room is None else room.adjoint(removed)
        return (fft.fft(removed, axis=-1) if iq is None else iq.spectrum(removed)), cells

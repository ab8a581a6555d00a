"""Ramp filtering: the median over consecutive chirps of the modulus of each range bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.spectrum import range_spectrum
from clearchirp.types import InputError, Mitigated


@dataclass(frozen=True, slots=True, kw_only=True)
class RampFilter:
    """Bring the range spectra of disturbed chirps to the modulus that their neighbours show.

    The modulus of a target in its range bin changes slowly from chirp to chirp, that of
    interference does not: each modulus is replaced by the median over consecutive chirps, the
    phase is kept. Takes real and complex NumPy arrays.

    Parameters
    ----------
    chirps
        Consecutive chirps of the median, an odd number; 9 by default. A frame with fewer chirps
        uses the largest odd number that it has.

    Source
    ------
    Wagner 2018, as the reference method "ramp filtering" of Oswald 2026 (section VI-B3) and
    Oswald 2023.

    Deviations
    ----------
    The source filters every chirp. Here only those with a disturbed sample are, so that a frame
    without interference leaves as it came; the median still runs over all chirps. At the ends of
    a frame the nearest chirps are mirrored.
    """

    chirps: int = 9

    def __post_init__(self) -> None:
        if not isinstance(self.chirps, int) or self.chirps < 3 or self.chirps % 2 == 0:
            raise InputError(f"chirps: must be an odd number from 3, got {self.chirps!r}")

    def __call__(
        self, beat: NDArray[Any], disturbed: NDArray[np.bool_] | None = None, /
    ) -> Mitigated:
        """Return the range spectra (..., chirp, range) of a beat signal (..., chirp, sample)."""
        require_numpy(beat, method="ramp-filter")
        check_beat(beat, min_ndim=2)
        disturbed = check_mask(disturbed, beat)
        spectra = range_spectrum(beat)
        modulus = np.abs(spectra)
        frame_chirps = beat.shape[-2]
        width = min(self.chirps, frame_chirps - 1 + frame_chirps % 2)
        size = [1] * (modulus.ndim - 2) + [width, 1]
        level = ndimage.median_filter(modulus, size=size, mode="mirror")
        hit = np.any(disturbed, axis=-1)
        # Where the modulus is zero there is no phase to keep.
        gain = np.divide(level, modulus, out=np.zeros_like(level), where=modulus > 0)
        signal = np.where(hit[..., None], spectra * gain, spectra)
        return Mitigated(
            signal=signal, disturbed=disturbed, stats={"chirps_filtered": float(np.sum(hit))}
        )

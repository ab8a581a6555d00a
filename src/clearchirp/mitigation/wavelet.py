"""Wavelet denoising: interference estimated by its large wavelet coefficients and subtracted."""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.settings import check_number
from clearchirp.types import InputError, Mitigated

RULES = ("hard", "soft")

_MODE = "periodization"
# As many coefficients as samples, so that one threshold fits all of a level.


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveletDenoising:
    """Subtract from disturbed samples the interference that large wavelet coefficients make up.

    Denoising the other way round: a burst is concentrated in a few coefficients, targets and noise
    are spread over all of them. The coefficients above a threshold make up the estimate of the
    interference. Real and imaginary part are treated apart.

    Parameters
    ----------
    wavelet
        A discrete wavelet that PyWavelets knows by name; "haar" by default.
    level
        Levels of the decomposition, from 1; 3 by default. A short chirp reaches fewer.
    scale
        Factor on the universal threshold, above 0; 1 by default. Lower takes more of what lies
        under the burst; towards 0 the method becomes zeroing.
    rule
        "hard" (default) keeps coefficients above the threshold as they are, "soft" shrinks them
        by it.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Notes
    -----
    Lee 2021: decomposition (13), thresholds (15) and (16): sigma sqrt(2 ln N) in each level, N the
    samples of a chirp, sigma the median modulus of the level's coefficients over 0.6745;
    subtraction (17).

    A baseline: strong bursts hold part of what the targets have in the same coefficients, and of a
    burst much is left below the threshold. In the demonstration scene its error is above that of
    zeroing; "sym8" serves it better than the Haar wavelet of the source.

    Deviations
    ----------
    - The source subtracts the estimate everywhere and needs no mask; here it is subtracted from
      disturbed samples only, since its errors elsewhere cost more than the skirts of bursts that a
      detector misses: undisturbed samples stay as they are, bit for bit.
    - The coarsest approximation is thresholded like the details. The source says nothing of it;
      keeping it whole would remove near targets, leaving it out would keep the middle of a burst.

    Source
    ------
    S. Lee, J.-Y. Lee, S.-C. Kim, "Mutual interference suppression using wavelet denoising in
    automotive FMCW radar systems", IEEE Transactions on Intelligent Transportation Systems 22(2),
    2021.

    Examples
    --------
    >>> beat = np.sin(np.arange(64))[None]
    >>> beat[0, 40:44] += 50
    >>> disturbed = abs(beat) > 2
    >>> cleaned = WaveletDenoising()(beat, disturbed).signal
    >>> bool(abs(cleaned).max() < 2)
    True
    """

    wavelet: str = "haar"
    level: int = 3
    scale: float = 1.0
    rule: str = "hard"

    def __post_init__(self) -> None:
        known = _pywt().wavelist(kind="discrete")
        if not isinstance(self.wavelet, str) or self.wavelet not in known:
            raise InputError(
                f"wavelet: must be a discrete wavelet of PyWavelets such as haar, db4 or sym8, got "
                f"{self.wavelet!r}"
            )
        if not isinstance(self.level, int) or isinstance(self.level, bool) or self.level < 1:
            raise InputError(f"level: must be a whole number from 1, got {self.level!r}")
        check_number("scale", self.scale)
        if self.scale <= 0:
            raise InputError(f"scale: must be above 0, got {self.scale!r}")
        if self.rule not in RULES:
            raise InputError(f"rule: must be one of {', '.join(RULES)}, got {self.rule!r}")

    def __call__(
        self, beat: NDArray[Any], disturbed: NDArray[np.bool_] | None = None, /
    ) -> Mitigated:
        """Return `beat` (..., chirp, sample) less its estimated interference at disturbed samples.

        Real or complex NumPy array, with a boolean mask of the same shape (True = disturbed). The
        result has its shape and type; `stats` counts chirps and samples treated. `InputError` for
        what is not a beat signal or not a mask for it.
        """
        require_numpy(check_beat(beat), method="wavelet")
        mask = np.asarray(check_mask(disturbed, beat))
        signal = np.array(beat, order="C")
        rows, flags = signal.reshape(-1, beat.shape[-1]), mask.reshape(-1, beat.shape[-1])
        hit = np.flatnonzero(flags.any(axis=1))
        if hit.size:
            chosen = rows[hit]
            estimate = self._interference(np.real(chosen).astype(np.float64))
            if np.iscomplexobj(rows):
                estimate = estimate + 1j * self._interference(np.imag(chosen).astype(np.float64))
            cleaned = (chosen - estimate).astype(rows.dtype)
            rows[hit] = np.where(flags[hit], cleaned, chosen)
        stats = {"chirps_treated": float(hit.size), "samples_treated": float(np.sum(mask))}
        return Mitigated(signal, mask, stats=stats)

    def _interference(self, chirps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the estimated interference of real chirps (chirp, sample)."""
        pywt = _pywt()
        samples = chirps.shape[-1]
        level = min(self.level, pywt.dwt_max_level(samples, self.wavelet))
        parts = pywt.wavedec(chirps, self.wavelet, mode=_MODE, level=level)
        kept = [self._large(part, samples) for part in parts]
        return pywt.waverec(kept, self.wavelet, mode=_MODE)[..., :samples]

    def _large(self, part: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
        """Return the coefficients (chirp, place) of a level with the small ones at zero."""
        modulus = np.abs(part)
        sigma = np.median(modulus, axis=-1, keepdims=True) / 0.6745
        threshold = self.scale * sigma * math.sqrt(2 * math.log(samples))
        large = modulus >= threshold
        shrunk = part - np.sign(part) * threshold if self.rule == "soft" else part
        return np.where(large, shrunk, 0.0)


def _pywt() -> Any:
    """Return PyWavelets; it takes a moment to load, which `import clearchirp` must not."""
    return importlib.import_module("pywt")

"""CFAR along the frequency lines of the short-time Fourier transform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from clearchirp.cfar import Cfar
from clearchirp.disturbed.deviation import deviation
from clearchirp.settings import check_number
from clearchirp.spectrum import ShortTime, hann, short_time_spectrum
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class StftCfar:
    """Flag the times at which a frequency line of the short-time spectrum stands out.

    A target stays on its line for the whole chirp, an interferer crosses each line in a short time:
    a CFAR detector that runs along the lines sees only the interferer.

    Parameters
    ----------
    length, hop
        Window and step of the short-time spectrum in samples; 32 and 4 by default.
    guard, training
        Cells on either side of the tested one, in samples (rounded up to whole hops); 32 and 128 by
        default. The guard should cover the time that the interferer spends on one line; a chirp
        too short for it gets the largest that fits.
    threshold_db
        Least power of a detected cell over the mean of the training cells, and over what the
        noise of the frame gives in a cell; 15 dB by default.
    dilation
        Cells by which the detections grow along time, in samples; 8 by default.

    Source
    ------
    CFAR-based mitigation (Wang 2022b): CFAR on each frequency line, then dilation of the mask.

    Deviations
    ----------
    A sample is flagged where a detected cell's window has its middle. The spectrum is that of the
    `deviation` from the recurring part of the frame, and a cell must stand out of the frame's noise
    too: neighbouring cells overlap, so that few of the training cells are independent.
    """

    length: int = 32
    hop: int = 4
    guard: int = 32
    training: int = 128
    threshold_db: float = 15.0
    dilation: int = 8

    def __post_init__(self) -> None:
        ShortTime(length=self.length, hop=self.hop)
        check_number("threshold_db", self.threshold_db)
        for name in ("guard", "training", "dilation"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < (1 if name == "training" else 0):
                raise InputError(f"{name}: must be a positive whole number, got {value!r}")

    def __call__(self, beat: NDArray[Any], /) -> NDArray[np.bool_]:
        """Return the mask of disturbed samples of a NumPy beat signal (..., chirp, sample)."""
        scaled, _ = deviation(beat, detector="stft-cfar")
        samples = scaled.shape[-1]
        settings = ShortTime(length=self.length, hop=self.hop)
        spectrum = short_time_spectrum(scaled, settings)
        cells = spectrum.shape[-1]
        if cells < 4:  # too short for guard and training cells
            return np.zeros(scaled.shape, dtype=bool)
        cfar = Cfar(
            kind="ca",
            axes=1,
            guard=min(-(-self.guard // self.hop), (cells - 2) // 2 - 1),
            training=-(-self.training // self.hop),
            threshold_db=self.threshold_db,
            edges="shrink",
        )
        noise = float(np.sum(hann(self.length) ** 2))
        strong = np.abs(spectrum) ** 2 > 10 ** (self.threshold_db / 10) * noise
        times = (strong & cfar(spectrum)).any(axis=-2)
        nearest = np.minimum((np.arange(samples) + self.hop // 2) // self.hop, times.shape[-1] - 1)
        mask = times[..., nearest]
        if self.dilation:
            width = [1] * (mask.ndim - 1) + [2 * self.dilation + 1]
            mask = ndimage.binary_dilation(mask, np.ones(width, dtype=bool))
        return np.asarray(mask, dtype=bool)

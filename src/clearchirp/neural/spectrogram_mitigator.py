"""The network on spectrograms as a mitigation method; torch is imported when it is first loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, is_complex, require_numpy
from clearchirp.neural.mitigators import (
    Model,
    count_parameters,
    load_model,
    other_radar,
    warn_of_distance,
)
from clearchirp.spectrum import range_spectrum
from clearchirp.types import InputError, Mitigated
from clearchirp.waveform import Waveform

fft: Any = scipy_fft

_CHIRPS = 32
"""Chirps that go through the network at a time."""
_SAME_LEVEL_DB = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrogramMitigator:
    """Run a convolutional network on the spectrogram of each disturbed chirp.

    The network sees magnitudes only and says how much to believe each moment at each frequency;
    magnitude and phase of the range spectrum are those of the complex spectrogram averaged with
    these weights (`clearchirp.neural.spectrogram.SpectrogramNetwork`). Chirps without a disturbed
    sample stay as they are: the mask tells which, and nothing else. Each chirp stands for itself,
    and the unit of the samples does not matter.

    Parameters
    ----------
    model
        "arim", which comes with the package, or the path of a .safetensors file that
        ``reproductions/arim/train_network.py`` wrote.

    Raises
    ------
    InputError
        Where torch is not installed, for a model that is not there or of another kind, and on use
        for a real-valued receiver.

    Warns
    -----
    FarFromTraining
        For chirps of less than half or more than twice as many samples as in training, interference
        weaker or stronger than any there, and, where the chain knows it, another slope or sample
        rate.

    Notes
    -----
    After Ristea 2020 and 2020a, whose networks give the values of the spectrum: the first no phase,
    the second real and imaginary part beside the magnitude. Neither takes a mask.
    """

    model: str = "arim"

    def __post_init__(self) -> None:
        load_model(self.model, "arim-fcn")

    @property
    def parameter_count(self) -> int:
        """How many real numbers were trained."""
        return count_parameters(self.model, "arim-fcn")

    def check_radar(self, waveform: Waveform) -> None:
        """Warn if the slope or the sample rate is another than that of the training."""
        facts = load_model(self.model, "arim-fcn").facts
        warn_of_distance(other_radar(facts, waveform), "arim-fcn", self.model)

    def __call__(
        self, beat: NDArray[Any], disturbed: NDArray[np.bool_] | None = None, /
    ) -> Mitigated:
        """Return the range spectra (..., chirp, range) of a beat signal (..., chirp, sample)."""
        check_beat(beat)
        require_numpy(beat, method="arim-fcn")
        if not is_complex(beat):
            raise InputError(f"beat: arim-fcn takes I/Q samples, got {beat.dtype}")
        mask = check_mask(disturbed, beat)
        model = load_model(self.model, "arim-fcn")
        signal = range_spectrum(beat)
        hit = mask.any(axis=-1)
        if hit.any():
            chirps = beat[hit]
            reason = _unlike(model.facts, chirps, mask[hit])
            warn_of_distance(reason, "arim-fcn", self.model)
            signal[hit] = range_spectrum(fft.ifft(_cleaned(model, chirps)).astype(beat.dtype))
        return Mitigated(
            signal=signal, disturbed=mask, stats={"chirps_averaged": float(np.sum(hit))}
        )


def _cleaned(model: Model, chirps: NDArray[Any]) -> NDArray[Any]:
    """Return spectra without a window (chirp, range) through the network, in double precision."""
    import torch

    scale = np.abs(chirps).max(axis=-1, keepdims=True).astype(float)
    scale[scale == 0] = 1.0
    given = torch.from_numpy((chirps / scale).astype(np.complex64))
    with torch.inference_mode():
        parts = [model.network(some) for some in given.split(_CHIRPS)]
    return torch.cat(parts).numpy() * scale


def _unlike(facts: Mapping[str, Any], chirps: NDArray[Any], mask: NDArray[np.bool_]) -> str:
    """Say what of disturbed chirps (chirp, sample) the training did not have; empty for nothing."""
    unlike = []
    samples = (facts.get("map_shape") or [chirps.shape[-1]])[-1]
    if not samples / 2 <= chirps.shape[-1] <= 2 * samples:
        unlike.append(f"chirps of {chirps.shape[-1]} samples instead of {samples}")
    if facts.get("interference_db"):
        least, most = facts["interference_db"]
        power = np.abs(chirps).astype(float) ** 2
        clear = ~mask
        some = clear.any(-1) & (np.sum(power, axis=-1, where=clear) > 0)
        above = np.mean(power[some], axis=-1, where=mask[some])
        ratios = above / np.mean(power[some], axis=-1, where=clear[some])
        if np.any(ratios < 10 ** ((least - _SAME_LEVEL_DB) / 10)):
            unlike.append(f"interference weaker than {least:.0f} dB over the undisturbed samples")
        if np.any(ratios > 10 ** ((most + _SAME_LEVEL_DB) / 10)):
            unlike.append(f"interference stronger than {most:.0f} dB over the undisturbed samples")
    return "; ".join(unlike)

"""The figures of one frame after mitigation: what needs the truth, and what does not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clearchirp.chain import Cleaned, detections
from clearchirp.metrics import beats, blind, maps, masks
from clearchirp.spectrum import range_doppler, split_transmitters
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

_LEAST_BINS = 32
"""Range bins that a map needs for a half without targets that is worth a median."""


def map_of(beat: NDArray[Any], waveform: Waveform) -> NDArray[Any]:
    """Return the range-Doppler map of a beat signal, its transmitters split."""
    return range_doppler(split_transmitters(beat, waveform.transmit_order))


def objects(
    range_doppler_map: NDArray[Any], *, real: bool, waveform: Waveform
) -> NDArray[np.bool_]:
    """Return the cells where the default object detector finds something."""
    try:
        return detections(range_doppler_map, real=real, waveform=waveform)
    except InputError:  # a map too small for the detector's window shows no objects
        return np.zeros(range_doppler_map.shape, dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a frame would have been without interference.

    Attributes
    ----------
    clean_map
        Range-Doppler map (..., doppler, range).
    objects
        Where the object detector finds something on it.
    targets
        The noise-free beat signal (..., chirp, sample), where it is known.
    """

    clean_map: NDArray[Any]
    objects: NDArray[np.bool_]
    targets: NDArray[Any] | None

    @classmethod
    def of(cls, clean: NDArray[Any], targets: NDArray[Any] | None, waveform: Waveform) -> Self:
        """Make the truth of a clean beat signal."""
        clean_map = map_of(clean, waveform)
        found = objects(clean_map, real=np.isrealobj(clean), waveform=waveform)
        return cls(clean_map=clean_map, objects=found, targets=targets)


def floor_scores(
    cleaned: NDArray[Any], found: NDArray[np.bool_], floor_before: float
) -> dict[str, float]:
    """Return what every map has: its floor, the floor's change, the count of detections a frame."""
    floor = float(np.mean(maps.noise_floor_db(cleaned)))
    # A map of zeros has no floor, and none that changed.
    change = floor - floor_before if math.isfinite(floor_before) else math.nan
    return {
        "floor_db": floor,
        "floor_change_db": change,
        "detections": float(found.sum()) / len(cleaned),
    }


def blind_scores(
    cleaned: NDArray[Any], found: NDArray[np.bool_], *, real: bool, waveform: Waveform
) -> dict[str, float]:
    """Return what needs no truth and what this kind of recording can tell.

    `found` are the detections on the map `cleaned`, (frame, rx, doppler, range).
    """
    row = {"outside_db": nanmean(maps.floor_outside_db(cleaned, found))}
    up_chirp = not waveform.slope < 0
    if not real and up_chirp and cleaned.shape[-1] >= _LEAST_BINS:
        row["empty_half_db"] = nanmean(blind.empty_half_floor_db(cleaned))
    if found.shape[1] > 1:
        row["agreement"] = nanmean(blind.common_detections(found))
    return row


def truth_scores(result: Cleaned, found: NDArray[np.bool_], truth: Truth) -> dict[str, float]:
    """Return the metrics of a result against the truth, each the mean over receivers.

    `found` are the detections on the result's map.
    """
    estimate, clean, cells = result.range_doppler, truth.clean_map, truth.objects
    row = {
        "peak_change_db": nanmean(maps.power_kept_db(clean, estimate, cells)),
        "mse_db": 10 * math.log10(max(nanmean(maps.mse(estimate, clean)), 1e-300)),
        "map_sinr_db": nanmean(maps.sinr_db(estimate, cells)),
        "evm": nanmean(maps.evm(estimate, clean, cells)),
        "f1": nanmean(maps.f1(found, cells)),
        "tpr": nanmean(maps.true_positive_rate(found, cells)),
        "far": nanmean(maps.false_alarm_rate(found, cells)),
    }
    if truth.targets is not None:
        # A beat signal under a window is no longer comparable with one that is not, and a scene
        # without targets has nothing to keep.
        known = not result.windowed and bool(np.any(truth.targets))
        row["beat_sinr_db"] = (
            nanmean(beats.sinr_db(result.beat, truth.targets)) if known else math.nan
        )
    return row


def mask_scores(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> dict[str, float]:
    """Return precision, recall and F of a mask against the true one, the mean over receivers."""
    scores = {"precision": masks.precision, "recall": masks.recall, "F": masks.f_measure}
    return {name: nanmean(score(found, true)) for name, score in scores.items()}


def nanmean(values: Any) -> float:
    """Return the mean of the values that are known, NaN where none is."""
    values = np.asarray(values, dtype=float)
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")

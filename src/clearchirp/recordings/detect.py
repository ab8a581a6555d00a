"""The disturbed samples of a whole recording: what `clearchirp detect` runs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.chain import true_mask
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR, find_detector
from clearchirp.disturbed.fractional import Fractional, Interferer, SlopeFound, slopes_found
from clearchirp.disturbed.summary import FrameSummary, summarise
from clearchirp.io.capture import Capture
from clearchirp.metrics import masks
from clearchirp.recordings.run import Blocks, Facts, Plan, run
from clearchirp.types import Detector
from clearchirp.workers import Workers

_SCORES = {"precision": masks.precision, "recall": masks.recall, "F": masks.f_measure}
_MOST_SLOPES = 6
_SLOPES = tuple(
    f"interferer_{number}_{what}"
    for number in range(1, _MOST_SLOPES + 1)
    for what in ("chirp_rate", "amplitude", "crossings")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedRecording:
    """Where a recording is hit.

    Attributes
    ----------
    output
        The file or store with the mask; None where none was asked for.
    resumed
        How many frames an interrupted run had finished before.
    frames
        The summary of each frame.
    scores
        For each frame precision, recall and F against the recording's own truth, the mean over
        receivers, NaN where they are not defined; empty where it has none.
    interferers
        For each frame up to six slopes that the detector tells apart, those of the most energy
        first, in Hz/s where the sample rate is known; empty where it tells none (only `fractional`
        does).
    """

    output: Path | None
    resumed: int
    frames: tuple[FrameSummary, ...]
    scores: tuple[dict[str, float], ...]
    interferers: tuple[tuple[SlopeFound, ...], ...] = ()


def detect_recording(
    recording: Capture,
    output: str | Path | None = None,
    detector: str | Detector = DEFAULT_DETECTOR,
    *,
    detector_settings: Mapping[str, object] | None = None,
    workers: Workers | None = None,
    restart: bool = False,
    on_frames: Callable[[int], object] | None = None,
) -> DetectedRecording:
    """Find the disturbed samples of a recording of any size.

    Parameters
    ----------
    recording
        An open recording.
    output
        Where the mask goes, ``.zarr``, ``.npz``, ``.h5``, ``.mat`` or ``.npy``; None for no mask.
    detector, detector_settings
        A name of the catalogue with its settings, or a callable beat -> mask.
    workers, restart, on_frames
        As for `clean_recording`, which tells of interruptions and errors too.

    Examples
    --------
    >>> from clearchirp.io import from_array
    >>> beat = np.ones((3, 1, 8, 64), np.complex64)
    >>> beat[1, 0, 3, 20:28] += 50
    >>> [frame.hit for frame in detect_recording(from_array(beat)).frames]
    [False, True, False]
    """
    output = None if output is None else Path(output).expanduser()
    if isinstance(detector, str):
        entry = find_detector(detector)
        finder, name, oracle = entry(**(detector_settings or {})), detector, entry.needs_truth
    else:
        finder, name, oracle = detector, type(detector).__name__, False
    scored, told = "disturbed" in recording.truth, isinstance(finder, Fractional)
    summary = ("share", "chirps_hit", "inr_db", "chirp_rate")
    plan = Plan(
        work=_Detecting(finder, oracle),
        variables={"disturbed": (recording.frames.shape, np.dtype(bool))},
        facts=dict.fromkeys(
            (*summary, *(_SCORES if scored else ()), *(_SLOPES if told else ())), np.float64
        ),
        attributes={"detector": name},
        job={"detector": f"{name} {finder!r}"},
    )
    facts, resumed = run(
        recording, plan, output, workers=workers, restart=restart, on_frames=on_frames
    )
    frames = tuple(
        FrameSummary(
            frame=number,
            hit=bool(facts["share"][number] > 0),
            **{key: float(facts[key][number]) for key in summary},
        )
        for number in range(len(recording))
    )
    scores = tuple(
        {key: float(facts[key][number]) for key in _SCORES}
        for number in range(len(recording) if scored else 0)
    )
    interferers = tuple(_slopes(facts, number) for number in range(len(recording) if told else 0))
    return DetectedRecording(
        output=output, resumed=resumed, frames=frames, scores=scores, interferers=interferers
    )


def _slopes(facts: Mapping[str, NDArray[Any]], frame: int) -> tuple[SlopeFound, ...]:
    """Read back the slopes that `_Detecting` noted for a frame."""
    lines = np.array([facts[name][frame] for name in _SLOPES]).reshape(_MOST_SLOPES, 3)
    return tuple(
        SlopeFound(float(rate), float(amplitude), int(crossings))
        for rate, amplitude, crossings in lines
        if crossings > 0
    )


@dataclass(frozen=True, slots=True)
class _Detecting:
    """Finds the disturbed samples of a frame."""

    finder: Detector
    oracle: bool

    def __call__(self, capture: Capture, frame: int, /) -> tuple[Blocks, Facts]:
        beat = capture.read(frame, frame + 1)
        rate = capture.waveform.sample_rate
        told: Facts = {}
        if isinstance(self.finder, Fractional):
            interferers = self.finder.interferers(beat)
            mask = self.finder.mask_of(interferers, beat.shape)
            told = _noted(interferers, beat, 1.0 if math.isnan(rate) else rate**2)
        else:
            mask = true_mask(capture, frame) if self.oracle else self.finder(beat)
        facts = told | dataclasses.asdict(summarise(beat, mask, frame=frame, sample_rate=rate))
        if "disturbed" in capture.truth:
            true = capture.truth["disturbed"][frame : frame + 1]
            facts |= {key: _mean(score(mask, true)) for key, score in _SCORES.items()}
        return {"disturbed": mask}, facts


def _noted(interferers: list[Interferer], beat: NDArray[Any], unit: float) -> dict[str, float]:
    """Return the slopes of a frame as facts, zeros where there are fewer."""
    found = slopes_found(interferers, beat.shape[-1], real=np.isrealobj(beat))[:_MOST_SLOPES]
    values = [value for one in found for value in (one[0] * unit, one[1], one[2])]
    return dict(zip(_SLOPES, values + [0.0] * (len(_SLOPES) - len(values)), strict=True))


def _mean(values: object) -> float:
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    return float(known.mean()) if known.size else float("nan")

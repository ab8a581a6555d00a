"""One recording, several methods, the same mask: a row of figures for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.chain import Cleaned, Pipeline, Recording, true_mask
from clearchirp.evaluate.scoring import (
    Truth,
    blind_scores,
    floor_scores,
    map_of,
    nanmean,
    objects,
    truth_scores,
)
from clearchirp.metrics import maps
from clearchirp.types import InputError
from clearchirp.waveform import Waveform


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One frame and receiver, for figures.

    Attributes
    ----------
    frame, rx, chirp
        Where it was taken: the frame and the chirp with the most disturbed samples.
    before
        Beat signal (chirp, sample).
    after
        Method -> cleaned beat signal (chirp, sample), but for those under a window, which compare
        with no other.
    disturbed
        Mask (chirp, sample).
    maps
        Method -> range-Doppler map (doppler, range); "clean" too where the truth is known.
    detections
        Method -> detections on its map.
    """

    frame: int
    rx: int
    chirp: int
    before: NDArray[Any]
    after: Mapping[str, NDArray[Any]]
    disturbed: NDArray[np.bool_]
    maps: Mapping[str, NDArray[Any]]
    detections: Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The rows, one a method, and the frame that was hit most.

    Attributes
    ----------
    rows
        Method -> column -> value, the mean over frames and receivers; NaN where a metric had
        nothing to work on.
    example
        For figures.
    truth
        Whether the recording knew the truth; the columns depend on it.
    shape
        (frame, rx, chirp, sample) of the recording.
    """

    rows: Mapping[str, Mapping[str, float]]
    example: Example
    truth: bool
    shape: tuple[int, int, int, int]


def compare(
    recording: Recording,
    pipelines: Mapping[str, Pipeline],
    detector: Callable[[NDArray[Any]], NDArray[np.bool_]] | None,
    *,
    on_frame: Callable[[], object] = lambda: None,
) -> Comparison:
    """Clean a recording with several methods, frame by frame, and score the results.

    Parameters
    ----------
    recording
        An open recording; with `truth` all metrics are computed, without the blind ones.
    pipelines
        Name -> method. Every method is given the same mask, but for the oracles.
    detector
        Finds the mask, once a frame; None takes it from the truth.
    on_frame
        Called after each frame.
    """
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in pipelines}
    best: _Frame | None = None
    for number in range(len(recording)):
        frame = _clean_frame(recording, number, pipelines, detector)
        for name, row in _score(frame).items():
            rows[name].append({**row, "ms": 1e3 * frame.seconds[name]})
        if best is None or frame.disturbed.mean() > best.disturbed.mean():
            best = frame
        on_frame()
    if best is None:
        raise InputError("recording: has no frames")
    return Comparison(
        rows={name: _summary(frames) for name, frames in rows.items()},
        example=_example(best),
        truth=best.truth is not None,
        shape=(len(recording), *best.beat.shape[1:]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """One frame before and after; maps and masks (1, rx, ...)."""

    number: int
    beat: NDArray[Any]
    disturbed: NDArray[np.bool_]
    before: NDArray[Any]
    results: Mapping[str, Cleaned]
    seconds: Mapping[str, float]
    truth: Truth | None
    waveform: Waveform

    def detect(self, range_doppler_map: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the cells where the default object detector finds something."""
        return objects(range_doppler_map, real=np.isrealobj(self.beat), waveform=self.waveform)


def _clean_frame(
    recording: Recording,
    number: int,
    pipelines: Mapping[str, Pipeline],
    detector: Callable[[NDArray[Any]], NDArray[np.bool_]] | None,
) -> _Frame:
    beat = recording.read(number, number + 1)
    disturbed = true_mask(recording, number) if detector is None else detector(beat)
    results: dict[str, Cleaned] = {}
    seconds: dict[str, float] = {}
    for name, work in pipelines.items():
        mask = true_mask(recording, number) if work.oracle else disturbed
        if number == 0:
            work(beat, mask)  # the first call compiles; it is not what a frame costs
        start = time.perf_counter()
        results[name] = work(beat, mask)
        seconds[name] = time.perf_counter() - start
    truth = {name: known[number : number + 1] for name, known in recording.truth.items()}
    targets = truth.get("targets")
    clean = truth.get("clean", targets)
    return _Frame(
        number=number,
        beat=beat,
        disturbed=disturbed,
        before=map_of(beat, recording.waveform),
        results=results,
        seconds=seconds,
        truth=None if clean is None else Truth.of(clean, targets, recording.waveform),
        waveform=recording.waveform,
    )


def _summary(frames: list[dict[str, float]]) -> dict[str, float]:
    """Mean over frames, but of the time, which has outliers on one side only, the median."""
    row = {key: nanmean([frame[key] for frame in frames]) for key in frames[0]}
    return {**row, "ms": float(np.median([frame["ms"] for frame in frames]))}


def _score(frame: _Frame) -> dict[str, dict[str, float]]:
    """Return the row of each method for one frame."""
    results = frame.results
    found = {n: frame.detect(r.range_doppler) for n, r in results.items()}
    # Targets that every method shows: what they have in common to compare their power on.
    common = np.logical_and.reduce(list(found.values()))
    floor_before = float(np.mean(maps.noise_floor_db(frame.before)))
    rows = {}
    for name, result in results.items():
        cleaned = result.range_doppler
        row = floor_scores(cleaned, found[name], floor_before)
        if frame.truth is None:
            row["peak_change_db"] = nanmean(maps.power_kept_db(frame.before, cleaned, common))
            row |= blind_scores(
                cleaned,
                found[name],
                real=np.isrealobj(frame.beat),
                waveform=frame.waveform,
            )
        else:
            row |= truth_scores(result, found[name], frame.truth)
        rows[name] = row
    return rows


def _example(frame: _Frame) -> Example:
    rx = int(np.argmax(frame.disturbed[0].mean(axis=(-1, -2))))
    shown = {name: r.range_doppler[0, rx] for name, r in frame.results.items()}
    if "none" not in shown:
        shown = {"before": frame.before[0, rx], **shown}
    if frame.truth is not None:
        shown["clean"] = frame.truth.clean_map[0, rx]
    return Example(
        frame=frame.number,
        rx=rx,
        chirp=int(np.argmax(frame.disturbed[0, rx].sum(axis=-1))),
        before=frame.beat[0, rx],
        after={n: r.beat[0, rx] for n, r in frame.results.items() if not r.windowed},
        disturbed=frame.disturbed[0, rx],
        maps=shown,
        detections={name: frame.detect(m) for name, m in shown.items()},
    )

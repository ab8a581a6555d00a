"""What is computed for the frame in view: masks, cleaned signals, maps, detections, scores."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.chain import Cleaned, Pipeline, pipeline, true_mask
from clearchirp.disturbed.catalogue import find_detector
from clearchirp.evaluate.scoring import (
    Truth,
    blind_scores,
    floor_scores,
    map_of,
    nanmean,
    objects,
    truth_scores,
)
from clearchirp.io.capture import Capture
from clearchirp.metrics import maps
from clearchirp.mitigation.catalogue import find_method
from clearchirp.types import InputError, Status
from clearchirp.viewer.choices import Choice, build
from clearchirp.viewer.working import Stale, Superseded

FRAMES_A_SECOND = 20.0
LIGHT = 100.0
"""Maps that a light method costs at most."""
_TIMING = 0.05
_MOST_RUNS = 3
"""A light method is timed so often, for so many seconds at most: the quickest run counts."""

Progress = Callable[[int, int], object]
"""Told how many receivers are done, and of how many."""


class Source:
    """A recording that several threads read, one at a time."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self._one_reads = threading.Lock()

    def beat(self, number: int) -> NDArray[Any]:
        """Return the beat signal (1, rx, chirp, sample) of a frame, and load no other."""
        with self._one_reads:
            return self.capture.read(number, number + 1)

    def true_mask(self, number: int) -> NDArray[np.bool_]:
        """Return the mask of a frame by the truth of the file."""
        with self._one_reads:
            return true_mask(self.capture, number)

    def truth(self, number: int) -> Truth | None:
        """Return what the file tells about a frame without interference."""
        known = self.capture.truth
        with self._one_reads:
            read = {
                name: known[name][number : number + 1]
                for name in ("targets", "clean")
                if name in known
            }
        targets = read.get("targets")
        clean = read.get("clean", targets)
        return None if clean is None else Truth.of(clean, targets, self.capture.waveform)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame as recorded.

    Attributes
    ----------
    number
        In the recording.
    beat
        (1, rx, chirp, sample).
    before
        Range-Doppler maps (1, rx, doppler, range), receivers virtual with several transmitters.
    found
        Detections on these maps.
    truth
        What the file knows.
    """

    number: int
    beat: NDArray[Any]
    before: NDArray[Any]
    found: NDArray[np.bool_]
    truth: Truth | None

    @cached_property
    def floor_db(self) -> float:
        """Median power of the maps, the mean over receivers."""
        return float(np.mean(maps.noise_floor_db(self.before)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """What a detector finds in a frame, and how long it takes in ms."""

    choice: Choice
    mask: NDArray[np.bool_]
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A frame cleaned by a method: result, detections on its maps, and time in ms a frame."""

    choice: Choice
    cleaned: Cleaned
    found: NDArray[np.bool_]
    ms: float

    @property
    def remark(self) -> str:
        """What the user should know about how the method ended; empty if nothing."""
        spent = self.cleaned.status is Status.MAX_ITERATIONS
        return f"{self.choice.name}: {self.cleaned.status.advice}" if spent else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a frame costs in ms: finding the disturbed samples, and cleaning them."""

    detector_ms: float
    method_ms: float

    @property
    def total_ms(self) -> float:
        """Both together."""
        return self.detector_ms + self.method_ms

    @property
    def holds(self) -> bool:
        """Whether 20 frames a second would go through on one core like this one."""
        return self.total_ms <= 1e3 / FRAMES_A_SECOND


def load_frame(source: Source, number: int) -> Frame:
    """Read a frame and make its maps."""
    capture = source.capture
    beat = source.beat(number)
    before = map_of(beat, capture.waveform)
    found = objects(before, real=not capture.is_complex, waveform=capture.waveform)
    return Frame(number=number, beat=beat, before=before, found=found, truth=source.truth(number))


def find_disturbed(
    source: Source, number: int, beat: NDArray[Any], choice: Choice
) -> NDArray[np.bool_]:
    """Return the mask of a frame (1, rx, chirp, sample)."""
    if find_detector(choice.name).needs_truth:
        return source.true_mask(number)
    return build(choice, of="detector")(beat)


class Cleaner:
    """Cleans frames as `clearchirp mitigate` does, and tells what it costs.

    Heavy methods take one receiver after the other, which changes nothing in the result: they can
    be followed, and given up when something newer is wanted.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: frozenset[str] = frozenset()

    def mask(self, frame: Frame, choice: Choice, stale: Stale = lambda: False) -> Masked:
        """Return the mask of a frame."""
        number, beat = frame.number, frame.beat
        light = find_detector(choice.name).cost <= LIGHT
        detector = build(choice, of="detector")
        oracle = find_detector(choice.name).needs_truth

        def find() -> NDArray[np.bool_]:
            return self._source.true_mask(number) if oracle else detector(beat)

        mask, ms = self._timed(choice.name, find, light, stale)
        return Masked(choice=choice, mask=mask, ms=ms)

    def clean(
        self,
        frame: Frame,
        masked: Masked,
        choice: Choice,
        stale: Stale = lambda: False,
        progress: Progress = lambda done, of: None,
    ) -> Outcome:
        """Return a frame cleaned by a method with the mask of a detector."""
        capture = self._source.capture
        entry = find_method(choice.name)
        work = pipeline(choice.name, None, settings=choice.given, waveform=capture.waveform)
        mask = self._source.true_mask(frame.number) if work.oracle else masked.mask
        history = self._history(work, frame.number, masked.choice, stale)
        heavy = entry.cost > LIGHT and not work.memory and frame.beat.shape[1] > 1

        def run() -> Cleaned:
            if heavy:
                return _by_receiver(work, frame.beat, mask, stale, progress)
            return work(frame.beat, mask, history)

        cleaned, ms = self._timed(choice.name, run, entry.cost <= LIGHT, stale)
        found = objects(
            cleaned.range_doppler, real=not capture.is_complex, waveform=capture.waveform
        )
        return Outcome(choice=choice, cleaned=cleaned, found=found, ms=ms)

    def _timed(
        self, name: str, run: Callable[[], Any], light: bool, stale: Stale
    ) -> tuple[Any, float]:
        """Return what a run gives, and the ms that it takes once it is loaded and compiled."""
        began = time.perf_counter()
        result = run()
        times = [time.perf_counter() - began]
        if light and name not in self._known:
            times, self._known = [], self._known | {name}
        while light and len(times) < _MOST_RUNS and sum(times) < _TIMING:
            _give_up_if(stale)
            began = time.perf_counter()
            run()
            times.append(time.perf_counter() - began)
        return result, 1e3 * min(times)

    def _history(self, work: Pipeline, number: int, detector: Choice, stale: Stale) -> object:
        """Return what a method with memory knows from the frames before."""
        history = None
        for before in range(max(0, number - work.memory), number):
            _give_up_if(stale)
            beat = self._source.beat(before)
            if work.oracle:
                mask = self._source.true_mask(before)
            else:
                mask = find_disturbed(self._source, before, beat, detector)
            history = work(beat, mask, history).history
        return history


def scores(
    frame: Frame, outcomes: Mapping[str, Outcome], waveform: Any
) -> dict[str, dict[str, float]]:
    """Return a row of figures for the frame as recorded and for each outcome, by its name.

    The full metrics where the file knows the truth, else those that need none.
    """
    real = np.isrealobj(frame.beat)
    raw = Cleaned(
        beat=frame.beat,
        disturbed=np.zeros(frame.beat.shape, bool),
        range_doppler=frame.before,
        method="none",
        windowed=False,
    )
    results = {"recorded": (raw, frame.found)}
    results |= {name: (one.cleaned, one.found) for name, one in outcomes.items()}
    # Targets that all of them show: what they have in common to compare their power on.
    common = np.logical_and.reduce([found for _, found in results.values()])
    rows = {}
    for name, (cleaned, found) in results.items():
        after = cleaned.range_doppler
        row = floor_scores(after, found, frame.floor_db)
        if frame.truth is None:
            row["peak_change_db"] = nanmean(maps.power_kept_db(frame.before, after, common))
            row |= blind_scores(after, found, real=real, waveform=waveform)
        else:
            row |= truth_scores(cleaned, found, frame.truth)
        rows[name] = row
    return rows


def _by_receiver(
    work: Pipeline,
    beat: NDArray[Any],
    mask: NDArray[np.bool_],
    stale: Stale,
    progress: Progress,
) -> Cleaned:
    receivers = beat.shape[1]
    parts: list[Cleaned] = []
    for rx in range(receivers):
        progress(rx, receivers)
        _give_up_if(stale)
        parts.append(work(beat[:, rx : rx + 1], mask[:, rx : rx + 1]))
    worst = next((p.status for p in parts if p.status is Status.MAX_ITERATIONS), parts[0].status)
    return replace(
        parts[0],
        beat=np.concatenate([part.beat for part in parts], axis=1),
        disturbed=np.concatenate([part.disturbed for part in parts], axis=1),
        range_doppler=_virtual([part.range_doppler for part in parts]),
        status=worst,
    )


def _virtual(each: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Put maps (1, transmitter, ...) of each receiver in the order of `split_transmitters`."""
    together = np.stack(each, axis=2)
    return together.reshape(1, -1, *together.shape[3:])


def _give_up_if(stale: Stale) -> None:
    if stale():
        raise Superseded


def in_one_line(error: BaseException) -> str:
    """Return what went wrong as the page shows it: one line, and no trace."""
    if isinstance(error, InputError):
        text = str(error)
    elif isinstance(error, OSError):
        text = f"{error.filename or 'input or output'}: {error.strerror or error}"
    elif isinstance(error, MemoryError):
        text = "out of memory: one frame of this recording needs more than there is"
    else:
        text = f"{type(error).__name__}: {error}"
    return " ".join(text.split())

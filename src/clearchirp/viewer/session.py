"""One viewer of a recording: what is asked for, what is under way, what came of it."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from clearchirp.disturbed.catalogue import find_detector
from clearchirp.disturbed.chirp_segments import Segment
from clearchirp.disturbed.fractional import Fractional
from clearchirp.io.capture import Capture
from clearchirp.mitigation.catalogue import find_method
from clearchirp.viewer.choices import Choice
from clearchirp.viewer.computing import (
    Cleaner,
    Cost,
    Frame,
    Masked,
    Outcome,
    Source,
    find_disturbed,
    in_one_line,
    load_frame,
    scores,
)
from clearchirp.viewer.strip import Strip
from clearchirp.viewer.working import Newest, Stale, Superseded

_KEPT_BYTES = 256 * 2**20
_TELL_EVERY = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be seen: a frame, a detector, and one or two methods."""

    frame: int
    detector: Choice
    methods: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What came of a request.

    Attributes
    ----------
    request
        What was asked for.
    frame
        As recorded.
    masked
        What the detector found.
    outcomes
        The cleaned frame by name, "after ..." in the order of the methods.
    rows
        Figures by name, of the frame as recorded ("recorded") and of each outcome.
    """

    request: Request
    frame: Frame
    masked: Masked
    outcomes: Mapping[str, Outcome]
    rows: Mapping[str, Mapping[str, float]]

    def cost(self, name: str) -> Cost:
        """Return what a frame costs with the method of that outcome."""
        outcome = self.outcomes[name]
        entry = find_method(outcome.choice.name)
        needed = entry.needs_mask and not entry.needs_truth
        return Cost(detector_ms=self.masked.ms if needed else 0.0, method_ms=outcome.ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Whom a session tells; from its own threads, a page must pass it on to its own.

    Attributes
    ----------
    view
        Of a finished view.
    progress
        What is under way in words, and how much of it is done, from 0 to 1; empty at the end.
    failure
        What went wrong, in one line.
    strip
        That the strip has grown.
    chirps
        Of the chirps found in the chirp in view: (frame, receiver, chirp) and what they are.
    """

    view: Callable[[View], object]
    progress: Callable[[str, float], object] = lambda text, done: None
    failure: Callable[[str], object] = lambda text: None
    strip: Callable[[Strip], object] = lambda strip: None
    chirps: Callable[[tuple[int, int, int], list[Segment]], object] = lambda where, found: None


class Session:
    """Computes what is asked for in threads of its own; the newest request counts.

    Parameters
    ----------
    source
        The recording, which sessions may share.
    tell
        Whom it tells.
    """

    def __init__(self, source: Source, tell: Tell) -> None:
        self.source = source
        self._tell = tell
        self._cleaner = Cleaner(source)
        self._front = Newest("clearchirp view: frame")
        self._aside = Newest("clearchirp view: chirps")
        self._behind = Newest("clearchirp view: strip")
        self._strips: dict[Choice, Strip] = {}
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._keeping = threading.Lock()

    @property
    def capture(self) -> Capture:
        """The recording."""
        return self.source.capture

    def show(self, request: Request) -> None:
        """Ask for a view; one that is under way is given up."""
        self._front.ask(partial(self._guarded, partial(self._view, request)))
        self._fill(request.detector, request.frame)

    def find_chirps(self, frame: int, rx: int, chirp: int) -> None:
        """Ask for the chirps that interfere in one chirp of one receiver."""
        self._aside.ask(partial(self._guarded, partial(self._chirps, (frame, rx, chirp))))

    def strip(self, detector: Choice) -> Strip:
        """Return the strip of a detector as far as it is known."""
        if detector not in self._strips:
            frames, _, chirps, _ = self.capture.frames.shape
            self._strips[detector] = Strip(frames, chirps)
        return self._strips[detector]

    def wait(self, seconds: float) -> bool:
        """Wait until everything asked for is done; False if that takes longer."""
        until = time.monotonic() + seconds
        return all(
            worker.wait(max(0.0, until - time.monotonic()))
            for worker in (self._front, self._aside, self._behind)
        )

    def close(self) -> None:
        """End the threads; nothing is told any more."""
        for worker in (self._front, self._aside, self._behind):
            worker.close()
        with self._keeping:
            self._kept.clear()

    def _guarded(self, work: Callable[[Stale], object], stale: Stale) -> None:
        try:
            work(stale)
        except Superseded:
            raise
        except Exception as error:
            if os.environ.get("CLEARCHIRP_DEBUG"):
                traceback.print_exc(file=sys.stderr)
            if not stale():
                self._tell.progress("", 1.0)
                self._tell.failure(in_one_line(error))

    def _view(self, request: Request, stale: Stale) -> None:
        frame = self._frame(request.frame)
        key = ("mask", request.frame, request.detector)
        if find_detector(request.detector.name).cost > 100:
            self._tell.progress(f"finding with {request.detector.name}", 0.0)
        masked = self._once(key, lambda: self._cleaner.mask(frame, request.detector, stale))
        self.strip(request.detector).fill(request.frame, masked.mask)
        self._tell.strip(self.strip(request.detector))
        outcomes = {}
        for choice in request.methods:
            if stale():
                raise Superseded
            name = _name(choice, outcomes)
            key = ("outcome", request.frame, request.detector, choice)
            outcomes[name] = self._once(key, partial(self._clean, frame, masked, choice, stale))
        rows = scores(frame, outcomes, self.capture.waveform)
        if stale():
            raise Superseded
        self._tell.progress("", 1.0)
        self._tell.view(
            View(request=request, frame=frame, masked=masked, outcomes=outcomes, rows=rows)
        )

    def _clean(self, frame: Frame, masked: Masked, choice: Choice, stale: Stale) -> Outcome:
        began = time.perf_counter()

        def progress(done: int, of: int) -> None:
            spent = time.perf_counter() - began
            left = f", about {spent / done * (of - done):.0f} s left" if done else ""
            self._tell.progress(f"{choice.name}: receiver {done + 1} of {of}{left}", done / of)

        self._tell.progress(f"{choice.name} at work", 0.0)
        return self._cleaner.clean(frame, masked, choice, stale, progress)

    def _frame(self, number: int) -> Frame:
        return self._once(("frame", number), lambda: load_frame(self.source, number))

    def _chirps(self, where: tuple[int, int, int], stale: Stale) -> None:
        number, rx, chirp = where
        frame = self._frame(number)
        if stale():
            raise Superseded
        found = self._once(
            ("chirps", *where), lambda: Fractional().pieces(frame.beat[0, rx], chirp)
        )
        if not stale():
            self._tell.chirps(where, found)

    def _fill(self, detector: Choice, near: int) -> None:
        self._behind.ask(partial(self._strip_on, detector, near))

    def _strip_on(self, detector: Choice, near: int, stale: Stale) -> None:
        strip, told = self.strip(detector), 0.0
        while not stale():
            if self._front.busy:
                # What is looked at goes first; the strip may take all other time.
                self._front.wait(0.2)
                continue
            number = strip.next(near)
            if number is None:
                break
            try:
                beat = self.source.beat(number)
                strip.fill(number, find_disturbed(self.source, number, beat, detector))
            except Exception as error:
                strip.skip(number, in_one_line(error))
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                self._tell.strip(strip)
        if not stale():
            self._tell.strip(strip)

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Make something, or return what was made before; the last looked at are kept."""
        with self._keeping:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._keeping:
            self._kept[key] = made
            while len(self._kept) > 4 and sum(map(_size, self._kept.values())) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        return made


def _name(choice: Choice, taken: Mapping[str, object]) -> str:
    name = f"after {choice.name}"
    return f"{name}, B" if name in taken else name


def _size(thing: object) -> int:
    if isinstance(thing, Frame):
        return thing.beat.nbytes + thing.before.nbytes + thing.found.nbytes
    if isinstance(thing, Masked):
        return thing.mask.nbytes
    if isinstance(thing, Outcome):
        return thing.cleaned.beat.nbytes + thing.cleaned.range_doppler.nbytes
    return 1000

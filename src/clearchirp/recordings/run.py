"""The frames of a recording through a piece of work, on workers, into a file: once for all of it.

Nothing large goes from process to process. A worker opens the recording itself and writes its
frames itself, into the Zarr store or beside the file to be; the caller gets numbers.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearchirp._version import __version__
from clearchirp.io.capture import Capture
from clearchirp.io.part import open_part, write_frame
from clearchirp.io.writer import CaptureWriter
from clearchirp.types import InputError
from clearchirp.workers import Workers, run_tasks

_BLOCK = 8 * 2**20
_MOST = 64
"""A worker takes so many bytes of the recording at a time, but not more than so many frames."""
_WORTH = 15.0
"""Seconds of work that must be left for processes to be started, which takes some two each."""

Facts = dict[str, float]
Blocks = Mapping[str, NDArray[Any]]
Keep = Callable[[int, Blocks], None]


class FrameWork(Protocol):
    """What is done to a frame; can be pickled."""

    def __call__(self, capture: Capture, frame: int, /) -> tuple[Blocks, Facts]:
        """Return a block (1, rx, a, b) of each variable, and the facts of the frame."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done to every frame of a recording.

    Attributes
    ----------
    work
        Done to each frame.
    variables
        Shape (frame, rx, a, b) and type of what is written, by name.
    facts
        Type of each fact by name.
    attributes
        Scalars of the file: `method` and the like.
    job
        Method, detector and settings in words by name: what must be the same for a run to be gone
        on with.
    """

    work: FrameWork
    variables: Mapping[str, tuple[tuple[int, int, int, int], DTypeLike]]
    facts: Mapping[str, DTypeLike]
    attributes: Mapping[str, Any]
    job: Mapping[str, str]


class Interruption(OSError):
    """The disk is full, or gone: what is finished is kept, and the same call goes on from there."""


def run(
    capture: Capture,
    plan: Plan,
    output: Path | None,
    *,
    workers: Workers | None,
    restart: bool = False,
    on_frames: Callable[[int], object] | None = None,
) -> tuple[dict[str, NDArray[Any]], int]:
    """Do the work and return the facts (frame,) by name, and how many frames were there before.

    Parameters
    ----------
    capture
        The recording.
    plan
        What is done to each frame.
    output
        Where the result goes; None for the facts alone. A Zarr store can be gone on with after an
        interruption, every other format is written whole or not at all.
    workers
        Who does it; by default this thread, and processes on all cores as soon as they pay.
    restart
        True to begin anew where an unfinished Zarr store lies.
    on_frames
        Told each time how many more frames are done.
    """
    told = on_frames or (lambda _: None)
    if workers is not None and workers.kind != "threads" and workers.count != 1:
        _require_opening(capture)
    if output is None:
        return _facts_alone(capture, plan, workers, told), 0
    if output.suffix.lower() == ".zarr":
        return _into_store(capture, plan, output, workers, restart, told)
    return _into_file(capture, plan, output, workers, told), 0


@dataclass(frozen=True, slots=True)
class _Job:
    """What a worker needs to know."""

    source: Any
    work: FrameWork
    keep: Keep
    run: str = field(default_factory=lambda: uuid.uuid4().hex)


def _do(job: _Job, block: range) -> list[Facts]:
    """Work on a block of frames; runs at the worker."""
    capture = job.source if isinstance(job.source, Capture) else _opened(job)
    told = []
    for frame in block:
        blocks, facts = job.work(capture, frame)
        job.keep(frame, blocks)
        told.append(facts)
    return told


_open: dict[str, Capture] = {}
"""The recording that this worker has open, by the run for which it was opened."""


def _opened(job: _Job) -> Capture:
    capture = _open.get(job.run)
    if capture is None:
        _open.clear()
        capture = _open[job.run] = job.source()
    return capture


def _results(
    capture: Capture,
    work: FrameWork,
    blocks: list[range],
    workers: Workers | None,
    here: Keep,
    away: Keep,
) -> Iterator[tuple[range, list[Facts], bool]]:
    """Yield each block with its facts as it is done, and whether `away` has kept it.

    What is done in this thread comes in order and goes to `here`, all other in any order to `away`.
    """
    left = deque(blocks)
    do = partial(_do, _Job(capture, work, here))
    if workers is None or workers.count == 1:
        quickest = 0.0
        while left and (workers is not None or quickest * len(left) < _WORTH):
            began = time.perf_counter()
            block = left.popleft()
            facts = do(block)
            if block is not blocks[0]:  # which pays for loading and compiling
                seconds = time.perf_counter() - began
                quickest = min(quickest or seconds, seconds)
            yield block, facts, False
        if not left:
            return
        workers = Workers(kind="threads" if capture.opening is None else "processes")
    source: Any = capture
    if workers.kind != "threads":
        source = replace(_require_opening(capture), path=capture.path.absolute())
    job = _Job(source, work, away)
    with _closing(run_tasks(partial(_do, job), left, workers)) as done:
        for block, facts in done:
            yield block, facts, True


def _closing(results: Iterator[Any]) -> Any:
    """Have no worker write any more once the `with` block is left, whatever for."""
    return closing(cast("Generator[Any]", results))


def _require_opening(capture: Capture) -> Any:
    if capture.opening is None:
        raise InputError(
            f"{capture.path}: is in memory, where other processes do not see it; use threads"
        )
    return capture.opening


def _nowhere(frame: int, blocks: Blocks) -> None:
    """Keep nothing."""


def _facts_alone(
    capture: Capture, plan: Plan, workers: Workers | None, told: Callable[[int], object]
) -> dict[str, NDArray[Any]]:
    facts = {name: np.zeros(len(capture), kind) for name, kind in plan.facts.items()}
    blocks = _blocks(capture, np.arange(len(capture)))
    for block, some, _ in _results(capture, plan.work, blocks, workers, _nowhere, _nowhere):
        _take(facts, block, some)
        told(len(block))
    return facts


def _into_store(
    capture: Capture,
    plan: Plan,
    output: Path,
    workers: Workers | None,
    restart: bool,
    told: Callable[[int], object],
) -> tuple[dict[str, NDArray[Any]], int]:
    """Write into a Zarr store that an interruption leaves valid, and go on with one."""
    target = output.absolute()
    job = {"version": __version__, **_identity(capture), **plan.job}
    with open_part(
        target,
        variables=plan.variables,
        facts=plan.facts,
        job=job,
        waveform=capture.waveform,
        attributes=plan.attributes,
        source=capture.path,
        restart=restart,
    ) as store:
        before = int(np.count_nonzero(store.done))
        told(before)
        keep = partial(write_frame, str(store.path), uuid.uuid4().hex)
        blocks = _blocks(capture, np.flatnonzero(~store.done))
        try:
            with _closing(_results(capture, plan.work, blocks, workers, keep, keep)) as results:
                for block, some, _ in results:
                    store.record(block.start, some)
                    told(len(block))
            _require_unchanged(capture, job)
            store.finish()
        except OSError as error:
            kept = f"{int(np.count_nonzero(store.done))} of {len(capture)} frames"
            raise Interruption(
                error.errno,
                f"{error.strerror or error}; {kept} are kept in {store.path.name}: see to it and "
                "give the same command again",
                str(output),
            ) from error
        return dict(store.facts), before


def _into_file(
    capture: Capture,
    plan: Plan,
    output: Path,
    workers: Workers | None,
    told: Callable[[int], object],
) -> dict[str, NDArray[Any]]:
    """Write front to back; what workers finish before its turn waits in files beside the target."""
    facts = {name: np.zeros(len(capture), kind) for name, kind in plan.facts.items()}
    before = _identity(capture)
    writer = CaptureWriter(
        output,
        leading=capture.leading,
        variables={name: np.dtype(kind) for name, (_, kind) in plan.variables.items()},
        waveform=capture.waveform,
        attributes=plan.attributes,
        source=capture.path,
    )
    blocks = _blocks(capture, np.arange(len(capture)))
    with writer as sink, ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.absolute().parent)
            )
        )

        def here(frame: int, made: Blocks) -> None:
            del frame
            sink.write(**made)

        waiting: dict[int, range] = {}
        turn = 0
        away = partial(_lay_down, folder)
        results = stack.enter_context(
            _closing(_results(capture, plan.work, blocks, workers, here, away))
        )
        for block, some, elsewhere in results:
            _take(facts, block, some)
            waiting[block.start] = block
            while turn in waiting:
                ready = waiting.pop(turn)
                if elsewhere:
                    for frame in ready:
                        sink.write(**_pick_up(folder, frame, plan.variables))
                turn = ready.stop
            told(len(block))
        _require_unchanged(capture, before)
    return facts


def _lay_down(folder: Path, frame: int, blocks: Blocks) -> None:
    for name, block in blocks.items():
        np.save(folder / f"{frame}.{name}.npy", block)


def _pick_up(folder: Path, frame: int, names: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    blocks = {}
    for name in names:
        path = folder / f"{frame}.{name}.npy"
        blocks[name] = np.load(path)
        path.unlink()
    return blocks


def _take(facts: Mapping[str, NDArray[Any]], block: range, some: list[Facts]) -> None:
    for name, values in facts.items():
        values[block.start : block.stop] = [each[name] for each in some]


def _blocks(capture: Capture, frames: NDArray[np.intp]) -> list[range]:
    """Cut frames, in rising order, into runs of neighbours that a worker takes at a time."""
    size = int(np.prod(capture.frames.shape[1:])) * capture.frames.dtype.itemsize
    step = min(max(1, _BLOCK // size), _MOST)
    blocks: list[range] = []
    for frame in frames.tolist():
        last = blocks[-1] if blocks else range(0)
        if len(last) and frame == last.stop and len(last) < step:
            blocks[-1] = range(last.start, frame + 1)
        else:
            blocks.append(range(frame, frame + 1))
    return blocks


def _identity(capture: Capture) -> dict[str, str]:
    """Tell a recording from another, and from itself after a change, in words."""
    path = capture.path
    reading = getattr(capture.opening, "options", None)
    return {
        "recording": f"{path.name}, {capture.frames.shape} {capture.frames.dtype}, "
        + _fingerprint(path),
        "read with": repr(reading),
        "waveform": repr(capture.waveform),
    }


def _fingerprint(path: Path) -> str:
    if not path.exists():
        return "in memory"
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    states = [file.stat() for file in files]
    size, newest = sum(s.st_size for s in states), max((s.st_mtime_ns for s in states), default=0)
    return f"{len(files)} files of {size} bytes, changed at {newest} ns"


def _require_unchanged(capture: Capture, before: Mapping[str, str]) -> None:
    if _identity(capture)["recording"] != before["recording"]:
        raise InputError(
            f"{capture.path}: was changed while it was read; the result mixes old and new: begin "
            "anew with `restart` when it is complete"
        )

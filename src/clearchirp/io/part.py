"""A Zarr store that grows frame by frame beside its target, over as many runs as it takes.

``NAME.zarr.part`` is a whole store from its first moment; its variable `done` tells which frames
are finished. Any number of processes write frames, each frame by one of them; one, the owner,
keeps `done` and the facts of each frame. When all is done it takes the place of ``NAME.zarr``.
"""

from __future__ import annotations

import functools
import json
import math
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearchirp.io.sinks import Declared, Variable, create_arrays, describe_store
from clearchirp.io.writer import check_target, waveform_scalars
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

_JOB = "made_from"
"""Attribute that tells what a store is made from, as JSON."""
_TOGETHER = 1024
"""Frames whose marks lie in one chunk, which is written anew for each of them."""
_opening = threading.Lock()


class PartStore:
    """The owner's hold on an unfinished store; made by `open_part`.

    Attributes
    ----------
    target, path
        What it will be, and where it lies until then.
    done
        Boolean (frame,): which frames are finished.
    facts
        What is known of each frame, (frame,) by name.
    """

    def __init__(self, target: Path, variables: Declared, facts: Mapping[str, DTypeLike]) -> None:
        self.target = target
        self.path = part_path(target)
        group = _open_arrays(str(self.path))
        self._marks = {name: group[name] for name in ("done", *facts)}
        frames = next(iter(variables.values())).shape[0]
        for name, one in variables.items():
            array = group[name]
            if array.shape != one.shape or np.dtype(array.dtype) != one.dtype:
                raise ValueError(f"{name} is {array.shape} {array.dtype}")
        values = {name: np.asarray(mark[...]) for name, mark in self._marks.items()}
        if any(value.shape != (frames,) for value in values.values()):
            raise ValueError("a mark has the wrong length")
        self.done = values.pop("done")
        self.facts = values
        lost = [f for f in np.flatnonzero(self.done) if not self._is_whole(int(f), variables)]
        if lost:
            self.done[lost] = False
            self._marks["done"][...] = self.done

    def record(self, frame: int, facts: Sequence[Mapping[str, float]]) -> None:
        """Mark frames from `frame` on as finished, which they must be: one entry of facts each."""
        stop = frame + len(facts)
        for name, values in self.facts.items():
            values[frame:stop] = [each[name] for each in facts]
        self.done[frame:stop] = True
        for start in range(frame - frame % _TOGETHER, stop, _TOGETHER):
            now = slice(start, start + _TOGETHER)
            # `done` comes last: what it marks is there, whenever this is cut off.
            for name, mark in self._marks.items():
                if name != "done":
                    mark[now] = self.facts[name][now]
            self._marks["done"][now] = self.done[now]

    def finish(self) -> None:
        """Let the store, which is complete, take the place of the target."""
        if not self.done.all():
            raise ValueError(f"{self.path}: {int((~self.done).sum())} frames are missing")
        for left_over in self.path.rglob("*.partial"):
            left_over.unlink()
        if not self.target.exists():
            self.path.rename(self.target)
            return
        # A folder cannot be renamed onto another: the old one steps aside first.
        aside = Path(tempfile.mkdtemp(prefix=f".{self.target.name}.", dir=self.target.parent))
        try:
            self.target.rename(aside / "replaced")
            try:
                self.path.rename(self.target)
            except BaseException:
                (aside / "replaced").rename(self.target)
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _is_whole(self, frame: int, variables: Declared) -> bool:
        """Whether the chunks of a frame are there; those that are not packed tell by their size."""
        for name, one in variables.items():
            try:
                size = self.path.joinpath(name, "c", str(frame), "0", "0", "0").stat().st_size
            except FileNotFoundError:
                return False
            if one.dtype.kind != "b" and size != math.prod(one.shape[1:]) * one.dtype.itemsize:
                return False
        return True


def part_path(target: Path) -> Path:
    """Return where a store lies until it is finished."""
    return target.with_name(target.name + ".part")


def unfinished(target: Path) -> tuple[int, int] | None:
    """Return how many frames are done, and of how many, where a run was cut short; else None."""
    import zarr

    try:
        done: Any = zarr.open_group(part_path(target), mode="r")["done"]
        return int(np.count_nonzero(done[...])), int(done.shape[0])
    except Exception:  # damaged or none at all: opening it for work says what is wrong
        return None


@contextmanager
def open_part(
    target: Path,
    *,
    variables: Mapping[str, tuple[tuple[int, int, int, int], DTypeLike]],
    facts: Mapping[str, DTypeLike],
    job: Mapping[str, str],
    waveform: Waveform | None = None,
    attributes: Mapping[str, Any] | None = None,
    source: Path | None = None,
    restart: bool = False,
) -> Iterator[PartStore]:
    """Begin a store, or go on with the one that a run before has left.

    Parameters
    ----------
    target
        The store to be, ``.zarr``; what lies there stays until `PartStore.finish`.
    variables
        Shape (frame, rx, a, b) and type of each variable by name.
    facts
        Type of each fact of a frame by name.
    job
        What the store is made from, in words by name: only a store of the same job is gone on with.
    waveform, attributes, source
        As for `CaptureWriter`.
    restart
        True to begin anew, whatever a run before has left.

    Raises
    ------
    InputError
        For a target that must not or cannot be written, one that another run is at, too little
        room, and a store before that is damaged or of another job.
    """
    check_target(target, source)
    part = part_path(target)
    if source is not None and source.resolve() == part.resolve():
        raise InputError(f"{target}: its unfinished store is the recording; write to another name")
    declared = {n: Variable(shape, shape, np.dtype(kind)) for n, (shape, kind) in variables.items()}
    if restart and os.path.lexists(part):
        with _only_owner(part):
            _remove(part)
    if not os.path.lexists(part):
        _require_space(target, declared)
        scalars = {**waveform_scalars(waveform), **(attributes or {}), _JOB: json.dumps(dict(job))}
        _create(target, declared, facts, scalars)
    with _only_owner(part):
        _require_job(part, job)
        try:
            store = PartStore(target, declared, facts)
        except Exception as error:
            raise _damaged(part) from error
        try:
            _require_space(target, declared, int(np.count_nonzero(store.done)))
            yield store
        except InputError:
            if not store.done.any():  # nothing to go on with
                _remove(part)
            raise


def write_frame(path: str, run: str, frame: int, blocks: Mapping[str, NDArray[Any]]) -> None:
    """Write one frame, a block (1, rx, a, b) of each variable, into the store at `path`.

    `run` is a name of one's own for the run: what was opened for another is not used again.
    """
    arrays = _arrays(path, run)
    for name, block in blocks.items():
        arrays[name][frame : frame + 1] = block


@functools.lru_cache(maxsize=2)
def _arrays(path: str, run: str) -> dict[str, Any]:
    del run
    return _open_arrays(path)


def _open_arrays(path: str) -> dict[str, Any]:
    import zarr

    # Chunks of zeros are written too: a chunk that is not there is one that was lost. Arrays take
    # this from what holds for the whole process while they are opened.
    with _opening, zarr.config.set({"array.write_empty_chunks": True}):
        # As the store is, not as its copy of all descriptions says it was.
        return dict(zarr.open_group(path, mode="r+", use_consolidated=False).arrays())


def _create(
    target: Path, variables: Declared, facts: Mapping[str, DTypeLike], scalars: Mapping[str, Any]
) -> None:
    """Make the empty store under another name, so that under its own it is never half made."""
    import zarr

    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.absolute().parent))
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    try:
        group = zarr.open_group(folder / "store", mode="w", zarr_format=3)
        create_arrays(group, variables)
        frames = next(iter(variables.values())).shape[0]
        for name, kind in {"done": bool, **facts}.items():
            dtype = np.dtype(kind)
            group.create_array(
                name,
                shape=(frames,),
                dtype=dtype,
                chunks=(min(frames, _TOGETHER),),
                dimension_names=("frame",),
                compressors=None,
                fill_value=math.nan if dtype.kind == "f" else 0,
            )
        describe_store(group, folder / "store", scalars)
        (folder / "store").rename(part_path(target))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_job(part: Path, job: Mapping[str, str]) -> None:
    import zarr

    try:
        before = json.loads(str(zarr.open_group(part, mode="r").attrs[_JOB]))
        different = [name for name in job if before.get(name) != job[name]]
    except Exception as error:
        raise _damaged(part) from error
    if different:
        told = "; ".join(f"{n}: {before.get(n, 'unknown')}, now {job[n]}" for n in different)
        raise InputError(
            f"{part}: an unfinished run of something else lies there ({told}); `restart` begins "
            "anew, another output name leaves it alone"
        )


def _damaged(part: Path) -> InputError:
    return InputError(
        f"{part}: what an unfinished run has left there is damaged, or no store of clearchirp; "
        "`restart` begins anew, another output name leaves it alone"
    )


def _remove(part: Path) -> None:
    if part.is_dir() and not part.is_symlink() and (part / "zarr.json").is_file():
        shutil.rmtree(part)
        return
    raise InputError(f"{part}: is no Zarr store and is not touched; remove it yourself")


def _require_space(target: Path, variables: Declared, done: int = 0) -> None:
    frames = next(iter(variables.values())).shape[0]
    # Masks are packed, to next to nothing.
    whole = sum(one.bytes for one in variables.values() if one.dtype.kind != "b")
    needed = whole * (frames - done) // frames
    free = shutil.disk_usage(target.absolute().parent).free
    if needed > free:
        raise InputError(f"{target}: needs {needed} bytes more, but only {free} are free there")


@contextmanager
def _only_owner(part: Path) -> Iterator[None]:
    """Hold the store alone; the hold ends with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # Windows lets no two rename a folder that is in use
        yield
        return
    try:
        handle = os.open(part, os.O_RDONLY)
    except OSError as error:
        raise InputError(f"{part}: cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise InputError(
            f"{part}: another run is at work on it; wait for it, or write to another name"
        ) from None
    except OSError:
        pass  # a file system without locks
    try:
        yield
    finally:
        os.close(handle)

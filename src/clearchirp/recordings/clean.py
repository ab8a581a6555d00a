"""Interference out of a whole recording: what `clearchirp mitigate` runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.chain import Cleaned, Pipeline, pipeline, true_mask
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.io.capture import Capture
from clearchirp.metrics.maps import noise_floor_db
from clearchirp.mitigation.catalogue import DEFAULT_METHOD
from clearchirp.recordings.run import Blocks, Facts, Plan, run
from clearchirp.spectrum import range_doppler, split_transmitters
from clearchirp.types import Detector, Mitigator, Status
from clearchirp.workers import Workers

_STATUS = tuple(Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedRecording:
    """What became of a recording; the result itself is in the file.

    Attributes
    ----------
    output
        The file or store.
    method
        Name of the method.
    windowed
        True where the beat signal came back from a windowed spectrum.
    resumed
        How many frames an interrupted run had finished before.
    disturbed_share
        Share of each frame's samples that were treated as interference, (frame,).
    floor_before_db, floor_after_db
        Median power of each frame's range-Doppler map before and after, in dB, the mean over
        receivers, (frame,).
    status
        How the method ended: MAX_ITERATIONS if it did so in any frame.
    """

    output: Path
    method: str
    windowed: bool
    resumed: int
    disturbed_share: NDArray[np.float64]
    floor_before_db: NDArray[np.float64]
    floor_after_db: NDArray[np.float64]
    status: Status

    @property
    def worst_frame(self) -> int:
        """The frame with the greatest share of disturbed samples."""
        return int(np.argmax(self.disturbed_share))


def clean_recording(
    recording: Capture,
    output: str | Path,
    method: str | Mitigator = DEFAULT_METHOD,
    detector: str | Detector | None = DEFAULT_DETECTOR,
    *,
    settings: Mapping[str, object] | None = None,
    detector_settings: Mapping[str, object] | None = None,
    workers: Workers | None = None,
    restart: bool = False,
    on_frames: Callable[[int], object] | None = None,
) -> CleanedRecording:
    """Find and remove the interference of a recording of any size, from file to file.

    A few frames a worker are in memory, whatever the recording's size. A Zarr store takes its name
    when it is complete; until then it is ``NAME.zarr.part``, which can be opened at any moment and
    whose variable `done` tells the finished frames. The same call again goes on with it. Other
    formats are written whole or not at all.

    Parameters
    ----------
    recording
        An open recording.
    output
        ``.zarr``, ``.npz``, ``.h5``, ``.mat`` or ``.npy``: cleaned beat signal, mask and
        range-Doppler maps, in a store the facts of each frame too.
    method, detector, settings, detector_settings
        As for `clearchirp.mitigate`. Objects of your own must be picklable for processes and
        clusters.
    workers
        Who does it: threads, processes or a cluster, which must see the same files. By default this
        thread, and processes on all cores as soon as they pay. The result is the same.
    restart
        True to begin anew where an unfinished store lies.
    on_frames
        Called with the number of frames that have been finished since the last call.

    Raises
    ------
    InputError
        For wrong arguments, a target that cannot be written, a recording that changes meanwhile,
        and an unfinished store that is damaged or of another recording, method or setting.
    OSError
        Where the disk is full or fails. The unfinished store is kept.

    Examples
    --------
    >>> import tempfile, clearchirp as cc
    >>> beat = np.ones((3, 1, 8, 64), np.complex64)
    >>> beat[1, 0, 3, 20:28] += 50
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/in.npz", beat=beat)
    ...     told = clean_recording(cc.open(f"{folder}/in.npz"), f"{folder}/out.zarr", "zeroing")
    ...     cleaned = cc.open(f"{folder}/out.zarr").read(1, 2)
    >>> told.worst_frame, float(abs(cleaned[0, 0, 3, 20:28]).max())
    (1, 0.0)
    """
    work = pipeline(
        method,
        detector,
        settings=settings,
        detector_settings=detector_settings,
        waveform=recording.waveform,
    )
    output = Path(output).expanduser()
    windowed = work.domain != "beat"
    plan = Plan(
        work=_Cleaning(work),
        variables=_variables(recording, work),
        facts={
            "disturbed_share": np.float64,
            "floor_before_db": np.float64,
            "floor_after_db": np.float64,
            "status": np.int8,
        },
        attributes={"method": work.name, "windowed": windowed},
        job={
            "method": f"{work.name} {work.mitigator!r}",
            "detector": f"{detector if isinstance(detector, str) else ''} {work.detector!r}",
        },
    )
    facts, resumed = run(
        recording, plan, output, workers=workers, restart=restart, on_frames=on_frames
    )
    codes = facts.pop("status")
    spent = _STATUS.index(Status.MAX_ITERATIONS)
    return CleanedRecording(
        output=output,
        method=work.name,
        windowed=windowed,
        resumed=resumed,
        status=_STATUS[spent if spent in codes else int(codes[-1])],
        **facts,
    )


def clean_frame(work: Pipeline, recording: Capture, frame: int) -> tuple[NDArray[Any], Cleaned]:
    """Return the beat signal of a frame (1, rx, chirp, sample) as recorded, and it cleaned.

    For a method with memory the frames that it has a use for are cleaned first, so that frames may
    be taken in any order.
    """
    history = None
    for before in range(max(0, frame - work.memory), frame):
        mask = true_mask(recording, before) if work.oracle else None
        history = work(recording.read(before, before + 1), mask, history).history
    beat = recording.read(frame, frame + 1)
    return beat, work(beat, true_mask(recording, frame) if work.oracle else None, history)


def doppler_map(work: Pipeline, beat: NDArray[Any]) -> NDArray[Any]:
    """Return the range-Doppler map of a frame as recorded, receivers like those of the result's."""
    return range_doppler(split_transmitters(beat, work.transmit_order))


@dataclass(frozen=True, slots=True)
class _Cleaning:
    """Cleans a frame."""

    work: Pipeline

    def __call__(self, capture: Capture, frame: int, /) -> tuple[Blocks, Facts]:
        beat, cleaned = clean_frame(self.work, capture, frame)
        before, after = doppler_map(self.work, beat), cleaned.range_doppler
        facts = {
            "disturbed_share": float(cleaned.disturbed.mean()),
            "floor_before_db": float(np.mean(noise_floor_db(before))),
            "floor_after_db": float(np.mean(noise_floor_db(after))),
            "status": _STATUS.index(cleaned.status),
        }
        blocks = {
            "beat": cleaned.beat,
            "disturbed": cleaned.disturbed,
            "range_doppler": cleaned.range_doppler,
        }
        return blocks, facts


def _variables(recording: Capture, work: Pipeline) -> dict[str, Any]:
    frames, *one = shape = recording.frames.shape
    dtype = recording.frames.dtype
    double = dtype in (np.dtype(np.complex128), np.dtype(np.float64))
    maps = doppler_map(work, np.zeros((1, *one), dtype)).shape
    return {
        "beat": (shape, dtype),
        "disturbed": (shape, np.dtype(bool)),
        "range_doppler": ((frames, *maps[1:]), np.dtype(np.complex128 if double else "complex64")),
    }

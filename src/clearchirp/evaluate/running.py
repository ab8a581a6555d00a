"""An experiment, run: frames in chunks on workers, rows to files, and on from where it stopped."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clearchirp._version import __version__
from clearchirp.chain import Cleaned, Pipeline, pipeline
from clearchirp.disturbed.catalogue import find_detector
from clearchirp.evaluate.experiment import (
    Case,
    Chunk,
    Experiment,
    SceneText,
    load_experiment,
    single,
)
from clearchirp.evaluate.rows import (
    is_whole,
    make_table,
    rows_folder,
    write_table,
)
from clearchirp.evaluate.scoring import (
    Truth,
    floor_scores,
    map_of,
    mask_scores,
    objects,
    truth_scores,
)
from clearchirp.io import write_json
from clearchirp.metrics import maps
from clearchirp.simulate import Simulated, simulate_frame
from clearchirp.types import Detector, InputError
from clearchirp.waveform import Waveform
from clearchirp.workers import Workers, run_tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is: frames done of all scenes, of how many, and how many lay there already."""

    done: int
    frames: int
    found: int


def run_experiment(
    experiment: Experiment,
    folder: str | Path,
    workers: Workers | None = None,
    *,
    on_chunk: Callable[[Progress], object] = lambda progress: None,
) -> Path:
    """Run what is not done yet of an experiment; return its folder.

    The rows are the same for any kind and number of workers, but for the times in them, and
    whether the run was interrupted or not. A frame on which a method fails has the error in its
    row, and the others go on.

    Parameters
    ----------
    experiment
        What is to be evaluated.
    folder
        Where ``experiment.json`` and ``rows/*.parquet`` go. What is there of the same experiment
        stays; damaged files are made anew.
    workers
        All cores of this machine by default.
    on_chunk
        Called at the start and whenever a chunk is written.

    Raises
    ------
    InputError
        For a folder that holds another experiment or cannot be made.
    OSError
        Where a file cannot be written; the same call goes on after the cause is gone.
    """
    folder = Path(folder)
    _prepare(folder, experiment)
    done, left = 0, []
    for chunk in experiment.chunks():
        if is_whole(rows_folder(folder) / chunk.file):
            done += chunk.stop - chunk.start
        else:
            left.append(chunk)
    found, frames = done, experiment.frames * len(experiment.scenes)
    on_chunk(Progress(done=done, frames=frames, found=found))
    if not left:
        return folder
    work = partial(chunk_rows, experiment)
    for chunk, table in run_tasks(work, left, workers or Workers()):
        write_table(rows_folder(folder) / chunk.file, table)
        done += chunk.stop - chunk.start
        on_chunk(Progress(done=done, frames=frames, found=found))
    return folder


def _prepare(folder: Path, experiment: Experiment) -> None:
    path = folder / "experiment.json"
    if path.exists():
        different = experiment.difference(load_experiment(folder))
        if different:
            raise InputError(
                f"{folder}: holds another experiment ({different}); give another folder"
            )
    elif folder.exists() and any(rows_folder(folder).glob("*.parquet")):
        raise InputError(f"{folder}: holds rows of an unknown experiment; give another folder")
    try:
        rows_folder(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from None
    if not path.exists():
        write_json(path, asdict(experiment))
    for part in rows_folder(folder).glob(".*.part"):  # of a run that was killed
        part.unlink(missing_ok=True)


def chunk_rows(experiment: Experiment, chunk: Chunk) -> pa.Table:
    """Return the rows of a chunk; what a worker does."""
    rows: list[dict[str, Any]] = []
    for frame in range(chunk.start, chunk.stop):
        rows += frame_rows(experiment, chunk.scene, frame)
    return make_table(rows)


def rebuilt_row(experiment: Experiment, row: dict[str, Any]) -> dict[str, Any]:
    """Make one row again, from nothing but what the row itself says."""
    scene = SceneText(row["scene"], row["scene_text"])
    method = Case.of_json(row["method_name"], row["method_settings"])
    detector = Case.of_json(row["detector_name"], row["detector_settings"])
    alone = single(experiment, scene, detector, method)
    (made,) = make_table(list(frame_rows(alone, 0, row["frame"]))).to_pylist()
    return {**made, "row": row["row"]}


def prepared_frame(
    experiment: Experiment,
) -> tuple[NDArray[Any], list[tuple[Case, NDArray[np.bool_], Callable[..., Cleaned]]]]:
    """Return the first frame's beat signal, and every method with its mask, ready to be called."""
    plan = experiment.scenes[0].parse()
    simulated = simulate_frame(plan, 0, experiment.seed)
    frame = _Frame.of(simulated, plan.waveform, experiment.interference)
    found = _find(frame, experiment.detectors[0]).mask
    ready = []
    for case in experiment.methods:
        work = _method(case, plan.waveform.transmit_order)
        mask = frame.disturbed if work.oracle or found is None else found
        ready.append((case, mask, work))
    return frame.beat, ready


def frame_rows(experiment: Experiment, scene: int, number: int) -> Iterator[dict[str, Any]]:
    """Simulate a frame once, and clean it with every detector and method."""
    text = experiment.scenes[scene]
    plan = text.parse()
    frame = _Frame.of(
        simulate_frame(plan, number, experiment.seed), plan.waveform, experiment.interference
    )
    facts = {
        "scene": text.name,
        "frame": number,
        "seed": experiment.seed,
        "interference": experiment.interference,
        "versions": _versions(),
        "scene_text": text.text,
        **frame.facts(),
    }
    for d, detector in enumerate(experiment.detectors):
        found = _find(frame, detector)
        for m, method in enumerate(experiment.methods):
            yield {
                "row": experiment.row_number(scene, number, d, m),
                **facts,
                "detector": detector.label,
                "detector_name": detector.name,
                "detector_settings": detector.settings_json,
                "method": method.label,
                "method_name": method.name,
                "method_settings": method.settings_json,
                **found.facts,
                **_clean(frame, found, method),
            }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """A simulated frame, (1, rx, chirp, sample), and what is known of it."""

    simulated: Simulated
    waveform: Waveform
    beat: NDArray[Any]
    disturbed: NDArray[np.bool_]
    floor: float
    truth: Truth

    @classmethod
    def of(cls, simulated: Simulated, waveform: Waveform, interference: bool) -> _Frame:
        beat = (simulated.beat if interference else simulated.clean)[np.newaxis]
        disturbed = simulated.disturbed[np.newaxis]
        if not interference:
            disturbed = np.zeros_like(disturbed)
        return cls(
            simulated=simulated,
            waveform=waveform,
            beat=beat,
            disturbed=disturbed,
            floor=float(np.mean(maps.noise_floor_db(map_of(beat, waveform)))),
            truth=Truth.of(simulated.clean[np.newaxis], simulated.targets[np.newaxis], waveform),
        )

    def facts(self) -> dict[str, Any]:
        """Return what the frame holds: the columns that are the same for every method."""
        made = self.simulated
        hit = bool(self.disturbed.any())
        noise = _power(made.clean - made.targets)
        peak = float(np.max(np.abs(made.interference)) ** 2) if hit else 0.0
        power = _power(made.interference) if hit else 0.0
        return {
            "targets": len(made.target_list),
            "interferers": len({c.interferer for c in made.crossings}) if hit else 0,
            "crossings": len(made.crossings) if hit else 0,
            "hit": hit,
            "disturbed_share": float(self.disturbed.mean()),
            "peak_inr_db": _ratio_db(peak, noise),
            "sir_db": _ratio_db(_power(made.targets), power),
        }


@dataclass(frozen=True, slots=True)
class _Found:
    """A detector's mask, or why there is none."""

    mask: NDArray[np.bool_] | None
    facts: dict[str, Any]
    error: str | None = None


def _find(frame: _Frame, case: Case) -> _Found:
    if find_detector(case.name).needs_truth:
        mask, seconds = frame.disturbed, math.nan
    else:
        detector = _detector(case)
        _warm(case, lambda: detector(frame.beat))
        start = time.perf_counter()
        try:
            mask = detector(frame.beat)
        except Exception as error:
            return _Found(None, {}, f"detector {case.label}: {_told(error)}")
        seconds = time.perf_counter() - start
    scores = mask_scores(mask, frame.disturbed)
    facts = {f"mask_{name.lower()}": value for name, value in scores.items()}
    return _Found(mask, {"found_share": float(mask.mean()), "detector_seconds": seconds, **facts})


def _clean(frame: _Frame, found: _Found, case: Case) -> dict[str, Any]:
    work = _method(case, frame.waveform.transmit_order)
    mask = frame.disturbed if work.oracle else found.mask
    if mask is None:
        return {"error": found.error}
    _warm(case, lambda: work(frame.beat, mask))
    start = time.perf_counter()
    try:
        result = work(frame.beat, mask)
    except Exception as error:
        return {"error": _told(error)}
    seconds = time.perf_counter() - start
    return {**_scores(frame, result), "seconds": seconds}


def _scores(frame: _Frame, result: Cleaned) -> dict[str, float]:
    cleaned = result.range_doppler
    cells = objects(cleaned, real=np.isrealobj(frame.beat), waveform=frame.waveform)
    return {
        **floor_scores(cleaned, cells, frame.floor),
        **truth_scores(result, cells, frame.truth),
    }


@lru_cache(maxsize=512)
def _method(case: Case, transmit_order: tuple[int, ...]) -> Pipeline:
    made = pipeline(case.name, None, settings=dict(case.settings))
    return replace(made, transmit_order=transmit_order)


@lru_cache(maxsize=512)
def _detector(case: Case) -> Detector:
    return find_detector(case.name)(**dict(case.settings))


_warmed: set[Case] = set()


def _warm(case: Case, once: Callable[[], object]) -> None:
    """Call it once before it is timed: the first call in a process compiles."""
    if case not in _warmed:
        _warmed.add(case)
        try:
            once()
        except Exception:
            return  # it will fail again, and be told


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _power(beat: NDArray[Any]) -> float:
    return float(np.mean(np.abs(beat) ** 2, dtype=np.float64))


def _ratio_db(power: float, reference: float) -> float:
    """NaN where there is nothing to compare."""
    if power <= 0 or reference <= 0:
        return math.nan
    return 10 * math.log10(power / reference)


@lru_cache(maxsize=1)
def _versions() -> str:
    told = [f"clearchirp {__version__}", f"python {platform.python_version()}"]
    return ", ".join([*told, *(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba"))])

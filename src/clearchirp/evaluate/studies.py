"""What the experiments of several papers share: frames evaluated, parts kept, frames in threads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearchirp._version import __version__
from clearchirp.evaluate.experiment import Case, Experiment, SceneText, load_experiment
from clearchirp.evaluate.published import Paper, Setup, SetupCase, Size
from clearchirp.evaluate.reproduction import Progress
from clearchirp.evaluate.rows import read_rows
from clearchirp.evaluate.running import run_experiment
from clearchirp.evaluate.verdicts import Measured, mean_of
from clearchirp.io import write_json
from clearchirp.mitigation.catalogue import find_method
from clearchirp.types import InputError
from clearchirp.workers import Workers, run_tasks

Task = TypeVar("Task")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The cases of a set-up over its frames: ``evaluated.mean("zeroing", "f1")``.

    Attributes
    ----------
    columns
        Label -> column -> values, one a frame; what was not a number is NaN.
    refused
        Label -> why it could not run: it has not landed, or the method refuses its settings.
    """

    columns: Mapping[str, Mapping[str, NDArray[Any]]]
    refused: Mapping[str, str]

    def values(self, label: str, column: str) -> NDArray[np.float64]:
        """Return a column of a case, one value a frame.

        Raises
        ------
        InputError
            For a case that did not run or failed on a frame.
        """
        if label not in self.columns:
            raise InputError(f"{label}: {self.refused.get(label, 'is no case of setup.toml')}")
        failed = [text for text in self.columns[label]["error"] if text]
        if failed:
            raise InputError(f"{label}: failed on {len(failed)} frames: {failed[0]}")
        return np.asarray(self.columns[label][column], dtype=float)

    def mean(self, label: str, column: str) -> Measured:
        """Return the mean of a column over the frames, with its interval."""
        return mean_of(self.values(label, column).tolist())

    def each(self, labels: Iterable[str], column: str) -> Measured:
        """Return a column of several cases, for a row of names."""
        return Measured(each={label: self.values(label, column).tolist() for label in labels})


def evaluated(
    setup: Setup,
    size: Size,
    folder: Path,
    workers: Workers,
    progress: Progress,
    *,
    scene: SceneText | None = None,
    interference: bool = True,
) -> Evaluated:
    """Run the cases of a set-up that have landed over its frames.

    Every case sees the same frames. What lies in the folder of an earlier run is taken from there,
    so that a method that has landed since then is all that is run.

    Parameters
    ----------
    setup, size, folder, workers, progress
        As an experiment is given them.
    scene
        Another scene than that of the set-up.
    interference
        False leaves it out.
    """
    text = scene or SceneText.of(setup.scene)
    cases, refused = _runnable(setup, text)
    plan = Experiment(
        scenes=(text,),
        methods=tuple(cases.values()),
        detectors=(Case(setup.detector),),
        frames=size.frames,
        seed=size.seed,
        interference=interference,
    )
    places = _earlier(folder, plan)
    left = [case for case in plan.methods if case not in places]
    if left:
        number = sum(1 for _ in folder.glob("evaluation-*"))
        places |= dict.fromkeys(left, folder / f"evaluation-{number:02d}")
    for place in dict.fromkeys(places.values()):
        own = tuple(case for case in plan.methods if places[case] == place)
        there = (place / "experiment.json").exists()
        part = load_experiment(place) if there else _with_methods(plan, own)
        run_experiment(
            part,
            place,
            workers,
            on_chunk=lambda told: progress(text.name, told.done, told.frames),
        )
    tables = {place: _columns(place) for place in set(places.values())}
    columns = {label: tables[places[case]][case.label] for label, case in cases.items()}
    return Evaluated(columns=columns, refused=refused)


def _runnable(setup: Setup, text: SceneText) -> tuple[dict[str, Case], dict[str, str]]:
    real = text.parse().receiver.real
    cases, refused = {}, {}
    landed = setup.landed()
    for label, case in setup.cases.items():
        if label not in landed:
            refused[label] = f"{case.method} has not landed"
            continue
        entry = find_method(case.method)
        try:
            entry(**case.settings)
        except InputError as error:
            refused[label] = str(error)
            continue
        if not (entry.real if real else entry.complex):
            refused[label] = f"{case.method} does not take the receiver of {text.name}"
            continue
        cases[label] = Case(case.method, tuple(case.settings.items()))
    if not cases:
        raise InputError("cases: none of setup.toml has landed")
    return cases, refused


def _with_methods(plan: Experiment, methods: tuple[Case, ...]) -> Experiment:
    return Experiment(
        scenes=plan.scenes,
        methods=methods,
        detectors=plan.detectors,
        frames=plan.frames,
        seed=plan.seed,
        interference=plan.interference,
    )


def _earlier(folder: Path, plan: Experiment) -> dict[Case, Path]:
    """Return which cases an earlier run evaluated, or began to, on the same frames."""
    places: dict[Case, Path] = {}
    for path in sorted(folder.glob("evaluation-*/experiment.json")):
        try:
            found = load_experiment(path.parent)
        except InputError:
            continue  # damaged, or of a method that has changed since then
        if not _with_methods(plan, found.methods).difference(found):
            places |= {case: path.parent for case in found.methods if case in plan.methods}
    return places


def _columns(place: Path) -> dict[str, dict[str, NDArray[Any]]]:
    table = read_rows(place)
    names = table.column("method").to_pylist()
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for name in dict.fromkeys(names):
        chosen = [index for index, each in enumerate(names) if each == name]
        part = table.take(chosen)
        found[name] = {
            column: np.array(part.column(column).to_pylist(), dtype=object)
            for column in part.column_names
        }
    return found


def kept(folder: Path, key: Mapping[str, object], compute: Callable[[], Any]) -> Any:
    """Return what `compute` gives, JSON values, from the folder where an earlier run kept it.

    Parameters
    ----------
    folder
        Of the reproduction.
    key
        All that the result depends on; the version of clearchirp is added.
    compute
        Done where nothing is kept for the key.
    """
    told = json.dumps({**key, "version": __version__}, sort_keys=True)
    path = folder / "kept" / f"{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["key"] == told:
            return stored["value"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass  # not there, or damaged: made anew
    value = compute()
    path.parent.mkdir(exist_ok=True)
    write_json(path, {"key": told, "value": value})
    return value


def over_frames(
    folder: Path,
    key: Mapping[str, object],
    work: Callable[[int], Any],
    frames: int,
    workers: Workers,
    progress: Progress,
) -> list[Any]:
    """Return ``[work(0), work(1) ...]``, JSON values, each kept in the folder under the key.

    They are worked on in threads: an experiment is loaded by its path, where no other process
    finds it.
    """
    threads = Workers(kind="threads", count=workers.count)
    what, results = str(key.get("what", "frames")), {}

    def one(frame: int) -> Any:
        return kept(folder, {**key, "frame": frame}, lambda: work(frame))

    for frame, value in run_tasks(one, range(frames), threads):
        results[frame] = value
        progress(what, len(results), frames)
    return [results[frame] for frame in range(frames)]


def column(results: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    """Return one figure of each result as a float; null is NaN."""
    return [float("nan") if each[name] is None else float(each[name]) for each in results]


def case_of(case: SetupCase) -> Any:
    """Return the mitigator of a case."""
    return find_method(case.method)(**case.settings)


def rows_of_names(
    paper: Paper, results: Evaluated, columns: Mapping[str, str]
) -> dict[str, Callable[[], Measured]]:
    """Return the measurement of every row of names whose metric is a column of the results.

    Parameters
    ----------
    paper
        Whose rows.
    results
        Its cases, labelled as the rows name them.
    columns
        Metric as the rows call it -> column.
    """
    return {
        row.id: partial(results.each, row.published, columns[row.metric])
        for row in paper.rows
        if row.kind in ("order", "best") and row.metric in columns
        if isinstance(row.published, tuple)
    }

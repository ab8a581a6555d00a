"""A paper's figures measured anew: its folder found, its experiment run, a verdict a row."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from clearchirp._version import __version__
from clearchirp.evaluate.published import (
    SIZES,
    Paper,
    PublishedRow,
    Setup,
    Size,
    read_paper,
    read_setup,
)
from clearchirp.evaluate.verdicts import Measured, Verdict, judge
from clearchirp.io import write_json
from clearchirp.types import InputError
from clearchirp.workers import Workers

Progress: TypeAlias = Callable[[str, int, int], object]
"""Called with what is being done, how much of it is done, and how much there is."""

Outcome: TypeAlias = float | Measured | Callable[[], float | Measured]
"""What an experiment gives for a row: a figure, or how to come by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproducedRow:
    """A row with its verdict.

    Attributes
    ----------
    row
        As published.
    verdict, why
        How ours stands beside it, and the reason or the amount.
    measured
        Ours; None where there is none.
    """

    row: PublishedRow
    verdict: Verdict
    why: str
    measured: Measured | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """A paper after a run.

    Attributes
    ----------
    paper, setup, size
        What was run.
    rows
        In the order of the paper's file.
    seconds
        How long it took; less where parts of it lay in the folder already.
    experiment
        The module of its folder, which may draw figures.
    folder
        Where its parts lie.
    """

    paper: Paper
    setup: Setup
    size: Size
    rows: tuple[ReproducedRow, ...]
    seconds: float
    experiment: ModuleType
    folder: Path

    def count(self, verdict: Verdict) -> int:
        """Count the rows with a verdict."""
        return sum(row.verdict is verdict for row in self.rows)


def reproductions_folder() -> Path:
    """Return the folder of the papers: inside the installed package, else in the checkout.

    Raises
    ------
    InputError
        Where there is neither.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "reproductions", package.parents[1] / "reproductions"):
        if folder.is_dir():
            return folder
    raise InputError(
        "reproductions: are neither beside the package nor in a checkout; install clearchirp from "
        "a wheel or run it from its repository"
    )


def paper_names(root: Path | None = None) -> tuple[str, ...]:
    """Return the names of the papers that there are.

    >>> "imfrac" in paper_names()
    True
    """
    root = root or reproductions_folder()
    return tuple(sorted(path.parent.name for path in root.glob("*/published.toml")))


def reproduce(
    name: str,
    folder: str | Path,
    *,
    size: str = "whole",
    workers: Workers | None = None,
    progress: Progress = lambda what, done, total: None,
    root: Path | None = None,
) -> Reproduction:
    """Measure what a paper published.

    Rows of methods that have not landed in the catalogue say so and are measured as soon as they
    have. A row whose measurement raises has the verdict "failed" and its error; the others go on.

    Parameters
    ----------
    name
        One of `paper_names()`.
    folder
        Where the parts of the measurement and ``results.json`` go. What is there already of the
        same measurement is not done again: give another folder after a method was changed.
    size
        "quick", "whole" (default) or "full".
    workers
        Who does it; all cores of this machine by default.
    progress
        Called as the work goes on.
    root
        Where the folders of the papers are.

    Raises
    ------
    InputError
        For a paper or a size that there is not, files of the paper that are wrong, a measurement of
        rows that are not published, and a folder that cannot be written.
    OSError
        Where a file cannot be written while working.
    """
    root = root or reproductions_folder()
    if name not in paper_names(root):
        raise InputError(
            f"paper: no paper is called {name!r}; there are {', '.join(paper_names(root))}"
        )
    if size not in SIZES:
        raise InputError(f"size: must be one of {', '.join(SIZES)}, got {size!r}")
    paper, setup = read_paper(root / name), read_setup(root / name)
    chosen, folder = setup.sizes[size], _writable(Path(folder))
    # Parts that another experiment measured are none of this one's.
    parts = _writable(folder / f"parts-{_fingerprint(root / name)}")
    start = time.perf_counter()
    experiment = _load(root / name)
    try:
        outcomes = experiment.measure(setup, chosen, parts, workers or Workers(), progress)
    except OSError:
        raise
    except Exception as error:
        # Nothing is measured: each row that could have been says why.
        outcomes = {row.id: _raiser(error) for row in paper.rows}
    _check_names(paper, outcomes)
    rows = []
    for number, row in enumerate(paper.rows):
        rows.append(_reproduced(row, outcomes))
        progress("rows", number + 1, len(paper.rows))
    done = Reproduction(
        paper=paper,
        setup=setup,
        size=chosen,
        rows=tuple(rows),
        seconds=time.perf_counter() - start,
        experiment=experiment,
        folder=parts,
    )
    write_json(folder / "results.json", as_table(done))
    return done


def as_table(done: Reproduction) -> dict[str, Any]:
    """Return a reproduction as plain values, for JSON."""
    return {
        "paper": done.paper.name,
        "title": done.paper.title,
        "source": done.paper.source,
        "version": __version__,
        "size": done.size.name,
        "reduced": done.size.reduced,
        "seconds": round(done.seconds, 1),
        "rows": [_row_table(row) for row in done.rows],
    }


def _row_table(done: ReproducedRow) -> dict[str, Any]:
    row, measured = done.row, done.measured or Measured()
    ours = {name: _mean(values) for name, values in measured.each.items()}
    published = list(row.published) if isinstance(row.published, tuple) else row.published
    return {
        "id": row.id,
        "what": row.what,
        "where": row.where,
        "method": row.method,
        "detector": row.detector,
        "metric": row.metric,
        "unit": row.unit,
        "kind": row.kind,
        "better": row.better,
        "published": published,
        "tolerance": row.tolerance.width if row.tolerance else None,
        "measured": ours or measured.value,
        "low": measured.low,
        "high": measured.high,
        "verdict": done.verdict.value,
        "why": done.why,
        "note": measured.note,
    }


def _mean(values: Any) -> float:
    known = [float(value) for value in values if value == value]
    return sum(known) / len(known) if known else float("nan")


def _writable(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; give a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from None
    # Looked at before an hour's work and not after.
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: cannot be written")
    return folder


def _fingerprint(folder: Path) -> str:
    """Return a name for the code that measures a paper."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


def _load(folder: Path) -> ModuleType:
    """Load ``experiment.py`` as a package, so that it can import the files beside it."""
    path = folder / "experiment.py"
    if not path.is_file():
        raise InputError(f"{path}: is missing")
    place = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    name = f"_reproduction_{folder.name}_{place}"
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, "measure", None)):
        raise InputError(f"{path}: has no function measure")
    return module


class NotLandedError(Exception):
    """Raised by a measurement that waits for something, such as a model that is yet to be trained.

    The message says what for, as in "waits for the model bce-s9".
    """


def _check_names(paper: Paper, outcomes: Mapping[str, Outcome]) -> None:
    known = {row.id for row in paper.rows}
    for name in outcomes:
        if name not in known:
            raise InputError(
                f"{paper.name}: its experiment measures {name!r}, which is no row of published.toml"
            )


def _reproduced(row: PublishedRow, outcomes: Mapping[str, Outcome]) -> ReproducedRow:
    missing = row.missing()
    if missing:
        why = f"waits for {', '.join(missing)}"
        return ReproducedRow(row=row, verdict=Verdict.NOT_LANDED, why=why, measured=None)
    if row.id not in outcomes:
        if row.not_comparable:
            verdict, why = Verdict.NOT_COMPARABLE, row.not_comparable
        else:
            verdict, why = Verdict.FAILED, "the experiment has no measurement for it"
        return ReproducedRow(row=row, verdict=verdict, why=why, measured=None)
    try:
        found = outcomes[row.id]
        value = found() if callable(found) else found
        measured = value if isinstance(value, Measured) else Measured(value=float(value))
        verdict, why = judge(row, measured)
    except OSError:
        raise
    except NotLandedError as waiting:
        return ReproducedRow(row=row, verdict=Verdict.NOT_LANDED, why=str(waiting), measured=None)
    except Exception as error:
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return ReproducedRow(row=row, verdict=Verdict.FAILED, why=text, measured=None)
    return ReproducedRow(row=row, verdict=verdict, why=why, measured=measured)


def _raiser(error: Exception) -> Callable[[], float]:
    def fail() -> float:
        raise error

    return fail

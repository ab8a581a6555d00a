"""Figures 8 and 10 of Oswald 2026 and its count of operations, on the scene `imfrac`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from clearchirp.evaluate.experiment import SceneText
from clearchirp.evaluate.published import Setup, Size, read_paper
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.evaluate.studies import Evaluated, evaluated, rows_of_names
from clearchirp.evaluate.verdicts import Measured, mean_of
from clearchirp.report.reproduced import METRICS, distributions, means_table
from clearchirp.report.tables import Table
from clearchirp.workers import Workers

UNCHANGED_DB = -60.0
"""MSE of a map that was left as it is, but for rounding; its noise is at about 22 dB."""


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return what stands beside each row of published.toml."""
    results = evaluated(setup, size, folder, workers, progress)
    n, m = setup.parameters["samples"], setup.parameters["angles"]
    harmless, some = setup.parameters["harmless"], _few(setup)
    quiet = partial(evaluated, some, size, folder, workers, progress)
    clean = partial(quiet, interference=False)
    below = partial(quiet, scene=_below_noise(setup))
    return {
        **{f"clean-{label}": partial(_changed, clean, label) for label in harmless},
        **{f"below-{label}": partial(_lost_f1, below, label) for label in harmless},
        **rows_of_names(read_paper(Path(__file__).parent), results, METRICS),
        "angles-29": lambda: _lost(results, "imfrac-padded", "imfrac-padded-29"),
        "operations-mdfrft": n * n * math.log2(n),
        "operations-emdfrft": n * m * math.log2(m),
        "operations-ratio": n * math.log2(n) / (m * math.log2(m)),
        "refill-f1": lambda: _hit(results, "notch-refill", "f1"),
        "refill-evm": lambda: _hit(results, "notch-refill", "evm"),
        "refill-gain-f1": lambda: _gain(results),
        "refill-gain-evm": lambda: Measured(
            value=_hit(results, "notch-refill", "evm").value / _hit(results, "imfrac2", "evm").value
        ),
    }


def figures(setup: Setup, size: Size, folder: Path) -> dict[str, tuple[str, Any]]:
    """Return figure 8 of the paper, with what has landed."""
    return {
        "figure-8": distributions(
            _again(setup, size, folder), f"Oswald 2026, figure 8: {size.frames} frames"
        )
    }


def tables(setup: Setup, size: Size, folder: Path) -> list[Any]:
    """Return mean and median of every metric for every method."""
    results = _again(setup, size, folder)
    return [means_table(results), _medians(results)]


def _medians(results: Evaluated) -> Table:
    """Where the distributions of figure 8 pass one half; a few failures move the means."""
    lines = [
        [label, *(float(np.nanmedian(results.values(label, c))) for c in METRICS.values())]
        for label in results.columns
    ]
    heads = [f"{n} (dB)" if c.endswith("_db") else n for n, c in METRICS.items()]
    return Table("Medians over the frames", ["case", *heads], lines)


def _few(setup: Setup) -> Setup:
    """Return the set-up with the cases that frames without interference are for."""
    names = ("none", *setup.parameters["harmless"])
    return replace(setup, cases={label: setup.cases[label] for label in names})


def _below_noise(setup: Setup) -> SceneText:
    """Return the scene with its strongest interferer below the noise of a sample."""
    told = SceneText.of(setup.scene)
    before, after = setup.parameters["below_noise"]
    assert before in told.text
    return SceneText(f"{told.name}-below-noise", told.text.replace(before, after))


def _changed(run: Any, label: str) -> Measured:
    """Count the frames that came out changed."""
    mse = run().values(label, "mse_db")
    return Measured(value=float(np.sum(mse > UNCHANGED_DB)), note=f"of {mse.size} frames")


def _lost_f1(run: Any, label: str) -> Measured:
    results = run()
    lost = results.values("none", "f1") - results.values(label, "f1")
    known = lost[np.isfinite(lost)]
    worse = int(np.sum(known > 0.01))
    note = f"lower by more than 0.01 on {worse} of {known.size} frames"
    return mean_of(known.tolist(), note)


def _lost(results: Evaluated, many: str, few: str) -> Measured:
    return mean_of((results.values(many, "f1") - results.values(few, "f1")).tolist())


def _hit(results: Evaluated, label: str, column: str) -> Measured:
    values = results.values(label, column)
    hit = np.asarray(results.columns[label]["hit"], dtype=bool)
    return mean_of(values[hit].tolist(), f"{int(hit.sum())} frames that are hit")


def _gain(results: Evaluated) -> Measured:
    gained = results.values("notch-refill", "f1") - results.values("imfrac2", "f1")
    hit = np.asarray(results.columns["imfrac2"]["hit"], dtype=bool)
    return mean_of(gained[hit].tolist())


def _again(setup: Setup, size: Size, folder: Path) -> Evaluated:
    """Return what `measure` left in the folder."""
    return evaluated(setup, size, folder, Workers(count=1), lambda *_: None)

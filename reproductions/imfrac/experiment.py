"""Figures 8 and 10 of Oswald 2026 and its count of operations, on the scene `imfrac`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from clearchirp.evaluate.published import Setup, Size, read_paper
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.evaluate.studies import Evaluated, evaluated, rows_of_names
from clearchirp.evaluate.verdicts import Measured, mean_of
from clearchirp.report.reproduced import METRICS, distributions, means_table
from clearchirp.workers import Workers


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return what stands beside each row of published.toml."""
    results = evaluated(setup, size, folder, workers, progress)
    n, m = setup.parameters["samples"], setup.parameters["angles"]
    return {
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
    """Return the mean of every metric for every method."""
    return [means_table(_again(setup, size, folder))]


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

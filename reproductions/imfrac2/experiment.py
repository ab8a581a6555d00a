"""Figure 3 of the successor of Oswald 2026, on the scene `imfrac-real`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clearchirp.evaluate.published import Setup, Size, read_paper
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.evaluate.studies import Evaluated, evaluated, rows_of_names
from clearchirp.report.reproduced import METRICS, distributions, means_table
from clearchirp.workers import Workers


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return what stands beside each row of published.toml."""
    results = evaluated(setup, size, folder, workers, progress)
    n, guard = setup.parameters["samples"], setup.parameters["guard"]
    return {
        **rows_of_names(read_paper(Path(__file__).parent), results, METRICS),
        "update-ratio": (n - 2 * guard - 1) / (2 * guard + 1),
    }


def figures(setup: Setup, size: Size, folder: Path) -> dict[str, tuple[str, Any]]:
    """Return figure 3 of the paper, with what has landed."""
    return {
        "figure-3": distributions(
            _again(setup, size, folder), f"Oswald 2026a, figure 3: {size.frames} frames"
        )
    }


def tables(setup: Setup, size: Size, folder: Path) -> list[Any]:
    """Return the mean of every metric for every method."""
    return [means_table(_again(setup, size, folder))]


def _again(setup: Setup, size: Size, folder: Path) -> Evaluated:
    """Return what `measure` left in the folder."""
    return evaluated(setup, size, folder, Workers(count=1), lambda *_: None)

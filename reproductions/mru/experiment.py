"""Tables and figures of Chen 2022 on the scene `mru`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clearchirp.evaluate.published import Setup, Size
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.workers import Workers

from . import statements, table1, table2


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return what stands beside each row of published.toml."""
    outcomes: dict[str, Outcome] = {}
    for part in (table1, table2, statements):
        outcomes |= part.measure(setup, size, folder, workers, progress)
    return outcomes

"""Rows of an experiment in numbers: means by scene, detector and method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clearchirp.evaluate.rows import METRICS, query

GROUPS = ("scene", "detector", "method")
"""What rows are grouped by."""


def summarise(folder: Path) -> list[dict[str, Any]]:
    """Return a row a scene, detector and method, in the order of the experiment.

    Of each: `frames`, `errors` (frames on which it failed), the mean of each metric over the frames
    on which it is known (NaN where it is on none), and `ms`, the median time a frame.

    DuckDB groups the Parquet files where they lie; memory does not grow with the number of rows.
    """
    groups = ", ".join(GROUPS)
    means = ", ".join(f"avg({name}) AS {name}" for name in METRICS)
    columns, rows = query(
        folder,
        f"SELECT {groups}, count(*) AS frames, count(error) AS errors, {means}, "
        f"1000 * median(seconds) AS ms FROM rows GROUP BY {groups} ORDER BY min(row)",
    )
    return [
        {
            name: float("nan") if value is None else value
            for name, value in zip(columns, row, strict=True)
        }
        for row in rows
    ]

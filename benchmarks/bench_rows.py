"""Ten million rows of an experiment: how long `evaluate`'s summary takes, and how much memory.

``python benchmarks/bench_rows.py [--rows 10_000_000]``. The rows are made up (they come from one
real frame's row, with other frame numbers and scores), written as `run_experiment` writes them, and
summed up as the command does. Beside it what one would do otherwise: the columns read into memory
by pyarrow and grouped there (all columns of ten million rows are more than 24 GB).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from clearchirp.evaluate.experiment import Case, Experiment, SceneText
from clearchirp.evaluate.rows import METRICS, SCHEMA, rows_folder, write_table
from clearchirp.evaluate.running import frame_rows, make_table

METHODS = ("none", "zeroing", "ar", "imat-2d")
CHUNK = 4000


def make_rows(folder: Path, count: int) -> None:
    """Write `count` rows, 4000 a file."""
    plan = Experiment(scenes=(SceneText.of("imfrac"),), methods=tuple(map(Case, METHODS)), frames=1)
    one = make_table(list(frame_rows(plan, 0, 0)))
    base = pa.concat_tables([one] * (CHUNK // len(METHODS))).combine_chunks()
    rng = np.random.default_rng(0)
    rows_folder(folder).mkdir()
    for start in range(0, count, CHUNK):
        numbers = np.arange(start, start + CHUNK)
        table = base.set_column(0, SCHEMA.field("row"), pa.array(numbers))
        frames = numbers // len(METHODS)
        table = table.set_column(SCHEMA.get_field_index("frame"), "frame", pa.array(frames))
        for name in METRICS:
            at = SCHEMA.get_field_index(name)
            table = table.set_column(at, SCHEMA.field(name), pa.array(rng.standard_normal(CHUNK)))
        write_table(rows_folder(folder) / f"scene00-{start:09d}.parquet", table.cast(SCHEMA))


SUMMARY = "from clearchirp.evaluate.summary import summarise; print(len(summarise(folder)))"
IN_MEMORY = (
    "from clearchirp.evaluate.rows import read_rows, METRICS; "
    "t = read_rows(folder, ('scene', 'detector', 'method', *METRICS)); "
    "g = t.group_by(['scene', 'detector', 'method']).aggregate([(m, 'mean') for m in METRICS]); "
    "print(g.num_rows)"
)


def measure(code: str, folder: Path) -> tuple[float, float]:
    """Return seconds and peak memory in MB of a process that does it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    start = time.perf_counter()
    whole = f"from pathlib import Path; folder = Path({str(folder)!r}); {code}"
    subprocess.run([sys.executable, "-c", whole], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return seconds, max(peak, before) / 1024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    count = parser.parse_args().rows // CHUNK * CHUNK
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        make_rows(folder, count)
        size = sum(file.stat().st_size for file in rows_folder(folder).iterdir())
        print(
            f"{count} rows, {len(list(rows_folder(folder).iterdir()))} files, {size / 1e6:.0f} MB, "
            f"written in {time.perf_counter() - start:.0f} s"
        )
        # The peak of children only ever grows: the smaller one goes first.
        for what, code in (("summary in DuckDB", SUMMARY), ("read into memory", IN_MEMORY)):
            seconds, peak = measure(code, folder)
            print(f"{what:18s} {seconds:7.1f} s, peak {peak:6.0f} MB")


if __name__ == "__main__":
    main()

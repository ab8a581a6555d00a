"""Rows of an experiment in Parquet files, one a chunk, each whole or not there at all."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from clearchirp.types import InputError

METRICS = (
    "floor_db",
    "floor_change_db",
    "detections",
    "peak_change_db",
    "mse_db",
    "map_sinr_db",
    "evm",
    "f1",
    "tpr",
    "far",
    "beat_sinr_db",
)
"""Columns that say how good a result is; null where a metric had nothing to work on."""

MASK_METRICS = ("mask_precision", "mask_recall", "mask_f")
"""Columns that say how good the detector's mask is, against the oracle's."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("scene", _TEXT),
        ("frame", pa.int64()),
        ("seed", pa.int64()),
        ("interference", pa.bool_()),
        ("detector", _TEXT),
        ("detector_name", _TEXT),
        ("detector_settings", _TEXT),
        ("method", _TEXT),
        ("method_name", _TEXT),
        ("method_settings", _TEXT),
        ("targets", pa.int32()),
        ("interferers", pa.int32()),
        ("crossings", pa.int32()),
        ("hit", pa.bool_()),
        ("disturbed_share", pa.float64()),
        ("found_share", pa.float64()),
        ("peak_inr_db", pa.float64()),
        ("sir_db", pa.float64()),
        *((name, pa.float64()) for name in MASK_METRICS),
        *((name, pa.float64()) for name in METRICS),
        ("seconds", pa.float64()),
        ("detector_seconds", pa.float64()),
        ("error", pa.string()),
        ("versions", _TEXT),
        ("scene_text", _TEXT),
    ]
)
"""Columns of a row: where it comes from, what the frame holds, what came out, what made it."""

TIMES = ("seconds", "detector_seconds")
"""The only columns in which two runs of the same experiment differ."""


def make_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows as a table; what is not a number becomes null, so that means leave it out."""
    return pa.Table.from_pylist([{k: _known(v) for k, v in row.items()} for row in rows], SCHEMA)


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table under another name first, then rename it.

    Raises
    ------
    OSError
        Where it cannot be written; nothing is left behind then.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(sink.getvalue())
            # On a full disk some file systems tell it no earlier.
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def is_whole(path: Path) -> bool:
    """Return whether a file holds rows that can be read, all of them."""
    try:
        return pq.read_table(path).schema.equals(SCHEMA)
    except (OSError, pa.ArrowException):
        return False


def rows_folder(folder: Path) -> Path:
    """Return where the files of an experiment's rows lie."""
    return folder / "rows"


def read_rows(
    folder: Path, columns: Sequence[str] | None = None, *, frames: int | None = None
) -> pa.Table:
    """Return the rows of an experiment, in their order, all in memory.

    Parameters
    ----------
    folder
        Of the experiment.
    columns
        Which of them; all by default.
    frames
        Only the frames below this number; all by default.

    Raises
    ------
    InputError
        Where there are none, or a file is damaged.
    """
    files = _files(folder)
    wanted = None if columns is None else list(dict.fromkeys(("row", *columns)))
    chosen = None if frames is None else [("frame", "<", frames)]
    try:
        tables = [_plain(pq.read_table(file, columns=wanted, filters=chosen)) for file in files]
        table = pa.concat_tables(tables).sort_by("row")
    except (OSError, pa.ArrowException) as error:
        raise _damaged(files, error) from None
    return table if columns is None or "row" in columns else table.drop_columns(["row"])


def read_row(folder: Path, number: int) -> dict[str, Any]:
    """Return the row of a number, column -> value.

    Raises
    ------
    InputError
        Where there is no such row.
    """
    columns, rows = query(folder, f"SELECT * FROM rows WHERE row = {int(number)}")
    if not rows:
        _, (ends,) = query(folder, "SELECT min(row), max(row) FROM rows")
        raise InputError(f"--row: {folder} has the rows {ends[0]} to {ends[1]}, not {number}")
    return dict(zip(columns, rows[0], strict=True))


def _plain(table: pa.Table) -> pa.Table:
    """Texts as texts: the dictionaries of two files are not the same."""
    plain = [
        pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type)
        for f in table.schema
    ]
    return table.cast(pa.schema(plain))


def query(folder: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and rows of a DuckDB query over the view `rows`.

    Parameters
    ----------
    folder
        Of the experiment.
    sql
        Such as ``SELECT method, avg(f1) FROM rows GROUP BY method``.

    Raises
    ------
    InputError
        For a query that DuckDB does not take, no rows, and damaged files.
    """
    import duckdb

    files = _files(folder)
    pattern = str(rows_folder(folder) / "*.parquet").replace("'", "''")
    with duckdb.connect() as connection:
        # Bars are for the command line to draw.
        connection.execute("SET enable_progress_bar = false")
        try:
            connection.execute(f"CREATE VIEW rows AS SELECT * FROM read_parquet('{pattern}')")
            result = connection.execute(sql)
            if result.description is None:
                return [], []
            return [column[0] for column in result.description], result.fetchall()
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise _damaged(files, error) from None
        except duckdb.Error as error:
            told = " ".join(str(error).split("\n\n")[0].split())
            raise InputError(f"--query: {told}") from None


def _files(folder: Path) -> list[Path]:
    files = sorted(rows_folder(folder).glob("*.parquet"))
    if not files:
        raise InputError(f"{folder}: holds no rows; run evaluate with -o {folder}")
    return files


def _damaged(files: Iterable[Path], error: Exception) -> InputError:
    broken = [file for file in files if not is_whole(file)]
    if not broken:
        return InputError(f"--query: {' '.join(str(error).split())}")
    return InputError(
        f"{broken[0]}: is damaged; run the same evaluate again, which makes its rows anew"
    )

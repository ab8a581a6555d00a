"""Tables for people, JSON for programs, progress for a terminal and for nobody else."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say(text: str, *, quiet: bool = False) -> None:
    """Print a line, unless the user wants quiet; never wraps, so that it can be searched."""
    if not quiet:
        out.print(text, markup=False, soft_wrap=True)


def note(text: str, *, quiet: bool = False) -> None:
    """Print a line beside the result, on standard error."""
    if not quiet:
        err.print(text, markup=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print a value as JSON; NaN and infinity, which JSON has not, become null."""
    print(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def print_table(title: str, rows: Sequence[Mapping[str, object]], *, quiet: bool = False) -> None:
    """Print rows of equal keys as a table; numbers to the right."""
    if quiet or not rows:
        return
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for key in rows[0]:
        numeric = all(isinstance(row[key], int | float) for row in rows)
        table.add_column(key, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    if not out.is_terminal:
        # In a pipe or a file nothing is cut to the width of a screen that is not there.
        Console(highlight=False, width=250).print(table, markup=False)
    else:
        out.print(table)


@contextmanager
def progress(label: str, total: int, *, quiet: bool = False) -> Iterator[Any]:
    """Give a function that moves the bar on by one; no bar in a pipe or when quiet."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    hidden = quiet or not err.is_terminal
    with Progress(*columns, console=err, disable=hidden, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda *_: bar.advance(task)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if math.isnan(value):
            return "-"
        if value != 0 and not 1e-3 <= abs(value) < 1e6:
            return f"{value:.3g}"
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(str(v) for v in value)
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(v) for key, v in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Iterable):
        return [_plain(v) for v in value]
    return str(value)

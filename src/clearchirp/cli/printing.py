"""Tables for people, JSON for programs, progress for a terminal and for nobody else."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import sys
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from clearchirp.types import FarFromTraining

_SHOW_OTHERS = warnings.showwarning
_GAP = "  "
_NARROWEST = 30
"""Columns of the screen that must be left for the text of a table's last column to be wrapped."""
_OPTIONS = "restart|format|waveform|variable|lanes|iq_order|receivers|conjugate|allow_pickle"


def on_terminal(stream: TextIO | None = None) -> bool:
    """Return whether somebody looks at the output while it appears."""
    return (stream or sys.stdout).isatty()


def say(text: str, *, quiet: bool = False) -> None:
    """Print a line, unless the user wants quiet; never wraps, so that it can be searched."""
    if not quiet:
        _write(_printable(text) + "\n")


def note(text: str, *, quiet: bool = False) -> None:
    """Print a line beside the result, on standard error."""
    if not quiet:
        print(_printable(as_options(text)), file=sys.stderr)


def complain(text: str) -> None:
    """Print what went wrong: one line on standard error."""
    line = " ".join(_printable(as_options(text)).split())
    Console(stderr=True, highlight=False).print(
        f"clearchirp: {line}", markup=False, soft_wrap=True, style="red"
    )


def show_warning(message: Warning | str, category: type[Warning], *where: Any) -> None:
    """Print a warning that is meant for the user as one line, any other as Python does."""
    if not issubclass(category, FarFromTraining):
        _SHOW_OTHERS(message, category, *where)
        return
    line = " ".join(_printable(as_options(str(message))).split())
    Console(stderr=True, highlight=False).print(
        f"clearchirp: warning: {line}", markup=False, soft_wrap=True, style="yellow"
    )


def as_options(text: str) -> str:
    """Return a message of the library with the names that its arguments have here.

    >>> as_options("choose one by `variable`; receivers=4 reads it as receivers")
    'choose one by --variable; --receivers 4 reads it as receivers'
    """
    text = re.sub(rf"`({_OPTIONS})`", lambda found: _option(found[1]), text)
    return re.sub(rf"\b({_OPTIONS})=(\w+)", lambda found: f"{_option(found[1])} {found[2]}", text)


def print_json(value: object) -> None:
    """Print a value as JSON; NaN and infinity, which JSON has not, become null."""
    _write(json.dumps(_plain(value), indent=2) + "\n")


def print_table(title: str, rows: Sequence[Mapping[str, object]], *, quiet: bool = False) -> None:
    """Print rows of equal keys: as a table, on a narrow screen turned by 90 degrees or as a list.

    In a pipe or a file nothing is cut to the width of a screen that is not there.
    """
    if quiet or not rows:
        return
    names = list(rows[0])
    columns = [[name, *column_cells([row[name] for row in rows])] for name in names]
    right = [all(isinstance(row[name], int | float) for row in rows) for name in names]
    width = shutil.get_terminal_size().columns if on_terminal() else sys.maxsize
    turned = [list(column) for column in zip(*columns, strict=True)]
    _heading(title)
    if _width(columns) <= width or (
        not right[-1] and _width(columns[:-1]) + len(_GAP) + _NARROWEST <= width
    ):
        _print_columns(columns, right, width)
    elif _width(turned) <= width:
        _print_columns(turned, [False] + [True] * len(rows), width)
    else:
        _print_list(columns, width)


def column_cells(values: Sequence[object]) -> list[str]:
    """Return the cells of a column; numbers share their decimals, so that the points line up.

    >>> column_cells([57.5551, -0.00001, float("nan")]), column_cells([0.1, 9.0])
    (['57.56', '0.00', '-'], ['0.1', '9.0'])
    """
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values) or not any(isinstance(v, float) for v in values):
        return [_cell(value) for value in values]
    largest = max((abs(v) for v in numbers if math.isfinite(v)), default=0.0)
    if largest >= 1e6 or 0 < largest < 1e-3:
        return ["-" if math.isnan(v) else f"{v:.3g}" for v in numbers]
    decimals = 3 if largest < 10 else 2 if largest < 100 else 1
    cells = [_fixed(v, decimals) for v in numbers]
    while decimals > 1 and all(cell[-1] in "0-" for cell in cells):
        decimals -= 1
        cells = [_fixed(v, decimals) for v in numbers]
    return cells


def counted(number: int, thing: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "frame"), counted(2, "frame")
    ('1 frame', '2 frames')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """Return a share in percent; what is not zero does not look like zero.

    >>> percent(0.0504761), percent(3.8e-6), percent(0.0)
    ('5.048 %', '0.00038 %', '0 %')
    """
    value = 100 * share
    return f"{value:.3f} %" if value >= 0.01 else f"{value:.2g} %"


@contextmanager
def progress(label: str, total: int, *, quiet: bool = False) -> Iterator[Any]:
    """Give a function that moves the bar on by a count; no bar in a pipe or when quiet."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    hidden = quiet or not on_terminal(sys.stderr)
    with Progress(*columns, console=Console(stderr=True), disable=hidden, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count=1: bar.advance(task, count)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipe()


def _leave_pipe() -> NoReturn:
    """End well: the reader of the pipe has enough (| head), which is no failure of ours."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _printable(text: str) -> str:
    """Names inside files are not ours: nothing in them may steer the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def _heading(text: str) -> None:
    if on_terminal():
        Console(highlight=False).print(_printable(text), markup=False, soft_wrap=True, style="bold")
    else:
        say(text)


def _width(columns: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, column)) + len(_GAP) for column in columns) - len(_GAP)


def _print_columns(columns: list[list[str]], right: Sequence[bool], width: int) -> None:
    wide = [max(map(len, column)) for column in columns]
    left = _width(columns[:-1]) + len(_GAP)
    room = max(_NARROWEST, width - left)
    for k, row in enumerate(zip(*columns, strict=True)):
        # Only the last column holds sentences; it goes on under its own heading.
        lines = [row[-1]] if len(row[-1]) <= room else textwrap.wrap(row[-1], room)
        cells = [
            cell.rjust(w) if r else cell.ljust(w)
            for cell, w, r in zip((*row[:-1], lines[0]), wide, right, strict=True)
        ]
        line = _GAP.join(cells).rstrip()
        _heading(line) if k == 0 else say(line)
        for more in lines[1:]:
            say(" " * left + more)


def _print_list(columns: list[list[str]], width: int) -> None:
    label = max(len(column[0]) for column in columns[1:])
    for k in range(1, len(columns[0])):
        _heading(columns[0][k])
        for column in columns[1:]:
            indent = _GAP + column[0].ljust(label) + _GAP
            room = max(_NARROWEST, width - len(indent))
            lines = textwrap.wrap(column[k], room) or [""]
            say((indent + lines[0]).rstrip())
            for more in lines[1:]:
                say(" " * len(indent) + more)


def _fixed(value: float, decimals: int) -> str:
    if math.isnan(value):
        return "-"
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if math.isfinite(value) and float(text) == 0 else text


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:g}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(str(v) for v in value)
    return _printable(str(value)) or "-"


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

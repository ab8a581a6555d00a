"""Stored figures and Markdown tables of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parents[1] / "data"


class Stored(NamedTuple):
    """A table of ``docs/data`` and what its head tells: the command, and version and day."""

    rows: list[dict[str, str]]
    command: str
    made: str


def stored(name: str) -> Stored:
    """Read ``docs/data/NAME.csv``; empty where there is none."""
    path = DATA / f"{name}.csv"
    if not path.is_file():
        return Stored([], "", "")
    lines = path.read_text(encoding="utf-8").splitlines()
    told = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return Stored(rows, told[0], told[1])


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return a Markdown table; the columns in `right` hold numbers."""
    marks = ["---:" if place in right else "---" for place in range(len(head))]
    cells = [head, marks, *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in cells) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ") if text else " "


def number(text: str, decimals: int) -> str:
    """Return a stored number with so many decimals; a dash where there is none.

    >>> number("0.98765", 2), number("", 2)
    ('0.99', '-')
    """
    return f"{float(text):.{decimals}f}" if text else "-"

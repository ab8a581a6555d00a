"""Tables, and how they are written: CSV for machines, LaTeX and Markdown for people."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from clearchirp.metrics.aggregate import Aggregate
from clearchirp.report.writing import check_target, write_whole
from clearchirp.types import InputError

_NUMBER = re.compile(
    r"[+\-−±]?\d[\d,\u202f]*(\.\d+)?([eE][+\-−]?\d+)?( ?(%|dB|ms|µs|us|s|m|m/s|x))?|\d+–\d+"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell that judges: a word with a sign and a colour, so that none of them is needed.

    Parameters
    ----------
    text
        What it says.
    kind
        ``"good"``, ``"short"`` (worse than it should be), ``"open"`` (not there yet) or
        ``"none"`` (no judgement).
    """

    text: str
    kind: Literal["good", "short", "open", "none"]

    @property
    def sign(self) -> str:
        """The sign before the word."""
        return {"good": "✓", "short": "▼", "open": "○", "none": "–"}[self.kind]

    def __str__(self) -> str:
        return self.text


VERDICTS: Mapping[str, Mark] = {
    "reached": Mark("reached", "good"),
    "better": Mark("better", "good"),
    "short of it": Mark("short of it", "short"),
    "not comparable": Mark("not comparable", "none"),
    "not landed": Mark("not landed", "open"),
}
"""What a reproduction says of a published figure."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a report.

    Parameters
    ----------
    caption
        One line that says what the table shows.
    columns
        Heading of each column, with its unit.
    rows
        Cells, as many a row as columns: text, a `Mark`, numbers, which are shown with about four
        significant digits (None and NaN as a dash), or an `Aggregate`, shown with its interval.
        Format a number yourself for another precision; a column of numbers or of text that reads
        like numbers is right-aligned.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    def __post_init__(self) -> None:
        for index, row in enumerate(self.rows):
            if isinstance(row, str) or len(row) != len(self.columns):
                raise InputError(
                    f"table {self.caption!r}: row {index} must have {len(self.columns)} cells, one "
                    "for each column"
                )

    def cells(self, index: int) -> list[object]:
        """Return the cells of one column."""
        return [row[index] for row in self.rows]


def save_table(table: Table, path: str | os.PathLike[str]) -> Path:
    """Write a table as .csv, .tex or .md, by the suffix of `path`, whole or not at all.

    Raises
    ------
    InputError
        For another suffix, or where the folder does not exist.
    """
    path = Path(path)
    writers = {".csv": csv_text, ".tex": latex_text, ".md": markdown_text}
    if path.suffix.lower() not in writers:
        form = path.suffix or str(path)
        raise InputError(f"{path}: a table is written as .csv, .tex or .md, not {form}")
    check_target(path)
    write_whole(path, writers[path.suffix.lower()](table).encode("utf-8", "replace"))
    return path


def csv_text(table: Table) -> str:
    """Return a table as CSV: a line of headings, numbers with all their digits, nothing for None.

    An `Aggregate` takes five columns: value, low, high, how many values it is of, how many were
    left out. NaN and infinity are ``nan`` and ``inf``.

    >>> print(csv_text(Table("t", ["a", "b"], [["x, y", 0.1], ["z", None]])), end="")
    a,b
    "x, y",0.1
    z,
    """
    wide = [
        any(isinstance(c, Aggregate) for c in table.cells(i)) for i in range(len(table.columns))
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    parts = ("", " low", " high", " counted", " left out")
    heads = zip(table.columns, wide, strict=True)
    writer.writerow([f"{name}{p}" for name, w in heads for p in (parts if w else ("",))])
    for row in table.rows:
        cells: list[str] = []
        for cell, w in zip(row, wide, strict=True):
            if isinstance(cell, Aggregate):
                numbers = (cell.value, cell.low, cell.high, cell.counted, cell.left_out)
                cells += map(_plain, numbers)
            else:
                cells += [_plain(cell), *([""] * 4 if w else [])]
        writer.writerow(cells)
    return buffer.getvalue()


def latex_text(table: Table) -> str:
    """Return a table as LaTeX for the package booktabs, numbers right-aligned."""
    aligned = "".join("r" if is_numeric(table.cells(i)) else "l" for i in range(len(table.columns)))
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        f"  \\caption{{{_latex(table.caption)}}}",
        "  \\centering",
        f"  \\begin{{tabular}}{{{aligned}}}",
        "    \\toprule",
        f"    {' & '.join(map(_latex, table.columns))} \\\\",
        "    \\midrule",
    ]
    lines += [
        f"    {' & '.join(map(_latex, row))} \\\\" for row in _rows_of_text(table, sign=False)
    ]
    lines += ["    \\bottomrule", "  \\end{tabular}", "\\end{table}", ""]
    return "\n".join(lines)


def markdown_text(table: Table) -> str:
    """Return a table as Markdown, without its caption.

    >>> print(markdown_text(Table("t", ["a", "b"], [["x|y", 0.1]])), end="")
    | a | b |
    | --- | ---: |
    | x\\|y | 0.1 |
    """
    kinds = ["---:" if is_numeric(table.cells(i)) else "---" for i in range(len(table.columns))]
    heads = [_markdown(str(name)) for name in table.columns]
    rows = [[_markdown(cell) for cell in row] for row in _rows_of_text(table, sign=True)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads, kinds, *rows))


class Shown(NamedTuple):
    """A cell as text, and what stands small beside it."""

    text: str
    detail: str = ""


def shown_column(column: Sequence[object]) -> list[Shown]:
    """Return the cells of a column as text, its numbers with as many decimals as each other.

    >>> [cell.text for cell in shown_column([0.0, -26.4123, None, -27.9])]
    ['0.00', '−26.41', '–', '−27.90']
    """
    aggregates = [c for c in column if isinstance(c, Aggregate)]
    if aggregates:
        # Over several orders of magnitude, as of times, each cell has decimals of its own.
        sizes = [abs(c.value) for c in aggregates if 0 < abs(c.value) < math.inf]
        alike = not sizes or max(sizes) < 1000 * min(sizes)
        return [
            _shown_aggregate(c, aggregates if alike else [c])
            if isinstance(c, Aggregate)
            else Shown(cell_text(c))
            for c in column
        ]
    texts = [cell_text(cell) for cell in column]
    floats = {i: float(c) for i, c in enumerate(column) if isinstance(c, float | np.floating)}
    told = {i: value for i, value in floats.items() if math.isfinite(value)}
    # Beyond this span one number of decimals would either lose digits or invent them.
    if not any(value != 0 and not 1e-3 <= abs(value) < 1e4 for value in told.values()):
        decimals = min(4, max((len(texts[i].partition(".")[2]) for i in told), default=0))
        for i, value in told.items():
            texts[i] = _fixed(value, decimals)
    return [Shown(text) for text in texts]


def is_numeric(cells: Sequence[object]) -> bool:
    """Tell whether a column holds numbers, or text that reads like them."""
    told = [cell for cell in cells if cell is not None and str(cell).strip() not in ("", "–", "-")]
    return bool(told) and all(_reads_as_number(cell) for cell in told)


def cell_text(cell: object) -> str:
    """Return a cell as text: four significant digits, thousands separated, a dash for nothing.

    >>> [cell_text(c) for c in (12345, -26.0412, 0.00021, 1234567.8, None, float("nan"), True)]
    ['12,345', '−26.04', '0.00021', '1,234,568', '–', '–', 'yes']
    """
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if cell is None:
        return "–"
    if isinstance(cell, int | np.integer):
        return f"{int(cell):,}".replace("-", "−")
    if not isinstance(cell, float | np.floating):
        return str(cell)
    value = float(cell)
    if not math.isfinite(value):
        return _not_finite(value)
    form = ",.0f" if abs(value) >= 9999.5 else ",.4g"
    return f"{value:{form}}".replace("-", "−")


def _shown_aggregate(cell: Aggregate, alike: Sequence[Aggregate]) -> Shown:
    decimals = _interval_decimals(alike)
    text = _fixed(cell.value, decimals)
    if math.isnan(cell.low) or math.isnan(cell.high):
        return Shown(text)
    return Shown(text, f"{_fixed(cell.low, decimals)} to {_fixed(cell.high, decimals)}")


def _interval_decimals(cells: Sequence[Aggregate]) -> int:
    """Return as many decimals as give the width of the typical interval two significant digits."""
    widths = [c.high - c.low for c in cells if c.low < c.high < math.inf]
    if not widths:
        return 3
    return min(7, max(0, 1 - math.floor(math.log10(float(np.median(widths))))))


def _fixed(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return _not_finite(value)
    text = f"{value:,.{decimals}f}"
    negative_zero = text.startswith("-") and not text.strip("-0.,")
    return text.removeprefix("-") if negative_zero else text.replace("-", "−")


def _not_finite(value: float) -> str:
    return "–" if math.isnan(value) else "∞" if value > 0 else "−∞"


def _reads_as_number(cell: object) -> bool:
    if isinstance(cell, bool | np.bool_):
        return False
    if isinstance(cell, int | float | np.integer | np.floating | Aggregate):
        return True
    return _NUMBER.fullmatch(str(cell).strip()) is not None


def _rows_of_text(table: Table, *, sign: bool) -> list[list[str]]:
    columns = []
    for index in range(len(table.columns)):
        cells = table.cells(index)
        texts = [f"{s.text} ({s.detail})" if s.detail else s.text for s in shown_column(cells)]
        if sign:
            marks = [f"{c.sign} " if isinstance(c, Mark) else "" for c in cells]
            texts = [m + text for m, text in zip(marks, texts, strict=True)]
        columns.append(texts)
    return [list(row) for row in zip(*columns, strict=True)]


def _plain(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float | np.floating):
        return repr(float(cell))
    return str(cell)


_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "\n": " ",
    "−": "$-$", "–": "--", "—": "---", "…": r"\ldots{}", "∞": r"$\infty$", "µ": r"\textmu{}",
    "μ": r"\textmu{}", "±": r"$\pm$", "×": r"$\times$", "≤": r"$\leq$", "≥": r"$\geq$",
    "²": r"\textsuperscript{2}", "°": r"\textdegree{}", "“": "``", "”": "''", "\u202f": r"\,",
}  # fmt: skip


def _latex(text: object) -> str:
    return "".join(_LATEX.get(character, character) for character in str(text))


def _markdown(text: str) -> str:
    escaped = re.sub(r"([\\|<>`*_\[\]])", r"\\\1", " ".join(text.split()))
    return escaped or " "

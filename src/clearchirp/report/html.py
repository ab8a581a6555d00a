"""One self-contained HTML file of facts, tables, figures and notes: it loads and runs nothing."""

from __future__ import annotations

import base64
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from clearchirp.report.writing import check_target, render, write_whole
from clearchirp.types import InputError

_SVG_BYTES = 150_000
_NUMBER = re.compile(
    r"[+\-−±]?\d[\d,\u202f]*(\.\d+)?([eE][+\-−]?\d+)?( ?(%|dB|ms|µs|us|s|m|m/s|x))?"
)

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --page: #ffffff;
  --card: #f6f8fa; --line: #d0d7de; --accent: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --page: #12161b;
  --card: #1b2129; --line: #363e48; --accent: #6cb6ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--page);
  color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial,
  "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 1rem;
  border-bottom: 3px solid var(--accent); padding-bottom: .5rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .7rem; }
p { max-width: 46rem; margin: .6rem 0; }
.facts { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .25rem 1.5rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1.1rem;
  margin: 1.2rem 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; margin: 1rem 0 1.6rem; }
table { border-collapse: collapse; font-size: .94rem; overflow-wrap: normal; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .35rem .9rem; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: baseline; }
thead th { border-bottom: 2px solid var(--soft); }
tbody th { font-weight: 600; }
tbody tr:nth-child(even) { background: var(--card); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
figure { margin: 1.2rem 0 2rem; }
figure img { display: block; max-width: 100%; height: auto; background: #ffffff;
  border: 1px solid var(--line); border-radius: 8px; padding: .4rem; }
figcaption { color: var(--soft); font-size: .94rem; margin-top: .5rem; max-width: 46rem; }
ul { max-width: 46rem; padding-left: 1.3rem; }
@media (max-width: 40rem) { .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .5rem; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --page: #fff; --card: #fff;
  --line: #999; --accent: #000; } body { max-width: none; padding: 0; font-size: 10.5pt; }
  figure, table, .facts { break-inside: avoid; } h2, caption { break-after: avoid; }
  .wide { overflow: visible; } }
"""


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
        Cells, as many a row as columns: text, or numbers, which are shown with about four
        significant digits (None and NaN as a dash). Format a number yourself for another precision;
        a column of numbers or of text that reads like numbers is right-aligned.
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


def write_report(
    path: str | os.PathLike[str],
    *,
    title: str,
    intro: str = "",
    facts: Mapping[str, str] | None = None,
    tables: Sequence[Table] = (),
    figures: Sequence[tuple[str, Figure]] = (),
    notes: Sequence[str] = (),
) -> Path:
    """Write one HTML file that holds everything it shows, and return its path.

    The figures are embedded as images (SVG where a figure has lines only and stays small, PNG
    otherwise); the page loads nothing, runs no script, follows the reader's light or dark setting
    and prints. All text is escaped. The file is written under a temporary name and renamed.

    Parameters
    ----------
    path
        Where; an existing file is replaced.
    title
        Heading and window title.
    intro
        What the report is about; an empty line starts a new paragraph.
    facts
        Name -> value, shown as a list at the top: file, radar, detector ...
    tables, figures, notes
        In their order; a figure comes with its caption.

    Raises
    ------
    InputError
        Where the folder does not exist.
    """
    path = Path(path)
    check_target(path)
    if isinstance(notes, str):
        raise InputError("notes: expected a list of texts, got one text; put it in a list")
    body = [f"<h1>{escape(title)}</h1>", *_paragraphs(intro)]
    if facts:
        items = (f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in facts.items())
        body.append(f'<dl class="facts">\n{chr(10).join(items)}\n</dl>')
    if tables:
        body += ["<h2>Results</h2>", *map(_table, tables)]
    if figures:
        body += ["<h2>Figures</h2>", *(_figure(caption, figure) for caption, figure in figures)]
    if notes:
        items = (f"<li>{escape(note)}</li>" for note in notes)
        body.append(f"<h2>Notes</h2>\n<ul>\n{chr(10).join(items)}\n</ul>")
    write_whole(path, _page(title, "\n".join(body)).encode("utf-8", "replace"))
    return path


def _page(title: str, body: str) -> str:
    # The policy makes the browser refuse anything that is not in the file.
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def _paragraphs(text: str) -> list[str]:
    return [f"<p>{escape(part.strip())}</p>" for part in re.split(r"\n\s*\n", text) if part.strip()]


def _table(table: Table) -> str:
    columns = [[row[i] for row in table.rows] for i in range(len(table.columns))]
    numeric = [_is_numeric(column) for column in columns]
    texts = zip(*map(column_texts, columns), strict=True)
    kinds = [' class="number"' if n else "" for n in numeric]
    heads = zip(kinds, table.columns, strict=True)
    head = "".join(f'<th scope="col"{kind}>{escape(str(name))}</th>' for kind, name in heads)
    lines = []
    for row in texts:
        cells = []
        for index, (kind, cell) in enumerate(zip(kinds, row, strict=True)):
            # The first column names its row, for readers that hear the table.
            tag, scope = ("th", ' scope="row"') if index == 0 else ("td", "")
            cells.append(f"<{tag}{scope}{kind}>{escape(cell)}</{tag}>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    return (
        f'<div class="wide" tabindex="0">\n<table>{caption}\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{chr(10).join(lines)}\n</tbody>\n</table>\n</div>"
    )


def _is_numeric(cells: Sequence[object]) -> bool:
    told = [cell for cell in cells if cell is not None and str(cell).strip() not in ("", "–", "-")]
    return bool(told) and all(_reads_as_number(cell) for cell in told)


def _reads_as_number(cell: object) -> bool:
    if isinstance(cell, bool | np.bool_):
        return False
    if isinstance(cell, int | float | np.integer | np.floating):
        return True
    return _NUMBER.fullmatch(str(cell).strip()) is not None


def column_texts(column: Sequence[object]) -> list[str]:
    """Return the cells of a column as text, its floats with as many decimals as each other.

    >>> column_texts([0.0, -26.4123, None, -27.9])
    ['0.00', '−26.41', '–', '−27.90']
    """
    texts = [cell_text(cell) for cell in column]
    floats = {i: float(c) for i, c in enumerate(column) if isinstance(c, float | np.floating)}
    told = {i: value for i, value in floats.items() if math.isfinite(value)}
    # Beyond this span one number of decimals would either lose digits or invent them.
    if any(value != 0 and not 1e-3 <= abs(value) < 1e4 for value in told.values()):
        return texts
    decimals = min(4, max((len(texts[i].partition(".")[2]) for i in told), default=0))
    for i, value in told.items():
        texts[i] = f"{value:,.{decimals}f}".replace("-", "−")
    return texts


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
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    form = ",.0f" if abs(value) >= 9999.5 else ",.4g"
    return f"{value:{form}}".replace("-", "−")


def _figure(caption: str, figure: Figure) -> str:
    kind, image = _image(figure)
    data = base64.b64encode(image).decode("ascii")
    width = round(figure.get_figwidth() * 96)
    height = round(figure.get_figheight() * 96)
    alt = escape(describe(caption, figure))
    return (
        f'<figure>\n<img alt="{alt}" width="{width}" height="{height}" '
        f'src="data:image/{kind};base64,{data}">\n'
        f"<figcaption>{escape(caption)}</figcaption>\n</figure>"
    )


def _image(figure: Figure) -> tuple[str, bytes]:
    if not any(axes.images for axes in figure.axes):
        vector = render(figure, "svg")
        if len(vector) <= _SVG_BYTES:
            return "svg+xml", vector
    return "png", render(figure, "png")


def describe(caption: str, figure: Figure) -> str:
    """Return what a reader who cannot see the figure needs: caption, panels, axes."""
    shown = [axes for axes in figure.axes if axes.get_visible()]
    titles = [title for title in (axes.get_title() for axes in shown) if title]
    labels = [axes.get_xlabel() for axes in shown] + [axes.get_ylabel() for axes in shown]
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    parts = [caption.strip().rstrip(".")]
    for name, texts in (("Panels", titles), ("Axes", labels), ("Entries", legends)):
        unique = [" ".join(text.split()) for text in dict.fromkeys(texts) if text.strip()]
        if unique:
            parts.append(f"{name}: {', '.join(unique)}")
    return ". ".join(parts) + "."

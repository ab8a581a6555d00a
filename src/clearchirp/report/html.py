"""One self-contained HTML file of facts, tables, figures and notes: it loads and runs nothing."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from clearchirp.report.tables import Mark, Table, is_numeric, shown_column
from clearchirp.report.writing import check_target, render, write_whole
from clearchirp.types import InputError

_SVG_BYTES = 150_000
_SVG_POINTS = 6000
# Figures of more pixels than these are scrolled on a narrow screen, not squeezed.
_BROAD = 840

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --page: #ffffff;
  --card: #f6f8fa; --line: #d0d7de; --accent: #0b5cad; --good: #1a6b33; --short: #a3350f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --page: #12161b;
  --card: #1b2129; --line: #363e48; --accent: #6cb6ff; --good: #6fd08c; --short: #ff9e7a; } }
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
nav ol { margin: 1rem 0; padding-left: 1.5rem; max-width: 46rem; }
a { color: var(--accent); }
.wide { overflow-x: auto; margin: 1rem 0 1.6rem; }
.wide:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: separate; border-spacing: 0; font-size: .94rem; overflow-wrap: normal; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
caption span { display: inline-block; position: sticky; left: 0;
  max-width: min(46rem, calc(100vw - 2.5rem)); }
th, td { padding: .35rem .75rem; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: baseline; background: var(--page); }
thead th { border-bottom: 2px solid var(--soft); vertical-align: bottom; }
tbody th { font-weight: 600; }
tr > :first-child { position: sticky; left: 0; min-width: 6.5rem; max-width: 20rem;
  overflow-wrap: break-word; }
tbody tr:nth-child(even) > * { background: var(--card); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
small { color: var(--soft); font-size: .8em; display: block; }
.mark { white-space: nowrap; font-weight: 600; }
.good { color: var(--good); } .short { color: var(--short); }
.open, .none { color: var(--soft); font-weight: 400; }
figure { margin: 1.2rem 0 2rem; }
figure .wide { margin: 0; }
figure img { display: block; max-width: 100%; height: auto; background: #ffffff;
  border: 1px solid var(--line); border-radius: 8px; padding: .4rem; }
figcaption { color: var(--soft); font-size: .94rem; margin-top: .5rem; max-width: 46rem; }
ul { max-width: 46rem; padding-left: 1.3rem; }
@media (max-width: 40rem) { body { padding: 1.2rem .9rem 3rem; }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .5rem; }
  th, td { padding: .35rem .6rem; } tr > :first-child { max-width: 38vw; }
  figure img { max-width: none; width: max(100%, 36rem); }
  figure.broad img { width: max(100%, 56rem); } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --page: #fff; --card: #fff;
  --line: #999; --accent: #000; --good: #000; --short: #000; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  figure, table, .facts { break-inside: avoid; } h2, caption { break-after: avoid; }
  .wide { overflow: visible; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report under a heading of its own.

    Parameters
    ----------
    title
        The heading, and the entry in the list of contents.
    intro
        Text below it; an empty line starts a new paragraph.
    tables, figures
        In their order; a figure comes with its caption.
    """

    title: str
    intro: str = ""
    tables: Sequence[Table] = ()
    figures: Sequence[tuple[str, Figure]] = ()


def write_report(
    path: str | os.PathLike[str],
    *,
    title: str,
    intro: str = "",
    facts: Mapping[str, str] | None = None,
    tables: Sequence[Table] = (),
    figures: Sequence[tuple[str, Figure]] = (),
    sections: Sequence[Section] = (),
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
    tables, figures
        In their order; a figure comes with its caption.
    sections
        Parts that follow, each under its own heading; with two or more the report begins with a
        list of contents.
    notes
        What a reader must know, at the end.

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
    if len(sections) > 1:
        body.append(_contents(sections))
    if tables:
        body += ["<h2>Results</h2>", *map(_table, tables)]
    if figures:
        body += ["<h2>Figures</h2>", *(_figure(caption, figure) for caption, figure in figures)]
    for number, section in enumerate(sections, start=1):
        body += [f'<h2 id="part-{number}">{escape(section.title)}</h2>']
        body += _paragraphs(section.intro)
        body += [*map(_table, section.tables)]
        body += [_figure(caption, figure) for caption, figure in section.figures]
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


def _contents(sections: Sequence[Section]) -> str:
    items = (
        f'<li><a href="#part-{number}">{escape(section.title)}</a></li>'
        for number, section in enumerate(sections, start=1)
    )
    return f'<nav aria-label="Contents">\n<ol>\n{chr(10).join(items)}\n</ol>\n</nav>'


def _paragraphs(text: str) -> list[str]:
    return [f"<p>{escape(part.strip())}</p>" for part in re.split(r"\n\s*\n", text) if part.strip()]


def _table(table: Table) -> str:
    columns = [table.cells(index) for index in range(len(table.columns))]
    kinds = [' class="number"' if is_numeric(column) else "" for column in columns]
    heads = zip(kinds, table.columns, strict=True)
    head = "".join(f'<th scope="col"{kind}>{escape(str(name))}</th>' for kind, name in heads)
    texts = zip(*map(_column, columns), strict=True)
    lines = []
    for row in texts:
        cells = []
        for index, (kind, cell) in enumerate(zip(kinds, row, strict=True)):
            # The first column names its row, for readers that hear the table.
            tag, scope = ("th", ' scope="row"') if index == 0 else ("td", "")
            cells.append(f"<{tag}{scope}{kind}>{cell}</{tag}>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    caption = f"<caption><span>{escape(table.caption)}</span></caption>" if table.caption else ""
    return (
        f"{_box(table.caption)}\n<table>{caption}\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{chr(10).join(lines)}\n</tbody>\n</table>\n</div>"
    )


def _box(name: str) -> str:
    """Return the start of a box that scrolls sideways by itself, also by the keyboard."""
    label = f' role="region" aria-label="{escape(name)}"' if name else ""
    return f'<div class="wide" tabindex="0"{label}>'


def _column(cells: Sequence[object]) -> list[str]:
    """Return the cells of a column as HTML."""
    found = []
    for cell, shown in zip(cells, shown_column(cells), strict=True):
        text = escape(shown.text)
        if isinstance(cell, Mark):
            text = f'<span class="mark {cell.kind}">{cell.sign} {text}</span>'
        if shown.detail:
            text += f" <small>{escape(shown.detail)}</small>"
        found.append(text)
    return found


def _figure(caption: str, figure: Figure) -> str:
    kind, image = _image(figure)
    data = base64.b64encode(image).decode("ascii")
    width = round(figure.get_figwidth() * 96)
    height = round(figure.get_figheight() * 96)
    alt = escape(describe(caption, figure))
    broad = ' class="broad"' if width > _BROAD else ""
    return (
        f"<figure{broad}>\n{_box(caption)}\n"
        f'<img alt="{alt}" width="{width}" height="{height}" '
        f'src="data:image/{kind};base64,{data}">\n</div>\n'
        f"<figcaption>{escape(caption)}</figcaption>\n</figure>"
    )


def _image(figure: Figure) -> tuple[str, bytes]:
    if any(axes.images for axes in figure.axes):
        return "png", render(figure, "png")
    if sum(np.size(line.get_xdata()) for axes in figure.axes for line in axes.lines) <= _SVG_POINTS:
        vector = render(figure, "svg")
        if len(vector) <= _SVG_BYTES:
            return "svg+xml", vector
    return "png", _few_colours(render(figure, "png"))


def _few_colours(png: bytes) -> bytes:
    """Return a picture of lines with 256 colours, which takes a third of the bytes."""
    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        buffer, "png", optimize=True
    )
    return buffer.getvalue()


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

"""Reproductions as files: a report a paper, and the scoreboard of all of them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clearchirp._version import __version__
from clearchirp.evaluate.reproduction import ReproducedRow, Reproduction, as_table
from clearchirp.evaluate.verdicts import Verdict
from clearchirp.report.html import Section, write_report
from clearchirp.report.tables import VERDICTS, Mark, Table, cell_text
from clearchirp.report.writing import save_figure, write_whole
from clearchirp.types import InputError

START = "<!-- scoreboard: written by clearchirp reproduce all -o FOLDER --readme README.md -->"
END = "<!-- end of the scoreboard -->"

MARKS = {
    **{verdict: VERDICTS[verdict.value] for verdict in Verdict if verdict.value in VERDICTS},
    Verdict.UNDECIDED: Mark("undecided", "open"),
    Verdict.FAILED: Mark("failed", "short"),
}
"""How each verdict looks."""


def write_reproduction(folder: Path, done: Reproduction) -> list[Path]:
    """Write ``report.html``, ``rows.csv`` and the figures of a paper; return their paths.

    The experiment of the paper may have two functions of its own, which are given the set-up, the
    size and the folder: ``figures`` returns captions with Matplotlib figures by name, ``tables``
    returns `Table` objects of what is shown without a published figure beside it. Where one of them
    raises, the report says so and has the rest.
    """
    figures, tables, troubles = _extras(done)
    written = [_write_rows(folder / "rows.csv", [done])]
    for name, (_, figure) in figures.items():
        written.append(save_figure(figure, folder / f"{name}.svg"))
    report = write_report(
        folder / "report.html",
        title=f"Reproduction: {done.paper.name}",
        intro=f"{done.paper.title} ({done.paper.source}). Published figures beside ours.",
        facts=_facts(done),
        tables=[*_tables(done), *tables],
        figures=list(figures.values()),
        notes=[*_notes(done), *troubles],
    )
    return [*written, report]


def write_scoreboard(folder: Path, papers: Sequence[Reproduction]) -> list[Path]:
    """Write ``scoreboard.md``, ``scoreboard.csv`` and ``scoreboard.html``; return their paths."""
    text = "# Scoreboard\n\n" + markdown(papers) + "\n"
    markdown_file = folder / "scoreboard.md"
    write_whole(markdown_file, text.encode())
    rows = _write_rows(folder / "scoreboard.csv", papers)
    sums = [
        Table(caption, list(lines[0]), [list(line.values()) for line in lines])
        for caption, lines in (
            ("By paper", paper_lines(papers)),
            ("By method", method_lines(papers)),
        )
    ]
    report = write_report(
        folder / "scoreboard.html",
        title="Scoreboard of the reproductions",
        intro="Published figures beside ours, a verdict a row.",
        facts={"clearchirp": __version__, "time": f"{sum(p.seconds for p in papers):.0f} s"},
        tables=sums,
        sections=[
            Section(title=p.paper.name, intro=p.paper.title, tables=list(_tables(p)))
            for p in papers
        ],
        notes=[f"{v.value}: {text}" for v, text in _MEANINGS.items()],
    )
    return [markdown_file, rows, report]


def paper_lines(papers: Sequence[Reproduction]) -> list[dict[str, object]]:
    """Return a line a paper: its verdicts counted, and the time it took."""
    return [
        {
            "paper": done.paper.name,
            "source": done.paper.source,
            "size": done.size.name,
            "rows": len(done.rows),
            **{verdict.value: done.count(verdict) for verdict in Verdict},
            "s": round(done.seconds),
        }
        for done in papers
    ]


def method_lines(papers: Sequence[Reproduction]) -> list[dict[str, object]]:
    """Return a line a paper and method (or detector): its verdicts counted."""
    lines = []
    for done in papers:
        subjects = dict.fromkeys(row.row.subject or "-" for row in done.rows)
        for subject in subjects:
            own = [row for row in done.rows if (row.row.subject or "-") == subject]
            counts = {v.value: sum(row.verdict is v for row in own) for v in Verdict}
            lines.append({"paper": done.paper.name, "method": subject, "rows": len(own), **counts})
    return lines


def markdown(papers: Sequence[Reproduction]) -> str:
    """Return the scoreboard as Markdown: a table a paper, and one a paper and method."""
    sizes = sorted({done.size.name for done in papers})
    seconds = sum(done.seconds for done in papers)
    lead = (
        f"clearchirp {__version__}, {' and '.join(sizes)} runs, {seconds / 60:.1f} minutes. "
        "Counted are rows: a published figure or statement each."
    )
    # Folded up where Markdown is rendered, since it grows with every method.
    folded = ["<details><summary>By paper and method</summary>", "</details>"]
    by_method = _pipe_table(method_lines(papers))
    return "\n\n".join([lead, _pipe_table(paper_lines(papers)), folded[0], by_method, folded[1]])


def update_readme(path: Path, papers: Sequence[Reproduction]) -> None:
    """Replace what stands between the two marks of a Markdown file by the scoreboard.

    Raises
    ------
    InputError
        For a file without the marks.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    check_marks(path, text)
    head, rest = text.split(START)
    tail = rest.split(END)[1]
    write_whole(path, f"{head}{START}\n{markdown(papers)}\n\n{END}{tail}".encode())


def check_marks(path: Path, text: str) -> None:
    """Raise `InputError` unless a text has both marks of the scoreboard, in their order."""
    if text.count(START) != 1 or END not in text.split(START)[1]:
        raise InputError(f"{path}: lacks the lines {START!r} and {END!r}")


def row_line(done: ReproducedRow) -> dict[str, object]:
    """Return a row for a table: published, ours, the verdict."""
    row = done.row
    return {
        "row": row.id,
        "where": row.where,
        "method": row.subject or "-",
        "metric": f"{row.metric} ({row.unit})" if row.unit else row.metric,
        "published": _published(done),
        "ours": _ours(done),
        "verdict": f"{done.verdict.value} {done.why}".strip()
        if done.verdict in (Verdict.SHORT, Verdict.BETTER)
        else done.verdict.value,
    }


_MEANINGS = {
    Verdict.REACHED: "within the tolerance; of an order: every step by a paired 95 % interval.",
    Verdict.BETTER: "beyond the tolerance on the good side.",
    Verdict.SHORT: "beyond the tolerance on the other side, by so much.",
    Verdict.UNDECIDED: "an interval holds zero; more frames would tell.",
    Verdict.NOT_COMPARABLE: "the two figures say nothing about each other, for the reason given.",
    Verdict.NOT_LANDED: "the method is not in the catalogue yet.",
    Verdict.FAILED: "the measurement raised an error.",
}


def _tables(done: Reproduction) -> Iterator[Table]:
    """One table for each place of the paper."""
    for place in dict.fromkeys(row.row.where for row in done.rows):
        own = [row for row in done.rows if row.row.where == place]
        lines = [[row.row.what, *_shown(row), MARKS[row.verdict], _remark(row)] for row in own]
        heads = ["what", "method", "metric", "published", "ours", "verdict", "remark"]
        yield Table(place, heads, lines)


def _shown(done: ReproducedRow) -> list[object]:
    line = row_line(done)
    return [line[name] for name in ("method", "metric", "published", "ours")]


def _remark(done: ReproducedRow) -> str:
    told = [done.why]
    if done.measured is not None:
        told.append(done.measured.note)
    if done.row.tolerance and done.verdict is not Verdict.NOT_LANDED:
        told.append(f"tolerance {done.row.tolerance.width:.3g}: {done.row.tolerance.why}")
    return "; ".join(text for text in told if text)


def _published(done: ReproducedRow) -> str:
    row = done.row
    if row.kind == "order":
        return " > ".join(row.published if isinstance(row.published, tuple) else ())
    if row.kind == "best" and isinstance(row.published, tuple):
        return f"{row.published[0]} before {', '.join(row.published[1:])}"
    sign = {"higher": "≥ ", "lower": "≤ "}[row.better] if row.kind == "bound" else ""
    return sign + cell_text(row.published)


def _ours(done: ReproducedRow) -> str:
    if done.measured is None:
        return "–"
    if done.measured.each:
        means = {name: _mean(values) for name, values in done.measured.each.items()}
        return ", ".join(f"{name} {cell_text(value)}" for name, value in means.items())
    text = cell_text(done.measured.value)
    if not math.isnan(done.measured.low):
        text += f" [{cell_text(done.measured.low)}, {cell_text(done.measured.high)}]"
    return text


def _mean(values: Sequence[float]) -> float:
    known = [float(value) for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _facts(done: Reproduction) -> dict[str, str]:
    size = done.size
    counts = {v: done.count(v) for v in Verdict}
    return {
        "verdicts": ", ".join(f"{n} {v.value}" for v, n in counts.items() if n),
        "size": f"{size.name}: {size.reduced or 'nothing left out'}",
        "frames, repeats, seed": f"{size.frames}, {size.repeats}, {size.seed}",
        "scene, detector": f"{done.setup.scene}, {done.setup.detector}",
        "time": f"{done.seconds:.0f} s, what lay there already not counted",
        "clearchirp": __version__,
    }


def _notes(done: Reproduction) -> list[str]:
    met = {row.verdict for row in done.rows}
    return [f"{v.value}: {text}" for v, text in _MEANINGS.items() if v in met]


def _extras(done: Reproduction) -> tuple[Mapping[str, Any], Sequence[Table], list[str]]:
    """Return what the experiment of a paper draws besides, and what it failed to draw."""
    troubles: list[str] = []

    def made(name: str, otherwise: Any) -> Any:
        make = getattr(done.experiment, name, None)
        if make is None:
            return otherwise
        try:
            return make(done.setup, done.size, done.folder)
        except OSError:
            raise
        except Exception as error:
            troubles.append(f"{name}: {type(error).__name__}: {error}")
            return otherwise

    return made("figures", {}), made("tables", []), troubles


def _pipe_table(lines: Sequence[Mapping[str, object]]) -> str:
    """Return rows as a Markdown table; a zero is a blank, so that the others are seen."""
    names = list(lines[0])
    text = [f"| {' | '.join(names)} |", f"| {' | '.join('---' for _ in names)} |"]
    for line in lines:
        cells = [f"`{v}`" if k in ("paper", "method") else str(v or "") for k, v in line.items()]
        text.append(f"| {' | '.join(cells)} |")
    return "\n".join(text)


def _write_rows(path: Path, papers: Sequence[Reproduction]) -> Path:
    """Every row of the papers with all that is known of it, as CSV."""
    lines = []
    for done in papers:
        table = as_table(done)
        for row in table["rows"]:
            flat = {k: _flat(v) for k, v in row.items()}
            lines.append({"paper": table["paper"], "size": table["size"], **flat})
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    write_whole(path, buffer.getvalue().encode())
    return path


def _flat(value: object) -> object:
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {each:.6g}" for name, each in value.items())
    if isinstance(value, list):
        return " > ".join(map(str, value))
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value

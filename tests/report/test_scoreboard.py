"""Reports and the scoreboard of planted reproductions."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clearchirp.evaluate.published import Paper, PublishedRow, Setup, Size, Tolerance
from clearchirp.evaluate.reproduction import ReproducedRow, Reproduction
from clearchirp.evaluate.verdicts import Measured, Verdict
from clearchirp.report import scoreboard
from clearchirp.types import InputError


def planted(folder: Path, experiment: Any = None) -> Reproduction:
    number = PublishedRow(
        id="zeroing-f1",
        what="F1 <of> zeroing",
        where="Table 1",
        metric="F1",
        published=0.5,
        better="higher",
        method="zeroing",
        tolerance=Tolerance(width=0.1, why="a toy"),
    )
    order = PublishedRow(
        id="order",
        what="who is ahead",
        where="Figure 2",
        metric="F1",
        kind="order",
        published=("ar", "zeroing"),
        better="higher",
        method="ar",
    )
    waits = PublishedRow(
        id="later",
        what="later",
        where="Table 1",
        metric="F1",
        published=0.9,
        better="higher",
        method="not-yet",
    )
    each = {"ar": [0.7, 0.8], "zeroing": [0.5, 0.6]}
    size = Size(name="quick", frames=2, reduced="2 of 9 frames")
    return Reproduction(
        paper=Paper(name="toy", title="A toy", source="Toy 2026", rows=(number, order, waits)),
        setup=Setup(scene="demo", detector="combined", cases={}, parameters={}, sizes={}),
        size=size,
        rows=(
            ReproducedRow(
                row=number,
                verdict=Verdict.SHORT,
                why="by 0.2",
                measured=Measured(value=0.3, low=0.25, high=0.35),
            ),
            ReproducedRow(row=order, verdict=Verdict.REACHED, why="", measured=Measured(each=each)),
            ReproducedRow(
                row=waits, verdict=Verdict.NOT_LANDED, why="waits for not-yet", measured=None
            ),
        ),
        seconds=3.0,
        experiment=experiment or SimpleNamespace(),
        folder=folder,
    )


def test_the_report_shows_published_beside_ours(tmp_path):
    *_, report = scoreboard.write_reproduction(tmp_path, planted(tmp_path))
    text = report.read_text(encoding="utf-8")
    for told in (
        "0.5",
        "0.3 [0.25, 0.35]",
        "short of it",
        "by 0.2",
        "ar &gt; zeroing",
        "ar 0.75, zeroing 0.55",
        "not landed",
        "2 of 9 frames",
        "F1 &lt;of&gt; zeroing",
        "waits for not-yet",
    ):
        assert told in text, told
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows] == ["short of it", "reached", "not landed"]
    assert rows[0]["measured"] == "0.3"
    assert rows[2]["measured"] == ""


def test_what_an_experiment_draws_comes_into_the_report(tmp_path):
    from clearchirp.report import Table
    from clearchirp.report.reproduced import line_figure

    drawn = line_figure({"ar": ([1, 2], [3, 4])}, title="t", x="x", y="y")
    experiment = SimpleNamespace(
        figures=lambda *_: {"figure-2": ("A line.", drawn)},
        tables=lambda *_: [Table("Ours alone", ["case", "n"], [["ar", 4711]])],
    )
    scoreboard.write_reproduction(tmp_path, planted(tmp_path, experiment))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "A line." in text
    assert "4,711" in text
    assert (tmp_path / "figure-2.svg").is_file()


def test_a_figure_that_fails_is_told_and_the_rest_is_there(tmp_path):
    def broken(*_: Any) -> Any:
        raise RuntimeError("no ink")

    scoreboard.write_reproduction(tmp_path, planted(tmp_path, SimpleNamespace(figures=broken)))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "figures: RuntimeError: no ink" in text
    assert "by 0.2" in text


def test_the_scoreboard_counts_every_row_once(tmp_path):
    papers = [planted(tmp_path)]
    (line,) = scoreboard.paper_lines(papers)
    assert line["rows"] == 3
    assert sum(int(str(line[verdict.value])) for verdict in Verdict) == 3
    lines = scoreboard.method_lines(papers)
    assert [line["method"] for line in lines] == ["zeroing", "ar", "not-yet"]
    assert sum(int(str(line["rows"])) for line in lines) == 3
    for path in scoreboard.write_scoreboard(tmp_path, papers):
        assert path.stat().st_size > 0
    assert "| `toy` | `ar` | 1 | 1 |" in (tmp_path / "scoreboard.md").read_text(encoding="utf-8")


def test_the_readme_keeps_what_stands_around_the_scoreboard(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{scoreboard.START}\nold\n{scoreboard.END}\nafter\n")
    scoreboard.update_readme(readme, [planted(tmp_path)])
    once = readme.read_text(encoding="utf-8")
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "old" not in once
    assert "`not-yet`" in once
    scoreboard.update_readme(readme, [planted(tmp_path)])
    assert readme.read_text(encoding="utf-8") == once
    readme.write_text("no marks")
    with pytest.raises(InputError, match="lacks the lines"):
        scoreboard.update_readme(readme, [planted(tmp_path)])

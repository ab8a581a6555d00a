"""Tables as files: every digit for machines, nothing that breaks LaTeX or Markdown for people."""

from __future__ import annotations

import csv
import math
import os
import re
from pathlib import Path

import pytest

from clearchirp.metrics import aggregate
from clearchirp.metrics.aggregate import Aggregate
from clearchirp.report import VERDICTS, Mark, Table, save_table, write_report
from clearchirp.report.tables import csv_text, markdown_text, shown_column
from clearchirp.types import InputError

NASTY = 'a,"b" & 50 % of #1_x^2 {y} $z$ ~ \\ <i>|`c`|*d*\nnext'


def of(value, low, high, **more) -> Aggregate:
    return Aggregate(value=value, low=low, high=high, confidence=0.95, counted=9, left_out=1)


def test_csv_gives_back_every_digit_and_text(tmp_path):
    numbers = [1 / 3, -2.5e-300, 12345678.9, math.inf, 7]
    table = Table("t", ["name", "x"], [[NASTY, n] for n in numbers])
    path = save_table(table, tmp_path / "t.csv")
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head == ["name", "x"]
    assert [row[0] for row in rows] == [NASTY] * 5
    assert [float(row[1]) for row in rows] == numbers


def test_csv_takes_intervals_apart():
    mean = aggregate.mean([0.5, 0.25, 0.75, math.nan])
    table = Table("t", ["method", "F1"], [["a", mean], ["b", None], ["c", math.nan]])
    rows = list(csv.DictReader(csv_text(table).splitlines()))
    assert float(rows[0]["F1"]) == mean.value
    assert float(rows[0]["F1 low"]) == mean.low
    assert float(rows[0]["F1 high"]) == mean.high
    assert (rows[0]["F1 counted"], rows[0]["F1 left out"]) == ("3", "1")
    assert set(list(rows[1].values())[1:]) == {""}
    assert rows[2]["F1"] == "nan"


def test_latex_is_balanced_and_escaped(tmp_path):
    table = Table(NASTY, ["name & sign", "Δ in dB"], [[NASTY, -26.4123], ["µ ± ∞ −", None]])
    text = save_table(table, tmp_path / "t.tex").read_text("utf-8")
    assert "\\begin{tabular}{lr}" in text
    for rule in ("toprule", "midrule", "bottomrule"):
        assert text.count(f"\\{rule}") == 1
    body = text.split("\\midrule")[1].split("\\bottomrule")[0].strip().splitlines()
    for line in body:
        assert line.endswith(" \\\\")
        assert len(re.findall(r"(?<!\\)&", line)) == 1
    assert r"50 \% of \#1\_x\textasciicircum{}2 \{y\} \$z\$ \textasciitilde{}" in text
    assert "$-$26.41" in text
    # What is left of the signs is balanced.
    plain = re.sub(r"\\[{}$&%#_\\]", "", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0


def test_markdown_keeps_its_columns():
    table = Table("t", ["method", "floor | dB"], [[NASTY, -1.0], [VERDICTS["better"], -12.5]])
    lines = markdown_text(table).splitlines()
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in lines] == [3, 3, 3, 3]
    assert lines[1] == "| --- | ---: |"
    assert lines[3] == "| ✓ better | −12.5 |"
    assert "<i>" not in "".join(lines).replace("\\<i\\>", "")


def test_intervals_have_two_digits_of_their_width():
    cells = [
        of(0.93456, 0.92844, 0.94312),
        of(0.5, 0.4933, 0.51),
        None,
        of(1.0, math.nan, math.nan),
    ]
    shown = shown_column(cells)
    assert [c.text for c in shown] == ["0.935", "0.500", "–", "1.000"]
    assert [c.detail for c in shown] == ["0.928 to 0.943", "0.493 to 0.510", "", ""]
    times = [of(0.1234, 0.12, 0.13), of(6149.65, 6100.0, 6210.0)]
    assert [c.text for c in shown_column(times)] == ["0.123", "6,150"]
    assert [c.text for c in shown_column([of(-0.0004, -0.06, 0.05)])] == ["0.00"]


def test_verdicts_say_it_in_words_and_with_a_sign(tmp_path):
    table = Table("t", ["row", "verdict"], [[n, v] for n, v in VERDICTS.items()])
    page = write_report(tmp_path / "r.html", title="t", tables=[table]).read_text("utf-8")
    for name, mark in VERDICTS.items():
        assert f'<span class="mark {mark.kind}">{mark.sign} {name}</span>' in page
        assert f".{mark.kind}" in page.split("</style>")[0]
        assert f"{name},{name}" in csv_text(table)
    assert len({mark.sign for mark in VERDICTS.values()}) == 4
    assert str(Mark("x", "good")) == "x"


def test_a_table_that_cannot_be_written_says_why(tmp_path, monkeypatch):
    table = Table("t", ["a"], [[1]])
    with pytest.raises(InputError, match=r"written as \.csv, \.tex or \.md, not \.xlsx"):
        save_table(table, tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="does not exist"):
        save_table(table, tmp_path / "no" / "t.csv")
    path = tmp_path / "t.csv"
    path.write_text("old")

    def full(*_: object) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        save_table(table, path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]

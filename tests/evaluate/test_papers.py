"""Every paper at a tiny size; the README and the wheel hold what there is."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from clearchirp.evaluate.published import read_paper
from clearchirp.evaluate.reproduction import paper_names, reproduce, reproductions_folder
from clearchirp.evaluate.verdicts import Verdict
from clearchirp.report.scoreboard import END, START, method_lines, write_reproduction
from clearchirp.workers import Workers

ROOT = Path(__file__).parents[2]
FRAMES = {"arim": 6}


@pytest.mark.parametrize("name", paper_names())
def test_every_row_of_what_has_landed_is_measured(name, tmp_path):
    place = tmp_path / "papers" / name
    shutil.copytree(reproductions_folder() / name, place)
    setup = (place / "setup.toml").read_text(encoding="utf-8")
    few = f"[quick]\nframes = {FRAMES.get(name, 1)}"
    less, count = re.subn(r"\[quick\]\nframes = \d+", few, setup)
    assert count == 1
    (place / "setup.toml").write_text(less, encoding="utf-8")
    out = tmp_path / "out"
    done = reproduce(name, out, size="quick", workers=Workers(count=1), root=place.parent)
    failed = [f"{row.row.id}: {row.why}" for row in done.rows if row.verdict is Verdict.FAILED]
    assert not failed
    assert len(done.rows) == len(read_paper(place).rows)
    *_, report = write_reproduction(out, done)
    text = report.read_text(encoding="utf-8")
    assert done.paper.source in text
    assert "figures: " not in text
    assert "tables: " not in text


def test_the_readme_shows_the_methods_of_every_paper():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    board = text.split(START)[1].split(END)[0]
    shown = set(re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", board, flags=re.MULTILINE))
    expected = set()
    for name in paper_names():
        rows = read_paper(reproductions_folder() / name).rows
        expected |= {(name, row.subject or "-") for row in rows}
    assert shown == expected
    assert method_lines([]) == []


def test_the_wheel_takes_the_papers_along():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = told["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"reproductions": "clearchirp/reproductions"}

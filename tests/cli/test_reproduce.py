"""`clearchirp reproduce`: what it prints and writes, and how it refuses."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from clearchirp.evaluate import reproduction
from tests.evaluate.test_reproduction import EXPERIMENT, PUBLISHED, SETUP


@pytest.fixture
def toy(here, monkeypatch):
    """Let a paper of three lines be the only one."""
    place = here / "papers" / "toy"
    place.mkdir(parents=True)
    (place / "published.toml").write_text(PUBLISHED)
    (place / "setup.toml").write_text(SETUP)
    (place / "experiment.py").write_text(EXPERIMENT)
    (place / "beside.py").write_text("VALUE = 0.52\n")
    monkeypatch.setattr(reproduction, "reproductions_folder", lambda: place.parent)
    return place


def test_a_failed_row_is_exit_code_1_and_everything_else_is_there(run, toy, here):
    ran = run("reproduce", "toy", "--quick")
    assert ran.code == 1
    for told in ("reached", "failed", "not landed", "not comparable"):
        assert told in ran.out
    assert "2 rows failed" in ran.err
    folder = here / "reproductions-out" / "toy"
    assert {path.name for path in folder.iterdir()} >= {"report.html", "rows.csv", "results.json"}


def test_verdicts_are_no_failure(run, toy, here):
    (toy / "experiment.py").write_text(
        "def measure(*_):\n    return {n: 0.1 for n in ('good', 'raises', 'forgotten', 'other')}\n"
    )
    ran = run("reproduce", "toy", "-o", "out", "--json")
    assert ran.code == 0
    (paper,) = ran.json
    assert paper["size"] == "whole"
    assert [row["verdict"] for row in paper["rows"]].count("short of it") == 3


def test_all_writes_the_scoreboard_and_the_readme(run, toy, here):
    from clearchirp.report.scoreboard import END, START

    (here / "README.md").write_text(f"# Title\n{START}\n{END}\n")
    ran = run("reproduce", "all", "--quick", "-o", "out", "--readme", "README.md")
    assert ran.code == 1
    for name in ("scoreboard.md", "scoreboard.csv", "scoreboard.html", "toy/report.html"):
        assert (here / "out" / name).is_file(), name
    assert "`no-such-method`" in (here / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["boy"], "no paper is called 'boy'; there are toy, all"),
        (["toy", "--quick", "--full"], "--quick and --full: give one of them"),
        (["toy", "--readme", "README.md"], "--readme: is for: clearchirp reproduce all"),
        (["all", "--readme", "missing.md"], "missing.md: is no file"),
        (["all", "--readme", "bare.md"], "bare.md: lacks the lines"),
        (["toy", "-o", "bare.md"], "bare.md: is a file; give a folder"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(run, toy, here, arguments, told):
    (here / "bare.md").write_text("nothing")
    ran = run("reproduce", *arguments)
    assert ran.code == 2
    assert told in ran.line


def test_an_unknown_key_is_one_line_and_exit_code_2(run, toy):
    (toy / "published.toml").write_text(PUBLISHED.replace("metric", "metrik"))
    ran = run("reproduce", "toy")
    assert ran.code == 2
    assert "unknown key 'metrik'" in ran.line


@pytest.mark.skipif(os.name != "posix", reason="no modes of folders")
def test_a_folder_that_cannot_be_written_is_told_before_the_work(run, toy, here, monkeypatch):
    (here / "locked").mkdir()
    # root may write anywhere: the answer is planted
    closed = SimpleNamespace(access=lambda *_: False, W_OK=os.W_OK, X_OK=os.X_OK)
    monkeypatch.setattr(reproduction, "os", closed)
    ran = run("reproduce", "toy", "-o", "locked")
    assert ran.code == 2
    assert "locked: cannot be written" in ran.line

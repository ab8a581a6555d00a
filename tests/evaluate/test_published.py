"""The files of a paper: what they may hold, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearchirp.evaluate.published import read_paper, read_setup
from clearchirp.evaluate.reproduction import paper_names, reproductions_folder
from clearchirp.types import InputError

HEAD = '[paper]\nname = "toy"\ntitle = "A toy"\nsource = "Toy 2026"\n'
ROW = """[[rows]]
id = "a"
what = "One figure"
where = "Table 1"
method = "zeroing"
metric = "F1"
published = 0.5
better = "higher"
tolerance = { absolute = 0.05, why = "a toy" }
"""
SETUP = 'scene = "demo"\n[quick]\n[whole]\nframes = 2\n[full]\nframes = 4\n'
ROOT = Path(__file__).parents[2]


def folder(tmp_path: Path, published: str = HEAD + ROW, setup: str = SETUP) -> Path:
    place = tmp_path / "toy"
    place.mkdir()
    (place / "published.toml").write_text(published)
    (place / "setup.toml").write_text(setup)
    return place


def test_rows_and_groups_come_out_the_same(tmp_path):
    shared, own = ROW.split("published = 0.5\n")[0], "published = 0.5"
    group = shared.replace("[[rows]]", "[[groups]]").replace('id = "a"\n', "")
    group += 'better = "higher"\ntolerance = { absolute = 0.05, why = "a toy" }\n'
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = read_paper(folder(tmp_path / "one"))
    two = read_paper(folder(tmp_path / "two", f'{HEAD}{group}rows = [{{ id = "a", {own} }}]\n'))
    assert one == two


def test_what_a_row_needs_is_its_method_or_its_names(tmp_path):
    (row,) = read_paper(folder(tmp_path)).rows
    assert row.needs == ("zeroing",)
    assert row.missing() == ()
    order = ROW.replace("0.5\n", '["ar", "no-such-method"]\nkind = "order"\n').replace(
        'tolerance = { absolute = 0.05, why = "a toy" }\n', ""
    )
    (tmp_path / "other").mkdir()
    (row,) = read_paper(folder(tmp_path / "other", HEAD + order)).rows
    assert row.needs == ("zeroing", "ar", "no-such-method")
    assert row.missing() == ("no-such-method",)


def test_a_relative_tolerance_is_of_the_published_number(tmp_path):
    text = HEAD + ROW.replace("absolute = 0.05", "relative = 0.1")
    (row,) = read_paper(folder(tmp_path, text)).rows
    assert row.tolerance is not None
    assert row.tolerance.width == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("metric =", "metrik =", "row 'a': unknown key 'metrik'"),
        ('where = "Table 1"\n', "", "row 'a': where is missing"),
        ("published = 0.5", 'published = "0.5"', "published must be a number, got '0.5'"),
        ("published = 0.5", "published = nan", "published must be a number"),
        ('better = "higher"', 'better = "more"', "better must be one of higher, lower, equal"),
        ("absolute = 0.05, ", "", "tolerance: give absolute or relative"),
        (', why = "a toy"', "", "tolerance: why is missing"),
        ("absolute = 0.05", "absolute = -1", "tolerance: must be a number from 0, got -1"),
        ('tolerance = { absolute = 0.05, why = "a toy" }\n', "", "tolerance is missing"),
        ('name = "toy"', 'name = "toys"', "name is 'toys', its folder 'toy'"),
        ('title = "A toy"\n', "", "[paper]: title is missing"),
        ("[[rows]]", ROW + "[[rows]]", "two rows have the id 'a'"),
        ("published = 0.5", 'published = 0.5\nkind = "order"', "a list of two names"),
        ("[paper]", "[paper", "is not a TOML file"),
    ],
)
def test_what_is_wrong_in_published_toml_is_one_line(tmp_path, old, new, told):
    text = (HEAD + ROW).replace(old, new, 1)
    with pytest.raises(InputError) as caught:
        read_paper(folder(tmp_path, text))
    assert told in str(caught.value)
    assert "published.toml" in str(caught.value)
    assert "\n" not in str(caught.value).split("TOML file")[0]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("scene", "scenes", "unknown key 'scenes'"),
        ("[quick]\n", "", "quick is missing"),
        ("frames = 2", "frames = 0", "[whole]: frames must be 1 or more, got 0"),
        ("frames = 2", "frame = 2", "[whole]: unknown key 'frame'"),
        ("[quick]", "[cases.a]\nsettings = {}\n[quick]", "[cases.a]: method is missing"),
    ],
)
def test_what_is_wrong_in_setup_toml_is_one_line(tmp_path, old, new, told):
    with pytest.raises(InputError) as caught:
        read_setup(folder(tmp_path, setup=SETUP.replace(old, new, 1)))
    assert told in str(caught.value)


def test_every_paper_reads_and_its_source_is_listed():
    sources = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert len(paper_names()) >= 7
    for name in paper_names():
        paper = read_paper(reproductions_folder() / name)
        setup = read_setup(reproductions_folder() / name)
        assert f"| {paper.source} |" in sources, paper.source
        assert paper.rows
        for size in ("quick", "whole"):
            less = setup.sizes[size].frames < setup.sizes["full"].frames
            said = bool(setup.sizes[size].reduced)
            assert said or not less or name in ("mru", "sparkle"), (name, size)

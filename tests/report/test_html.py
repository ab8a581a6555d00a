"""The report: one well-formed file that loads nothing, runs nothing and escapes everything."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path

import pytest

from clearchirp.report import (
    Table,
    disturbed_figure,
    range_doppler_figure,
    range_profile_figure,
    save_figure,
    write_report,
)
from clearchirp.types import InputError

EVIL = "<script>alert('x')</script> & \"quoted\""
VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """Collects tags with their attributes and text, and holds every tag to its end."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(source)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def page(tmp_path, radar, noise):
    path = write_report(
        tmp_path / "report.html",
        title=EVIL,
        intro=f"First.\n\nSecond {EVIL}",
        facts={EVIL: EVIL, "radar": "77 GHz"},
        tables=[
            Table(
                EVIL,
                ["method", "floor in dB", "found", EVIL],
                [["none", 0.0, 12345, EVIL], ["ar", -26.4123, None, "ok"]],
            )
        ],
        figures=[
            (EVIL, range_doppler_figure({"before": noise, EVIL: noise}, radar, real=False)),
            ("Lines", range_profile_figure({"before": noise}, radar, real=False)),
            ("Mask", disturbed_figure(noise.real > 2, radar)),
        ],
        notes=[EVIL],
    )
    return path.read_text("utf-8")


def test_the_page_is_well_formed_and_escaped(page):
    parsed = Page(page)
    assert not parsed.all("script")
    assert "<script" not in page
    assert "".join(parsed.text).count(EVIL) >= 8
    assert parsed.all("html") == [{"lang": "en"}]
    assert page.startswith("<!DOCTYPE html>")


def test_the_page_asks_nothing_of_the_network(page):
    assert "http:" not in page
    assert "https:" not in page
    assert "@import" not in page
    assert "url(" not in page
    parsed = Page(page)
    for _, attributes in parsed.tags:
        assert "href" not in attributes
        assert attributes.get("src", "data:").startswith("data:")
        assert not any(name.startswith("on") for name in attributes)


def test_the_images_are_inside_and_described(page):
    images = Page(page).all("img")
    kinds = []
    for image in images:
        head, data = image["src"].split(",", 1)
        kinds.append(head)
        content = base64.b64decode(data, validate=True)
        assert content.startswith((b"\x89PNG\r\n", b"<?xml"))
    assert kinds == [
        "data:image/png;base64", "data:image/svg+xml;base64", "data:image/png;base64",
    ]  # fmt: skip
    assert "range rate in m/s, receding positive" in images[0]["alt"]
    assert images[1]["alt"].startswith("Lines. Axes: range in m, mean power in dB. Entries: before")


def test_numbers_are_aligned_right_and_text_is_not(page):
    parsed = Page(page)
    kinds = [cell.get("class", "") for cell in parsed.all("th") if cell.get("scope") == "col"]
    assert kinds == ["", "number", "number", ""]
    text = " ".join(parsed.text)
    for shown in ("−26.41", "0.00", "12,345", "–"):
        assert shown in text


def test_text_that_reads_like_numbers_is_aligned_right(tmp_path):
    table = Table("t", ["share", "name"], [["4.9 %", "4 chirps"], ["1,200 %", "7"]])
    source = write_report(tmp_path / "r.html", title="t", tables=[table]).read_text("utf-8")
    heads = [cell for cell in Page(source).all("th") if cell.get("scope") == "col"]
    assert [cell.get("class", "") for cell in heads] == ["number", ""]


def test_a_report_replaces_the_old_one_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "r.html"
    path.write_text("old")
    write_report(path, title="new")
    assert "new" in path.read_text("utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_wrong_input_is_refused_in_one_line(tmp_path):
    with pytest.raises(InputError, match=r"no/r\.html: the folder .* does not exist"):
        write_report(tmp_path / "no" / "r.html", title="t")
    with pytest.raises(InputError, match="notes: expected a list"):
        write_report(tmp_path / "r.html", title="t", notes="text")
    with pytest.raises(InputError, match="table 'c': row 1 must have 2 cells"):
        Table("c", ["a", "b"], [[1, 2], [3]])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["f.png", "f.SVG", "f.pdf"])
def test_a_figure_is_saved_by_its_suffix(tmp_path, radar, noise, name):
    path = save_figure(range_profile_figure({"a": noise}, radar, real=False), tmp_path / name)
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[path.suffix.lower()]
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_figure_that_cannot_be_written_says_why(tmp_path, radar, noise):
    figure = range_profile_figure({"a": noise}, radar, real=False)
    for name in ("f.jpg", "f"):
        with pytest.raises(InputError, match=r"written as \.png, \.svg or \.pdf"):
            save_figure(figure, tmp_path / name)
    with pytest.raises(InputError, match="does not exist"):
        save_figure(figure, tmp_path / "no" / "f.png")
    (tmp_path / "d.png").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        save_figure(figure, tmp_path / "d.png")


def test_a_failed_write_keeps_the_old_figure(tmp_path, radar, noise, monkeypatch):
    path = tmp_path / "f.png"
    path.write_bytes(b"old")

    def full(*_: object) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        save_figure(range_profile_figure({"a": noise}, radar, real=False), path)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f.png"]

"""The documentation against what there is: texts, settings, stored figures, links."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from clearchirp._version import __version__
from clearchirp.disturbed.catalogue import detectors
from clearchirp.mitigation.catalogue import methods

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS / "_ext"))

import method_pages  # noqa: E402
import tables  # noqa: E402


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return method_pages.pages()


def test_every_method_and_detector_has_a_page_and_no_page_is_left_over(pages):
    expected = {f"methods/{name}.md" for name in methods}
    expected |= {f"detectors/{name}.md" for name in detectors}
    assert {name for name in pages if "/" in name} == expected


@pytest.mark.parametrize("name", methods)
def test_a_method_has_a_text(name):
    path = method_pages.text_of(name)
    assert path is not None, (
        f"{name} has no text: write docs/methods/texts/{name}.md with the sections "
        f"{', '.join(method_pages.SECTIONS)}"
    )
    have = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert have == list(method_pages.SECTIONS), f"{path.name}: sections are {have}"


@pytest.mark.parametrize("name", detectors)
def test_a_detector_has_a_text(name):
    path = method_pages.text_of(name, "detectors")
    assert path is not None, (
        f"{name} has no text: write docs/detectors/texts/{name}.md with the sections "
        "The idea, Where it fails"
    )
    have = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert have == ["The idea", "Where it fails"], f"{path.name}: sections are {have}"


@pytest.mark.parametrize("name", methods)
def test_every_setting_stands_on_the_page_with_its_meaning(name, pages):
    page = pages[f"methods/{name}.md"].split("## Settings")[1].split("\n## ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| `.*?` \| (.*) \|$", page, flags=re.MULTILINE))
    assert list(told) == list(methods[name].defaults())
    silent = [setting for setting, meaning in told.items() if not meaning.strip()]
    assert not silent, f"the docstring says nothing of {', '.join(silent)}"


@pytest.mark.parametrize("name", ["league", "reproductions"])
def test_the_stored_figures_are_of_methods_that_there_are(name):
    kept = tables.stored(name)
    assert kept.command.startswith("clearchirp ")
    known = {*methods, *detectors, "", "-", "aenn", "ccnn-2d", "arim-fcn"}
    assert {row["method"] for row in kept.rows} <= known


def test_the_figures_of_notch_refill_are_read_from_one_file():
    kept = tomllib.loads((tables.DATA / "notch_refill.toml").read_text(encoding="utf-8"))
    assert {row["method"] for row in kept["imfrac"]} <= set(methods)
    for row in kept["imfrac"]:
        assert 0 <= row["f1"] <= 1


def test_the_citation_is_of_this_version():
    text = (DOCS.parent / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in text


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html#here"></a><img src="c.png"><p id="top">')
    (tmp_path / "b.html").write_text('<a href="a.html#top"></a><h1 id="there">')
    script = [sys.executable, str(DOCS / "check_links.py"), str(tmp_path)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["a.html: b.html#here", "a.html: c.png"]

"""What the README says against what there is."""

from __future__ import annotations

import re
from pathlib import Path

from clearchirp.disturbed.catalogue import detectors
from clearchirp.mitigation.catalogue import methods

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def rows(first: str, last: str) -> list[list[str]]:
    part = README.split(first)[1].split(last)[0]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_of_methods_is_the_catalogue():
    expected = [[e.name, e.domain, e.summary, e.source] for e in methods.values()]
    assert rows("<!-- methods", "<!-- detectors") == expected


def test_the_table_of_detectors_is_the_catalogue():
    expected = [[e.name, e.summary, e.source] for e in detectors.values()]
    assert rows("<!-- detectors", "<!-- end") == expected


def test_every_file_that_the_readme_points_to_is_there():
    root = Path(__file__).parents[1]
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#:]+)\)", prose)
    assert links
    for link in links:
        assert (root / link).exists(), link

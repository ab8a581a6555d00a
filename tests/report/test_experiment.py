"""Experiments as reports: every number comes from the values, and nothing is ranked beyond them."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from clearchirp.evaluate.experiment import Case, Experiment, SceneText
from clearchirp.evaluate.rows import read_rows
from clearchirp.evaluate.running import run_experiment
from clearchirp.report import Samples, write_experiment
from clearchirp.report.evaluation import read_samples, write_evaluation
from clearchirp.types import InputError
from tests.report.samples import samples

FEW = ("none", "zeroing", "imat", "imat-2d")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_one_group_lies_in_one_folder(tmp_path):
    group = samples(methods=FEW, errors={"imat": 2}, absent={"mru": "not landed"})
    written = write_experiment(
        tmp_path / "out", [group], title="T", notes=["mine"], metrics=["f1", "evm", "floor_db"],
        forms=("svg", "pdf"),
    )  # fmt: skip
    names = {path.name for path in written}
    assert names == {path.name for path in (tmp_path / "out").iterdir()}
    figures = [f"{n}.{s}" for n in ("pareto", "ranking_f1", "ranking_evm", "ecdf", "boxes")
               for s in ("svg", "pdf")]  # fmt: skip
    tables = [f"{n}.{s}" for n in ("means", "places", "differences") for s in ("csv", "tex")]
    assert names == {"report.html", *figures, *tables}
    assert written[-1].name == "report.html"
    rows = read(tmp_path / "out" / "means.csv")
    assert [row["method"] for row in rows] == [*FEW, "mru"]
    for row in rows[:-1]:
        values = group.values[row["method"]]["evm"]
        assert float(row["EVM"]) == pytest.approx(np.nanmean(values))
        assert int(row["EVM left out"]) == np.isnan(values).sum()
    assert [row["status"] for row in rows] == [
        "all frames", "all frames", "failed on 2", "all frames", "not landed",
    ]  # fmt: skip
    page = written[-1].read_text("utf-8")
    assert "▼ failed on 2" in page
    assert "○ not landed" in page
    assert "mine" in page
    assert len(read(tmp_path / "out" / "differences.csv")) == 2 * 6


def test_equal_methods_share_their_places_in_every_table(tmp_path):
    group = samples(methods=FEW)
    values = {**group.values, "imat-2d": group.values["imat"]}
    same = Samples(name="n", values=values, seconds=group.seconds)
    write_experiment(tmp_path, [same], title="T", metrics=["f1"])
    places = {row["method"]: row["F1 (higher is better)"] for row in read(tmp_path / "places.csv")}
    assert places["imat"] == places["imat-2d"]
    assert "–" in places["imat"]
    pair = [r for r in read(tmp_path / "differences.csv") if r["second"] == "imat-2d"][-1]
    assert (pair["first"], pair["first less second"], pair["ahead"]) == ("imat", "0.0", "")


def test_several_groups_have_folders_and_an_overview(tmp_path):
    groups = [samples(f"scene {n}: é/x", FEW[: 2 + n % 2], 20, n) for n in range(5)]
    written = write_experiment(tmp_path, groups, title="League", metrics=["f1", "evm"])
    folders = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert folders == [f"0{n + 1}-scene-{n}-x" for n in range(5)]
    overview = read(tmp_path / "overview.csv")
    assert [row["method"] for row in overview] == list(FEW[:3])
    assert overview[2]["scene 0: é/x"] == ""
    page = written[-1].read_text("utf-8")
    assert page.count("<h2 id=") == 5
    assert page.count("<img") == 10  # of many groups only the Pareto figure and one ranking
    assert len(page) < 2_000_000


def test_metrics_are_asked_for_by_name_and_those_without_values_left_out(tmp_path):
    group = samples(methods=FEW)
    for known in group.values.values():
        known["mine"] = np.full(group.frames, 3.0)
        known["nothing"] = np.full(group.frames, math.nan)
    write_experiment(tmp_path, [group], title="T")
    head = list(read(tmp_path / "means.csv")[0])
    assert [name for name in head if " low" not in name][:2] == ["method", "F1"]
    assert "mine" in head
    assert "nothing" not in head
    with pytest.raises(InputError, match="metrics: 'nothing' has no value; there are"):
        write_experiment(tmp_path, [group], title="T", metrics=["nothing"])


def test_wrong_input_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="samples: there must be"):
        write_experiment(tmp_path / "o", [], title="T")
    with pytest.raises(InputError, match="forms: 'jpg'"):
        write_experiment(tmp_path / "o", [samples(methods=FEW)], title="T", forms=["jpg"])
    with pytest.raises(InputError, match=r"samples 'n': each metric .* shapes \[\(2,\), \(3,\)\]"):
        Samples(name="n", values={"a": {"f1": np.ones(2)}, "b": {"f1": np.ones(3)}})
    assert not list(tmp_path.iterdir())


def test_rows_of_an_experiment_become_its_report(tmp_path):
    plan = Experiment(
        scenes=(SceneText.of("demo"),),
        methods=(Case("none"), Case("zeroing"), Case("zeroing", (("taper", 4),))),
        frames=3,
    )
    run_experiment(plan, tmp_path)
    (group,) = read_samples(tmp_path, plan)
    assert group.name == "demo, mask by combined"
    assert list(group.values) == ["none", "zeroing", "zeroing(taper=4)"]
    table = read_rows(tmp_path).to_pylist()
    for row in table:
        label = plan.methods[row["row"] % 3].label
        assert group.values[label]["evm"][row["frame"]] == row["evm"]
        assert group.seconds[label][row["frame"]] == row["seconds"]
    report = write_evaluation(tmp_path, plan)[-1]
    assert report == tmp_path / "report.html"
    page = report.read_text("utf-8")
    assert "zeroing(taper=4)" in page
    with pytest.raises(InputError, match="holds no rows"):
        read_samples(tmp_path / "none", plan)

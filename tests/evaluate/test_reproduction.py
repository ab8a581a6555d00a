"""Running a paper: rows that wait, fail and go on; what is kept; where the papers are found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from clearchirp.evaluate import reproduction, studies
from clearchirp.evaluate.reproduction import reproduce, reproductions_folder
from clearchirp.evaluate.verdicts import Verdict
from clearchirp.types import InputError
from clearchirp.workers import Workers

PUBLISHED = """[paper]
name = "toy"
title = "A toy"
source = "Toy 2026"

[[groups]]
where = "Table 1"
metric = "F1"
better = "higher"
tolerance = { absolute = 0.1, why = "a toy" }
rows = [
  { id = "good", method = "zeroing", what = "", published = 0.5 },
  { id = "raises", method = "zeroing", what = "", published = 0.5 },
  { id = "forgotten", method = "zeroing", what = "", published = 0.5 },
  { id = "waits", method = "no-such-method", what = "", published = 0.5 },
  { id = "other", method = "zeroing", what = "", published = 0.5, not_comparable = "apples" },
]
"""
SETUP = 'scene = "demo"\n[quick]\nreduced = "little"\n[whole]\n[full]\n'
EXPERIMENT = """
from . import beside

def fails():
    raise RuntimeError("it broke\\nbadly")

def measure(setup, size, folder, workers, progress):
    return {"good": beside.VALUE, "raises": fails, "waits": fails, "other": 0.1}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "papers" / "toy"
    place.mkdir(parents=True)
    (place / "published.toml").write_text(PUBLISHED)
    (place / "setup.toml").write_text(SETUP)
    (place / "experiment.py").write_text(EXPERIMENT)
    (place / "beside.py").write_text("VALUE = 0.52\n")
    return place.parent


def test_a_row_that_fails_leaves_the_others(root, tmp_path):
    done = reproduce("toy", tmp_path / "out", size="quick", root=root)
    found = {row.row.id: (row.verdict, row.why) for row in done.rows}
    assert found == {
        "good": (Verdict.REACHED, ""),
        "raises": (Verdict.FAILED, "RuntimeError: it broke badly"),
        "forgotten": (Verdict.FAILED, "the experiment has no measurement for it"),
        "waits": (Verdict.NOT_LANDED, "waits for no-such-method"),
        "other": (Verdict.NOT_COMPARABLE, "apples"),
    }
    stored = json.loads((tmp_path / "out" / "results.json").read_text())
    assert stored["reduced"] == "little"
    assert [row["verdict"] for row in stored["rows"]] == [v.value for v, _ in found.values()]


def test_a_measurement_may_wait_for_a_model(root, tmp_path):
    (root / "toy" / "experiment.py").write_text(
        EXPERIMENT.replace("fails():", "fails():\n    check_there(CASE)").replace(
            "from . import beside",
            "from . import beside\n"
            "from clearchirp.evaluate.models import check_there\n"
            "from clearchirp.evaluate.published import SetupCase\n"
            'CASE = SetupCase(label="a", method="aenn", settings={"model": "no-such-model"})',
        )
    )
    done = reproduce("toy", tmp_path / "out", size="quick", root=root)
    row = next(row for row in done.rows if row.row.id == "raises")
    assert row.verdict is Verdict.NOT_LANDED
    assert "waits for " in row.why


def test_another_experiment_does_not_take_the_parts_of_the_first(root, tmp_path):
    first = reproduce("toy", tmp_path / "out", root=root).folder
    assert reproduce("toy", tmp_path / "out", root=root).folder == first
    (root / "toy" / "beside.py").write_text("VALUE = 0.53\n")
    assert reproduce("toy", tmp_path / "out", root=root).folder != first


def test_a_row_fills_in_by_itself_when_its_method_lands(root, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "clearchirp.evaluate.published.methods", {"zeroing": None, "no-such-method": None}
    )
    done = reproduce("toy", tmp_path / "out", root=root)
    (waits,) = [row for row in done.rows if row.row.id == "waits"]
    assert waits.verdict is Verdict.FAILED  # it was measured, and its measurement raises


def test_an_experiment_that_raises_fails_its_rows_and_no_other_kind(root, tmp_path):
    code = "def measure(*_):\n    raise ValueError('no data')\n"
    (root / "toy" / "experiment.py").write_text(code)
    done = reproduce("toy", tmp_path / "out", root=root)
    verdicts = [row.verdict for row in done.rows]
    assert verdicts == [Verdict.FAILED] * 3 + [Verdict.NOT_LANDED, Verdict.FAILED]
    assert done.rows[0].why == "ValueError: no data"


def test_measuring_what_is_not_published_is_refused(root, tmp_path):
    (root / "toy" / "experiment.py").write_text("def measure(*_):\n    return {'god': 1.0}\n")
    with pytest.raises(InputError, match="measures 'god'"):
        reproduce("toy", tmp_path / "out", root=root)


def test_wrong_names_and_folders_are_refused_before_the_work(root, tmp_path):
    with pytest.raises(InputError, match="no paper is called 'boy'; there are toy"):
        reproduce("boy", tmp_path / "out", root=root)
    with pytest.raises(InputError, match="size: must be one of quick, whole, full"):
        reproduce("toy", tmp_path / "out", size="small", root=root)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        reproduce("toy", tmp_path / "file", root=root)
    with pytest.raises(InputError, match="cannot be made"):
        reproduce("toy", tmp_path / "file" / "below", root=root)


def test_the_installed_papers_go_before_the_checkout(tmp_path, monkeypatch):
    package = tmp_path / "src" / "clearchirp"
    (package / "evaluate").mkdir(parents=True)
    monkeypatch.setattr(reproduction, "__file__", str(package / "evaluate" / "reproduction.py"))
    with pytest.raises(InputError, match="neither beside the package nor in a checkout"):
        reproductions_folder()
    (tmp_path / "reproductions").mkdir()
    assert reproductions_folder() == tmp_path / "reproductions"
    (package / "reproductions").mkdir()
    assert reproductions_folder() == package / "reproductions"


def test_what_was_computed_is_kept_for_the_same_key_alone(tmp_path):
    calls: list[int] = []

    def compute() -> dict[str, float]:
        calls.append(1)
        return {"x": float(len(calls))}

    first = studies.kept(tmp_path, {"frame": 1}, compute)
    assert studies.kept(tmp_path, {"frame": 1}, compute) == first
    assert studies.kept(tmp_path, {"frame": 2}, compute) != first
    for path in (tmp_path / "kept").iterdir():
        path.write_text("{ damaged")
    assert studies.kept(tmp_path, {"frame": 1}, compute) == {"x": 3.0}


def test_frames_come_in_their_order_from_threads(tmp_path):
    seen = []
    rows = studies.over_frames(
        tmp_path,
        {"what": "squares"},
        lambda k: k * k,
        7,
        Workers(count=3),
        lambda *a: seen.append(a),
    )
    assert rows == [k * k for k in range(7)]
    assert seen[-1] == ("squares", 7, 7)


def test_a_run_that_broke_off_goes_on_where_it_was(tmp_path):
    seen: list[int] = []

    def work(frame: int) -> int:
        seen.append(frame)
        if frame == 3 and seen.count(3) == 1:
            raise RuntimeError("power cut")
        return frame

    def run() -> list[int]:
        nothing = lambda *_: None  # noqa: E731
        return studies.over_frames(tmp_path, {}, work, 6, Workers(count=1), nothing)

    with pytest.raises(RuntimeError, match="power cut"):
        run()
    assert run() == list(range(6))
    assert sorted(seen) == [0, 1, 2, 3, 3, 4, 5]


def test_a_case_that_lands_later_is_all_that_is_run(tmp_path):
    from dataclasses import replace

    from clearchirp.evaluate.published import SetupCase, Size, read_setup

    place = tmp_path / "toy"
    place.mkdir()
    (place / "setup.toml").write_text(SMALL_SETUP)
    (tmp_path / "small.toml").write_text(SMALL_SCENE)
    setup = replace(read_setup(place), scene=str(tmp_path / "small.toml"))
    size, alone = Size(name="quick", frames=3), Workers(count=1)
    nothing = lambda *_: None  # noqa: E731
    first = studies.evaluated(setup, size, tmp_path, alone, nothing)
    assert set(first.columns) == {"none", "zeroing"}
    assert first.refused["later"] == "not-yet has not landed"
    assert "has no setting" in first.refused["wrong"]
    with pytest.raises(InputError, match="later: not-yet has not landed"):
        first.values("later", "f1")
    stamp = {p: p.stat().st_mtime_ns for p in tmp_path.glob("evaluation-00/rows/*")}
    landed = {**setup.cases, "later": SetupCase(label="later", method="ar")}
    second = studies.evaluated(replace(setup, cases=landed), size, tmp_path, alone, nothing)
    assert {p: p.stat().st_mtime_ns for p in stamp} == stamp
    assert (tmp_path / "evaluation-01").is_dir()
    np.testing.assert_array_equal(second.values("zeroing", "f1"), first.values("zeroing", "f1"))
    assert second.values("later", "evm").shape == (3,)


SMALL_SETUP = """scene = "small"
[quick]
[whole]
[full]
[cases]
none = { method = "none" }
zeroing = { method = "zeroing" }
later = { method = "not-yet" }
wrong = { method = "zeroing", settings = { tapper = 3 } }
"""
SMALL_SCENE = """[waveform]
start_frequency = 77e9
slope = 20e12
sample_rate = 10e6
samples = 64
chirps = 32
chirp_interval = 10e-6

[receiver]
noise_power = 0.01

[[targets]]
distance = 20.0
amplitude = 1.0

[[interferers]]
start_frequency = 76.95e9
slope = 40e12
ramp_duration = 6e-6
chirp_interval = 10e-6
amplitude = 30.0
time_offset = { uniform = [0, 3e-6] }
"""

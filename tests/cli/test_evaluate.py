"""`clearchirp evaluate` and `clearchirp league` as a user meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clearchirp.evaluate import running
from clearchirp.evaluate.experiment import Case, Experiment, SceneText
from clearchirp.evaluate.league import League, run_league
from clearchirp.evaluate.rows import TIMES, read_rows
from clearchirp.evaluate.running import run_experiment
from clearchirp.workers import Workers

SCENE = """
[waveform]
start_frequency = 77e9
slope = 20e12
sample_rate = 10e6
samples = 128
chirps = 32
chirp_interval = 20e-6
[receiver]
noise_power = 0.01
[[targets]]
distance = { uniform = [5, 30] }
[[interferers]]
start_frequency = 77.06e9
slope = { uniform = [8e12, 12e12] }
ramp_duration = 15e-6
chirp_interval = 20.3e-6
chirps = 32
amplitude = 30
"""


@pytest.fixture
def scene(here: Path) -> Path:
    Path("small.toml").write_text(SCENE)
    return Path("small.toml")


def plan(*methods: str, frames: int = 3) -> Experiment:
    """The small scene as the command would run it."""
    return Experiment(
        scenes=(SceneText.of("small.toml"),), methods=tuple(map(Case, methods)), frames=frames
    )


def run_rows(experiment: Experiment, folder: str | Path) -> None:
    """What the command does before its report, which takes the most time of all."""
    run_experiment(experiment, folder, Workers(count=1))


def rows(folder: str) -> list[dict]:
    return read_rows(Path(folder)).drop_columns(list(TIMES)).to_pylist()


def test_evaluate_writes_rows_tables_figures_and_a_report(run, scene):
    ran = run("evaluate", scene, "-m", "none", "-m", "zeroing", "--frames", 3, "-o", "out")
    assert ran.code == 0
    assert "small, 3 frames, seed 0, mask by combined" in ran.out
    assert "out/report.html; rows in out/rows" in ran.out
    assert len(rows("out")) == 6
    for name in ("report.html", "means.csv", "means.tex", "ecdf.png", "pareto.png"):
        assert Path("out", name).stat().st_size > 0
    assert "Frame" in Path("out/report.html").read_text(encoding="utf-8")


def test_evaluate_goes_on_and_refuses_another_experiment(run, scene):
    chosen = ("evaluate", scene, "-m", "zeroing", "--frames", 4, "-o", "out")
    run_rows(plan("zeroing", frames=4), "out")
    before = rows("out")
    victim = sorted(Path("out/rows").glob("*.parquet"))[2]
    victim.write_bytes(b"damaged")
    ran = run("evaluate", "-o", "out", "--query", "SELECT count(*) FROM rows")
    assert ran.code == 2
    assert f"{victim}: is damaged; run the same evaluate again" in ran.line
    ran = run(*chosen, "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert rows("out") == before
    ran = run("evaluate", scene, "-m", "zeroing", "--frames", 5, "-o", "out")
    assert ran.code == 2
    assert ran.line == (
        "clearchirp: out: holds another experiment (frames 4, not 5); give another folder"
    )


def test_settings_are_swept_and_labelled(run, scene):
    ran = run(
        *("evaluate", scene, "-m", "none", "-m", "zeroing", "--frames", 2, "--json"),
        *("--set", "zeroing.taper=0,4"),
    )
    groups = json.loads(ran.out)["groups"]
    assert [g["method"] for g in groups] == ["none", "zeroing(taper=0)", "zeroing(taper=4)"]
    assert groups[1]["mse_db"] != groups[2]["mse_db"]


def test_several_scenes_and_detectors(run, scene):
    Path("other.toml").write_text('name = "other"\n' + SCENE)
    ran = run(
        *("evaluate", scene, "other.toml", "-d", "combined", "-d", "oracle", "-m", "zeroing"),
        *("--frames", 2),
    )
    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[1][:3] == ["scene", "detector", "method"]
    assert [tuple(line[:2]) for line in lines[2:]] == [
        (s, d) for s in ("small", "other") for d in ("combined", "oracle")
    ]


def test_a_query_and_a_row_made_again(run, scene):
    run_rows(plan("none", "zeroing"), "out")
    ran = run(
        "evaluate", "-o", "out", "--query", "SELECT method, count(*) AS n FROM rows GROUP BY 1"
    )
    assert ran.code == 0
    assert sorted(line.split() for line in ran.out.splitlines()[2:]) == [
        ["none", "3"],
        ["zeroing", "3"],
    ]
    ran = run("evaluate", "-o", "out", "--query", "SELECT row FROM rows ORDER BY 1", "--json")
    assert [row["row"] for row in ran.json] == list(range(6))
    ran = run("evaluate", "-o", "out", "--row", 3)
    assert ran.code == 0
    assert ran.out.endswith("the same, but for the times\n")


def test_a_row_that_differs_is_told(run, scene, monkeypatch):
    run_rows(plan("zeroing"), "out")

    real = running.rebuilt_row

    def wrong(experiment, row):
        return {**real(experiment, row), "f1": 0.123}

    monkeypatch.setattr(running, "rebuilt_row", wrong)
    ran = run("evaluate", "-o", "out", "--row", 1)
    assert ran.code == 1
    assert "differs in f1" in ran.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "SCENE: give one at least"),
        (("nowhere", "-m", "none"), "scene: 'nowhere' is neither a file nor a preset"),
        (("demo", "-m", "none", "-m", "none"), "--method: none is given twice"),
        (("demo", "-m", "none", "--frames", "0"), "--frames: must be 1 or more"),
        (("demo", "-m", "none", "--set", "order=1"), "none has no setting 'order'; it has none"),
        (("demo", "-m", "none", "--workers", "0"), "--workers: must be 1 or more"),
        (("imfrac-real", "-m", "anc"), "does not take the real-valued receiver of imfrac-real"),
        (("--row", "1"), "--row: say whose rows, with --output DIR"),
        (("demo", "--row", "1", "-o", "out"), "leave out SCENE and --method"),
        (("--row", "1", "--query", "x", "-o", "out"), "not together with --query"),
        (("--row", "1", "-o", "nothing"), "nothing: holds no rows; run evaluate with -o nothing"),
        (("--query", "x", "-o", "nothing"), "nothing: holds no rows"),
        (("demo", "-m", "none", "-o", "file"), "file: cannot be written"),
    ],
)
def test_wrong_use(run, here, arguments, told):
    Path("file").touch()
    ran = run("evaluate", *arguments)
    assert ran.code == 2
    assert told in ran.line


def test_an_unknown_key_in_a_scene_is_named(run, here):
    Path("bad.toml").write_text(SCENE.replace("samples = 128", "samples = 128\nsample = 3"))
    ran = run("evaluate", "bad.toml", "-m", "none")
    assert ran.code == 2
    assert "bad.toml: [waveform]: unknown key 'sample'" in ran.line


def _mounted(folder: Path, options: str) -> bool:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def small_disk(here: Path):
    """A disk of 100 kB, where this may be made."""
    folder = here / "disk"
    if not sys.platform.startswith("linux") or not _mounted(folder, "size=100k"):
        pytest.skip("no small disk can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_and_on_after_it(run, scene, small_disk):
    filler = small_disk / "filler"
    filler.write_bytes(bytes(72 * 1024))
    chosen = ("evaluate", scene, "-m", "zeroing", "--frames", 30, "-q", "-o", small_disk / "out")
    ran = run(*chosen)
    assert ran.code == 1
    assert "No space left on device; the same command goes on from here" in ran.line
    done = sorted((small_disk / "out" / "rows").iterdir())
    assert done
    assert all(file.suffix == ".parquet" for file in done)
    assert len(done) < 30
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    before = {file: file.stat().st_mtime_ns for file in done}
    run_rows(plan("zeroing", frames=30), small_disk / "out")
    assert len(rows(small_disk / "out")) == 30
    assert {file: file.stat().st_mtime_ns for file in done} == before


def test_a_folder_that_is_read_only(run, scene, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    ran = run("evaluate", scene, "-m", "zeroing", "--frames", 2, "-o", small_disk / "out")
    assert ran.code == 2
    assert f"{small_disk / 'out'}: cannot be written: Read-only file system" in ran.line


def test_an_unknown_scheduler(run, scene):
    pytest.importorskip("distributed")
    ran = run("evaluate", scene, "-m", "none", "--scheduler", "tcp://127.0.0.1:9")
    assert ran.code == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in ran.err


def test_the_league_is_one_table(run, scene):
    chosen = ("league", "-s", scene, "-m", "none", "-m", "zeroing", "--frames", 2, "-o", "out")
    ran = run(*chosen, "--json")
    assert ran.code == 0
    standings = {s["method"]: s for s in ran.json["standings"]}
    assert standings["zeroing"]["harm_evm"] == 0
    assert standings["zeroing"]["scores"]["f1"] > standings["none"]["scores"]["f1"]
    assert standings["zeroing"]["ms"] > 0
    for name in ("league.html", "league.csv", "league.tex", "league.md", "league.svg", "small.csv"):
        assert Path("out", name).stat().st_size > 0
    assert Path("out/league.md").read_text().splitlines()[2].startswith("| zeroing |")


def test_a_method_that_is_too_slow_has_fewer_frames(run, scene):
    league = League(scenes=("small.toml",), methods=("none", "imat-2d"), frames=50, seconds=1e-9)
    alone = Workers(count=1)
    for standing in run_league(league, Path("out"), alone):
        assert standing.frames == 0
        assert "left out: a frame takes about" in standing.note
    in_time = replace(league, seconds=0.05)
    by = {s.method: s for s in run_league(in_time, Path("slow"), alone)}
    assert 1 <= by["imat-2d"].frames < 50
    assert "frames only" in by["imat-2d"].note


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-s", "nowhere"), "neither a file nor a preset"),
        (("-m", "magic"), "magic"),
        (("--seconds", "0"), "--seconds: must be a positive number"),
        (("--frames", "0"), "--frames: must be 1 or more"),
        (("-r", "missing.bin"), "missing.bin"),
    ],
)
def test_wrong_leagues(run, here, arguments, told):
    ran = run("league", *arguments, "-o", "out")
    assert ran.code == 2
    assert told in ran.err


def test_real_recordings_stand_in_the_league(run, scene, data, monkeypatch):
    monkeypatch.setenv("CLEARCHIRP_DATA", os.fspath(data))
    ran = run("league", "-s", scene, "-m", "zeroing", "--frames", 1, "-o", "out", "--json")
    real = ran.json["recordings"]
    assert real["crossing (Jin and Cao)"]["zeroing"]["floor_change_db"] < -25
    assert real["no interference (Jin and Cao)"]["zeroing"]["floor_change_db"] == 0

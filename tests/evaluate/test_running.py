"""Experiments that run on one or many workers, fail, are killed and resumed: the same rows."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from clearchirp.chain import mitigate
from clearchirp.evaluate import running
from clearchirp.evaluate.experiment import Case, Experiment, SceneText
from clearchirp.evaluate.rows import TIMES, is_whole, query, read_rows
from clearchirp.evaluate.running import Progress, rebuilt_row, run_experiment
from clearchirp.evaluate.summary import summarise
from clearchirp.metrics import maps, masks
from clearchirp.mitigation.zeroing import Zeroing
from clearchirp.simulate import load_scene, simulate
from clearchirp.spectrum import range_doppler
from clearchirp.types import InputError
from clearchirp.workers import Workers

ALONE = Workers(count=1)
SCENE = """
frames = 4
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
range_rate = { uniform = [-10, 10] }
[[interferers]]
start_frequency = 77.06e9
slope = { uniform = [8e12, 12e12] }
ramp_duration = 15e-6
chirp_interval = 20.3e-6
chirps = 32
amplitude = 30
"""
PLAN = Experiment(
    scenes=(SceneText("small", SCENE),),
    methods=(Case("none"), Case("zeroing"), Case("zeroing-oracle"), Case("imat")),
    detectors=(Case("combined"), Case("oracle")),
    frames=12,
    seed=3,
)


def rows_of(folder: Path) -> list[dict]:
    return read_rows(folder).drop_columns(list(TIMES)).to_pylist()


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    return run_experiment(PLAN, tmp_path_factory.mktemp("alone") / "out", ALONE)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Workers]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", protocol="tcp"
    ) as made:
        yield Workers(kind="cluster", scheduler=made.scheduler_address)


def test_every_frame_detector_and_method_has_its_row(alone: Path):
    rows = rows_of(alone)
    assert [row["row"] for row in rows] == list(range(12 * 2 * 4))
    keys = {(row["frame"], row["detector"], row["method"]) for row in rows}
    assert len(keys) == len(rows)
    assert all(row["error"] is None for row in rows)


def test_a_row_is_what_the_metrics_say(alone: Path):
    made = simulate(PLAN.scenes[0].parse(), frames=6, seed=3)
    beat, clean = made.beat[5:6], made.clean[5:6]
    cleaned = mitigate(beat, method="zeroing")
    clean_map = range_doppler(clean)
    (row,) = (
        r
        for r in rows_of(alone)
        if (r["frame"], r["detector"], r["method"]) == (5, "combined", "zeroing")
    )
    mse = float(np.mean(maps.mse(cleaned.range_doppler, clean_map)))
    assert row["mse_db"] == pytest.approx(10 * np.log10(mse), rel=1e-9)
    recall = float(np.mean(masks.recall(cleaned.disturbed, made.disturbed[5:6])))
    assert row["mask_recall"] == pytest.approx(recall)
    assert row["disturbed_share"] == made.disturbed[5:6].mean()
    assert row["targets"] == 1
    assert row["interferers"] == 1
    noise = np.mean(np.abs(clean - made.targets[5:6]) ** 2)
    peak = np.max(np.abs(made.interference[5:6]) ** 2)
    assert row["peak_inr_db"] == pytest.approx(10 * np.log10(peak / noise), abs=1e-4)


def test_oracles_get_the_truth(alone: Path):
    rows = rows_of(alone)
    by = {(r["frame"], r["detector"], r["method"]): r for r in rows}
    for frame in range(12):
        ours = [
            by[frame, "combined", "zeroing-oracle"],
            by[frame, "oracle", "zeroing-oracle"],
            by[frame, "oracle", "zeroing"],
        ]
        assert len({row["mse_db"] for row in ours}) == 1
        assert ours[1]["mask_f"] == 1


@pytest.mark.parametrize("workers", [Workers(count=2), Workers(kind="threads", count=3)], ids=str)
def test_any_number_of_workers_gives_the_same_rows(alone: Path, tmp_path: Path, workers: Workers):
    assert rows_of(run_experiment(PLAN, tmp_path, workers)) == rows_of(alone)


def test_a_cluster_gives_the_same_rows(alone: Path, tmp_path: Path, cluster: Workers):
    assert rows_of(run_experiment(PLAN, tmp_path, cluster)) == rows_of(alone)


def test_what_is_done_is_not_done_again(alone: Path, tmp_path: Path, monkeypatch):
    run_experiment(PLAN, tmp_path, ALONE)
    files = sorted((tmp_path / "rows").glob("*.parquet"))
    assert len(files) == 12
    files[3].unlink()
    files[5].write_bytes(files[5].read_bytes()[:-20])  # damaged
    files[7].write_bytes(b"")
    (tmp_path / "rows" / ".left.part").write_bytes(b"by a kill")
    assert not is_whole(files[5])
    done = []
    monkeypatch.setattr(running, "frame_rows", _spied(running.frame_rows, done))
    seen: list[Progress] = []
    run_experiment(PLAN, tmp_path, ALONE, on_chunk=seen.append)
    assert done == [3, 5, 7]
    assert (seen[0].found, seen[0].done, seen[-1].done) == (9, 9, 12)
    assert rows_of(tmp_path) == rows_of(alone)
    assert not list((tmp_path / "rows").glob(".*"))


def _spied(function, seen: list[int]):
    def spy(experiment, scene, frame):
        seen.append(frame)
        return function(experiment, scene, frame)

    return spy


def test_a_damaged_file_is_named(tmp_path: Path):
    run_experiment(replace(PLAN, frames=2), tmp_path, ALONE)
    file = sorted((tmp_path / "rows").glob("*.parquet"))[1]
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    file.write_bytes(bytes(content))
    for ask in (lambda: read_rows(tmp_path), lambda: query(tmp_path, "SELECT avg(f1) FROM rows")):
        with pytest.raises(InputError, match=r"00001-000000002\.parquet: is damaged; run the same"):
            ask()


def test_a_row_is_made_again_from_itself(alone: Path):
    stored = read_rows(alone).to_pylist()
    for number in (0, 37, 95):
        made = rebuilt_row(PLAN, stored[number])
        assert {k: v for k, v in made.items() if k not in TIMES} == {
            k: v for k, v in stored[number].items() if k not in TIMES
        }


def test_a_frame_on_which_a_method_fails_has_its_error(tmp_path: Path, monkeypatch):
    calls = []

    def failing(self, beat, disturbed=None, /):
        calls.append(1)
        if len(calls) == 3:  # the first is not timed
            raise ZeroDivisionError("one of its\nkind")
        return Zeroing.__wrapped__(self, beat, disturbed)

    monkeypatch.setattr(Zeroing, "__wrapped__", Zeroing.__call__, raising=False)
    monkeypatch.setattr(Zeroing, "__call__", failing)
    running._method.cache_clear()
    monkeypatch.setattr(running, "_warmed", set())
    plan = replace(PLAN, methods=(Case("none"), Case("zeroing")), detectors=(Case("combined"),))
    rows = rows_of(run_experiment(plan, tmp_path, ALONE))
    failed = [row for row in rows if row["error"] is not None]
    assert [(row["frame"], row["method"]) for row in failed] == [(1, "zeroing")]
    assert failed[0]["error"] == "ZeroDivisionError: one of its kind"
    assert failed[0]["f1"] is None
    assert len(rows) == 24
    summary = {group["method"]: group for group in summarise(tmp_path)}
    assert summary["zeroing"]["errors"] == 1
    assert summary["zeroing"]["frames"] == 12


def test_another_experiment_is_refused(alone: Path):
    with pytest.raises(InputError, match="holds another experiment"):
        run_experiment(replace(PLAN, seed=4), alone, ALONE)


def test_clean_frames_have_no_interference(tmp_path: Path):
    plan = replace(PLAN, interference=False, detectors=(Case("combined"),))
    rows = rows_of(run_experiment(plan, tmp_path, ALONE))
    assert not any(row["hit"] for row in rows)
    none = [row for row in rows if row["method"] == "none"]
    assert all(row["evm"] in (0, None) for row in none)
    assert all(row["f1"] in (1, None) for row in none)


def test_summaries_are_means_of_the_rows(alone: Path):
    table = read_rows(alone).to_pylist()
    groups = summarise(alone)
    assert [(g["detector"], g["method"]) for g in groups[:2]] == [
        ("combined", "none"),
        ("combined", "zeroing"),
    ]
    for group in groups:
        own = [
            r
            for r in table
            if r["method"] == group["method"] and r["detector"] == group["detector"]
        ]
        assert group["mse_db"] == pytest.approx(np.mean([r["mse_db"] for r in own]))
        assert group["ms"] == pytest.approx(1e3 * np.median([r["seconds"] for r in own]))


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        run_experiment(PLAN, tmp_path / "file" / "out", ALONE)


def test_a_full_disk_loses_nothing(alone: Path, tmp_path: Path, monkeypatch):
    real, count = os.fsync, []

    def full(number):
        count.append(1)
        if len(count) == 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(number)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        run_experiment(PLAN, tmp_path, ALONE)
    assert str(caught.value.filename).endswith(".parquet")
    assert len(list((tmp_path / "rows").iterdir())) == 3
    assert rows_of(run_experiment(PLAN, tmp_path, ALONE)) == rows_of(alone)


SCRIPT = """
import json, sys
from pathlib import Path
from clearchirp.evaluate.experiment import load_experiment
from clearchirp.evaluate.running import run_experiment
from clearchirp.workers import Workers
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    run_experiment(load_experiment(folder), folder, Workers(count=2))
"""


def _start(folder: Path, plan: Experiment) -> subprocess.Popen:
    from dataclasses import asdict

    folder.mkdir()
    (folder / "experiment.json").write_text(json.dumps(asdict(plan)))
    script = folder / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, script, folder])
    start = time.monotonic()
    while len(list((folder / "rows").glob("*.parquet"))) < 3:
        assert process.poll() is None
        assert time.monotonic() - start < 60
        time.sleep(0.02)
    return process


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes by ps")
@pytest.mark.parametrize("whole", [False, True], ids=["a worker", "the whole run"])
def test_killed_in_the_middle(tmp_path: Path, whole: bool):
    plan = replace(PLAN, frames=80)
    process = _start(tmp_path / "killed", plan)
    if whole:
        process.kill()
        assert process.wait(20) == -signal.SIGKILL
        assert 3 <= len(list((tmp_path / "killed" / "rows").glob("*.parquet"))) < 80
        run_experiment(plan, tmp_path / "killed", Workers(count=2))
    else:
        command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        workers = [int(line.split()[0]) for line in found.splitlines() if "spawn_main" in line]
        os.kill(workers[0], signal.SIGKILL)
        assert process.wait(60) == 0
    run_experiment(plan, tmp_path / "calm", ALONE)
    assert rows_of(tmp_path / "killed") == rows_of(tmp_path / "calm")


def test_files_are_plain_parquet(alone: Path):
    file = sorted((alone / "rows").glob("*.parquet"))[0]
    assert pq.read_metadata(file).num_rows == 8


def test_a_preset_of_single_chirps(tmp_path: Path):
    plan = Experiment(
        scenes=(SceneText.of("arim1"),), methods=(Case("none"), Case("zeroing")), frames=2
    )
    rows = rows_of(run_experiment(plan, tmp_path, ALONE))
    assert [row["error"] for row in rows] == [None] * 4
    assert rows[0]["f1"] is None
    assert load_scene("arim1").waveform.chirps == 1

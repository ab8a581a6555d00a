"""Whole recordings: the result of the chain, whoever does the work."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray

import clearchirp as cc
from clearchirp.io import from_array, open_capture
from clearchirp.recordings import clean_recording, detect_recording, run
from clearchirp.types import InputError, Mitigated
from clearchirp.workers import Workers
from tests.recordings.conftest import FRAMES, RADAR, files, names, record

THREADS = Workers(kind="threads", count=3)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Workers]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", protocol="tcp"
    ) as made:
        yield Workers(kind="cluster", scheduler=made.scheduler_address)


TDM = dataclasses.replace(RADAR, transmit_order=(0, 1))
KINDS = {
    "plain": ("ar", {}),
    "real": ("imat", {"real": True}),
    "oracle": ("zeroing-oracle", {}),
    "windowed": ("ramp-filter", {}),
    "transmitters": ("zeroing", {"radar": TDM}),
}


@pytest.mark.parametrize("suffix", [".zarr", ".npz"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_chain(tmp_path, monkeypatch, kind, suffix):
    monkeypatch.setattr(run, "_BLOCK", 1)
    method, how = KINDS[kind]
    recording = record(tmp_path / "in.npz", **how)
    output = tmp_path / f"out{suffix}"
    told = clean_recording(recording, output, method, workers=THREADS)
    expected = cc.mitigate(recording, method)
    if suffix == ".zarr":
        with xarray.open_dataset(output, engine="zarr") as store:
            written = {name: store[name].values for name in store}
            assert store.attrs["method"] == method
            assert store.attrs["slope"] == RADAR.slope
            assert bool(store.attrs["windowed"]) == (kind == "windowed")
            assert store["range_doppler"].dims[1] == (
                "virtual_rx" if kind == "transmitters" else "rx"
            )
    else:
        with np.load(output) as file:
            written = dict(file)
    for name in ("beat", "disturbed", "range_doppler"):
        got = written[name]
        np.testing.assert_array_equal(got, getattr(expected, name), strict=True)
    np.testing.assert_allclose(told.disturbed_share, expected.disturbed.mean(axis=(1, 2, 3)))
    power = np.abs(expected.range_doppler.astype(complex)) ** 2
    floor = 10 * np.log10(np.median(power, axis=(-1, -2))).mean(axis=-1)
    np.testing.assert_allclose(told.floor_after_db, floor, atol=1e-4)
    assert told.worst_frame == 2
    assert (told.method, told.windowed) == (method, kind == "windowed")


@pytest.mark.parametrize("method", ["imat-2d", "wavelet", "stft-burg", "anc"])
def test_threads_make_no_difference(capture, tmp_path, method):
    clean_recording(capture, tmp_path / "one.zarr", method, workers=Workers(count=1))
    clean_recording(capture, tmp_path / "three.zarr", method, workers=THREADS)
    assert files(tmp_path / "one.zarr") == files(tmp_path / "three.zarr")


def test_a_cluster_makes_no_difference(capture, tmp_path, cluster):
    for suffix in (".zarr", ".npz"):
        outputs = [tmp_path / f"{name}{suffix}" for name in ("here", "there")]
        here = clean_recording(capture, outputs[0], "ar", workers=Workers(count=1))
        there = clean_recording(capture, outputs[1], "ar", workers=cluster)
        np.testing.assert_array_equal(here.floor_after_db, there.floor_after_db)
        if suffix == ".zarr":
            assert files(outputs[0]) == files(outputs[1])
        else:
            assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert len(names(tmp_path)) == 5


@dataclasses.dataclass(frozen=True)
class _DiesOnce:
    """Kills its process at the first frame, if that is another than `parent`."""

    folder: str
    parent: int

    def __call__(self, beat, disturbed, /):
        seen = Path(self.folder) / "seen"
        if os.getpid() != self.parent and not seen.exists():
            seen.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return Mitigated(np.where(disturbed, 0, beat), disturbed)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_processes_that_die_make_no_difference(capture, tmp_path):
    method = _DiesOnce(str(tmp_path), os.getpid())
    for name, count in (("here", 1), ("there", 2)):
        clean_recording(capture, tmp_path / f"{name}.zarr", method, workers=Workers(count=count))
    assert files(tmp_path / "here.zarr") == files(tmp_path / "there.zarr")
    assert names(tmp_path) == ["here.zarr", "in.npz", "seen", "there.zarr"]


def test_processes_take_over_as_soon_as_they_pay(capture, tmp_path, monkeypatch):
    clean_recording(capture, tmp_path / "here.npz", "zeroing")
    asked = []
    monkeypatch.setattr(run, "_WORTH", 0.0)
    real = run.run_tasks
    monkeypatch.setattr(run, "run_tasks", lambda *a: asked.append(a[2]) or real(*a))
    told = clean_recording(capture, tmp_path / "there.npz", "zeroing")
    assert [one.kind for one in asked] == ["processes"]
    assert told.worst_frame == 2
    here, there = (open_capture(tmp_path / f"{name}.npz") for name in ("here", "there"))
    np.testing.assert_array_equal(here.read(), there.read())


@dataclasses.dataclass(frozen=True)
class _Slow:
    """Holds up the frame with the most interference, so that others overtake it."""

    def __call__(self, beat, disturbed, /):
        time.sleep(0.5 if disturbed.mean() > 0.02 else 0.0)
        return Mitigated(np.where(disturbed, 0, beat), disturbed)


@pytest.mark.parametrize("suffix", [".npz", ".h5", ".npy", ".mat"])
def test_frames_that_overtake_others_wait_for_their_turn(capture, tmp_path, suffix):
    output = tmp_path / f"out{suffix}"
    clean_recording(capture, output, _Slow(), workers=THREADS)
    expected = cc.mitigate(capture, "zeroing")
    np.testing.assert_array_equal(open_capture(output).read(), expected.beat)
    assert names(tmp_path) == ["in.npz", output.name]


def test_a_recording_in_memory(tmp_path):
    beat = np.ones((3, 8, 64), np.complex64)
    beat[1, 3, 20:28] += 50
    recording = from_array(beat)
    with pytest.raises(InputError, match=r"array: is in memory.*use threads"):
        clean_recording(recording, tmp_path / "a.zarr", "zeroing", workers=Workers(count=2))
    clean_recording(recording, tmp_path / "a.zarr", "zeroing", workers=THREADS)
    assert not open_capture(tmp_path / "a.zarr").read()[1, 0, 3, 20:28].any()


@pytest.mark.parametrize("output", [None, "mask.zarr", "mask.npz"])
def test_detection(capture, tmp_path, output):
    target = None if output is None else tmp_path / output
    here = detect_recording(capture, target, workers=Workers(count=1))
    again = detect_recording(capture, target, workers=THREADS)
    assert here == again or str(here) == str(again)  # NaN is not itself
    assert [frame.frame for frame in here.frames] == list(range(FRAMES))
    expected = cc.mitigate(capture, "none").disturbed
    assert [frame.share for frame in here.frames] == expected.mean(axis=(1, 2, 3)).tolist()
    assert len(here.scores) == FRAMES
    assert all(score["recall"] > 0.8 for score in here.scores)
    if target is not None and output == "mask.zarr":
        with xarray.open_zarr(target) as store:
            np.testing.assert_array_equal(store["disturbed"], expected)
            np.testing.assert_array_equal(store["F"], [score["F"] for score in here.scores])

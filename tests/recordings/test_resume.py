"""Runs cut short at any moment: what is kept is true, and the next run comes to the same end."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections import namedtuple
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray

from clearchirp.io import open_capture, unfinished
from clearchirp.recordings import Interruption, clean_recording, detect_recording, run
from clearchirp.types import InputError
from clearchirp.workers import Workers
from tests.recordings.conftest import FRAMES, Stop, files, names

HERE = Workers(count=1)
THREADS = Workers(kind="threads", count=2)


def cut_short(capture, output, method="ar", *, after=3, workers=HERE, **how):
    with pytest.raises(KeyboardInterrupt):
        clean_recording(capture, output, method, workers=workers, on_frames=Stop(after), **how)


@pytest.mark.parametrize("workers", [HERE, THREADS], ids=["here", "threads"])
def test_the_end_is_that_of_one_run(capture, tmp_path, workers):
    whole = clean_recording(capture, tmp_path / "whole.zarr", "ar", workers=HERE)
    output = tmp_path / "out.zarr"
    clean_recording(capture, output, "zeroing", workers=HERE)
    before = files(output)
    for frames in (2, 5):
        cut_short(capture, output, after=frames, workers=workers)
        assert files(output) == before
        assert names(tmp_path) == ["in.npz", "out.zarr", "out.zarr.part", "whole.zarr"]
        kept = unfinished(output)
        assert kept is not None
        assert kept[0] >= frames
        for reader in (xarray.open_zarr, partial(xarray.open_dataset, engine="zarr")):
            with (
                reader(tmp_path / "out.zarr.part") as part,
                reader(tmp_path / "whole.zarr") as complete,
            ):
                done = part["done"].values
                assert int(done.sum()) == kept[0]
                for name in ("beat", "disturbed", "range_doppler", "floor_after_db"):
                    np.testing.assert_array_equal(part[name][done], complete[name][done])
    seen = []
    told = clean_recording(capture, output, "ar", workers=workers, on_frames=seen.append)
    assert told.resumed == seen[0] >= 5
    assert sum(seen) == FRAMES
    assert files(output) == files(tmp_path / "whole.zarr")
    assert names(tmp_path) == ["in.npz", "out.zarr", "whole.zarr"]
    for name in ("disturbed_share", "floor_before_db", "floor_after_db"):
        np.testing.assert_array_equal(getattr(told, name), getattr(whole, name))
    assert (told.status, told.worst_frame) == (whole.status, whole.worst_frame)


def test_detection_too(capture, tmp_path):
    whole = detect_recording(capture, tmp_path / "whole.zarr", workers=HERE)
    with pytest.raises(KeyboardInterrupt):
        detect_recording(capture, tmp_path / "out.zarr", workers=HERE, on_frames=Stop(3))
    told = detect_recording(capture, tmp_path / "out.zarr", workers=HERE)
    assert told.resumed == 3
    assert str((told.frames, told.scores)) == str((whole.frames, whole.scores))
    assert files(tmp_path / "out.zarr") == files(tmp_path / "whole.zarr")


def test_an_unfinished_store_says_so(capture, tmp_path):
    cut_short(capture, tmp_path / "out.zarr")
    notes = open_capture(tmp_path / "out.zarr.part").notes
    assert any("4 of 7 frames are not finished" in line for line in notes)
    with pytest.raises(InputError, match="its unfinished store is the recording"):
        clean_recording(open_capture(tmp_path / "out.zarr.part"), tmp_path / "out.zarr")


def test_a_frame_is_marked_after_it_is_written(capture, tmp_path, monkeypatch):
    """Whatever moment a run is killed at: `done` never speaks of what is not there."""
    output, seen = tmp_path / "out.zarr", []

    def spy(path, run_name, frame, blocks):
        real(path, run_name, frame, blocks)
        with xarray.open_zarr(path) as store:
            seen.append((frame, store["done"].values.tolist()))

    real = run.write_frame
    monkeypatch.setattr(run, "write_frame", spy)
    clean_recording(capture, output, "zeroing", workers=HERE)
    assert seen == [(k, [n < k for n in range(FRAMES)]) for k in range(FRAMES)]


@pytest.mark.parametrize("harm", ["short", "gone"])
def test_a_lost_frame_is_made_again(capture, tmp_path, harm):
    clean_recording(capture, tmp_path / "whole.zarr", "ar", workers=HERE)
    cut_short(capture, tmp_path / "out.zarr")
    chunk = tmp_path / "out.zarr.part" / "beat" / "c" / "1" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:100]) if harm == "short" else chunk.unlink()
    (chunk.parent / ".0123.partial").write_bytes(b"what a killed writer leaves")
    assert clean_recording(capture, tmp_path / "out.zarr", "ar", workers=HERE).resumed == 2
    assert files(tmp_path / "out.zarr") == files(tmp_path / "whole.zarr")


@pytest.mark.parametrize(
    ("method", "how", "names_it"),
    [
        ("zeroing", {}, "method: ar.*now zeroing"),
        ("ar", {"settings": {"order": 7}}, "method: .*order=7"),
        ("ar", {"detector": "envelope"}, "detector: combined.*now envelope"),
        ("ar", {"detector_settings": {"guard": 9}}, "detector: .*guard=9"),
    ],
)
def test_a_run_of_something_else_is_left_alone(capture, tmp_path, method, how, names_it):
    output = tmp_path / "out.zarr"
    cut_short(capture, output)
    before = files(tmp_path / "out.zarr.part")
    with pytest.raises(InputError, match=f"{names_it}.*`restart` begins anew"):
        clean_recording(capture, output, method, **how)
    assert files(tmp_path / "out.zarr.part") == before
    assert clean_recording(capture, output, method, restart=True, **how).resumed == 0
    assert names(tmp_path) == ["in.npz", "out.zarr"]


def test_so_is_one_of_another_recording_or_version(capture, tmp_path, monkeypatch):
    output = tmp_path / "out.zarr"
    cut_short(capture, output)
    with monkeypatch.context() as changed:
        changed.setattr(run, "__version__", "9.9")
        with pytest.raises(InputError, match=r"version: .*now 9\.9"):
            clean_recording(capture, output, "ar")
    shutil.copy(tmp_path / "in.npz", tmp_path / "copy.npz")
    shutil.move(tmp_path / "copy.npz", tmp_path / "in.npz")
    with pytest.raises(InputError, match=r"recording: in\.npz.*changed at"):
        clean_recording(open_capture(tmp_path / "in.npz"), output, "ar")


def test_a_damaged_store(capture, tmp_path):
    output, part = tmp_path / "out.zarr", tmp_path / "out.zarr.part"
    for harm in (
        lambda: (part / "zarr.json").write_text("{"),
        lambda: shutil.rmtree(part / "done"),
        lambda: (part / "done" / "c" / "0").write_bytes(b""),
        lambda: (part / "zarr.json").unlink(),
    ):
        cut_short(capture, output, restart=True)
        harm()
        with pytest.raises(InputError, match="is damaged, or no store of clearchirp; `restart`"):
            clean_recording(capture, output, "ar")
    with pytest.raises(InputError, match="is no Zarr store and is not touched; remove it yourself"):
        clean_recording(capture, output, "ar", restart=True)
    shutil.rmtree(part)
    part.write_text("something of the user's")
    with pytest.raises(InputError, match="is no Zarr store and is not touched"):
        clean_recording(capture, output, "ar", restart=True)
    assert part.read_text() == "something of the user's"


def test_two_runs_at_once(capture, tmp_path):
    pytest.importorskip("fcntl")
    output, seen = tmp_path / "out.zarr", []

    def meanwhile(_):
        if not seen:
            seen.append(True)
            with pytest.raises(InputError, match="another run is at work on it"):
                clean_recording(capture, output, "ar", workers=HERE)

    clean_recording(capture, output, "ar", workers=HERE, on_frames=meanwhile)
    assert seen


@pytest.mark.parametrize("suffix", [".zarr", ".npz"])
def test_a_recording_that_changes_meanwhile(capture, tmp_path, suffix):
    def touch(_):
        with (tmp_path / "in.npz").open("ab") as file:
            file.write(b"more")

    with pytest.raises(InputError, match=r"in\.npz: was changed while it was read"):
        clean_recording(capture, tmp_path / f"o{suffix}", "ar", workers=HERE, on_frames=touch)
    assert not (tmp_path / f"o{suffix}").exists()


# ------------------------------------------------------------------------------- the disk


def test_a_disk_that_fills_up(capture, tmp_path, small_disk):
    output, filler = small_disk / "out.zarr", small_disk / "filler"
    clean_recording(capture, tmp_path / "whole.zarr", "ar", workers=HERE)

    def fill(_):
        if not filler.exists():
            room = shutil.disk_usage(small_disk).free - 200_000
            filler.write_bytes(b"x" * room)

    with pytest.raises(Interruption, match=r"No space left on device; .* of 7 frames are kept in"):
        clean_recording(capture, output, "ar", workers=HERE, on_frames=fill)
    assert names(small_disk) == ["filler", "out.zarr.part"]
    with pytest.raises(InputError, match=r"needs \d+ bytes more, but only \d+ are free"):
        clean_recording(capture, output, "ar", workers=HERE)
    filler.unlink()
    clean_recording(capture, output, "ar", workers=HERE)
    assert files(output) == files(tmp_path / "whole.zarr")


def test_a_folder_that_is_read_only(capture, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for suffix in (".zarr", ".npz"):
        with pytest.raises(InputError, match="cannot be written: Read-only file system"):
            clean_recording(capture, small_disk / f"out{suffix}", "ar")


def test_a_writer_that_fails(capture, tmp_path, monkeypatch):
    """The same as above where no file system can be mounted, and with a worker that fails."""
    real = run.write_frame

    def write(path, run_name, frame, blocks):
        if frame == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, run_name, frame, blocks)

    for workers in (HERE, THREADS):
        with monkeypatch.context() as full:
            full.setattr(run, "write_frame", write)
            with pytest.raises(Interruption, match="see to it and give the same command again"):
                clean_recording(capture, tmp_path / "out.zarr", "ar", workers=workers)
        assert clean_recording(capture, tmp_path / "out.zarr", "ar", workers=workers).resumed > 0
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: namedtuple("Usage", "total used free")(10, 9, 1)
    )
    with pytest.raises(InputError, match="bytes more, but only 1 are free there"):
        clean_recording(capture, Path(tmp_path / "new.zarr"), "ar")
    assert names(tmp_path) == ["in.npz", "out.zarr"]

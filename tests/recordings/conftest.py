"""Small disturbed recordings, and what lies on a disk after a run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from clearchirp.io import open_capture, write_capture
from clearchirp.io.capture import Capture
from clearchirp.recordings import run
from clearchirp.waveform import Waveform
from tests.cli.conftest import beat_signal

RADAR = Waveform(
    start_frequency=77e9,
    slope=3e13,
    sample_rate=2e7,
    samples=128,
    chirps=16,
    chirp_interval=3e-5,
)
FRAMES = 7


def record(path: Path, *, real: bool = False, frames: int = FRAMES, radar: Waveform = RADAR):
    """Write a recording with its truth and return it, open; frame 2 is hit most."""
    shape = (frames, 2, 16, 128)
    beat = beat_signal(shape, real=real)
    quiet = beat_signal(shape, real=real, seed=2)
    quiet[:, :, ::2] = quiet[:, :, 1::2]  # bursts lie in the even chirps
    for frame in range(frames):
        if frame != 2:
            beat[frame, :, 4:] = quiet[frame, :, 4:]
    disturbed = np.abs(beat) > 5
    write_capture(path, beat, waveform=radar, disturbed=disturbed)
    return open_capture(path)


@pytest.fixture
def capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Capture:
    """Return a recording of seven frames, of which a worker takes one at a time."""
    monkeypatch.setattr(run, "_BLOCK", 1)
    return record(tmp_path / "in.npz")


def files(store: Path) -> dict[str, bytes]:
    """Return all that a store consists of."""
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file()
    }


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class Stop:
    """Interrupts a run, as Ctrl-C does, when so many frames are done."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, count: int) -> None:
        self.left -= count
        if self.left <= 0:
            raise KeyboardInterrupt


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 3 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a file system is not allowed here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)

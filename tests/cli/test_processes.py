"""The command as a process of its own: pipes, signals, terminals, memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy_format

from clearchirp.io import unfinished

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")

FRAME = 128 * 512 * 8
MAIN = "from clearchirp.cli.main import main; main()"


def start(*arguments: object, code: str = MAIN, **options) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "COLUMNS")}
    # Python warns on standard error of what a test must not overlook.
    environment["PYTHONWARNINGS"] = "default"
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], text=True, env=environment, **options
    )


def make_sparse(path: Path, frames: int) -> None:
    """A .npy of zeros, 0.5 MiB a frame, which takes no room on the disk."""
    with path.open("wb") as file:
        npy_format.write_array_header_1_0(
            file, {"descr": "<c8", "fortran_order": False, "shape": (frames, 1, 128, 512)}
        )
        file.truncate(file.tell() + frames * FRAME)


def test_as_a_process(here: Path):
    bad, good = start("detect", "missing.npy"), start("methods")
    assert bad.communicate(timeout=30) == ("", "clearchirp: missing.npy: no such file\n")
    assert bad.returncode == 2
    out, err = good.communicate(timeout=30)
    assert (good.returncode, err) == (0, "")
    assert out.startswith("Methods of mitigation")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_under_standard_output(here: Path):
    np.save("in.npy", np.ones((8, 64), np.complex64))
    with Path("/dev/full").open("wb", buffering=0) as full:
        process = start("detect", "in.npy", stdout=full)
        _, err = process.communicate(timeout=30)
    assert err == "clearchirp: input or output: No space left on device\n"
    assert process.returncode == 1


def test_the_reader_of_the_pipe_may_leave(here: Path):
    np.save("in.npy", np.ones((400, 1, 2, 32), np.complex64))
    # A pipe holds 64 KiB by default, more than is said here: nobody would notice who left.
    table = start("info", "in.npy", pipesize=4096)
    json = start("info", "in.npy", "--json", pipesize=4096)
    for process in (table, json):
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == ""
        process.stderr.close()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_at_work(sent: signal.Signals, code: int, here: Path):
    make_sparse(here / "in.npy", 2000)
    (here / "out.npz").write_bytes(b"what was there before")
    # A job in the background of a shell inherits that it ignores Ctrl-C; this one must not.
    process = start(
        "mitigate", "in.npy", "-o", "out.npz",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    until = time.monotonic() + 30
    while not list(here.glob(".out.npz.*/*")) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(sent)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert (out, err) == ("", "clearchirp: interrupted\n" if sent == signal.SIGINT else "")
    assert sorted(path.name for path in here.iterdir()) == ["in.npy", "out.npz"]
    assert (here / "out.npz").read_bytes() == b"what was there before"


def wait_for_frames(target: Path, frames: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        kept = unfinished(target)
        if kept is not None and kept[0] >= frames:
            return
        time.sleep(0.01)
    raise AssertionError(f"{target}: no {frames} frames in a minute")


def store_files(store: Path) -> dict[Path, bytes]:
    return {p.relative_to(store): p.read_bytes() for p in store.rglob("*") if p.is_file()}


def test_cut_off_at_work_and_gone_on_with(here: Path):
    """Ctrl-C to a run on processes, SIGKILL to the next: the third comes to the same end."""
    frames = 120
    make_sparse(here / "in.npy", frames)
    command = ("mitigate", "in.npy", "-m", "zeroing", "-o")
    whole = start(*command, "whole.zarr", "--json")
    told = json.loads(whole.communicate(timeout=60)[0])

    def allow_interrupts() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = start(*command, "out.zarr", "--workers", 2, preexec_fn=allow_interrupts)
    wait_for_frames(here / "out.zarr", 20)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    kept = unfinished(here / "out.zarr")
    assert kept is not None
    assert (process.returncode, out) == (130, "")
    assert err == (
        f"out.zarr.part: keeps {kept[0]} of {frames} frames, finished; the same command goes on "
        "from there\nclearchirp: interrupted\n"
    )
    process = start(*command, "out.zarr")
    wait_for_frames(here / "out.zarr", kept[0] + 20)
    process.kill()
    process.communicate(timeout=30)
    kept = unfinished(here / "out.zarr")
    assert kept is not None
    last = start(*command, "out.zarr", "--json")
    resumed = json.loads(last.communicate(timeout=60)[0])
    assert (last.returncode, resumed["frames_resumed"]) == (0, kept[0])
    assert store_files(here / "out.zarr") == store_files(here / "whole.zarr")
    for facts in (told, resumed):
        for name in ("output", "seconds", "frames_resumed"):
            del facts[name]
    assert resumed == told
    assert sorted(p.name for p in here.iterdir()) == ["in.npy", "out.zarr", "whole.zarr"]


def test_a_bar_on_a_terminal_only(here: Path):
    pty = pytest.importorskip("pty")
    make_sparse(here / "in.npy", 3)
    ours, theirs = pty.openpty()
    process = start("mitigate", "in.npy", "-o", "out.npz", stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"cleaning" in seen
    assert b"3/3" in seen
    assert out.startswith("out.npz: ")


MEASURED = """
import sys, threading, time
from clearchirp.cli.main import main

def watch():
    # Anonymous memory: pages of the recording, mapped from its file, are the system's to drop.
    while True:
        status = open("/proc/self/status").read()
        peaks.append(int(status.split("RssAnon:")[1].split()[0]))
        time.sleep(0.02)

peaks = []
threading.Thread(target=watch, daemon=True).start()
try:
    main()
finally:
    print(max(peaks), file=sys.stderr)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize(("kind", "out"), [("npy", ".npy"), ("dca1000", ".zarr")])
def test_memory_does_not_grow_with_the_recording(kind: str, out: str, here: Path):
    few, many = 10, 60
    (here / "radar.toml").write_text(
        "samples = 512\nchirps = 128\nreceivers = 2\nlanes = 2\niq_order = 'iq'\n"
    )
    running = []
    for frames in (few, many):
        name, options = f"{frames}.npy", ["-m", "zeroing", "-o", f"{frames}-out{out}"]
        if kind == "npy":
            make_sparse(here / name, frames)
        else:
            name = f"{frames}.bin"
            options += ["--format", "dca1000", "--waveform", "radar.toml"]
            with (here / name).open("wb") as file:
                file.truncate(frames * FRAME)
        running.append(start("mitigate", name, *options, code=MEASURED))
    peaks = []
    for process in running:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        peaks.append(int(err.split()[-1]) * 1024)
    growth = (peaks[1] - peaks[0]) / ((many - few) * FRAME)
    assert growth < 0.4, f"memory grew by {growth:.0%} of what the recording did"

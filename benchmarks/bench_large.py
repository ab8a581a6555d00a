"""A raw recording larger than memory should be: cleaned, interrupted, killed, gone on with.

Run ``python benchmarks/bench_large.py [--gigabytes 2] [--method ar] [--workers 2] [--folder DIR]``;
the folder needs nine times the size. Frames of the scene `highway` are written as a DCA1000
recording, each with noise of its own, and cleaned into a Zarr store twice: at one go, and with a
Ctrl-C after a quarter and a SIGKILL after half of the frames. The table gives seconds, MB/s of the
recording and the peak over time of the memory of all processes together: PSS (what is shared
counts once; pages of mapped files count too) and its anonymous part. Linux only.

Without arguments, as from ``make bench``, 0.1 GB show the same in a minute.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray

from clearchirp.io import unfinished, write_dca1000
from clearchirp.simulate import load_scene, simulate_frame

DIFFERENT = 6
MAIN = "from clearchirp.cli.main import main; main()"


def write_recording(path: Path, gigabytes: float) -> int:
    """Write the recording and its radar, return the number of frames."""
    simulated = [simulate_frame(load_scene("highway"), k, 1) for k in range(DIFFERENT)]
    shape, radar = simulated[0].beat.shape, simulated[0].waveform
    count = max(DIFFERENT, round(gigabytes * 1e9 / (4 * np.prod(shape))))
    scale = 20000 / max(np.abs(one.beat.view(np.float32)).max() for one in simulated)
    noise = np.std((simulated[0].clean - simulated[0].targets).real)
    rng = np.random.default_rng(1)

    def frames() -> Iterator[Any]:
        for k in range(count):
            more = rng.standard_normal((*shape, 2), np.float32).view(np.complex64)[..., 0]
            yield scale * (simulated[k % DIFFERENT].beat + 0.5 * noise * more)[None]

    write_dca1000(path, frames())
    fields = ("start_frequency", "slope", "sample_rate", "chirp_interval", "samples", "chirps")
    lines = [f"{name} = {getattr(radar, name)!r}" for name in fields]
    lines += [f"receivers = {shape[0]}", "lanes = 2", 'iq_order = "iq"']
    path.with_suffix(".toml").write_text("\n".join(lines) + "\n")
    return count


@dataclass
class Run:
    """A run of the command, and the most memory that its processes had at one time."""

    code: int
    seconds: float
    pss: int
    anonymous: int
    processes: int
    said: str


def run(command: list[str], stop: tuple[int, Path, int] | None = None) -> Run:
    """Run a command; `stop` is a signal, a target, and the frames at which it is sent."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        # What a shell starts in the background ignores Ctrl-C; this must not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    pss = anonymous = most = 0
    while process.poll() is None:
        family = descendants(process.pid)
        memory = [rollup(pid) for pid in family]
        pss = max(pss, sum(one[0] for one in memory))
        anonymous = max(anonymous, sum(one[1] for one in memory))
        most = max(most, len(family))
        if stop is not None:
            done = unfinished(stop[1])
            if done is not None and done[0] >= stop[2]:
                process.send_signal(stop[0])
                stop = None
        time.sleep(0.2)
    assert process.stdout is not None
    said = process.stdout.read().strip()
    return Run(process.returncode, time.perf_counter() - began, pss, anonymous, most, said)


def descendants(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:  # it has ended meanwhile
            continue
    return found


def rollup(pid: int) -> tuple[int, int]:
    """Return PSS and its anonymous part in bytes."""
    values = {"Pss": 0, "Pss_Anon": 0}
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in values:
                values[name] = int(value.split()[0]) * 1024
    except OSError:
        pass
    return values["Pss"], values["Pss_Anon"]


def same(a: Path, b: Path) -> bool:
    """Whether two stores have the same files with the same bytes."""
    names = sorted(p.relative_to(a) for p in a.rglob("*") if p.is_file())
    others = sorted(p.relative_to(b) for p in b.rglob("*") if p.is_file())
    return names == others and all(filecmp.cmp(a / n, b / n, shallow=False) for n in names)


def report(what: str, one: Run, megabytes: float) -> None:
    print(
        f"{what:<28} {one.code:>5} {one.seconds:>8.1f} {megabytes / one.seconds:>7.1f} "
        f"{one.pss / 1e6:>12.0f} {one.anonymous / 1e6:>14.0f} {one.processes:>10}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gigabytes", type=float, default=0.1)
    parser.add_argument("--method", default="ar")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--folder", default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        recording = folder / "recording.bin"
        began = time.perf_counter()
        count = write_recording(recording, asked.gigabytes)
        size = recording.stat().st_size / 1e6
        print(f"{count} frames, {size:.0f} MB, written in {time.perf_counter() - began:.1f} s")
        print(
            f"{asked.method}, {asked.workers} workers\n{'run':<28} {'exit':>5} {'seconds':>8} "
            f"{'MB/s':>7} {'peak PSS MB':>12} {'anonymous MB':>14} {'processes':>10}"
        )

        def command(output: Path) -> list[str]:
            return [
                sys.executable, "-c", MAIN, "mitigate", str(recording), "--format", "dca1000",
                "--waveform", str(recording.with_suffix(".toml")), "-m", asked.method,
                "--workers", str(asked.workers), "-o", str(output),
            ]  # fmt: skip

        whole, parts = folder / "whole.zarr", folder / "parts.zarr"
        first = run(command(whole))
        report("at one go", first, size)
        quarter = run(command(parts), (signal.SIGINT, parts, count // 4))
        report("Ctrl-C after a quarter", quarter, size / 4)
        print("   ", quarter.said.replace("\n", "\n    "))
        with xarray.open_zarr(folder / "parts.zarr.part") as store:
            done = store["done"].values
            print(f"    plain xarray: {dict(store.sizes)}, {int(done.sum())} frames done")
        half = run(command(parts), (signal.SIGKILL, parts, count // 2))
        report("SIGKILL after half", half, size / 4)
        last = run(command(parts))
        report("to the end", last, size / 2)
        print("   ", first.said.replace("\n", "\n    "))
        print("   ", last.said.replace("\n", "\n    "))
        with xarray.open_zarr(parts) as store:
            print(f"    plain xarray: {dict(store.sizes)}, all done: {bool(store['done'].all())}")
        print(f"    the two stores have the same bytes: {same(whole, parts)}")


if __name__ == "__main__":
    main()

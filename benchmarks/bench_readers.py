"""Decoding of ADC words, beside the NumPy that users write: astype, reshape, transpose, 1j.

Run ``python benchmarks/bench_readers.py``. Both sides run in turn in one process on one thread, on
words that are in memory (a warm file cache); the table gives medians, GB are those of the input.
"""

from __future__ import annotations

import statistics
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from clearchirp.io import RadarSetup, open_capture, pcap_facts
from clearchirp.io.capture import unknown_waveform
from clearchirp.io.samples import decode

SHAPE = (32, 4, 128, 512)
RUNS = 9


def numpy_paired(words: Any) -> Any:
    frames, rx, chirps, samples = SHAPE
    x = words.astype(np.float32).reshape(frames, chirps, rx, samples // 2, 2, 2)
    x = x[..., 0, :] + 1j * x[..., 1, :]
    return np.ascontiguousarray(x.reshape(frames, chirps, rx, samples).transpose(0, 2, 1, 3))


def numpy_planar(words: Any) -> Any:
    frames, rx, chirps, samples = SHAPE
    x = words.astype(np.float32).reshape(frames, chirps, samples, 2, rx)
    x = x[..., 0, :] + 1j * x[..., 1, :]
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def numpy_interleaved(words: Any) -> Any:
    frames, rx, chirps, samples = SHAPE
    x = words.astype(np.float32).reshape(frames, chirps, samples, rx, 2) - 32768
    return np.ascontiguousarray((x[..., 0] + 1j * x[..., 1]).transpose(0, 3, 1, 2))


def numpy_rows(words: Any) -> Any:
    frames, rx, chirps, samples = SHAPE
    x = words.astype(np.float32).reshape(frames, chirps, rx, samples)
    return np.ascontiguousarray(x.transpose(0, 2, 1, 3))


def numpy_columns(words: Any) -> Any:
    frames, rx, chirps, samples = SHAPE
    x = words.astype(np.float32).reshape(frames, chirps, samples, rx)
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


LAYOUTS: dict[Any, tuple[Callable[[Any], Any], str]] = {
    "paired": (numpy_paired, "<i2"),
    "planar": (numpy_planar, "<i2"),
    "interleaved": (numpy_interleaved, "<u2"),
    "rows": (numpy_rows, "<i2"),
    "columns": (numpy_columns, "<i2"),
}


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare_layouts() -> None:
    print(f"{'layout':<12} {'clearchirp GB/s':>16} {'NumPy GB/s':>11} {'times faster':>13}")
    rng = np.random.default_rng(0)
    for layout, (idiom, kind) in LAYOUTS.items():
        size = int(np.prod(SHAPE)) * (1 if layout in ("rows", "columns") else 2)
        words = rng.integers(0, 2**15, size).astype(kind)
        # The first calls compile, and show that both give the same.
        assert np.array_equal(decode(words, SHAPE, layout), idiom(words))
        ours, theirs = [], []
        for _ in range(RUNS):
            ours.append(seconds(lambda w=words, n=layout: decode(w, SHAPE, n)))
            theirs.append(seconds(lambda w=words, f=idiom: f(w)))
        a, b = statistics.median(ours), statistics.median(theirs)
        gigabytes = words.nbytes / 1e9
        print(f"{layout:<12} {gigabytes / a:>16.2f} {gigabytes / b:>11.2f} {b / a:>13.1f}")


def open_and_read(folder: Path) -> None:
    """How long a recording of 4 GiB takes to open, and a frame of it to read."""
    frame = 4 * 128 * 512 * 4
    path = folder / "large.bin"
    with path.open("wb") as file:
        file.truncate(4096 * frame)
    setup = RadarSetup(waveform=unknown_waveform(512, 128), receivers=4, lanes=2, iq_order="iq")

    def read(start: int, stop: int) -> Any:
        return open_capture(path, format="dca1000", waveform=setup).read(start, stop)

    read(0, 1)
    opened = [
        seconds(lambda: open_capture(path, format="dca1000", waveform=setup)) for _ in range(RUNS)
    ]
    one = [seconds(lambda: read(7, 8)) for _ in range(RUNS)]
    print(f"\nDCA1000 of 4 GiB: opens in {1e3 * statistics.median(opened):.2f} ms, ", end="")
    print(f"opens and reads a frame of 1 MiB in {1e3 * statistics.median(one):.2f} ms")


def index_packets(folder: Path) -> None:
    """How fast a packet capture is indexed and read."""
    count, size = 100_000, 1456
    head = b"\x01" * 12 + b"\x08\x00" + b"\x45" + bytes(8) + b"\x11" + bytes(10)
    head += struct.pack(">HHHH", 4098, 4098, 18 + size, 0)
    record = struct.pack("<IIII", 0, 0, len(head) + 10 + size, len(head) + 10 + size) + head
    path = folder / "stream.pcap"
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for k in range(count):
            file.write(record + struct.pack("<I", k + 1) + struct.pack("<Q", k * size)[:6])
            file.write(bytes(size))
    setup = RadarSetup(waveform=unknown_waveform(364, 1), receivers=1, lanes=2, iq_order="iq")
    gigabytes = path.stat().st_size / 1e9

    def index() -> Any:
        return open_capture(path, waveform=setup)

    capture = index()
    capture.read()
    pcap_facts(path)
    indexed = statistics.median(seconds(index) for _ in range(RUNS))
    read = statistics.median(seconds(capture.read) for _ in range(RUNS))
    print(f"pcap of {gigabytes:.2f} GB: indexed in {1e3 * indexed:.0f} ms, ", end="")
    print(f"{gigabytes / indexed:.2f} GB/s; read at {gigabytes / read:.2f} GB/s")


def main() -> None:
    compare_layouts()
    with tempfile.TemporaryDirectory() as folder:
        open_and_read(Path(folder))
        index_packets(Path(folder))


if __name__ == "__main__":
    main()

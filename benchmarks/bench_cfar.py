"""CFAR side by side with what one would write with SciPy and NumPy, and with OpenRadar.

Run with ``python benchmarks/bench_cfar.py``. One process, one thread, float32 maps of exponential
noise; the rivals take turns, and the figures are medians of their times and of the ratios of times
taken side by side. The last column is the greatest relative error of the level, on a map with one
cell 120 dB above the noise, against sums in double precision of the cells themselves.

OpenRadar (``pip install --no-deps openradar``) is compared where it can be imported.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from clearchirp.cfar import Cfar

Level = Callable[[NDArray], NDArray]


def box_filters(guard: int, training: int) -> Level:
    """Two uniform filters of SciPy, the sum over the guard box taken from that over the window."""
    wide, narrow = 2 * (guard + training) + 1, 2 * guard + 1

    def level(power: NDArray) -> NDArray:
        total = ndimage.uniform_filter(power, wide, mode="wrap") * wide**2
        total -= ndimage.uniform_filter(power, narrow, mode="wrap") * narrow**2
        return total / (wide**2 - narrow**2)

    return level


def summed_area_table(guard: int, training: int) -> Level:
    """NumPy alone: differences of two-dimensional cumulative sums, in double precision."""
    reach = guard + training

    def level(power: NDArray) -> NDArray:
        padded = np.pad(power, reach, mode="wrap")
        table = np.zeros((padded.shape[0] + 1, padded.shape[1] + 1))
        np.cumsum(np.cumsum(padded, axis=0, dtype=float), axis=1, out=table[1:, 1:])

        def box(half: int) -> NDArray:
            low, width = reach - half, 2 * half + 1
            rows = slice(low, low + power.shape[0]), slice(low + width, low + width + len(power))
            end = power.shape[1]
            columns = slice(low, low + end), slice(low + width, low + width + end)
            return (
                table[rows[1], columns[1]]
                - table[rows[0], columns[1]]
                - table[rows[1], columns[0]]
                + table[rows[0], columns[0]]
            )

        count = (2 * reach + 1) ** 2 - (2 * guard + 1) ** 2
        return ((box(reach) - box(guard)) / count).astype(power.dtype)

    return level


def rolled_sums(guard: int, training: int) -> Level:
    """NumPy alone: the map rolled to each offset along one axis, then along the other."""

    def box(power: NDArray, half: int) -> NDArray:
        for axis in (0, 1):
            power = sum(
                (np.roll(power, shift, axis) for shift in range(-half, half + 1)),
                np.zeros_like(power),
            )
        return power

    def level(power: NDArray) -> NDArray:
        wide, narrow = 2 * (guard + training) + 1, 2 * guard + 1
        return (box(power, guard + training) - box(power, guard)) / (wide**2 - narrow**2)

    return level


def percentile_filter(guard: int, training: int, rank: float) -> Level:
    """SciPy's rank filter over the ring, as one would call it for an order statistic."""
    ring = np.ones((2 * (guard + training) + 1,) * 2, bool)
    ring[training:-training, training:-training] = False
    percentile = 100 * int(rank * ring.sum()) / ring.sum()

    def level(power: NDArray) -> NDArray:
        return ndimage.percentile_filter(power, percentile, footprint=ring, mode="wrap")

    return level


def compare(title: str, power: NDArray, rivals: dict[str, Level], runs: int) -> None:
    """Print the median time of each rival and its median ratio to the first."""
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for level in rivals.values():
        level(power)
    for _ in range(runs):
        for name, level in rivals.items():
            start = time.perf_counter()
            level(power)
            times[name].append(time.perf_counter() - start)
    peak = power.copy()
    peak[..., power.shape[-1] // 2] = np.where(np.arange(len(power)) == len(power) // 2, 1e12, 1)
    first, *_ = rivals
    exact = rivals[first](peak.astype(np.float64))
    print(f"\n{title}")
    for name, level in rivals.items():
        ratio = np.median(np.array(times[name]) / np.array(times[first]))
        error = np.abs(level(peak) / exact - 1).max()
        print(f"  {name:36s} {1e3 * np.median(times[name]):9.3f} ms {ratio:8.2f} x  {error:8.1e}")


def one_dimensional(shape: tuple[int, ...], runs: int) -> None:
    """Compare a CA-CFAR along the last axis."""
    rivals: dict[str, Level] = {"clearchirp": Cfar(axes=1).noise_level}
    title = f"1-D CA, {' x '.join(map(str, shape))}, 2 + 8 cells"
    try:
        from mmwave.dsp.cfar import ca_  # pyright: ignore[reportMissingImports] # optional
    except Exception as reason:
        title += f"   (OpenRadar left out, its import fails: {reason!r})"
    else:
        rivals["OpenRadar ca_"] = lambda power: ca_(power, guard_len=2, noise_len=8)[1]
    cells = np.r_[np.ones(8), np.zeros(5), np.ones(8)].astype(np.float32) / 16
    rivals["scipy convolve1d"] = lambda power: ndimage.convolve1d(power, cells, mode="wrap")
    compare(title, noise(*shape), rivals, runs)


def noise(*shape: int) -> NDArray[np.float32]:
    """Return exponential noise of mean 1."""
    return np.random.default_rng(0).exponential(size=shape).astype(np.float32)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31)
    runs = parser.parse_args().runs
    for shape in ((128, 256), (256, 1024)):
        for guard, training in ((2, 8), (4, 32)):
            sizes = {"guard": guard, "training": training}
            rivals: dict[str, Level] = {
                "clearchirp": Cfar(**sizes).noise_level,
                "scipy uniform_filter, twice": box_filters(**sizes),
                "numpy cumulative sums, double": summed_area_table(**sizes),
                "numpy rolled sums": rolled_sums(**sizes),
            }
            size = f"{shape[0]} x {shape[1]}, {guard} + {training} cells"
            compare(f"2-D CA, {size}", noise(*shape), rivals, runs)
    for shape in ((1, 1024), (128, 256), (256, 1024)):
        one_dimensional(shape, runs)
    for guard, training in ((2, 8), (4, 32)):
        sizes = {"guard": guard, "training": training}
        rivals = {
            "clearchirp": Cfar(kind="os", **sizes).noise_level,
            "scipy percentile_filter": percentile_filter(**sizes, rank=0.75),
        }
        compare(f"2-D OS, 128 x 256, {guard} + {training} cells", noise(128, 256), rivals, 3)
    for kind in ("ca", "go", "lo", "os"):
        for edges in ("wrap", "shrink"):
            cfar = Cfar(kind=kind, edges=edges)
            name = f"2-D {kind.upper()}, 256 x 1024, 2 + 8 cells, {edges}"
            compare(name, noise(256, 1024), {"clearchirp": cfar.noise_level}, 5)


if __name__ == "__main__":
    main()

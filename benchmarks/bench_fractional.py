"""Fractional Fourier transform and its methods: speed beside one FFT of the frame.

Run from the project's root: ``python benchmarks/bench_fractional.py``. Medians of several runs, in
turn in one process and on one thread, in units of one ``numpy.fft.fft2`` of 128 chirps of 512
samples in complex128. Times are those of the processor, which other jobs on the machine disturb
less than the clock on the wall; for two threads they add up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np

from clearchirp.disturbed.chirp_segments import Limits, bank, find_segments
from clearchirp.disturbed.fractional_search import Search, find_chirps
from clearchirp.mitigation import notch_refill
from clearchirp.mitigation.frft_gss import FrftGss
from clearchirp.mitigation.imfrac import Imfrac, Imfrac2
from clearchirp.mitigation.notch_refill import NotchRefill
from clearchirp.operators.fractional_fourier import MultiAngleFourier, to_eigenbasis
from clearchirp.operators.missing import Missing
from clearchirp.simulate import load_scene, simulate_frame


def medians(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median time in ms of each, run in turn."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(repeats):
        for name, run in runs.items():
            begin = time.process_time()
            run()
            times[name].append(time.process_time() - begin)
    return {name: 1e3 * median(values) for name, values in times.items()}


def multi_angle_pass(samples: int, dtype: type, threads: int = 1) -> Callable[[], object]:
    """128 chirps of noise at 256 angles, with the search for the peak: nothing is found."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 128, samples))
    x = (x[0] + 1j * x[1]).astype(dtype)
    bank_ = MultiAngleFourier(samples=samples, angles=256, threads=threads)
    search = Search(angles=256, most=56, guard=20, factor=100.0, reach=samples / 2, at_once=1)
    return lambda: find_chirps(bank_, to_eigenbasis(x), search)


def one_fill(beat: np.ndarray) -> Callable[[], object]:
    """The fill of the last pass, with the notches that it had."""
    seen: list[tuple] = []
    plain = notch_refill.refill

    def remember(*given):
        seen.append(given)
        return plain(*given)

    notch_refill.refill = remember
    NotchRefill()(beat)
    notch_refill.refill = plain
    return lambda: plain(*seen[-1])


def main() -> None:
    frame = simulate_frame(load_scene("imfrac"), 3, 0).beat
    wide = frame.astype(np.complex128)[0]
    searched = bank(512, 256, 80.0)
    limits = Limits(1e9, 1e9, None, 1.0)
    none = Missing()
    runs: dict[str, Callable[[], object]] = {
        "numpy.fft.fft2": lambda: np.fft.fft2(wide),
        "many angles and peak, N = 512, complex64": multi_angle_pass(512, np.complex64),
        "  the same, complex128": multi_angle_pass(512, np.complex128),
        "  the same, complex64, two threads": multi_angle_pass(512, np.complex64, 2),
        "many angles and peak, N = 896, complex64": multi_angle_pass(896, np.complex64),
        "cheap bank and peak, N = 512, complex64": lambda: [
            find_segments(x, searched, limits) for x in wide
        ],
        "imfrac, frame 3 of its preset": lambda: Imfrac()(frame),
        "imfrac2, the same": lambda: Imfrac2()(frame),
        "imfrac2 padded, the same": lambda: Imfrac2(padded=True)(frame),
        "one fill of notch-refill": one_fill(frame),
        "  of it 60 FFTs of the frame": lambda: [
            none.forward(np.fft.fft2(wide)) for _ in range(60)
        ],
        "notch-refill": lambda: NotchRefill()(frame),
        "frft-gss, 8 chirps": lambda: FrftGss()(frame[:, :8]),
    }
    figures = medians(runs, 5)
    unit = figures["numpy.fft.fft2"]
    print(f"{'128 x 512':44} {'ms':>9} {'x fft2':>8}")
    for name, ms in figures.items():
        print(f"{name:44} {ms:9.2f} {ms / unit:8.1f}")
    for padded, name in ((False, "imfrac2"), (True, "imfrac2 padded")):
        stats = Imfrac2(padded=padded)(frame).stats
        one = figures[f"many angles and peak, N = {896 if padded else 512}, complex64"]
        ratio = figures[f"{name}, the same"] / (one * stats["passes_mean"])
        print(
            f"{name}: {stats['passes']:.0f} passes at most, {stats['passes_mean']:.2f} a chirp; "
            f"the frame costs {ratio:.2f} times as many passes of all chirps"
        )
    for chirps in (32, 64, 128):
        part = frame[:, :chirps]
        ms = medians({"": lambda part=part: NotchRefill()(part)}, 3)[""]
        print(f"notch-refill, {chirps} chirps: {ms:.0f} ms")


if __name__ == "__main__":
    main()

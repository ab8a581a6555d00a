"""Range-Doppler maps, detectors and methods, beside what a user would otherwise run.

Run it as it is: ``python benchmarks/bench_chain.py``. One thread; medians of several runs, taken in
turn, so that ratios hold on a machine whose speed drifts.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np
import scipy.fft
import scipy.ndimage

from clearchirp.disturbed.catalogue import detectors
from clearchirp.mitigation.catalogue import methods
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.spectrum import range_doppler


def medians(runs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median time in ms of each, run in turn."""
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: 1e3 * statistics.median(values) for name, values in times.items()}


def show(title: str, figures: Mapping[str, float], reference: str) -> None:
    """Print the medians and their ratio to the reference."""
    print(f"\n{title}")
    print(f"  {'':44s} {'ms':>9s} {'ratio':>8s}")
    for name, ms in figures.items():
        print(f"  {name:44s} {ms:9.3f} {ms / figures[reference]:8.2f}")


def numpy_map(beat: np.ndarray) -> np.ndarray:
    """What a user writes."""
    window = np.hanning(beat.shape[-1]) * np.hanning(beat.shape[-2])[:, None]
    return np.fft.fftshift(np.fft.fft2(beat * window), axes=-2)


def scipy_map(beat: np.ndarray) -> np.ndarray:
    """The same with SciPy's single-precision FFT."""
    window = np.hanning(beat.shape[-1]) * np.hanning(beat.shape[-2])[:, None]
    windowed = beat * window.astype(np.float32)
    return np.fft.fftshift(scipy.fft.fft2(windowed), axes=-2)


def numpy_threshold(beat: np.ndarray) -> np.ndarray:
    """Adaptive threshold on the rest after the slow-time median, as a user writes it."""
    rest = beat - (np.median(beat.real, axis=0) + 1j * np.median(beat.imag, axis=0))
    power = np.abs(rest) ** 2
    flags = np.zeros(power.shape, bool)
    threshold = np.inf
    for _ in range(50):
        new = 13.8 * power[~flags].mean()
        if abs(new - threshold) < 2e-3 * new:
            break
        threshold = new
        flags = power > threshold
    return flags


def numpy_combined(beat: np.ndarray) -> np.ndarray:
    """The threshold, the Laplacian and SciPy's closing and dilation, as a user writes it."""
    rest = beat - (np.median(beat.real, axis=0) + 1j * np.median(beat.imag, axis=0))
    modulus = np.abs(rest)
    bend = np.abs(scipy.ndimage.convolve1d(modulus, [1.0, -2.0, 1.0], axis=-1))
    flags = numpy_threshold(beat) | (bend > 6 * np.median(bend) / 0.6745)
    flags = scipy.ndimage.binary_closing(np.pad(flags, ((0, 0), (16, 16))), np.ones((1, 11), bool))
    return scipy.ndimage.binary_dilation(flags[:, 16:-16], np.ones((1, 5), bool))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=25)
    repeats = parser.parse_args().repeats
    frame = simulate_frame(load_scene("demo"), 0, 0)
    beat = frame.beat[0]
    print(f"One receiver of the demonstration scene, {beat.shape} complex64, one thread")
    ours = "clearchirp range_doppler"
    maps = medians(
        {
            ours: lambda: range_doppler(beat),
            "NumPy: window, fft2, fftshift": lambda: numpy_map(beat),
            "SciPy: the same in single precision": lambda: scipy_map(beat),
        },
        repeats,
    )
    show("Range-Doppler map", maps, ours)
    runs: dict[str, Callable[[], object]] = {ours: lambda: range_doppler(beat)}
    for name, entry in detectors.items():
        if entry.needs_truth:
            continue
        detector = entry()
        runs[f"detector {name}"] = lambda detector=detector: detector(beat)
    runs["NumPy adaptive threshold"] = lambda: numpy_threshold(beat)
    runs["NumPy + SciPy combined"] = lambda: numpy_combined(beat)
    show("Detectors of disturbed samples (ratio to one map)", medians(runs, repeats), ours)
    disturbed = detectors["combined"]()(beat)
    runs = {ours: lambda: range_doppler(beat)}
    for name, entry in methods.items():
        method = entry()
        runs[f"method {name}"] = lambda method=method: method(beat, disturbed)
    runs["NumPy zeroing"] = lambda: np.where(disturbed, 0, beat)
    share = 100 * disturbed.mean()
    show(f"Methods, {share:.1f} % disturbed (ratio to one map)", medians(runs, repeats), ours)


if __name__ == "__main__":
    main()

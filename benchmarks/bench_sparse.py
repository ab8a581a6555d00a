"""Sparse recovery: speed beside one FFT of the frame and its own FFTs, sizes, a real recording.

Run from the project's root: ``python benchmarks/bench_sparse.py [speed sizes accuracy recording]``.
Medians of several runs, taken in turn in one process; one thread, whose processor time is counted,
so that other work on the machine does not. The recording is compared where ``CLEARCHIRP_DATA`` or
``../shared/data`` holds it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np
import scipy.fft

from clearchirp.chain import detections, pipeline
from clearchirp.disturbed.catalogue import detectors
from clearchirp.metrics import maps
from clearchirp.mitigation.catalogue import methods
from clearchirp.mitigation.sparse_recovery import SparseRecovery
from clearchirp.operators.fourier import MaskedFourier
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.solvers.pm_iht import PmIht
from clearchirp.solvers.pm_ist import PmIst
from clearchirp.solvers.solve import solve
from clearchirp.spectrum import range_doppler

ROOT = Path(__file__).resolve().parents[1]
SPARSE = [name for name, entry in methods.items() if entry.solver]


def medians(
    runs: dict[str, Callable[[], object]],
    repeats: int,
    clock: Callable[[], float] = time.thread_time,
) -> dict[str, float]:
    """Median time in ms of each, run in turn."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(repeats):
        for name, run in runs.items():
            begin = clock()
            run()
            times[name].append(clock() - begin)
    return {name: 1e3 * median(values) for name, values in times.items()}


def frames(seed=0, shape=(256, 128), targets=20):
    """Two frames of targets on bins 12 to 42 dB above the noise, and 10 % missing in bursts."""
    rng = np.random.default_rng(seed)
    at = rng.choice(shape[0] * shape[1], targets, replace=False)
    levels = 10 ** (rng.uniform(12, 42, targets) / 20)
    spectra = []
    for _ in range(2):
        x = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)
        x.flat[at] += levels * np.exp(2j * np.pi * rng.random(targets))
        spectra.append(x)
    measured = np.ones(shape, bool)
    length = round(0.1 * shape[1])
    for row in measured:
        start = rng.integers(0, shape[1] - length + 1)
        row[start : start + length] = False
    return spectra, measured


def own_ffts(y, count):
    """As many unitary FFTs as a solver's loop takes, as it takes them."""

    def run():
        work = y.copy()
        for k in range(count):
            transform = scipy.fft.ifft2 if k % 2 else scipy.fft.fft2
            work = transform(work, norm="ortho", overwrite_x=True)

    return run


def speed(repeats=101):
    """256 chirps of 128 samples to a change of 1e-3, with the prior of the frame before."""
    problems = {}
    spectra, measured = frames()
    problems["on bins"] = (np.fft.ifft2(spectra[1], norm="ortho"), measured, spectra[0])
    made = simulate_frame(load_scene("mru"), 0, 0, dtype=np.complex128)
    window = np.outer(np.hanning(256), np.hanning(128))
    disturbed = detectors["combined"]()(made.beat[0])
    before = simulate_frame(load_scene("mru"), 1, 0, dtype=np.complex128).clean[0] * window
    problems["mru, Hann"] = (
        made.beat[0] * window,
        ~disturbed,
        np.fft.fft2(before, norm="ortho"),
    )
    for label, (beat, kept, spectrum) in problems.items():
        operator = MaskedFourier(kept)
        whole = np.where(kept, beat, 0)
        runs: dict[str, Callable[[], object]] = {"fft2": lambda y=whole: np.fft.fft2(y)}
        counts = {}
        for kind in (np.complex64, np.complex128):
            y = whole.astype(kind)
            for solver in (PmIht(), PmIst()):
                weight = solver.prior.weight(solver.prior.remember(None, spectrum.astype(kind)))

                def run(solver=solver, y=y, weight=weight, operator=operator):
                    iterates = solver.iterates(operator, y, weight=weight)
                    return solve(iterates, tol=1e-3, max_iter=200)

                name = f"{type(solver).__name__} {np.dtype(kind).name}"
                counts[name] = run().iterations
                runs[name] = run
                runs[f"{name} FFTs"] = own_ffts(y, 2 * counts[name] - 1)
        figures = medians(runs, repeats)
        print(f"\n{label:28} {'ms':>8} {'iterations':>11} {'x fft2':>8} {'x its FFTs':>11}")
        print(f"{'numpy.fft.fft2, complex128':28} {figures['fft2']:8.3f}")
        for name, count in counts.items():
            ms, own = figures[name], figures[f"{name} FFTs"]
            print(f"{name:28} {ms:8.3f} {count:11} {ms / figures['fft2']:8.2f} {ms / own:11.2f}")


def sizes(repeats=9):
    """`pm-iht` as a method, ms a frame of one receiver, by receivers, sizes and threads."""
    titles = ("receivers", "threads", "ms/frame", "x fft2")
    print(f"\n{'pm-iht, complex64':20}" + "".join(f"{title:>10}" for title in titles))
    for shape in ((64, 64), (128, 128), (256, 128), (128, 512), (256, 256), (512, 512)):
        spectra, measured = frames(shape=shape)
        beat = np.fft.ifft2(spectra[1], norm="ortho")
        for receivers in (1, 4, 16):
            for threads in (1, 2):
                with ThreadPoolExecutor(threads) as pool:
                    runs = of_a_batch(beat, ~measured, receivers, pool)
                    figures = medians(runs, repeats, time.perf_counter)
                each = figures["method"] / receivers
                size, ratio = f"{shape[0]} x {shape[1]}", each / figures["fft2"]
                print(f"{size:20}{receivers:10}{threads:10}{each:10.3f}{ratio:10.1f}")


def of_a_batch(beat, disturbed, receivers, pool):
    """Return one FFT of the frame, and the method on so many receivers of it."""
    method = SparseRecovery(solver=PmIht())
    batch = np.repeat(beat.astype(np.complex64)[None], receivers, axis=0)
    masks = np.repeat(disturbed[None], receivers, axis=0)
    return {
        "fft2": lambda: np.fft.fft2(beat),
        "method": lambda: list(pool.map(method, batch, masks)),
    }


def accuracy():
    """Every solver on a frame of two scenes: gaps, map, detections."""
    for name in ("demo", "mru"):
        frame = simulate_frame(load_scene(name), 0, 0, dtype=np.complex64)
        beat, targets, clean = frame.beat[0], frame.targets[0], frame.clean[0]
        disturbed = detectors["combined"]()(beat)
        truth = range_doppler(clean)
        objects = detections(truth, real=False)
        half = slice(1, beat.shape[-1] // 2)
        noise = np.mean(np.abs(range_doppler(clean - targets)[:, half]) ** 2)
        print(f"\n{name}, {100 * disturbed.mean():.1f} % disturbed")
        print(f"{'':14} {'ms':>8} {'iter.':>6} {'gaps dB':>8} {'map dB':>8} {'EVM':>7} {'F1':>6}")
        for method in ("zeroing", "ar", "imat-2d", *SPARSE):
            work = pipeline(method, None)
            work(beat, disturbed)
            begin = time.perf_counter()
            cleaned = work(beat, disturbed)
            ms = 1e3 * (time.perf_counter() - begin)
            inside = np.nan
            if not cleaned.windowed:
                error = np.sum(np.abs(cleaned.beat - targets)[disturbed] ** 2)
                inside = 10 * np.log10(error / np.sum(np.abs(targets[disturbed]) ** 2))
            got = cleaned.range_doppler
            off = 10 * np.log10(np.mean(np.abs(got - truth)[:, half] ** 2) / noise)
            evm = float(maps.evm(got, truth, objects))
            f1 = float(maps.f1(detections(got, real=False), objects))
            count = cleaned.stats.get("iterations", np.nan)
            print(
                f"{method:14} {ms:8.1f} {count:6.0f} {inside:8.2f} {off:8.2f} {evm:7.4f} {f1:6.3f}"
            )


def recording():
    """Target power and floor around it in the real crossing, receiver 1, every solver."""
    folder = Path(os.environ.get("CLEARCHIRP_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "jin_cao_awr1243" / "20180608-195044.bin"
    if not path.is_file():
        print(f"\n{path}: not there, no real recording")
        return
    words = (np.fromfile(path, "<u2").astype(np.float32) - 2**15).reshape(128, 512, 4, 2)
    beat = (words[:, :, 0, 0] + 1j * words[:, :, 0, 1]).astype(np.complex64)
    disturbed = detectors["combined"]()(beat)
    share = 100 * disturbed.mean()
    print(f"\nrecording, {share:.1f} % disturbed; dB. Of a sparse map the floor is what is left.")
    print(f"{'':14} {'ms':>8} {'target':>8} {'around':>8} {'median':>8} {'zero bins %':>12}")
    for name in ("none", "zeroing", "ar", "imat-2d", *SPARSE):
        work = pipeline(name, None)
        work(beat, disturbed)
        begin = time.perf_counter()
        got = work(beat, disturbed).range_doppler
        ms = 1e3 * (time.perf_counter() - begin)
        power = np.abs(got[:, :250]) ** 2
        target, around = power[40:45, 72:77].max(), power[30:55, 50:100].copy()
        around[8:17, 19:30] = np.nan
        moving = np.delete(power, np.s_[58:71], axis=0)
        levels = (target, float(np.nanmean(around)), float(np.median(moving)))
        shown = [10 * np.log10(v) if v > 0 else -np.inf for v in levels]
        empty = 100 * np.mean(power == 0)
        print(f"{name:14} {ms:8.1f} {shown[0]:8.2f} {shown[1]:8.2f} {shown[2]:8.2f} {empty:12.1f}")


if __name__ == "__main__":
    parts = {"speed": speed, "sizes": sizes, "accuracy": accuracy, "recording": recording}
    for part in sys.argv[1:] or parts:
        parts[part]()

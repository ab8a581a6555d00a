"""Fractional Fourier transform and its methods: speed beside one FFT of the frame.

Run from the project's root: ``python benchmarks/bench_fractional.py``. Medians of several runs, in
turn in one process and on one thread, in units of one ``numpy.fft.fft2`` of 128 chirps of 512
samples in complex128. Times are those of the processor, which other jobs on the machine disturb
less than the clock on the wall; for two threads they add up. Whole frames of `notch-refill` are
told in both times, with their stages and for other lengths, chirps and receivers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np

from clearchirp.disturbed import chirp_segments
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
    whole_frames(frame, unit)
    stages(frame)
    scaling()


def walls(run: Callable[[], object], repeats: int = 5) -> tuple[float, float]:
    """Least time in ms on the wall, and of the processor."""
    run()
    wall, processor = [], []
    for _ in range(repeats):
        begin, used = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - begin)
        processor.append(time.process_time() - used)
    return 1e3 * min(wall), 1e3 * min(processor)


def whole_frames(frame: np.ndarray, unit: float) -> None:
    """Frames of the preset through `notch-refill`, on one thread and on two."""
    scene = load_scene("imfrac")
    frames = {"3": frame} | {str(k): simulate_frame(scene, k, 0).beat for k in (1, 4, 8)}
    print(f"\n{'notch-refill, 128 x 512':32} {'wall ms':>8} {'CPU ms':>8} {'x fft2':>8}")
    for name, beat in frames.items():
        for threads in (1, 2):
            wall, used = walls(lambda b=beat, t=threads: NotchRefill(threads=t)(b))
            label = f"frame {name}, threads: {threads}"
            print(f"{label:32} {wall:8.0f} {used:8.0f} {used / unit:8.0f}")


def stages(beat: np.ndarray) -> None:
    """Where the time of one frame goes: time of the processor in each function, one thread."""
    taken: dict[str, list[float]] = {}
    kept = []

    def watch(module, function: str, label: Callable[..., str]) -> None:
        plain = getattr(module, function)
        kept.append((module, function, plain))

        def watched(*given, **named):
            begin = time.process_time()
            result = plain(*given, **named)
            taken.setdefault(label(*given), []).append(time.process_time() - begin)
            return result

        setattr(module, function, watched)

    def angles(*given) -> str:
        return "search at all angles" if given[3] is None else "search near known angles"

    watch(chirp_segments, "_strongest", angles)
    watch(chirp_segments, "_refined", lambda *_: "rate, frequency and ends of pieces")
    watch(chirp_segments, "_without", lambda *_: "vectors of pieces, taken out")
    watch(notch_refill, "refill", lambda *_: "fills")
    watch(notch_refill, "noise_power", lambda *_: "power of the noise")
    watch(notch_refill, "_give_up", lambda *_: "samples that stand out")
    begin = time.process_time()
    NotchRefill()(beat)
    total = time.process_time() - begin
    for module, function, plain in kept:
        setattr(module, function, plain)
    print(f"\nframe 3, {1e3 * total:.0f} ms of the processor; of it")
    for name, times in sorted(taken.items(), key=lambda item: -sum(item[1])):
        share = 100 * sum(times) / total
        print(f"  {name:36} {len(times):5} calls {1e3 * sum(times):7.1f} ms {share:5.0f} %")
    rest = total - sum(map(sum, taken.values()))
    print(f"  {'the rest':36} {'':11} {1e3 * rest:7.1f} ms {100 * rest / total:5.0f} %")


def drawn(receivers: int, chirps: int, samples: int) -> np.ndarray:
    """Eight targets, noise, and three interferers, each in every third chirp."""
    rng = np.random.default_rng(0)
    m, n = np.mgrid[:chirps, :samples]
    beat = rng.standard_normal((2, receivers, chirps, samples))
    beat = beat[0] + 1j * beat[1]
    for _ in range(8):
        range_, speed, level = rng.uniform(0, 0.4), rng.uniform(0, 1), rng.uniform(0.3, 10)
        beat += level * np.exp(2j * np.pi * (range_ * n + speed * m))
    for slope in (-2.1, 0.7, 3.3):
        middle = rng.uniform(0.2, 0.8, chirps)[:, None] * samples
        band = np.abs(slope * (n - middle)) < 0.5 * samples  # what the receiver's filter passes
        wave = 60 * band * np.exp(1j * np.pi * slope / samples * (n - middle) ** 2)
        beat += wave * (m % 3 == int(rng.integers(3)))
    return beat.astype(np.complex64)


def scaling() -> None:
    """Time by samples, chirps and receivers, beside one FFT of the same frames."""
    print(f"\n{'receivers x chirps x samples':32} {'wall ms':>8} {'CPU ms':>8} {'x fft2':>8}")
    for shape in ((1, 128, 512), (1, 128, 1024), (1, 64, 512), (1, 256, 512), (4, 128, 512)):
        beat = drawn(*shape)
        wall, used = walls(lambda b=beat: NotchRefill()(b), 3)
        fft2 = medians({"": lambda b=beat.astype(np.complex128): np.fft.fft2(b)}, 5)[""]
        print(f"{' x '.join(map(str, shape)):32} {wall:8.0f} {used:8.0f} {used / fft2:8.0f}")


if __name__ == "__main__":
    main()

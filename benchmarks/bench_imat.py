"""Iterative thresholding: speed beside one FFT of the frame, accuracy, a real recording.

Run from the project's root: ``python benchmarks/bench_imat.py``. Medians of several runs, taken in
turn in one process and on one thread. The recording is compared where ``CLEARCHIRP_DATA`` or
``../shared/data`` holds it.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np
import scipy.fft

from clearchirp.chain import detections
from clearchirp.disturbed.catalogue import detectors
from clearchirp.metrics import maps
from clearchirp.mitigation.anc import NoiseCanceller
from clearchirp.mitigation.ar import Autoregressive
from clearchirp.mitigation.imat import Imat, Imat2d
from clearchirp.mitigation.wavelet import WaveletDenoising
from clearchirp.mitigation.zeroing import Zeroing
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.spectrum import doppler_spectrum, range_doppler

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
plain = importlib.import_module("tests.oracles.imat")


def medians(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median time in ms of each, run in turn."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(repeats):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begin)
    return {name: 1e3 * median(values) for name, values in times.items()}


def gaps(rng, chirps=128, samples=256, length=26):
    """Three tones at 20 dB in every chirp and one gap."""
    omega, phase = rng.uniform(0, 2 * np.pi, (2, chirps, 3, 1))
    beat = np.exp(1j * (omega * np.arange(samples) + phase)).sum(1)
    normal = rng.standard_normal((2, chirps, samples))
    disturbed = np.zeros(beat.shape, bool)
    for row in disturbed:
        start = rng.integers(0, samples - length + 1)
        row[start : start + length] = True
    return beat + np.sqrt(0.03 / 2) * (normal[0] + 1j * normal[1]), disturbed


def numpy_imat(beat, disturbed, iterations):
    """The batched loop that a user writes: two FFTs an iteration, no window, no stopping."""
    y = np.where(disturbed, 0, beat)
    x = y
    strongest = np.abs(np.fft.fft(y)).max(axis=-1, keepdims=True)
    for k in range(iterations):
        spectrum = np.fft.fft(x)
        kept = np.where(np.abs(spectrum) >= strongest * np.exp(-0.2 * k), spectrum, 0)
        x = np.where(disturbed, np.fft.ifft(kept), y)
    return x


def speed(repeats=41):
    """128 chirps of 256 samples, complex128, a gap of 26 in each."""
    rng = np.random.default_rng(0)
    beat, disturbed = gaps(rng)
    scattered = rng.random(beat.shape) < 0.1
    fixed = {"max_iter": 30, "tol": 0.0}
    runs: dict[str, Callable[[], object]] = {
        "numpy.fft.fft2 of the frame": lambda: np.fft.fft2(beat),
        "scipy.fft.fft of its chirps": lambda: scipy.fft.fft(beat),
        "imat, at most 30 iterations": lambda: Imat(max_iter=30)(beat, disturbed),
        "imat, all 30 iterations": lambda: Imat(**fixed)(beat, disturbed),
        "imat, all 30, no window": lambda: Imat(**fixed, window="none")(beat, disturbed),
        "imat, all 30, scattered gaps": lambda: Imat(**fixed)(beat, scattered),
        "imat, all 30, complex64": lambda: Imat(**fixed)(beat.astype(np.complex64), disturbed),
        "imat, all 30, float64": lambda: Imat(**fixed)(beat.real.copy(), disturbed),
        "imat-2d": lambda: Imat2d()(beat, disturbed),
        "NumPy loop, 30 iterations": lambda: numpy_imat(beat, disturbed, 30),
    }
    figures = medians(runs, repeats)
    unit = figures["numpy.fft.fft2 of the frame"]
    print(f"\n{'128 x 256 complex128, gaps of 26':36} {'ms':>9} {'x fft2':>8}")
    for name, ms in figures.items():
        print(f"{name:36} {ms:9.3f} {ms / unit:8.1f}")
    method = Imat(**fixed)
    pairs = zip(beat, disturbed, strict=True)
    expected = np.stack([plain.refill(*pair, **asdict(method)) for pair in pairs])
    error = np.abs(method(beat, disturbed).signal - expected).max()
    print(f"largest difference from the plain form: {error:.1e}")


SETTINGS = {
    "ar": Autoregressive(),
    "zeroing": Zeroing(),
    **{
        f"imat {window} alpha {alpha} margin {margin}": Imat(
            window=window, alpha=alpha, margin_db=margin
        )
        for window in ("hamming", "none")
        for alpha in (0.15, 0.25, 0.4)
        for margin in (0.0, 1.0, 2.0)
    },
    "imat-2d hamming": Imat2d(),
    "imat-2d none": Imat2d(window="none"),
    "wavelet haar": WaveletDenoising(),
    "wavelet sym8": WaveletDenoising(wavelet="sym8"),
    "anc": NoiseCanceller(),
    "anc step 1": NoiseCanceller(step=1.0),
}


def spectra(method, beat, disturbed):
    """Range-Doppler map after a method, and the beat signal where there is one."""
    signal = method(beat, disturbed).signal
    if isinstance(method, NoiseCanceller):
        return doppler_spectrum(signal), None
    return range_doppler(signal), signal


def accuracy():
    """One receiver of the demonstration scene: error in the gaps and of the positive half map."""
    frame = simulate_frame(load_scene("demo"), 0, 0, dtype=np.complex128)
    beat, targets = frame.beat[0], frame.targets[0]
    disturbed = detectors["combined"]()(beat)
    truth = range_doppler(frame.clean[0])
    objects = detections(truth, real=False)
    noise = np.mean(np.abs(truth[:, 260:500]) ** 2)
    print(f"\ndemonstration scene, {100 * disturbed.mean():.1f} % disturbed")
    print(f"{'':36} {'gaps dB':>8} {'map dB':>8} {'EVM':>7} {'F1':>6}")
    for name, method in SETTINGS.items():
        cleaned, signal = spectra(method, beat, disturbed)
        inside = np.nan
        if signal is not None:
            error = np.mean(np.abs((signal - targets)[disturbed]) ** 2)
            inside = 10 * np.log10(error / np.mean(np.abs(targets[disturbed]) ** 2))
        off = np.mean(np.abs((cleaned - truth)[:, 1:250]) ** 2)
        values = (inside, 10 * np.log10(off / noise), float(maps.evm(cleaned, truth, objects)))
        found = float(maps.f1(detections(cleaned, real=False), objects))
        print(f"{name:36} {values[0]:8.2f} {values[1]:8.2f} {values[2]:7.4f} {found:6.3f}")


def recording():
    """Peak and floor around the moving target of the recording, receiver 1."""
    folder = Path(os.environ.get("CLEARCHIRP_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "jin_cao_awr1243" / "20180608-195044.bin"
    if not path.is_file():
        print(f"\n{path}: not there, no real recording")
        return
    words = (np.fromfile(path, "<u2").astype(np.float32) - 2**15).reshape(128, 512, 4, 2)
    beat = (words[:, :, 0, 0] + 1j * words[:, :, 0, 1]).astype(np.complex64)
    disturbed = detectors["combined"]()(beat)
    share = 100 * disturbed.mean()
    print(
        f"\n{f'recording, {share:.1f} % disturbed; dB':36} {'peak':>8} {'around':>8} {'median':>8}"
    )

    def row(name, doppler_map):
        power = np.abs(doppler_map[:, :250]) ** 2
        peak, around = power[40:45, 72:77].max(), power[30:55, 50:100].copy()
        around[8:17, 19:30] = np.nan
        moving = np.delete(power, np.s_[58:71], axis=0)
        values = 10 * np.log10([peak, np.nanmean(around), np.median(moving)])
        print(f"{name:36} {values[0]:8.2f} {values[1]:8.2f} {values[2]:8.2f}")

    row("none", range_doppler(beat))
    for name, method in SETTINGS.items():
        row(name, spectra(method, beat, disturbed)[0])


if __name__ == "__main__":
    speed()
    accuracy()
    recording()

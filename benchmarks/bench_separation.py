"""Separation methods: nearness to the targets, time and memory on scenes and real recordings.

Run from the project's root: ``python benchmarks/bench_separation.py [--quick] [PART ...]``, with
the parts sweep, starts, dense, pencil, automotive, recordings; all without one. On one thread.
Seconds are by the clock, and beside them those of the processor, which other processes do not
lengthen.
The sweep that Wang 2022a's authors publish and the recordings are taken from ``CLEARCHIRP_DATA`` or
``../shared/data``; what is not there is left out.
"""

from __future__ import annotations

import importlib
import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import sys
import time
import tracemalloc
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from scipy.io import loadmat

import clearchirp as cc
from clearchirp.disturbed.catalogue import find_detector
from clearchirp.metrics.beats import sinr_db
from clearchirp.operators.hankel import Hankel
from clearchirp.solvers.hankel_admm import HankelAdmm
from clearchirp.solvers.pencil import poles, signal_subspace

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("CLEARCHIRP_DATA", ROOT.parent / "shared" / "data"))
sys.path.insert(0, str(ROOT))
plain = importlib.import_module("tests.oracles.hankel")
scenes = importlib.import_module("tests.mitigation.test_separation")

PAPER = {"solver": "admm", "tau": 0.02, "beta": 0.1, "mu": 0.02, "mu_growth": 1.2}
QUICK = "--quick" in sys.argv


def times(call, runs=3):
    """Median time of a call by the clock and by the processor, warmed up, and its result."""
    result = call()
    clock, processor = [], []
    for _ in range(runs):
        begin = time.perf_counter(), time.process_time()
        call()
        clock.append(time.perf_counter() - begin[0])
        processor.append(time.process_time() - begin[1])
    return median(clock), median(processor), result


def seconds(call, runs=3):
    """Median time of a call by the clock, warmed up, and its result."""
    taken, _, result = times(call, runs)
    return taken, result


def row(name, call, targets, runs=3):
    """Print SINR, time and memory of a method on one chirp."""
    taken, worked, result = times(call, runs)
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    sinr = sinr_db(result.signal, targets)
    print(f"{name:36} {sinr:8.2f} {taken:9.3f} {worked:9.3f} {peak:8.0f}", flush=True)


def authors():
    """Return the authors' sweep and its targets, (1, sample), or None where it is not there."""
    path = DATA / "wang_sparkle" / "Data4Demo.mat"
    if not path.is_file():
        print(f"{path}: not there")
        return None
    stored = loadmat(path)
    return tuple(stored[k].conj() for k in ("sig_full_trc", "sig_Rx_trc"))


def starts():
    """The authors' sweep from random starts."""
    found = authors()
    if found is None:
        return
    beat, targets = found
    for name, given in (("the paper's settings", PAPER), ("automatic", {"solver": "admm"})):
        runs = [
            sinr_db(cc.methods["sparkle"](**given, seed=k)(beat).signal, targets)
            for k in range(3 if QUICK else 20)
        ]
        print(
            f"sparkle, admm, {name}: {len(runs)} starts, mean {np.mean(runs):.2f} dB, "
            f"deviation {np.std(runs):.2f}, least {min(runs):.2f}",
            flush=True,
        )


def sweep():
    """The authors' sweep: all methods. The aim of the paper's form: 1.5 s by the clock, 150 MB."""
    found = authors()
    if found is None:
        return
    beat, targets = found
    print(
        f"\n{'the authors sweep, 4160 samples':36} {'SINR dB':>8} {'s':>9} {'CPU s':>9} {'MB':>8}"
    )
    print(f"{'before':36} {sinr_db(beat, targets):8.2f}")
    for name, method, given in (
        ("sparkle", "sparkle", {}),
        ("sparkle, admm, the paper's", "sparkle", PAPER),
        ("sparkle, admm, automatic", "sparkle", {"solver": "admm"}),
        ("sparkle, admm, fractional", "sparkle", {"solver": "admm", "transform": "fractional"}),
        ("rpca", "rpca", {}),
        ("rpca, soft", "rpca", {"shrinkage": "soft"}),
        ("mca", "mca", {}),
    ):
        row(name, partial(cc.methods[method](**given), beat), targets)


def dense_against_implicit():
    """Time of 40 iterations with and without the matrix, one run."""
    print(f"\n{'40 iterations of admm, s':36} {'dense':>8} {'implicit':>9}")
    for samples in (480, 960) if QUICK else (480, 960, 1920):
        _, beat = importlib.import_module("tests.solvers.test_hankel_admm").scene(samples)
        lifting = Hankel(samples=samples)
        solver = HankelAdmm(tau=0.02, beta=0.1, mu=0.02, mu_growth=1.2)
        left, right = solver.start(lifting)
        begin = time.perf_counter()
        dense(beat, left.T, right.conj().T)
        middle = time.perf_counter()
        for _, _ in zip(range(40), solver.splits(lifting, beat), strict=False):
            pass
        end = time.perf_counter()
        print(f"{samples:36} {middle - begin:8.2f} {end - middle:9.3f}", flush=True)


def dense(y, u, v, iterations=40):
    """The dense form of the tests with the matrix as a view instead of entry by entry."""
    plain.hankel = lambda x, rows: np.lib.stride_tricks.sliding_window_view(x, len(x) - rows + 1)
    plain.admm(
        y, u, v, tau=0.02, beta=0.1, mu=0.02, beta_growth=1.6, beta_every=10, mu_growth=1.2,
        iterations=iterations,
    )  # fmt: skip


def automotive():
    """Wang 2022b's scene at 77 GHz, more than half of the samples hit."""
    print(f"\n{'77 GHz, mean of scenes':36} {'SINR dB':>8} {'least':>9}")
    cases = [scenes.automotive(seed) for seed in range(2 if QUICK else 10)]
    loud = find_detector("stft-cfar")(threshold_db=3.0, length=128, hop=8, guard=256, training=512)

    def with_mask(method, beat):
        return method(beat, loud(beat))

    for name, call in (
        ("before", cc.methods["none"]()),
        ("sparkle", cc.methods["sparkle"]()),
        ("sparkle, admm, automatic", cc.methods["sparkle"](solver="admm")),
        (
            "sparkle, admm, fractional",
            cc.methods["sparkle"](solver="admm", transform="fractional"),
        ),
        ("rpca", cc.methods["rpca"]()),
        ("rpca, soft", cc.methods["rpca"](shrinkage="soft", fall=0.8)),
        ("mca", cc.methods["mca"]()),
        ("stft-cfar (as it is) with ar", None),
        ("stft-cfar (long windows) with ar", partial(with_mask, cc.methods["ar"]())),
        (
            "the same, order 200, support 2000",
            partial(with_mask, cc.methods["ar"](order=200, support=2000)),
        ),
    ):
        if call is None:
            found = [cc.mitigate(beat, method="ar", detector="stft-cfar").beat for beat, _ in cases]
        else:
            found = [call(beat).signal for beat, _ in cases]
        each = [sinr_db(x, targets) for x, (_, targets) in zip(found, cases, strict=True)]
        print(f"{name:36} {np.mean(each):8.2f} {min(each):9.2f}", flush=True)


def pencil():
    """Poles of 512 samples by FFT products and through numpy.linalg.svd."""
    y = importlib.import_module("tests.solvers.test_pencil").signal()[0]

    def by_products():
        return poles(signal_subspace(y, [(0, 512)], 257, 4)[0])

    def by_svd():
        forward = np.lib.stride_tricks.sliding_window_view(y, 256)
        both = np.hstack([forward, forward[::-1].conj()])
        return poles(np.linalg.svd(both, full_matrices=False)[0][:, :4].T)

    def forward_only():
        matrix = np.lib.stride_tricks.sliding_window_view(y, 256)
        return poles(np.linalg.svd(matrix, full_matrices=False)[0][:, :4].T)

    fast, found = seconds(by_products, 20)
    slow, expected = seconds(by_svd, 5)
    half, _ = seconds(forward_only, 5)
    apart = np.abs(np.sort_complex(found) - np.sort_complex(expected)).max()
    print(
        f"\npencil, 512 samples: {fast * 1e3:.2f} ms; through svd {slow * 1e3:.1f} ms, "
        f"{slow / fast:.0f} times; of the forward windows alone {half * 1e3:.1f} ms, "
        f"{half / fast:.0f} times; poles apart by {apart:.1e}"
    )


def recordings():
    """Peak and floor around the moving target of the recording with measured interference."""
    path = DATA / "jin_cao_awr1243" / "20180608-195044.bin"
    if not path.is_file():
        print(f"{path}: not there")
        return
    words = (np.fromfile(path, "<u2").astype(np.float32) - 2**15).reshape(128, 512, 4, 2)
    beat = np.moveaxis(words[..., 0] + 1j * words[..., 1], 2, 0).astype(np.complex64)
    if QUICK:
        beat = beat[:1]
    disturbed = find_detector("combined")()(beat)
    window = np.hanning(128)[:, None] * np.hanning(512)
    share = 100 * disturbed.mean()
    title = f"recording, {share:.1f} % disturbed; dB"
    print(f"\n{title:36} {'peak':>8} {'around':>9} {'median':>8} {'s':>7}")
    for name, method, given in (
        ("none", "none", {}),
        ("zeroing", "zeroing", {}),
        ("ar", "ar", {}),
        ("imat-2d", "imat-2d", {}),
        ("sparkle", "sparkle", {}),
        ("sparkle, blind", "sparkle", {"blind": True}),
        ("sparkle, tones alone", "sparkle", {"keep_noise": False}),
        ("sparkle, admm", "sparkle", {"solver": "admm"}),
        ("matrix-pencil", "matrix-pencil", {}),
        ("rpca", "rpca", {}),
        ("mca", "mca", {}),
        ("chirplet-omp", "chirplet-omp", {}),
    ):
        begin = time.perf_counter()
        clean = cc.methods[method](**given)(beat, disturbed).signal
        taken = time.perf_counter() - begin
        power = np.sum(np.abs(np.fft.fft2(clean * window)) ** 2, axis=0)
        power = np.fft.fftshift(power, axes=0)
        peak, around = power[40:45, 72:77].max(), power[30:55, 50:100].copy()
        around[8:17, 19:30] = np.nan
        moving = np.delete(power, np.s_[58:71], axis=0)
        values = 10 * np.log10([peak, np.nanmean(around), np.median(moving)])
        print(
            f"{name:36} {values[0]:8.2f} {values[1]:9.2f} {values[2]:8.2f} {taken:7.2f}",
            flush=True,
        )


PARTS = {
    "sweep": sweep,
    "starts": starts,
    "dense": dense_against_implicit,
    "pencil": pencil,
    "automotive": automotive,
    "recordings": recordings,
}


if __name__ == "__main__":
    for part in [name for name in sys.argv[1:] if name in PARTS] or PARTS:
        PARTS[part]()

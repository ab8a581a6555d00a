"""Autoregressive interpolation: speed, nearness to the best linear predictor, a real recording.

Run from the project's root: ``python benchmarks/bench_ar.py``. Medians of several runs, all in one
process; nothing of what is timed uses more than one thread. `spectrum` and `statsmodels` are
compared with where they are installed, the recording where ``CLEARCHIRP_DATA`` or
``../shared/data`` holds it.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from scipy.linalg import solve_toeplitz

from clearchirp.mitigation.ar import Autoregressive

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
plain = importlib.import_module("tests.oracles.burg")

ORDER, LENGTH = 25, 26


def scene(rng, chirps, samples):
    """Three unit tones a chirp, noise-free and at 20 dB, and their frequencies in rad."""
    omega, phase = rng.uniform(0, 2 * np.pi, (2, chirps, 3, 1))
    targets = np.exp(1j * (omega * np.arange(samples) + phase)).sum(1)
    noise = rng.standard_normal((chirps, samples)) + 1j * rng.standard_normal((chirps, samples))
    return targets, targets + noise * np.sqrt(0.03 / 2), omega[..., 0]


def seconds(call, runs):
    """Median time of a call, warmed up."""
    call()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return median(times)


def one_sided(coefficients, x, disturbed):
    """Fill each chirp's gap from its left with the coefficients that a package returns."""
    out = x.copy()
    for row, flags in zip(out, disturbed, strict=True):
        start, stop = plain.runs(flags)[0]
        a = coefficients(row[:start])
        for n in range(start, stop):
            row[n] = -(a @ row[n - len(a) : n][::-1])
    return out


def all_plain(beat, disturbed):
    """Fill every chirp by the plain form of the method."""
    for x, flags in zip(beat, disturbed, strict=True):
        plain.fill_chirp(x, flags, ORDER, 256)


def packages():
    """What a user would otherwise run for the coefficients, by name."""
    yield "NumPy Burg", lambda x: plain.burg([x], ORDER)[0][-1][1:]
    for name, module, of in (
        ("spectrum.arburg", "spectrum", lambda m: lambda x: m.arburg(x, ORDER)[0]),
        (
            "statsmodels burg (real)",
            "statsmodels.regression.linear_model",
            lambda m: lambda x: -m.burg(np.ascontiguousarray(x.real), ORDER, demean=False)[0],
        ),
    ):
        try:
            yield name, of(importlib.import_module(module))
        except ImportError:
            print(f"{name}: not installed")


def speed():
    """128 gaps of 26 samples, one in each chirp of 256, beside one 2-D FFT of the frame."""
    rng = np.random.default_rng(0)
    _, beat, _ = scene(rng, 128, 256)
    disturbed = np.zeros(beat.shape, bool)
    for row in disturbed:
        start = rng.integers(60, 256 - LENGTH)
        row[start : start + LENGTH] = True
    unit = seconds(lambda: np.fft.fft2(beat), 200)
    method = Autoregressive(order=ORDER)
    rows = [("numpy.fft.fft2", unit)]
    for name, x in (
        ("ar, complex128", beat),
        ("ar, complex64", beat.astype(np.complex64)),
        ("ar, float64", beat.real.copy()),
    ):
        rows.append((name, seconds(partial(method, x, disturbed), 100)))
    rows.append(("ar, plain form of the tests", seconds(partial(all_plain, beat, disturbed), 1)))
    for name, coefficients in packages():
        call = partial(one_sided, coefficients, beat, disturbed)
        rows.append((f"{name}, left side only", seconds(call, 3)))
    print(f"\n{'128 gaps of 26, order 25':36} {'ms':>9} {'x fft2':>8}")
    for name, t in rows:
        print(f"{name:36} {t * 1e3:9.3f} {t / unit:8.1f}")


def optimum(x, start, omega):
    """Best linear interpolation from 25 samples on each side, with the true covariance."""
    near = np.r_[start - ORDER : start, start + LENGTH : start + LENGTH + ORDER]

    def covariance(lags):
        return np.exp(1j * omega[:, None, None] * lags).sum(0)

    own = covariance(near[:, None] - near) + 0.03 * np.eye(2 * ORDER)
    cross = covariance(np.arange(start, start + LENGTH)[:, None] - near)
    return cross @ np.linalg.solve(own, x[near])


def best_predictor(x, start, omega, linear):
    """The same two-sided prediction with coefficients from the true autocorrelation."""
    r = np.exp(1j * np.outer(np.arange(ORDER + 1), omega)).sum(1)
    r[0] += 0.03
    a = np.append(1, solve_toeplitz((r[:-1], r[:-1].conj()), -r[1:]))
    left, right = x[:start], x[start + LENGTH :]
    if not linear:
        return plain.bridge([a] * (ORDER + 1), None, left, right, LENGTH)
    fade = 1 - np.arange(1, LENGTH + 1) / (LENGTH + 1)
    ahead = plain.extrapolate(a, left, LENGTH)
    back = plain.extrapolate(a.conj(), right[::-1], LENGTH)[::-1]
    return fade * ahead + (1 - fade) * back


def accuracy(realisations=400):
    """Mean squared error of a 26-sample gap in dB under the power of the tones."""
    print(f"\nthree tones at 20 dB, gap of 26, mean of {realisations}; dB relative to the tones")
    print(f"{'samples, gap at':36} {'to samples':>11} {'to tones':>9}")
    for samples, start in ((256, 115), (256, 40), (128, 51)):
        targets, beat, omega = scene(np.random.default_rng(1), realisations, samples)
        inside = slice(start, start + LENGTH)
        disturbed = np.zeros(beat.shape, bool)
        disturbed[:, inside] = True
        each = list(zip(beat, omega, strict=True))
        fills = {"zeroing": np.zeros_like(beat[:, inside])}
        for order in (15, 25, 40):
            filled = Autoregressive(order=order)(beat, disturbed).signal
            fills[f"ar, order {order}"] = filled[:, inside]
        for name, linear in (("linear fade", True), ("fade by variance", False)):
            fills[f"true coefficients, {name}"] = np.array(
                [best_predictor(x, start, w, linear) for x, w in each]
            )
        fills["two-sided optimum, 25 + 25"] = np.array([optimum(x, start, w) for x, w in each])
        print(f"{samples}, {start}")
        for name, fill in fills.items():
            errors = [np.mean(np.abs(fill - truth[:, inside]) ** 2) for truth in (beat, targets)]
            to_samples, to_tones = 10 * np.log10(np.array(errors) / 3)
            print(f"  {name:34} {to_samples:11.2f} {to_tones:9.2f}")


def recording():
    """Peak and floor around the moving target of the recording with measured interference."""
    folder = Path(os.environ.get("CLEARCHIRP_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "jin_cao_awr1243" / "20180608-195044.bin"
    if not path.is_file():
        print(f"\n{path}: not there, no real recording")
        return
    words = (np.fromfile(path, "<u2").astype(np.float32) - 2**15).reshape(128, 512, 4, 2)
    beat = np.moveaxis(words[..., 0] + 1j * words[..., 1], 2, 0).astype(np.complex64)
    still = np.median(beat.real, 1, keepdims=True) + 1j * np.median(beat.imag, 1, keepdims=True)
    loud = np.abs(beat - still)
    loud = loud > 3.2 * np.sqrt(np.mean(loud**2, axis=(1, 2), keepdims=True))
    disturbed = loud.copy()
    for shift in range(-6, 7):  # closes the bursts and adds a margin
        disturbed |= np.roll(loud, shift, axis=-1)
    window = np.hanning(128)[:, None] * np.hanning(512)

    def row(name, x):
        power = np.fft.fftshift(np.sum(np.abs(np.fft.fft2(x * window)) ** 2, axis=0), axes=0)
        peak, around = power[40:45, 72:77].max(), power[30:55, 50:100].copy()
        around[8:17, 19:30] = np.nan
        moving = np.delete(power, np.s_[58:71], axis=0)
        values = 10 * np.log10([peak, np.nanmean(around), np.median(moving)])
        print(f"{name:36} {values[0]:8.2f} {values[1]:8.2f} {values[2]:8.2f}")

    share = 100 * disturbed.mean()
    print(
        f"\n{f'recording, {share:.1f} % disturbed; dB':36} {'peak':>8} {'around':>8} {'median':>8}"
    )
    row("none", beat)
    row("zeroing", np.where(disturbed, 0, beat))
    for order in (10, 25, 40):
        for support in (64, 128, 256, 512):
            method = Autoregressive(order=order, support=support)
            row(f"ar, order {order}, support {support}", method(beat, disturbed).signal)


if __name__ == "__main__":
    speed()
    accuracy()
    recording()

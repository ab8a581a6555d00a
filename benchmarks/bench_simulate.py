"""The simulator: a frame of two papers' set-ups beside plain NumPy, and what each effect costs.

Run from the project's root: ``python benchmarks/bench_simulate.py``. Medians of several runs, the
two forms turn by turn in one process, on one thread.

The plain form is what a script would do: an exponential of the phase for each target and sample,
and for each interferer a phase that is stepped (a running sum of its frequency) over all samples of
all chirps and multiplied by where the filter and the ramp let it through.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import time
from dataclasses import replace
from statistics import median

import numpy as np

from clearchirp.simulate import Interferer, Receiver, Scene, Target, simulate_frame
from clearchirp.waveform import SPEED_OF_LIGHT, Waveform

RUNS = 15


def scene(rng, *, samples, rate, slope, receivers, starts, sweeps, durations, name):
    """20 targets within 60 dB, 3 interferers, 128 chirps at 79 GHz; in MHz and us as published."""
    waveform = Waveform(
        start_frequency=79e9, slope=slope, sample_rate=rate, samples=samples, chirps=128,
        chirp_interval=1.25 * samples / rate + 2e-6,
    )  # fmt: skip
    targets = tuple(
        Target(
            distance=rng.uniform(2, 60), range_rate=rng.uniform(-20, 20), angle=rng.uniform(-1, 1),
            amplitude=10 ** (-rng.uniform(0, 60) / 20), phase=rng.uniform(0, 6),
        )
        for _ in range(20)
    )  # fmt: skip
    interferers = []
    for _ in range(3):
        duration = rng.uniform(*durations)
        interferers.append(
            Interferer(
                start_frequency=rng.uniform(*starts), slope=rng.uniform(*sweeps) / duration,
                ramp_duration=duration, chirp_interval=1.1 * duration, chirps=156, amplitude=10.0,
                time_offset=rng.uniform(-1, 1) * 1e-5, angle=rng.uniform(-1, 1),
            )
        )  # fmt: skip
    return Scene(
        waveform=waveform, targets=targets, interferers=tuple(interferers), name=name,
        receiver=Receiver(receivers=receivers, noise_power=1e-4),
    )  # fmt: skip


def plain(given):
    """Simulate a frame as a script would, sample by sample."""
    waveform, receiver = given.waveform, given.receiver
    start = given.ramp_starts(0)[:, np.newaxis]
    u = waveform.sample_times()
    shape = (receiver.receivers, waveform.chirps, waveform.samples)
    clean, interference = np.zeros((2, *shape), np.complex64)
    for target in given.targets:
        tau = 2 * (target.distance + target.range_rate * (start + u)) / SPEED_OF_LIGHT
        turns = waveform.start_frequency * tau + waveform.slope * (u - tau / 2) * tau
        one = target.amplitude * np.exp(1j * (2 * np.pi * turns + target.phase))
        clean += receiver.steering(target.angle)[:, np.newaxis, np.newaxis] * one
    for other in given.interferers:
        since = start + u - other.time_offset
        ramp = np.floor(since / other.chirp_interval)
        since = since - ramp * other.chirp_interval
        beat = (waveform.start_frequency - other.start_frequency) + waveform.slope * u
        beat = beat - other.slope * since
        heard = (since < other.ramp_duration) & (ramp >= 0) & (ramp < other.chirps)
        heard &= np.abs(beat) < waveform.sample_rate / 2
        phase = 2 * np.pi * np.cumsum(beat, axis=-1) / waveform.sample_rate
        one = heard * other.amplitude * np.exp(1j * (phase + other.phase))
        interference += receiver.steering(other.angle)[:, np.newaxis, np.newaxis] * one
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((*shape, 2)).view(np.complex128)[..., 0]
    clean += np.sqrt(receiver.noise_power / 2) * noise
    return clean + interference, np.abs(interference) > np.abs(clean)


def milliseconds(calls, runs=RUNS):
    """Median time of each call, all of them turn by turn and warmed up."""
    times = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(runs):
        for own, call in zip(times, calls, strict=True):
            begin = time.perf_counter()
            call()
            own.append(1e3 * (time.perf_counter() - begin))
    return [median(own) for own in times]


def effects(given):
    """The same scene with one effect at a time."""
    for words, change in {
        "high-pass": {"high_pass": 1e5},
        "butterworth": {"filter": "butterworth"},
        "fir": {"filter": "fir"},
        "phase noise": {"phase_noise_db": -90.0},
        "I/Q imbalance": {"iq_gain_db": 0.5, "iq_phase": 0.02},
        "transient": {"transient_amplitude": 1.0, "transient_decay": 1e-6},
        "12 bits": {"adc_bits": 12, "adc_full_scale": 64.0},
        "real": {"real": True},
    }.items():
        yield words, replace(given, receiver=replace(given.receiver, **change))


def main() -> None:
    rng = np.random.default_rng(1)
    imfrac = scene(
        rng, name="imfrac", samples=512, rate=40e6, slope=0.25e9 / 12.8e-6, receivers=1,
        starts=(78.9e9, 79.0e9), sweeps=(0.2e9, 0.3e9), durations=(10e-6, 15e-6),
    )  # fmt: skip
    e2e = scene(
        rng, name="e2e", samples=192, rate=15e6, slope=0.27e9 / 12.8e-6, receivers=16,
        starts=(78.9e9, 79.1e9), sweeps=(0.15e9, 0.25e9), durations=(12e-6, 24e-6),
    )  # fmt: skip
    print("frame          shape              hit   held to    here      plain NumPy   ratio")
    for given, limit in ((imfrac, 20), (e2e, 200)):
        got = simulate_frame(given, 0)
        here, script = milliseconds(
            (lambda g=given: simulate_frame(g, 0), lambda g=given: plain(g))
        )
        print(
            f"{given.name:<14} {got.beat.shape!s:<18} {got.disturbed.mean():>4.0%}  {limit:>4} ms  "
            f"{here:>7.1f} ms  {script:>8.1f} ms  {script / here:>6.1f}"
        )
    print("\nimfrac with one effect at a time")
    changed = list(effects(imfrac))
    found = milliseconds([lambda g=given: simulate_frame(g, 0) for _, given in changed], runs=7)
    for (words, _), taken in zip(changed, found, strict=True):
        print(f"{words:<14} {taken:>7.1f} ms")


if __name__ == "__main__":
    main()

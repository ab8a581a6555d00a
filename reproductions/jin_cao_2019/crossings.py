"""The crossings of a real radar by a real interferer, beside the simulation of both waveforms.

``python reproductions/jin_cao_2019/crossings.py [-o FOLDER]`` prints the table and writes the
figure. The recording is found by ``CLEARCHIRP_DATA`` or in ``../shared/data``; it is no part of the
project.

What the recording does not tell is taken from it: the interferer's time offset and clock error
(the pair whose crossings overlap the detected bursts best), its amplitude (rms of the bursts'
cores), the noise (negative half of the map), and the moving target. The waveforms are those that
its authors published.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import clearchirp as cc
from clearchirp.disturbed.deviation import deviation
from clearchirp.disturbed.runs import runs
from clearchirp.io import load_waveform
from clearchirp.report import save_figure
from clearchirp.simulate import Interferer, Receiver, Scene, Target, simulate_frame
from clearchirp.spectrum import range_doppler
from clearchirp.waveform import Waveform

RECORDING = Path("jin_cao_awr1243") / "20180608-195044.bin"
BANDWIDTH = 9e6  # Hz, the receiver's IF bandwidth
INTERFERER = Interferer(
    start_frequency=77e9, slope=9.994e12, ramp_duration=70.31e-6, chirp_interval=72.31e-6
)
TARGET_BINS = (74, 22)  # range and Doppler bins of the moving target, approaching
SHORTEST = 8  # samples of a burst that counts; shorter ones are tails


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one frame of one receiver shows.

    Attributes
    ----------
    burst
        Median length of a burst's core in samples: where it is within 20 dB of its peak.
    detected
        Median length in samples of what the detector flags as one burst.
    chirps
        Share of the chirps with a burst.
    share
        Share of the samples that are disturbed.
    before_db, after_db
        Median of the range-Doppler map before and after zeroing.
    """

    name: str
    burst: float
    detected: float
    chirps: float
    share: float
    before_db: float
    after_db: float


def measure(name: str, beat: NDArray) -> Row:
    """Return the row of one frame of one receiver, (chirp, sample)."""
    cleaned = cc.mitigate(beat, method="zeroing", detector="combined")
    rest, _ = deviation(beat, detector="measure")
    modulus = np.abs(rest)
    bursts = [b for b in runs(cleaned.disturbed) if b[2] - b[1] >= SHORTEST]
    cores = [core_length(modulus[row, a:b]) for row, a, b in bursts]
    return Row(
        name=name,
        burst=float(np.median(cores)),
        detected=float(np.median([b - a for _, a, b in bursts])),
        chirps=len({int(row) for row, _, _ in bursts}) / len(beat),
        share=float(cleaned.disturbed.mean()),
        before_db=20 * np.log10(np.median(np.abs(range_doppler(beat)))),
        after_db=20 * np.log10(np.median(np.abs(cleaned.range_doppler))),
    )


def core_length(burst: NDArray) -> int:
    """Samples from the first to the last within 20 dB of the peak."""
    strong = np.flatnonzero(burst > 0.1 * burst.max())
    return int(strong[-1] - strong[0] + 1)


def core_rms(burst: NDArray) -> float:
    """Rms of what lies within 10 dB of the peak."""
    return float(np.sqrt(np.mean(burst[burst > 0.316 * burst.max()] ** 2)))


def fit_clock(disturbed: NDArray, radar: Waveform) -> tuple[float, float]:
    """Return the interferer's time offset in s and its clock error that fit the bursts best."""
    times = np.arange(radar.chirps)[:, None] * radar.chirp_interval
    fast = radar.adc_start + radar.sample_times()

    def overlap(offset: float, error: float) -> float:
        within = np.mod(times + fast - offset, INTERFERER.chirp_interval * (1 + error))
        gap = np.abs(radar.slope * fast - INTERFERER.slope * within)
        crossing = (gap < BANDWIDTH) & (within < INTERFERER.ramp_duration)
        hits = (crossing & disturbed).sum()
        return float(2 * hits / (crossing.sum() + disturbed.sum()))

    best = (0.0, 0.0, 0.0)
    for step, spread, ppm_step, ppm_spread in ((2e-7, None, 10, 100), (1e-8, 2e-7, 1, 10)):
        low, high = 0.0, INTERFERER.chirp_interval
        if spread is not None:
            low, high = best[1] - spread, best[1] + spread
        for ppm in np.arange(best[2] * 1e6 - ppm_spread, best[2] * 1e6 + ppm_spread + 1, ppm_step):
            for offset in np.arange(low, high, step):
                score = overlap(offset, ppm * 1e-6)
                best = max(best, (score, float(offset), float(ppm * 1e-6)))
    return best[1], best[2]


def simulation(beat: NDArray, disturbed: NDArray, radar: Waveform) -> Scene:
    """Return the scene with what is taken from the recording."""
    rest, noise = deviation(beat, detector="simulation")
    modulus = np.abs(rest) * float(noise)
    levels = [core_rms(modulus[r, a:b]) for r, a, b in runs(disturbed) if b - a >= SHORTEST]
    offset, error = fit_clock(disturbed, radar)
    interferer = replace(
        INTERFERER,
        time_offset=offset,
        chirp_interval=INTERFERER.chirp_interval * (1 + error),
        amplitude=float(np.median(levels)),
    )
    speed = radar.speeds()[radar.chirps // 2 - TARGET_BINS[1]]
    cleaned = cc.mitigate(beat, method="ar").range_doppler
    peak = np.abs(cleaned[radar.chirps // 2 - TARGET_BINS[1], TARGET_BINS[0]])
    gain = np.hanning(radar.chirps).sum() * np.hanning(radar.samples).sum()
    target = Target(
        distance=float(radar.ranges()[TARGET_BINS[0]]),
        range_rate=float(speed),
        amplitude=float(peak / gain),
    )
    # The negative half of the map holds noise alone; its median is ln 2 times its mean power.
    energy = np.sum(np.hanning(radar.chirps) ** 2) * np.sum(np.hanning(radar.samples) ** 2)
    floor = np.median(np.abs(cleaned[:, radar.samples // 2 + 40 : -40]) ** 2)
    receiver = Receiver(noise_power=float(floor / np.log(2) / energy), bandwidth=BANDWIDTH)
    return Scene(waveform=radar, targets=(target,), interferers=(interferer,), receiver=receiver)


def draw(masks: dict[str, NDArray], profiles: dict[str, NDArray], radar: Waveform) -> Figure:
    """Return the figure: masks over chirp and time, and one burst's modulus."""
    figure = Figure(figsize=(16, 7.5), layout="constrained")
    axes = figure.subplots(2, len(masks), height_ratios=(2, 1), squeeze=False)
    stop = radar.duration * 1e6
    for axis, (name, mask) in zip(axes[0], masks.items(), strict=True):
        extent = (0, stop, -0.5, radar.chirps - 0.5)
        axis.imshow(
            mask,
            aspect="auto",
            origin="lower",
            extent=extent,
            cmap="Greys",
            interpolation="nearest",
        )
        axis.set(title=name, xlabel="time from the first sample in µs", ylabel="chirp")
    for axis, (name, burst) in zip(axes[1], profiles.items(), strict=True):
        axis.plot(20 * np.log10(np.maximum(burst, 1e-3)), lw=1.2)
        axis.axhline(0, color="grey", lw=0.8, ls="--")
        axis.set(ylim=(-15, 60), xlabel="sample", ylabel="dB over the noise")
        axis.set_title(f"{name}: one burst", fontsize="medium")
        axis.grid(alpha=0.4)
    figure.suptitle("AWR1243 at 77 GHz crossed by a radar of a third of its slope")
    return figure


def one_burst(beat: NDArray, disturbed: NDArray, before: int = 15, after: int = 65) -> NDArray:
    """Return the median modulus of the bursts, aligned where they rise, over the noise."""
    modulus = np.abs(deviation(beat, detector="burst").scaled)
    pieces = []
    for row, start, stop in runs(disturbed):
        if stop - start < SHORTEST:
            continue
        core = modulus[row, start:stop]
        rise = start + int(np.flatnonzero(core > 0.5 * core.max())[0])
        if rise >= before + 50 and rise + after <= modulus.shape[1]:
            pieces.append(modulus[row, rise - before : rise + after])
    return np.median(pieces, axis=0)


def data_folder() -> Path:
    """Return the folder with the real recordings."""
    default = Path(__file__).parents[3] / "shared" / "data"
    return Path(os.environ.get("CLEARCHIRP_DATA", default))


def main() -> None:
    """Print the table, write the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("crossings"))
    output = parser.parse_args().output
    radar = load_waveform("jin-cao-awr1243")
    recording = cc.open(data_folder() / RECORDING, format="tsw1400", waveform="jin-cao-awr1243")
    beat = recording.read()[0, 0]
    disturbed = cc.detectors["combined"]()(beat)
    scene = simulation(beat, disturbed, radar)
    signals = {"recording": beat}
    filters = (
        ("ideal filter", {"filter": "ideal"}),
        ("Butterworth, order 8", {"filter": "butterworth"}),
        ("and high-pass 350 kHz", {"filter": "butterworth", "high_pass": 350e3}),
    )
    for name, fields in filters:
        receiver = replace(scene.receiver, **fields)
        signals[name] = simulate_frame(replace(scene, receiver=receiver), 0, 0).beat[0]
    rows = [measure(name, signal) for name, signal in signals.items()]
    print(f"{'':22s} burst  detected  chirps hit  samples  floor before  after zeroing")
    for r in rows:
        print(
            f"{r.name:22s} {r.burst:5.0f}  {r.detected:8.0f}  {100 * r.chirps:8.1f} %"
            f"  {100 * r.share:5.2f} %  {r.before_db:9.2f} dB  {r.after_db:10.2f} dB"
        )
    masks = {n: cc.detectors["combined"]()(s) for n, s in signals.items()}
    profiles = {n: one_burst(s, masks[n]) for n, s in signals.items()}
    output.mkdir(parents=True, exist_ok=True)
    print(save_figure(draw(masks, profiles, radar), output / "crossings.png"))


if __name__ == "__main__":
    main()

"""Figures of the pages, drawn from the simulator when the site is built."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tables import DATA, stored

from clearchirp import mitigate
from clearchirp.metrics.aggregate import Aggregate
from clearchirp.mitigation.catalogue import find_method
from clearchirp.report import pareto_figure, range_doppler_figure, stft_figure, style
from clearchirp.simulate import Interferer, Scene, Simulated, load_scene, simulate_frame
from clearchirp.spectrum import range_doppler, range_spectrum

_DPI = 110
_NAMES = ("crossing", "parallel", "ghost")


def write(folder: Path) -> None:
    """Draw what is missing or older than its source."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        target = folder / f"{name}.png"
        sources = [Path(__file__), *DATA.iterdir()]
        newest = max(source.stat().st_mtime for source in sources)
        if not target.is_file() or target.stat().st_mtime < newest:
            draw().savefig(target, dpi=_DPI)


@cache
def _scene(kind: str) -> Scene:
    """Return the demonstration's radar and targets with one interferer of a kind."""
    demo = load_scene("demo")
    assert isinstance(demo, Scene)
    one = {
        # Twice as steep as the victim: through the band of the receiver in some 2 us.
        "crossing": Interferer(
            start_frequency=77.02e9, slope=24.4e12, ramp_duration=11e-6, chirp_interval=12.3e-6,
            time_offset=4e-6, amplitude=30.0,
        ),
        # Two per cent steeper: where the two meet they stay together for the whole chirp.
        "parallel": Interferer(
            start_frequency=77.0e9, slope=10.2e12, ramp_duration=28e-6, chirp_interval=30.004e-6,
            time_offset=0.3e-6, amplitude=3.0,
        ),
        # The same ramps, at the same time: a target that is not there.
        "ghost": Interferer(
            start_frequency=77.0e9 + 3.1e3, slope=10e12, ramp_duration=29e-6,
            chirp_interval=30e-6, time_offset=0.36e-6, amplitude=0.4,
        ),
    }  # fmt: skip
    interferers = (one[kind],) if kind in one else ()
    return replace(
        demo, interferers=interferers, receiver=replace(demo.receiver, receivers=1), name=kind
    )


@cache
def _frame(kind: str) -> Simulated:
    return simulate_frame(_scene(kind), 0, 0)


def ramps() -> Figure:
    """Draw the ramps of victim and interferers, and the band that the receiver lets through."""
    figure = style.new_figure(9.6, 3.4, "")
    panels = figure.subplots(1, 3, sharey=True)
    waveform = _scene("none").waveform
    time = np.linspace(0, 35e-6, 3000)
    victim = _ramp(time, waveform.start_frequency, waveform.slope, 29e-6, 30e-6, 0.0)
    for axes, kind in zip(panels, _NAMES, strict=True):
        (other,) = _scene(kind).interferers
        theirs = _ramp(
            time, other.start_frequency, other.slope, other.ramp_duration,
            other.chirp_interval, other.time_offset,
        )  # fmt: skip
        band = 9e6
        axes.fill_between(
            time * 1e6, (victim - band - 77e9) / 1e6, (victim + band - 77e9) / 1e6,
            color=style.SHADE, linewidth=0, label="band of the receiver",
        )  # fmt: skip
        axes.plot(time * 1e6, (victim - 77e9) / 1e6, color="#000000", linewidth=1.4, label="victim")
        axes.plot(
            time * 1e6, (theirs - 77e9) / 1e6, color="#0072b2", linewidth=1.4, linestyle="--",
            label="interferer",
        )  # fmt: skip
        style.dress(axes, x="time in µs", y="", title=kind)
        axes.set_xlim(0, 35)
        axes.set_ylim(-20, 320)
    panels[0].set_ylabel("frequency over 77 GHz in MHz", fontsize=style.LABEL_SIZE)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=style.TICK_SIZE)
    return figure


def _ramp(
    time: Any, start: float, slope: float, duration: float, interval: float, offset: float
) -> Any:
    within = (time - offset) % interval
    return np.where(within < duration, start + slope * within, np.nan)


def short_time() -> Figure:
    """Draw the time-frequency picture of the chirp of each kind that is hit most."""
    chirps = {}
    for kind in _NAMES:
        frame = _frame(kind)
        power = np.sum(np.abs(frame.interference[0]) ** 2, axis=-1)
        chirps[kind] = frame.beat[0, int(np.argmax(power))]
    return stft_figure(chirps, _scene("none").waveform, reference="crossing")


def maps() -> Figure:
    """Draw the range-Doppler map of each kind, beside that without interference."""
    pictures = {"none": range_doppler(_frame("none").beat)[0]}
    pictures |= {kind: range_doppler(_frame(kind).beat)[0] for kind in _NAMES}
    return range_doppler_figure(pictures, _scene("none").waveform, real=False, reference="none")


def floor() -> Figure:
    """Draw the power over range, the median over speeds: how far the floor rises."""
    figure = style.new_figure(8.4, 3.4, "")
    axes = figure.subplots()
    ranges = None
    for place, kind in enumerate(("none", *_NAMES)):
        power = np.abs(range_doppler(_frame(kind).beat)[0]) ** 2
        half = power.shape[-1] // 2
        ranges = np.asarray(_scene("none").waveform.ranges(half))
        colour, dashes = style.line(place)
        level = 10 * np.log10(np.median(power[:, :half], axis=0))
        axes.plot(ranges, level, color=colour, linestyle=dashes, linewidth=1.3, label=kind)
    style.dress(axes, x="range in m", y="median over speeds in dB", title="")
    axes.legend(fontsize=style.TICK_SIZE)
    axes.set_xlim(0, float(ranges[-1]))
    return figure


@cache
def _refilled() -> dict[str, Any]:
    """Return the range spectra of a frame of the preset imfrac by several methods."""
    frame = simulate_frame(load_scene("imfrac"), 3, 0)
    beat = frame.beat
    spectra = {"before": range_spectrum(beat)[0]}
    for name in ("zeroing", "imfrac", "notch-refill"):
        cleaned = mitigate(beat, method=name)
        spectra[name] = cleaned
    spectra["truth"] = range_spectrum(frame.clean)[0]
    return {"frame": frame, **spectra}


def refill_maps() -> Figure:
    """Draw the maps of the same frame by zeroing, imfrac and notch-refill."""
    done = _refilled()
    frame = done["frame"]
    pictures = {"before": range_doppler(frame.beat)[0]}
    pictures |= {
        name: done[name].range_doppler[0] for name in ("zeroing", "imfrac", "notch-refill")
    }
    pictures["truth"] = range_doppler(frame.clean)[0]
    return range_doppler_figure(pictures, frame.waveform, real=False, reference="truth")


def refill_error() -> Figure:
    """Draw how far the range spectrum of each chirp is from the truth, by method."""
    done = _refilled()
    frame = done["frame"]
    truth = done["truth"]
    figure = style.new_figure(8.4, 3.2, "")
    axes = figure.subplots()
    # Of the noise in a bin under the window; 0 dB is an error as large as the noise.
    noise = float(np.mean(np.abs(range_spectrum(frame.clean - frame.targets)[0]) ** 2))

    for place, name in enumerate(("zeroing", "imfrac", "notch-refill")):
        entry = find_method(name)
        result = entry()(frame.beat, done[name].disturbed)
        spectra = result.signal if entry.domain == "range" else range_spectrum(result.signal)
        error = np.mean(np.abs(spectra[0] - truth) ** 2, axis=-1) / noise
        colour, dashes = style.line(place + 1)
        level = 10 * np.log10(np.maximum(error, 1e-8))
        axes.plot(level, color=colour, linestyle=dashes, linewidth=1.2, label=name)
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    style.dress(axes, x="chirp", y="error over noise in dB", title="")
    axes.set_xlim(0, truth.shape[0] - 1)
    axes.set_ylim(bottom=-40)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=style.TICK_SIZE)
    return figure


def refill_scores() -> Figure:
    """Draw F1 of the methods over the frames of the paper's data set, from the stored figures."""
    kept = tomllib.loads((DATA / "notch_refill.toml").read_text(encoding="utf-8"))
    rows = sorted(kept["imfrac"], key=lambda row: row["f1"])
    figure = style.new_figure(8.4, 0.34 * len(rows) + 0.9, "")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        own = row["method"] == "notch-refill"
        axes.barh(place, row["f1"], color="#d55e00" if own else "#0072b2", height=0.62)
        axes.text(row["f1"] + 0.01, place, f"{row['f1']:.3f}", va="center", fontsize=9)
    style.dress(axes, x="F1", y="", title="")
    axes.set_yticks(range(len(rows)), [row["method"] for row in rows], fontsize=9)
    axes.set_xlim(0, 1.12)
    return figure


def league() -> Figure:
    """Draw quality against time on the scene imfrac, from the stored league."""
    rows = [r for r in stored("league").rows if r["scene"] == "imfrac" and r["f1"] and r["ms"]]
    rows = [row for row in rows if float(row["ms"]) > 0]
    quality = {
        row["method"]: Aggregate(
            value=float(row["f1"]), low=float("nan"), high=float("nan"), confidence=0.95,
            counted=int(row["frames"]), left_out=0,
        )
        for row in rows
    }  # fmt: skip
    seconds = {row["method"]: 1e-3 * float(row["ms"]) for row in rows}
    return pareto_figure({"f1": quality}, seconds)


FIGURES: dict[str, Callable[[], Figure]] = {
    "interference-ramps": ramps,
    "interference-short-time": short_time,
    "interference-maps": maps,
    "interference-floor": floor,
    "refill-maps": refill_maps,
    "refill-error": refill_error,
    "refill-scores": refill_scores,
}
if (DATA / "league.csv").is_file():
    FIGURES["league"] = league

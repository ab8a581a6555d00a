"""How far the networks carry: F1 beside other methods where the scene is not that of the training.

``python reproductions/e2e/robustness.py [--frames 12] [--models bce-s7 ...] [--out docs/studies]``
prints the tables of ``docs/studies/networks.md`` and writes its first figure. What was measured is
kept in the folder ``--kept`` and not measured again.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from clearchirp.cfar import Cfar
from clearchirp.chain import pipeline
from clearchirp.evaluate.studies import over_frames
from clearchirp.metrics import detections
from clearchirp.report import save_figure, style
from clearchirp.simulate import scene_text, simulate_frame
from clearchirp.simulate.scene_file import parse_scene
from clearchirp.spectrum import angle_map, range_doppler
from clearchirp.types import FarFromTraining
from clearchirp.workers import Workers

OTHERS = ("none", "zeroing", "ramp-filter", "imat", "notch-refill")
FIRST_FRAME = 2750
"""The last 250 of the scene's 3000 maps are for test."""

LEVEL, COUNT = "snir_db = { uniform = [-20, 0] }", "count = { integer = [1, 3] }"
NOISE, RADAR = "noise_power = 3.0", "slope = 21.09375e12"
SWEEP = "sweep = { uniform = [0.15e9, 0.25e9] }"


def studies() -> dict[str, dict[str, dict[str, str]]]:
    """Return study -> point -> what is changed in the text of the scene."""
    return {
        "interference over signal and noise, dB": {
            f"{level}": {LEVEL: f"snir_db = {-level}"} for level in (-20, -10, 0, 10, 20, 30, 40)
        },
        "interferers": {f"{n}": {COUNT: f"count = {n}"} for n in (1, 2, 3, 5, 8)},
        "noise, dB from that of the training": {
            f"{db}": {NOISE: f"noise_power = {3 * 10 ** (db / 10):g}"} for db in (-20, -10, 0, 10)
        },
        "another scene": {
            "as trained": {},
            "48 x 48 bins": {"samples = 192": "samples = 96", "chirps = 96": "chirps = 48"},
            "192 x 192 bins": {"samples = 192": "samples = 384", "chirps = 96": "chirps = 192"},
            "8 receivers": {"receivers = 16": "receivers = 8"},
            "half the slope": {RADAR: "slope = 10.5e12"},
            "interferers 4 x as steep": {SWEEP: "sweep = { uniform = [0.6e9, 1.0e9] }"},
            "samples x 1000": {
                NOISE: "noise_power = 3e6", "strongest_target = 1.0": "strongest_target = 1000.0",
            },
            "clean": {COUNT: "count = 0"},
            "clean, all told disturbed": {COUNT: "count = 0"},
        },
    }  # fmt: skip


def scene_of(changes: Mapping[str, str]) -> Any:
    """Return the scene `e2e` with parts of its text replaced."""
    text = scene_text("e2e")
    for old, new in changes.items():
        if old not in text:
            raise ValueError(f"the scene e2e has no {old!r}")
        text = text.replace(old, new)
    if "samples = 384" in text:  # they last longer than a chirp does
        text = text.replace("chirp_interval = 15.0e-6", "chirp_interval = 28.0e-6")
    return parse_scene(text, "e2e")


def measure(
    point: str, changes: Mapping[str, str], models: tuple[str, ...], frames: int, kept: Path
) -> dict[str, dict[str, float]]:
    """Return method -> mean F1, its standard error, and the share of frames with a warning."""
    scene = scene_of(changes)
    forced = point.endswith("told disturbed")

    def work(frame: int) -> dict[str, dict[str, float]]:
        made = simulate_frame(scene, FIRST_FRAME + frame, 0)
        clean = angle_map(range_doppler(made.clean))
        detect = Cfar(axes=3)
        objects = detect(clean)
        return {
            name: {"f1": score, "warned": told}
            for name, score, told in _scores(made, objects, detect, models, forced)
        }

    key = {"what": point, "changes": dict(changes), "models": list(models), "forced": forced}
    rows = over_frames(kept, key, work, frames, Workers(kind="threads", count=1), _silent)
    return {name: _summary([row[name] for row in rows]) for name in rows[0]}


def _scores(
    made: Any, objects: Any, detect: Cfar, models: tuple[str, ...], forced: bool
) -> Iterator[tuple[str, float, float]]:
    mask = np.ones(made.beat.shape, bool) if forced else None
    # A network sees of a mask only where the level of the frame is measured.
    for name in models if forced else (*OTHERS, *models):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            chain = (
                pipeline("aenn", "combined", settings={"model": name}, waveform=made.waveform)
                if name in models
                else pipeline(name, "combined")
            )
            estimate = angle_map(chain(made.beat, mask).range_doppler)
        far = any(issubclass(each.category, FarFromTraining) for each in told)
        f1 = float(detections.f1(detect(estimate), objects, axes=3))
        yield name, f1, float(far)


def _summary(rows: list[dict[str, float]]) -> dict[str, float]:
    scores = np.array([row["f1"] for row in rows], dtype=float)
    scores = scores[np.isfinite(scores)]
    error = scores.std(ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else float("nan")
    warned = float(np.mean([row["warned"] for row in rows]))
    return {"f1": float(scores.mean()), "error": float(error), "warned": warned}


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


def print_table(title: str, points: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Print a study as a Markdown table, F1 and its standard error."""
    names = list(dict.fromkeys(name for each in points.values() for name in each))
    print(f"\n| {title} | {' | '.join(names)} |\n| --- |{' ---: |' * len(names)}")
    for point, found in points.items():
        cells = [
            f"{found[name]['f1']:.3f} ± {found[name]['error']:.3f}"
            + (f" (warns on {found[name]['warned']:.0%})" if found[name]["warned"] else "")
            if name in found
            else ""
            for name in names
        ]
        print(f"| {point} | {' | '.join(cells)} |")


def draw(results: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]) -> Any:
    """Return the figure: a panel a study, a line or a row of marks a method."""
    figure = style.new_figure(11, 8.4, "Detections after mitigation, away from the training")
    names = list(
        dict.fromkeys(n for each in results.values() for row in each.values() for n in row)
    )
    axes = figure.subplots(2, 2).ravel()
    for panel, (title, points) in zip(axes, results.items(), strict=True):
        labels = list(points)
        numbers = title != "another scene"
        at = (
            np.array([float(x) for x in labels]) if numbers else np.arange(len(labels), dtype=float)
        )
        for index, name in enumerate(names):
            colour, dashes = style.line(index)
            have = [k for k, label in enumerate(labels) if name in points[label]]
            y = [points[labels[k]][name]["f1"] for k in have]
            e = [points[labels[k]][name]["error"] for k in have]
            x = at[have] + (0 if numbers else 0.09 * (index - len(names) / 2))
            panel.errorbar(
                x, y, e, color=colour, linestyle=dashes if numbers else "none",
                marker="o", markersize=4, capsize=2, label=name,
            )  # fmt: skip
        panel.set_xlabel(title, fontsize=style.LABEL_SIZE)
        panel.set_ylabel("F1", fontsize=style.LABEL_SIZE)
        panel.set_ylim(0, 1.02)
        panel.grid(alpha=0.3)
        if not numbers:
            panel.set_xticks(at, labels, rotation=35, ha="right", fontsize=8)
    axes[0].legend(fontsize=8, loc="lower left")
    return figure


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--models", nargs="+", default=["bce-s7"])
    parser.add_argument("--out", type=Path, default=Path("docs/studies"))
    parser.add_argument("--kept", type=Path, default=Path("reproductions-out/e2e-robustness"))
    given = parser.parse_args()
    given.kept.mkdir(parents=True, exist_ok=True)
    results = {
        title: {
            point: measure(point, changes, tuple(given.models), given.frames, given.kept)
            for point, changes in points.items()
        }
        for title, points in studies().items()
    }
    for title, points in results.items():
        print_table(title, points)
    print(save_figure(draw(results), given.out / "network_robustness.png"))


if __name__ == "__main__":
    main()

"""The rows of an experiment as tables, rankings, figures and one HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from numpy.typing import NDArray

from clearchirp.chain import pipeline
from clearchirp.disturbed.catalogue import find_detector
from clearchirp.evaluate.comparison import compare
from clearchirp.evaluate.experiment import Case, Experiment, SceneText
from clearchirp.evaluate.rows import METRICS, query, read_rows
from clearchirp.evaluate.simulated import SimulatedRecording
from clearchirp.evaluate.summary import GROUPS
from clearchirp.report.comparison import example_figures
from clearchirp.report.experiment import Samples, write_experiment
from clearchirp.report.html import Section
from clearchirp.report.writing import save_figure

MOST_FRAMES = 20_000
"""Frames of a scene that a report draws; the means that `evaluate` prints are over all."""

_MAPS = 6
"""Methods whose maps one figure can show."""


def read_samples(folder: Path, experiment: Experiment) -> list[Samples]:
    """Return what the rows of an experiment say, one group a scene and detector."""
    wanted = (*GROUPS, *METRICS, "seconds", "error")
    rows = read_rows(folder, wanted, frames=MOST_FRAMES)
    table = {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names}
    groups = []
    for scene in experiment.scenes:
        for detector in experiment.detectors:
            own = (table["scene"] == scene.name) & (table["detector"] == detector.label)
            by_method = {
                case.label: {
                    name: column[own & (table["method"] == case.label)]
                    for name, column in table.items()
                }
                for case in experiment.methods
            }
            groups.append(_samples(f"{scene.name}, mask by {detector.label}", by_method))
    return groups


def _samples(name: str, rows: Mapping[str, Mapping[str, NDArray]]) -> Samples:
    """Return the columns of each method as samples; what is null is NaN there already."""
    return Samples(
        name=name,
        values={
            label: {metric: own[metric].astype(float) for metric in METRICS}
            for label, own in rows.items()
        },
        seconds={label: own["seconds"].astype(float) for label, own in rows.items()},
        errors={
            label: sum(error is not None for error in own["error"]) for label, own in rows.items()
        },
    )


def write_evaluation(folder: Path, experiment: Experiment) -> list[Path]:
    """Write the report of an experiment beside its rows; return what was written, the report last.

    Of each scene the frame that was hit most is cleaned once more and shown.
    """
    frames = experiment.frames
    drawn = f" The report draws the first {MOST_FRAMES:,}." if frames > MOST_FRAMES else ""
    settings = [case.label for case in experiment.methods]
    sections = []
    if experiment.interference:
        sections = [_example(folder, experiment, scene) for scene in experiment.scenes]
    return write_experiment(
        folder,
        read_samples(folder, experiment),
        title=f"Evaluation: {', '.join(scene.name for scene in experiment.scenes)}",
        intro=(
            "Simulated frames, each cleaned by every method with the same mask, but for the "
            "oracles, which are given the true one. Scores compare with the same frame without "
            f"interference.{drawn}"
        ),
        facts={
            "scenes": ", ".join(scene.name for scene in experiment.scenes),
            "frames": f"{frames:,} of each scene, seed {experiment.seed}",
            "interference": "as the scene has it" if experiment.interference else "left out",
            "detectors": ", ".join(case.label for case in experiment.detectors),
            "methods": ", ".join(settings),
        },
        sections=[section for section in sections if section is not None],
    )


def _example(folder: Path, experiment: Experiment, scene: SceneText) -> Section | None:
    name = scene.name.replace("'", "''")
    _, rows = query(
        folder,
        f"SELECT frame FROM rows WHERE scene = '{name}' AND hit AND error IS NULL "
        "ORDER BY disturbed_share DESC, frame LIMIT 1",
    )
    if not rows:
        return None
    ((frame,),) = rows
    plan = scene.parse()
    recording = SimulatedRecording(scene=plan, frames=1, seed=experiment.seed, first=frame)
    chosen = _shown(folder, experiment, name)
    pipelines = {
        case.label: pipeline(case.name, None, settings=dict(case.settings), waveform=plan.waveform)
        for case in chosen
    }
    detector = experiment.detectors[0]
    entry = find_detector(detector.name)
    finder = None if entry.needs_truth else entry(**dict(detector.settings))
    comparison = compare(recording, pipelines, finder)
    example = replace(comparison.example, frame=frame)
    figures = example_figures(replace(comparison, example=example), plan.waveform)
    for kind in ("range_doppler", "beat", "stft", "range_profile"):
        save_figure(figures[kind][1], folder / f"{scene.name}_{kind}.png")
    few = (
        ""
        if len(chosen) == len(experiment.methods)
        else (f" Of the methods the {len(chosen)} with the highest F1 are shown.")
    )
    return Section(
        title=f"Frame {frame} of {scene.name}",
        intro=f"The frame that was hit most, with the mask of {detector.label}.{few}",
        figures=[figures[kind] for kind in ("range_doppler", "beat", "stft", "range_profile")],
    )


def _shown(folder: Path, experiment: Experiment, scene: str) -> list[Case]:
    """Return the methods with the highest F1, and that which does nothing, in their order."""
    _, rows = query(
        folder,
        f"SELECT method FROM rows WHERE scene = '{scene}' AND error IS NULL GROUP BY method "
        "ORDER BY method = 'none' DESC, avg(f1) DESC NULLS LAST",
    )
    best = {label for (label,) in rows[:_MAPS]}
    return [case for case in experiment.methods if case.label in best]

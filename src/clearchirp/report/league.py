"""The league as tables, quality against time, and one HTML file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from clearchirp._version import __version__
from clearchirp.evaluate.league import League, Standing
from clearchirp.evaluate.rows import read_rows
from clearchirp.metrics import aggregate
from clearchirp.metrics.aggregate import Aggregate
from clearchirp.mitigation.catalogue import find_method
from clearchirp.report.columns import heading
from clearchirp.report.html import Section, write_report
from clearchirp.report.standing import pareto_figure
from clearchirp.report.tables import Table, save_table
from clearchirp.report.writing import save_figure

_SCORES = ("f1", "evm", "map_sinr_db")


def write_league(
    folder: Path,
    league: League,
    standings: Sequence[Standing],
    recordings: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> list[Path]:
    """Write ``league.html``, ``league.csv``, ``.tex`` and ``.md`` and the figure; return them.

    Parameters
    ----------
    folder
        The league's folder, with its rows.
    league, standings
        What ran, and what `run_league` returned.
    recordings
        Name of a recording -> method -> column -> value, as `compare` gives them.
    """
    whole = overall_table(standings)
    written = [save_table(whole, folder / f"league{kind}") for kind in (".csv", ".tex", ".md")]
    scenes = list(dict.fromkeys(standing.scene for standing in standings))
    by_scene = [scene_table(scene, standings) for scene in scenes]
    for scene, table in zip(scenes, by_scene, strict=True):
        written.append(save_table(table, folder / f"{scene}.csv"))
    figures = []
    quality, seconds = _pareto(folder, standings)
    if quality:
        figure = pareto_figure({"f1": quality}, seconds)
        written += [
            save_figure(figure, folder / f"league.{kind}") for kind in ("png", "svg", "pdf")
        ]
        told = (
            "Quality against time: F1, the mean over a method's scenes, against the geometric mean "
            "of its times a frame. Methods that no other beats in both are joined and in bold; "
            "oracles know the truth."
        )
        figures.append((told, figure))
    sections = [Section(title=s, tables=[t]) for s, t in zip(scenes, by_scene, strict=True)]
    sections += [
        Section(title=name, intro=_BLIND, tables=[recording_table(name, rows)])
        for name, rows in recordings.items()
    ]
    report = write_report(
        folder / "league.html",
        title="League of methods",
        intro=(
            "Every method of the catalogue on every scene whose receiver it takes, with one "
            "detector's mask but for the oracles, and on real recordings."
        ),
        facts={
            "scenes": ", ".join(scenes),
            "frames": f"{league.frames} of each scene with interference and again without, seed "
            f"{league.seed}",
            "time": f"at most about {league.seconds:g} s a method and scene; slower ones have "
            "fewer frames, or none",
        },
        tables=[whole],
        figures=figures,
        sections=sections,
        notes=[*_NOTES, f"Made by clearchirp {__version__}."],
    )
    return [*written, report]


_BLIND = "Without truth: floor, detections and power kept, as `compare` gives them."
_NOTES = (
    "Harm: EVM at the objects of frames that had no interference, as mean and in the worst frame; "
    "0 where they came out as they were.",
    "Memory: the peak for one frame on top of what the method was given, its result included.",
    "Times are the median of a frame on this machine, detector not included; compare their ratios.",
    "The mean over scenes counts those on which the method ran; a method that does not take every "
    "receiver, or is too slow for some scene, has fewer.",
)


def overall_table(standings: Sequence[Standing]) -> Table:
    """Return the means over scenes, the methods with the highest F1 first."""
    methods = list(dict.fromkeys(standing.method for standing in standings))
    rows = []
    for method in methods:
        own = [s for s in standings if s.method == method and s.frames]
        left_out = sum(s.method == method for s in standings) - len(own)
        scores = [_mean([s.scores[name] for s in own]) for name in _SCORES]
        rows.append(
            [
                f"{method} (oracle)" if find_method(method).needs_truth else method,
                *scores,
                _mean([s.harm_evm for s in own]),
                max(
                    (s.worst_harm_evm for s in own if not math.isnan(s.worst_harm_evm)),
                    default=None,
                ),
                _geometric([s.ms for s in own]),
                _mean([s.peak_bytes for s in own]) / 1e6,
                f"{len(own)}" + (f", {left_out} left out" if left_out else ""),
            ]
        )
    rows.sort(key=lambda row: _falling(row[1]))
    return Table(
        caption="Mean over the scenes; time as geometric mean",
        columns=[
            "method",
            *map(heading, _SCORES),
            "harm (EVM)",
            "worst harm (EVM)",
            "time (ms/frame)",
            "memory (MB)",
            "scenes",
        ],
        rows=rows,
    )


def scene_table(scene: str, standings: Sequence[Standing]) -> Table:
    """Return one scene's standings, the methods with the highest F1 first."""
    own = [standing for standing in standings if standing.scene == scene]
    own.sort(key=lambda s: _falling(s.scores.get("f1", math.nan)))
    metrics = ("f1", "evm", "map_sinr_db", "mse_db", "tpr", "far", "beat_sinr_db")
    return Table(
        caption=f"{scene}: means over frames",
        columns=[
            "method",
            *map(heading, metrics),
            "harm (EVM)",
            "worst harm (EVM)",
            "time (ms/frame)",
            "memory (MB)",
            "frames",
            "note",
        ],
        rows=[
            [
                s.method,
                *(s.scores.get(metric) for metric in metrics),
                s.harm_evm,
                s.worst_harm_evm,
                s.ms,
                s.peak_bytes / 1e6,
                s.frames,
                s.note,
            ]
            for s in own
        ],
    )


def recording_table(name: str, rows: Mapping[str, Mapping[str, float]]) -> Table:
    """Return what `compare` found of a recording."""
    columns = list(next(iter(rows.values())))
    return Table(
        caption=name,
        columns=["method", *map(heading, columns)],
        rows=[[method, *(row[c] for c in columns)] for method, row in rows.items()],
    )


def _pareto(
    folder: Path, standings: Sequence[Standing]
) -> tuple[dict[str, Aggregate], dict[str, float]]:
    """Return the mean F1 over scenes with its interval over frames, and the time of each method."""
    quality, seconds = {}, {}
    for method in dict.fromkeys(standing.method for standing in standings):
        own = [s for s in standings if s.method == method and s.frames]
        values = [_f1(folder / "rows" / s.scene / f"disturbed-{s.frames}", method) for s in own]
        values = [v for v in values if v.size]
        if not values:
            continue
        quality[method] = aggregate.mean_of_groups(values)
        seconds[method] = _geometric([s.ms for s in own]) / 1e3
    return quality, seconds


def _f1(rows: Path, method: str) -> np.ndarray:
    table = read_rows(rows, ("method", "f1"))
    chosen = table["method"].to_numpy(zero_copy_only=False) == method
    values = table["f1"].to_numpy(zero_copy_only=False).astype(float)[chosen]
    return values[~np.isnan(values)]


def _falling(score: float) -> float:
    """Sort by this for the highest first and the unknown last."""
    return math.inf if math.isnan(score) else -score


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def _geometric(values: Sequence[float]) -> float:
    known = [value for value in values if value > 0]
    return float(np.exp(np.mean(np.log(known)))) if known else math.nan

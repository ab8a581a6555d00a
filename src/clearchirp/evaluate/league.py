"""A league of methods: every one on every scene and recording, with interference and without.

Scores, harm on clean frames, time and memory. A method that is too slow for a scene is given fewer
frames, or none, and the row says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clearchirp.evaluate.experiment import Case, Experiment, SceneText, taking
from clearchirp.evaluate.memory import peak_bytes
from clearchirp.evaluate.rows import METRICS, query
from clearchirp.evaluate.running import run_experiment
from clearchirp.evaluate.summary import summarise
from clearchirp.mitigation.catalogue import find_method
from clearchirp.workers import Workers

SCENES = ("imfrac", "imfrac-real", "mru", "e2e", "sparkle", "highway", "demo")
"""The presets whose frames have range-Doppler maps; the single chirps of ARIM have no CFAR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A method on a scene.

    Attributes
    ----------
    scene, method
        Names of the catalogue and the presets.
    frames
        On how many frames it ran; 0 where it was left out.
    scores
        Mean of each metric over these frames.
    harm_evm, worst_harm_evm
        Mean and greatest EVM over frames that had no interference, 0 where they came out as they
        were.
    ms
        Median time in ms a frame.
    peak_bytes
        Memory for one frame on top of what it was given; NaN where it was not measured.
    note
        Why there are fewer frames, or none.
    """

    scene: str
    method: str
    frames: int
    scores: Mapping[str, float]
    harm_evm: float = math.nan
    worst_harm_evm: float = math.nan
    ms: float = math.nan
    peak_bytes: float = math.nan
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class League:
    """What the league runs.

    Parameters
    ----------
    scenes, methods
        Names of presets (or paths of TOML files) and of the catalogue.
    frames
        Of each scene, with interference and again without.
    seconds
        What a method may take for a scene's frames with interference; those that are slower get
        fewer frames.
    seed
        Seed of everything random.
    """

    scenes: Sequence[str] = SCENES
    methods: Sequence[str]
    frames: int = 20
    seconds: float = 60.0
    seed: int = 0


def run_league(
    league: League,
    folder: Path,
    workers: Workers | None = None,
    *,
    on_scene: Callable[[str], object] = lambda scene: None,
) -> list[Standing]:
    """Run the league, or what is left of it, and return a standing a scene and method.

    Each scene has folders of rows below `folder`; what lies there is not run again.

    Parameters
    ----------
    league
        What is to be run.
    folder
        Where the rows go.
    workers
        As for `run_experiment`, whose errors are raised too.
    on_scene
        Called before each scene.
    """
    standings = []
    for name in league.scenes:
        scene = SceneText.of(name)
        on_scene(scene.name)
        standings += _stand(league, scene, folder / scene.name, workers)
    return standings


def _stand(
    league: League, scene: SceneText, folder: Path, workers: Workers | None
) -> list[Standing]:
    methods = taking(league.methods, [scene])
    whole = Experiment(
        scenes=(scene,),
        methods=tuple(map(Case, methods)),
        frames=league.frames,
        seed=league.seed,
    )
    frames, notes = _affordable(league, replace(whole, frames=1), folder / "probe")
    standings = {
        name: Standing(scene=scene.name, method=name, frames=0, scores={}, note=notes[name])
        for name in methods
        if not frames[name]
    }
    running = [name for name in methods if frames[name]]
    memory = peak_bytes(replace(whole, methods=tuple(map(Case, running)))) if running else {}
    for count in sorted({frames[name] for name in running}, reverse=True):
        names = [name for name in running if frames[name] == count]
        plan = replace(whole, frames=count, methods=tuple(map(Case, names)))
        disturbed = run_experiment(plan, folder / f"disturbed-{count}", workers)
        clean = replace(plan, interference=False)
        harm = _harm(run_experiment(clean, folder / f"clean-{count}", workers))
        for row in summarise(disturbed):
            name = row["method"]
            standings[name] = Standing(
                scene=scene.name,
                method=name,
                frames=count,
                scores={metric: row[metric] for metric in METRICS},
                harm_evm=harm[name][0],
                worst_harm_evm=harm[name][1],
                ms=row["ms"],
                peak_bytes=memory.get(name, math.nan),
                note=_note(notes[name], row["errors"]),
            )
    return [standings[name] for name in methods]


def _affordable(
    league: League, probe: Experiment, folder: Path
) -> tuple[dict[str, int], dict[str, str]]:
    """Return how many frames each method has time for, and why not all."""
    # The catalogue knows costs in maps, and a map is what a method costs that does nothing.
    plain = replace(probe, methods=(Case("none"),))
    a_map = _seconds(run_experiment(plain, folder / "map", Workers(count=1)))["none"]
    guesses = {case.name: a_map * find_method(case.name).cost for case in probe.methods}
    quick = tuple(case for case in probe.methods if guesses[case.name] <= league.seconds)
    seconds = {}
    if quick:
        ran = run_experiment(replace(probe, methods=quick), folder / "methods", Workers(count=1))
        seconds = _seconds(ran)
    frames, notes = {}, {}
    for name, guess in guesses.items():
        frames[name], notes[name] = 0, f"left out: a frame takes about {guess:.0f} s"
        if name in seconds:
            # A method that fails on the frame may have the others.
            count = league.seconds / seconds[name] if seconds[name] > 0 else math.inf
            frames[name] = int(min(league.frames, max(1, count)))
            slow = frames[name] < league.frames
            notes[name] = f"{frames[name]} frames only: {seconds[name]:.1f} s each" if slow else ""
    return frames, notes


def _seconds(folder: Path) -> dict[str, float]:
    _, rows = query(folder, "SELECT method, coalesce(avg(seconds), 0) FROM rows GROUP BY method")
    return dict(rows)


def _harm(folder: Path) -> dict[str, tuple[float, float]]:
    _, rows = query(folder, "SELECT method, avg(evm), max(evm) FROM rows GROUP BY method")
    return {name: (_number(mean), _number(worst)) for name, mean, worst in rows}


def _note(note: str, errors: int) -> str:
    told = [note, f"failed on {errors} frames" if errors else ""]
    return "; ".join(text for text in told if text)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)

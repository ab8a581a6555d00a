"""What is to be evaluated: scenes x detectors x methods, each with its settings, over frames."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR, DetectorEntry, find_detector
from clearchirp.mitigation.catalogue import MethodEntry, find_method
from clearchirp.settings import defaults, parse_setting
from clearchirp.simulate import Recipe, Scene, parse_scene, scene_text
from clearchirp.types import InputError

_CHUNKS = 100
_LONGEST_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class SceneText:
    """A scene by the text of its file, so that rows can be made again wherever they lie.

    >>> SceneText.of("imfrac").name
    'imfrac'
    """

    name: str
    text: str

    @classmethod
    def of(cls, name_or_path: str) -> Self:
        """Take the text of a preset or a TOML file, which is checked."""
        text = scene_text(name_or_path)
        return cls(parse_scene(text, name_or_path).name, text)

    def parse(self) -> Scene | Recipe:
        """Return the scene."""
        return _parsed(self.text, self.name)


@lru_cache(maxsize=32)
def _parsed(text: str, name: str) -> Scene | Recipe:
    return parse_scene(text, name)


@dataclass(frozen=True, slots=True)
class Case:
    """A method or a detector of the catalogue with settings that differ from its defaults.

    >>> Case("zeroing", (("taper", 4),)).label
    'zeroing(taper=4)'
    """

    name: str
    settings: tuple[tuple[str, object], ...] = ()

    @property
    def label(self) -> str:
        """The name, with the settings in brackets."""
        told = ",".join(f"{key}={value}" for key, value in self.settings)
        return f"{self.name}({told})" if told else self.name

    @property
    def settings_json(self) -> str:
        """The settings as a JSON object."""
        return json.dumps(dict(self.settings))

    @classmethod
    def of_json(cls, name: str, settings: str) -> Self:
        """Undo `settings_json`."""
        return cls(name, tuple(json.loads(settings).items()))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames `start` up to `stop` of a scene, which one worker does at a time."""

    scene: int
    start: int
    stop: int

    @property
    def file(self) -> str:
        """Name of the file of its rows."""
        return f"scene{self.scene:02d}-{self.start:09d}-{self.stop:09d}.parquet"

    def __str__(self) -> str:
        return f"scene {self.scene}, frames {self.start} to {self.stop - 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Every scene with every detector and every method, over the same frames.

    Parameters
    ----------
    scenes
        What is simulated.
    methods
        What cleans it.
    detectors
        What finds the disturbed samples; `combined` alone by default.
    frames
        How many of each scene.
    seed
        Seed of everything random, 0 by default.
    interference
        False leaves the interference out: what methods do to clean frames.

    Raises
    ------
    InputError
        For settings that a method does not have, a method that does not take a scene's receiver,
        a case given twice, no scene or method, and numbers out of range.

    Examples
    --------
    >>> plan = Experiment(
    ...     scenes=(SceneText.of("imfrac"),), methods=(Case("zeroing"),), frames=1000
    ... )
    >>> len(list(plan.chunks()))
    100
    """

    scenes: tuple[SceneText, ...]
    methods: tuple[Case, ...]
    detectors: tuple[Case, ...] = (Case(DEFAULT_DETECTOR),)
    frames: int = 10
    seed: int = 0
    interference: bool = True

    def __post_init__(self) -> None:
        for name, least in (("frames", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"--{name}: must be {least} or more, got {value!r}")
        for option, cases in (
            ("SCENE", [scene.name for scene in self.scenes]),
            ("--method", [case.label for case in self.methods]),
            ("--detector", [case.label for case in self.detectors]),
        ):
            if not cases:
                raise InputError(f"{option}: give one at least")
            twice = {label for label in cases if cases.count(label) > 1}
            if twice:
                raise InputError(f"{option}: {', '.join(sorted(twice))} is given twice")
        for case in self.detectors:
            find_detector(case.name)(**dict(case.settings))
        for case in self.methods:
            entry = find_method(case.name)
            entry(**dict(case.settings))
            for scene in self.scenes:
                _check_receiver(entry, scene)

    @property
    def chunk_frames(self) -> int:
        """Frames of a chunk: about a hundred chunks a scene, of at most 1000 frames."""
        return min(max(self.frames // _CHUNKS, 1), _LONGEST_CHUNK)

    def chunks(self) -> Iterator[Chunk]:
        """Cut the frames of each scene into chunks."""
        for scene in range(len(self.scenes)):
            for start in range(0, self.frames, self.chunk_frames):
                yield Chunk(scene, start, min(start + self.chunk_frames, self.frames))

    def row_number(self, scene: int, frame: int, detector: int, method: int) -> int:
        """Return the number of a row, from 0: frames of a scene in order, methods fastest."""
        number = (scene * self.frames + frame) * len(self.detectors) + detector
        return number * len(self.methods) + method

    @classmethod
    def of_json(cls, text: str) -> Self:
        """Read what `dataclasses.asdict` gave, as JSON."""
        table: dict[str, Any] = json.loads(text)
        table["scenes"] = tuple(SceneText(**scene) for scene in table["scenes"])
        for name in ("methods", "detectors"):
            table[name] = tuple(
                Case(case["name"], tuple((key, value) for key, value in case["settings"]))
                for case in table[name]
            )
        return cls(**table)

    def difference(self, other: Experiment) -> str:
        """Return the first thing in which two experiments differ, in words; empty for none."""
        for name in ("frames", "seed", "interference"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                return f"{name} {theirs}, not {mine}"
        for name in ("scenes", "detectors", "methods"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                told = [", ".join(_label(one) for one in many) for many in (theirs, mine)]
                if told[0] == told[1]:
                    return f"{name} of the same names with another content"
                return f"{name} {told[0]}, not {told[1]}"
        return ""


def _label(one: SceneText | Case) -> str:
    return one.label if isinstance(one, Case) else one.name


def _check_receiver(entry: MethodEntry, scene: SceneText) -> None:
    real = scene.parse().receiver.real
    if not (entry.real if real else entry.complex):
        kind = "real-valued" if real else "I/Q"
        raise InputError(
            f"--method {entry.name}: does not take the {kind} receiver of {scene.name}"
        )


def sweep(
    given: Iterable[str], methods: Sequence[str], detectors: Sequence[str]
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Return the methods and detectors with the settings that ``--set`` gave, every combination.

    Parameters
    ----------
    given
        ``NAME.KEY=VALUE`` or ``NAME.KEY=VALUE,VALUE``; NAME may be left out where one method runs.
    methods, detectors
        Names of the catalogues.

    Raises
    ------
    InputError
        For names that do not run, and settings that they do not have.

    Examples
    --------
    >>> methods, _ = sweep(["taper=0,4"], ["zeroing"], ["combined"])
    >>> [case.label for case in methods]
    ['zeroing(taper=0)', 'zeroing(taper=4)']
    """
    entries: dict[str, MethodEntry | DetectorEntry] = {
        **{name: find_method(name) for name in methods},
        **{name: find_detector(name) for name in detectors},
    }
    values: dict[str, dict[str, list[object]]] = {name: {} for name in entries}
    for text in given:
        owner, key, several = _owned(text, entries, methods)
        have = _settings_of(entries[owner])
        if key not in have:
            names = ", ".join(have) or "none"
            raise InputError(f"--set {text}: {owner} has no setting {key!r}; it has {names}")
        values[owner][key] = several
    return (
        tuple(case for name in methods for case in _cases(name, values[name])),
        tuple(case for name in detectors for case in _cases(name, values[name])),
    )


def _settings_of(entry: MethodEntry | DetectorEntry) -> dict[str, object]:
    return entry.defaults() if isinstance(entry, MethodEntry) else defaults(entry.factory)


def _owned(
    text: str, entries: Mapping[str, MethodEntry | DetectorEntry], methods: Sequence[str]
) -> tuple[str, str, list[object]]:
    name, _ = parse_setting(text)
    owner, dot, key = name.rpartition(".")
    if not dot:
        if len(methods) != 1:
            have = [one for one in entries if name in _settings_of(entries[one])]
            example = f"{(have or list(methods))[0]}.{text}"
            raise InputError(f"--set {text}: say whose setting it is, as in --set {example}")
        owner = methods[0]
    if owner not in entries:
        raise InputError(
            f"--set {text}: {owner!r} does not run here; what runs: {', '.join(entries)}"
        )
    given = text.partition("=")[2].split(",")
    return owner, key, [parse_setting(f"{key}={value}")[1] for value in given]


def _cases(name: str, values: Mapping[str, Sequence[object]]) -> Iterator[Case]:
    for chosen in itertools.product(*values.values()):
        yield Case(name, tuple(zip(values, chosen, strict=True)))


def taking(names: Iterable[str], scenes: Iterable[SceneText]) -> list[str]:
    """Leave out the methods that do not take the receivers of all scenes."""
    kinds = {scene.parse().receiver.real for scene in scenes}
    entries = [find_method(name) for name in names]
    return [
        entry.name
        for entry in entries
        if all(entry.real if real else entry.complex for real in kinds)
    ]


def single(experiment: Experiment, scene: SceneText, detector: Case, method: Case) -> Experiment:
    """Return the experiment with one scene, one detector and one method."""
    return replace(experiment, scenes=(scene,), detectors=(detector,), methods=(method,))


def load_experiment(folder: Path) -> Experiment:
    """Return the experiment whose rows lie in a folder."""
    path = folder / "experiment.json"
    try:
        return Experiment.of_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{folder}: holds no experiment (no experiment.json); run evaluate with -o {folder}"
        ) from None
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: is damaged ({error}); remove it or give another folder"
        ) from None

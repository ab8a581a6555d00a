"""Scenes from TOML files: the presets, and one clear line for what is wrong."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any, get_args

from clearchirp.simulate.arim import ArimSet
from clearchirp.simulate.interferers import Interferer, Path
from clearchirp.simulate.levels import Levels
from clearchirp.simulate.receiver import Receiver
from clearchirp.simulate.sampling import Distribution, Kind, PartRecipe, SceneRecipe
from clearchirp.simulate.scene import Recipe, Scene
from clearchirp.simulate.targets import Target
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

_PRESETS = FilePath(__file__).with_name("scenes")
_LISTS: dict[str, type[Any]] = {"targets": Target, "interferers": Interferer, "paths": Path}
_FIXED = {Waveform: "a recording has one waveform", ArimSet: "a set is one"}


def presets() -> tuple[str, ...]:
    """Names of the scenes that come with the package.

    >>> "demo" in presets()
    True
    """
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.toml")))


def load_scene(name_or_path: str | os.PathLike[str]) -> Scene | Recipe:
    """Load a preset by its name or a scene from a TOML file.

    The file has the tables ``[waveform]``, ``[receiver]`` (optional) and any number of
    ``[[targets]]`` and ``[[interferers]]``, whose keys are the fields of `Waveform`, `Receiver`,
    `Target` and `Interferer`, and on top the fields ``name`` (by default the file's name),
    ``frames`` and ``frame_interval`` of `Scene`. ``[[interferers.paths]]`` below an interferer are
    its further paths. A preset goes before a file of the same name; write ``./demo`` for the file.

    Any number of a target, an interferer, a path, the receiver or the levels (but ``receivers``)
    may be drawn anew for each frame; instead of the number stands the table of a `Distribution`::

        distance = { uniform = [5, 150] }           # also log_uniform
        amplitude = { db_uniform = [-60, 0] }       # 20 log10
        phase = { normal = [0, 0.1] }               # mean, standard deviation
        chirps = { integer = [100, 156] }           # both included
        slope = { choice = [10e12, 15e12] }

    Further keys:

    | ``count`` (a number or a distribution, 1 by default) in ``[[targets]]``, ``[[interferers]]``
      and ``[[interferers.paths]]``: so many of them, each with its own draws.
    | ``sweep`` of an interferer in place of ``slope``: Hz from the start to the end of a ramp.
    | ``idle_time`` of an interferer in place of ``chirp_interval``: s from the end of a ramp to
      the start of the next.
    | ``[levels]``, whose keys are the fields of `Levels`: amplitudes relative to each other and to
      the noise.
    | ``[arim]``, alone in its file, whose key ``number`` is the field of `ArimSet`.

    Parameters
    ----------
    name_or_path
        One of `presets()`, or a path.

    Returns
    -------
    Scene or SceneRecipe or ArimSet
        A `Scene` where nothing is drawn: it runs on from frame to frame. Else what draws one for
        each frame, each of which then stands for itself.

    Raises
    ------
    InputError
        Where there is no such scene or it cannot be read; one line with the file, the table and
        the key.
    """
    shown = os.fspath(name_or_path)
    return parse_scene(scene_text(shown), shown)


def scene_text(name_or_path: str | os.PathLike[str]) -> str:
    """Return the text of a preset or of a scene's file, as `load_scene` reads it."""
    shown = os.fspath(name_or_path)
    path = _PRESETS / f"{shown}.toml" if shown in presets() else FilePath(shown)
    if not path.is_file():
        raise InputError(
            f"scene: {shown!r} is neither a file nor a preset; the presets are "
            f"{', '.join(presets())}"
        )
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{shown}: is not a TOML file: {error}") from error
    except OSError as error:
        raise InputError(f"{shown}: cannot be read: {error.strerror}") from error


def parse_scene(text: str, shown: str) -> Scene | Recipe:
    """Return the scene that the text of a file describes; errors call the file `shown`.

    >>> parse_scene(scene_text("imfrac"), "imfrac").name
    'imfrac'
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{shown}: is not a TOML file: {error}") from error
    name = FilePath(shown).stem
    return _arim(table, shown, name) if "arim" in table else _scene(table, shown, name)


def _arim(table: Mapping[str, Any], shown: str, default_name: str) -> ArimSet:
    _check_keys(("name", "frames", "arim"), table, f"{shown}: ")
    (made,) = _single(ArimSet, table["arim"], shown, "[arim]", without=("name", "frames"))
    more = {name: table[name] for name in ("name", "frames") if name in table}
    return _tell(lambda: dataclasses.replace(made, **{"name": default_name, **more}), f"{shown}: ")


def _scene(table: Mapping[str, Any], shown: str, default_name: str) -> Scene | SceneRecipe:
    """Build a scene from the tables of its file, which errors call `shown`."""
    _check_keys((*_names(Scene), "levels"), table, f"{shown}: ")
    if "waveform" not in table:
        raise InputError(f"{shown}: waveform is missing")
    (waveform,) = _single(Waveform, table["waveform"], shown, "[waveform]")
    receiver = _part(Receiver, table.get("receiver", {}), f"{shown}: [receiver]: ")
    if isinstance(receiver.values.get("receivers"), Distribution):
        raise InputError(f"{shown}: [receiver]: receivers is the same in all frames; give a number")
    targets, levels = _rows("targets", table, shown), None
    if "levels" in table:
        levels = _part(Levels, table["levels"], f"{shown}: [levels]: ")
        _check_levels(levels, targets)
    recipe = SceneRecipe(
        waveform=waveform,
        receiver_part=receiver,
        targets=targets,
        interferers=_rows("interferers", table, shown),
        levels=levels,
        name=table.get("name", default_name),
        frames=table.get("frames", 1),
    )
    # Drawn here even where it is drawn again for each frame, so that a wrong file is told at once.
    scene = _tell(lambda: recipe.draw(0), f"{shown}: ")
    if "frame_interval" in table:
        interval = table["frame_interval"]
        scene = _tell(lambda: dataclasses.replace(scene, frame_interval=interval), f"{shown}: ")
    return recipe if recipe.random() else scene


def _single(
    kind: type[Any], table: object, shown: str, where: str, without: tuple[str, ...] = ()
) -> list[Any]:
    """One part none of whose numbers may be drawn."""
    part = _part(kind, table, f"{shown}: {where}: ", without)
    for name, value in part.values.items():
        if isinstance(value, Distribution):
            raise InputError(f"{part.place}{name}: {_FIXED[kind]}; give a number")
    return part.pick(lambda distribution: distribution.ends()[0])


def _rows(name: str, table: Mapping[str, Any], shown: str) -> tuple[PartRecipe, ...]:
    """The parts of a list of tables."""
    rows = table.get(name, [])
    if not isinstance(rows, list):
        raise InputError(f"{shown}: {name} must be a list of tables; write [[{name}]]")
    return tuple(
        _part(_LISTS[name], row, f"{shown}: [[{name}]] number {number}: ")
        for number, row in enumerate(rows, 1)
    )


def _part(kind: type[Any], table: object, place: str, without: tuple[str, ...] = ()) -> PartRecipe:
    """How to draw a `kind` from its table, with errors that say where in which file."""
    if not isinstance(table, Mapping):
        raise InputError(f"{place}expected a table of keys and values, got {table!r}")
    make: Callable[..., Any] = kind
    known = tuple(name for name in _names(kind) if name not in without)
    replaced: dict[str, str] = {}
    if kind in _LISTS.values():
        known = (*known, "count")
    if kind is Interferer:
        make, replaced = _make_interferer, {"slope": "sweep", "chirp_interval": "idle_time"}
    _check_keys((*known, *replaced.values()), table, place)
    _check_required(kind, table, place, replaced)
    values = {name: _value(name, value, place) for name, value in table.items()}
    return PartRecipe(make=make, values=values, count=values.pop("count", 1), place=place)


def _value(name: str, value: Any, place: str) -> Any:
    """A number or a distribution of it; tuples for lists."""
    if name == "transmit_order":
        if not isinstance(value, list):
            raise InputError(f"{place}transmit_order must be a list, got {value!r}")
        return tuple(value)
    if name == "paths":
        if not isinstance(value, list):
            raise InputError(f"{place}paths must be a list of tables, got {value!r}")
        return tuple(
            _part(Path, row, f"{place}path {number}: ") for number, row in enumerate(value, 1)
        )
    if not isinstance(value, Mapping):
        return value
    kinds = get_args(Kind)
    if len(value) != 1 or next(iter(value)) not in kinds:
        raise InputError(
            f"{place}{name}: a distribution has one of the keys {', '.join(kinds)}, got "
            f"{', '.join(map(repr, value)) or 'none'}"
        )
    ((kind, numbers),) = value.items()
    if not isinstance(numbers, list):
        raise InputError(f"{place}{name}: {kind} must be a list of numbers, got {numbers!r}")
    return _tell(lambda: Distribution(kind, tuple(numbers)), f"{place}{name}: ")


def _make_interferer(**values: Any) -> Interferer:
    """Make an interferer whose slope may come by its sweep, its interval by its idle time."""
    duration = values["ramp_duration"]
    if "sweep" in values:
        # A ramp of no duration is told by the interferer itself.
        values["slope"] = values.pop("sweep") / (duration or 1.0)
    if "idle_time" in values:
        idle = values.pop("idle_time")
        if idle < 0:
            raise InputError(f"interferer: idle_time must be a number from 0, got {idle!r}")
        values["chirp_interval"] = duration + idle
    return Interferer(**values)


def _check_levels(levels: PartRecipe, targets: tuple[PartRecipe, ...]) -> None:
    sized = any("cross_section" in part.values for part in targets)
    if "strongest_target" in levels.values and sized:
        raise InputError(
            f"{levels.place}strongest_target is not for targets with a cross_section; give them "
            "an amplitude"
        )


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _check_keys(known: tuple[str, ...], table: Mapping[str, Any], place: str) -> None:
    """Raise `InputError` unless the table has none but known keys."""
    unknown = [key for key in table if key not in known]
    if unknown:
        raise InputError(f"{place}unknown key {unknown[0]!r}; the keys are {', '.join(known)}")


def _check_required(
    kind: type[Any], table: Mapping[str, Any], place: str, replaced: Mapping[str, str]
) -> None:
    """Raise `InputError` where a field without a default is missing, or is there in two ways."""
    empty = dataclasses.MISSING
    for field in dataclasses.fields(kind):
        other = replaced.get(field.name)
        if field.name in table and other in table:
            raise InputError(f"{place}{field.name} and {other} are both given; leave one out")
        needed = field.default is empty and field.default_factory is empty
        if needed and field.name not in table and other not in table:
            also = f" (or {other})" if other else ""
            raise InputError(f"{place}{field.name}{also} is missing")
    for other in replaced.values():
        if other in table and not _is_numeric(table[other]):
            raise InputError(f"{place}{other} must be a number, got {table[other]!r}")
    if replaced and not _is_numeric(table["ramp_duration"]):
        given = table["ramp_duration"]
        raise InputError(f"{place}ramp_duration must be a number, got {given!r}")


def _is_numeric(value: object) -> bool:
    """True for a number and for the table of a distribution."""
    if isinstance(value, Mapping):
        return True
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tell(action: Callable[[], Any], place: str) -> Any:
    """Do it, with errors that say where; those of a part say it themselves."""
    try:
        return action()
    except InputError as error:
        message = str(error)
        raise InputError(message if message.startswith(place) else f"{place}{message}") from error

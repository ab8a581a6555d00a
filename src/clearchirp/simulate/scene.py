"""A scene: one victim, its targets and its interferers; from Python, a preset or a TOML file."""

from __future__ import annotations

import dataclasses
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.checks import check_count, check_number
from clearchirp.simulate.interferers import Interferer
from clearchirp.simulate.receiver import Receiver
from clearchirp.simulate.targets import Target
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

_PRESETS = Path(__file__).with_name("scenes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What there is to see, and who looks.

    Parameters
    ----------
    waveform
        The victim's waveform, every field known; one transmitter.
    targets
        Targets, none by default.
    interferers
        Interferers, none by default.
    receiver
        The victim's receiver; by default one I/Q antenna without noise.
    name
        What to call it.
    frames
        How many frames it is meant for, 1 by default.
    frame_interval
        Time in s from the start of one frame to the next; None, the default, is without a pause,
        ``chirps * chirp_interval``.

    Raises
    ------
    InputError
        For a waveform with unknown fields or whose samples do not fit into its interval, and for
        parts of the wrong kind.
    """

    waveform: Waveform
    targets: tuple[Target, ...] = ()
    interferers: tuple[Interferer, ...] = ()
    receiver: Receiver = field(default_factory=Receiver)
    name: str = "scene"
    frames: int = 1
    frame_interval: float | None = None

    def __post_init__(self) -> None:
        for name, kind in (("waveform", Waveform), ("receiver", Receiver), ("name", str)):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise InputError(f"scene: {name} must be a {kind.__name__}, got {value!r}")
        for name, kind in (("targets", Target), ("interferers", Interferer)):
            value = getattr(self, name)
            if not isinstance(value, tuple | list) or not all(isinstance(v, kind) for v in value):
                raise InputError(f"scene: {name} must be a tuple of {kind.__name__}, got {value!r}")
            object.__setattr__(self, name, tuple(value))
        check_count("scene", "frames", self.frames)
        _check_waveform(self.waveform)
        if self.frame_interval is not None:
            check_number("scene", "frame_interval", self.frame_interval, "positive")
            least = self.waveform.chirps * self.waveform.chirp_interval
            if self.frame_interval < least * (1 - 1e-12):
                raise InputError(
                    f"scene: frame_interval {self.frame_interval!r} s is shorter than the frame, "
                    f"{least:.6g} s"
                )
        for number, interferer in enumerate(self.interferers, 1):
            if interferer.chirp_interval * self.waveform.sample_rate < 1:
                raise InputError(
                    f"scene: interferer {number}: chirp_interval {interferer.chirp_interval!r} s "
                    "is shorter than one sample of the victim; it is in seconds"
                )

    def ramp_starts(self, frame: int) -> NDArray[np.float64]:
        """Time in s at which each ramp of a frame starts; (chirp,)."""
        interval = self.waveform.chirp_interval
        frame_interval = self.frame_interval or self.waveform.chirps * interval
        return frame * frame_interval + interval * np.arange(self.waveform.chirps, dtype=np.float64)


def _check_waveform(waveform: Waveform) -> None:
    for name in ("start_frequency", "slope", "sample_rate", "chirp_interval"):
        if math.isnan(getattr(waveform, name)):
            raise InputError(f"scene: waveform.{name} is unknown (NaN); a simulation needs it")
    needed = waveform.adc_start + waveform.duration
    if needed > waveform.chirp_interval * (1 + 1e-9):
        raise InputError(
            f"scene: the samples of a chirp end {needed:.6g} s after its start, later than its "
            f"chirp_interval {waveform.chirp_interval:.6g} s"
        )
    if len(waveform.transmit_order) > 1:
        raise InputError(
            "scene: waveform.transmit_order: more than one transmitter is not modelled"
        )


def presets() -> tuple[str, ...]:
    """Names of the scenes that come with the package.

    >>> "demo" in presets()
    True
    """
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.toml")))


def load_scene(name_or_path: str | os.PathLike[str]) -> Scene:
    """Load a preset by its name or a scene from a TOML file.

    The file has the tables ``[waveform]``, ``[receiver]`` (optional) and any number of
    ``[[targets]]`` and ``[[interferers]]``, whose keys are the fields of `Waveform`, `Receiver`,
    `Target` and `Interferer`, and on top the fields ``name`` (by default the file's name),
    ``frames`` and ``frame_interval`` of `Scene`. A preset goes before a file of the same name;
    write ``./demo`` for the file.

    Parameters
    ----------
    name_or_path
        One of `presets()`, or a path.

    Returns
    -------
    Scene
        The scene.

    Raises
    ------
    InputError
        Where there is no such scene or it cannot be read; one line with the file, the table and
        the key.
    """
    shown = os.fspath(name_or_path)
    path = _PRESETS / f"{shown}.toml" if shown in presets() else Path(shown)
    if not path.is_file():
        raise InputError(
            f"scene: {shown!r} is neither a file nor a preset; the presets are "
            f"{', '.join(presets())}"
        )
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{shown}: is not a TOML file: {error}") from error
    except OSError as error:
        raise InputError(f"{shown}: cannot be read: {error.strerror}") from error
    return _scene(table, shown, default_name=path.stem)


def _scene(table: Mapping[str, Any], shown: str, *, default_name: str) -> Scene:
    """Build a scene from the tables of its file, which errors call `shown`."""
    _check_keys(Scene, table, f"{shown}: ")
    parts = {
        "name": default_name,
        **table,
        "waveform": _part(Waveform, table["waveform"], shown, "[waveform]"),
        "receiver": _part(Receiver, table.get("receiver", {}), shown, "[receiver]"),
    }
    for name, kind in (("targets", Target), ("interferers", Interferer)):
        rows = table.get(name, [])
        if not isinstance(rows, list):
            raise InputError(f"{shown}: {name} must be a list of tables; write [[{name}]]")
        parts[name] = tuple(
            _part(kind, row, shown, f"[[{name}]] number {number}")
            for number, row in enumerate(rows, 1)
        )
    return _part(Scene, parts, shown, "")


def _part(kind: type[Any], table: object, shown: str, where: str) -> Any:
    """Make a `kind` of a table, with errors that say where in which file."""
    place = f"{shown}: {where}: " if where else f"{shown}: "
    if not isinstance(table, Mapping):
        raise InputError(f"{place}expected a table of keys and values, got {table!r}")
    _check_keys(kind, table, place)
    values = dict(table)
    if "transmit_order" in values:
        if not isinstance(values["transmit_order"], list):
            given = values["transmit_order"]
            raise InputError(f"{place}transmit_order must be a list, got {given!r}")
        values["transmit_order"] = tuple(values["transmit_order"])
    try:
        return kind(**values)
    except InputError as error:
        raise InputError(f"{place}{error}") from error


def _check_keys(kind: type[Any], table: Mapping[str, Any], place: str) -> None:
    """Raise `InputError` unless the table has the fields of `kind` and no others."""
    fields = {f.name: f for f in dataclasses.fields(kind)}
    unknown = [key for key in table if key not in fields]
    if unknown:
        raise InputError(f"{place}unknown key {unknown[0]!r}; the keys are {', '.join(fields)}")
    empty = dataclasses.MISSING
    for name, known in fields.items():
        if name not in table and known.default is empty and known.default_factory is empty:
            raise InputError(f"{place}{name} is missing")

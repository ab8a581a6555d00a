"""What `clearchirp train` is told: a TOML file, read without torch."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from clearchirp.types import InputError

LOSSES = ("bce", "magmse", "mse")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConfig:
    """Table ``[data]``: the maps.

    Attributes
    ----------
    source
        A preset, a scene's TOML file, or a recording with its truth.
    seed
        Of a scene; 0 by default.
    store
        A Zarr folder that keeps the maps, so that the next training does not make them again;
        nothing is kept by default.
    training, validation
        First frame and the one after the last; the splits of Oswald 2023 by default.
    tile
        Bins in angle, Doppler and range of the pieces that the training maps are cut into; whole
        maps by default.
    per_map
        How many tiles of each map are taken, all by default.
    """

    source: str
    seed: int = 0
    store: str | None = None
    training: tuple[int, int] = (0, 2500)
    validation: tuple[int, int] = (2500, 2750)
    tile: tuple[int, int, int] | None = None
    per_map: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Table ``[training]``: how, and on what.

    Attributes
    ----------
    epochs
        At most so many.
    batch
        Maps or tiles a step, 8 as in Oswald 2023.
    rate
        Of ADAM at the start.
    decay
        Factor on it after each epoch; 1, the default, leaves it.
    patience
        Epochs without a better F1 score of the validation maps, after which it ends; 0 trains to
        the end.
    seed
        Of the first weights and of the order of the maps.
    accelerator, devices, strategy, precision
        As Lightning's `Trainer` has them; "cpu" and one device by default.
    tensorboard
        True logs for TensorBoard, too.
    """

    epochs: int = 100
    batch: int = 8
    rate: float = 1e-3
    decay: float = 1.0
    patience: int = 10
    seed: int = 0
    accelerator: str = "cpu"
    devices: int | str = 1
    strategy: str = "auto"
    precision: str = "32-true"
    tensorboard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorConfig:
    """Table ``[detector]``: the CA-CFAR that is trained through and scores; see `Cfar`."""

    guard: int = 2
    training: int = 8
    threshold_db: float = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """All of a training.

    Attributes
    ----------
    name
        What the network is called, and its file; that of the configuration file by default.
    network
        One of the networks by name, such as ``"s7"``.
    loss
        ``"bce"`` through the detector, ``"magmse"`` or ``"mse"``.
    temperature, weight
        Of BCE: of the relaxed comparison, and of bins with an object; Oswald 2023's 10 and 0.75.
    data, training, detector
        The tables.
    """

    name: str
    network: str
    data: DataConfig
    loss: str = "bce"
    temperature: float = 10.0
    weight: float = 0.75
    training: RunConfig = field(default_factory=RunConfig)
    detector: DetectorConfig = field(default_factory=DetectorConfig)


def load_config(path: str | Path) -> TrainConfig:
    """Read the configuration of a training.

    Raises
    ------
    InputError
        For what cannot be: names the file, the field and what it may be.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{place}: is not there") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{place}: cannot be read as text: {error}") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{place}: is not a TOML file: {error}") from None
    try:
        found = _part(TrainConfig, "", {"name": place.stem, **table})
        _check(found)
    except InputError as error:
        raise InputError(f"{place}: {error}") from None
    folder = place.parent
    data = found.data
    return dataclasses.replace(
        found,
        data=dataclasses.replace(
            data,
            source=_beside(folder, data.source),
            store=None if data.store is None else str(folder / data.store),
        ),
    )


def _beside(folder: Path, source: str) -> str:
    """Return a path relative to the configuration's folder if something lies there."""
    return str(folder / source) if (folder / source).exists() else source


def _part(kind: Any, place: str, table: Any) -> Any:
    if not isinstance(table, Mapping):
        raise InputError(f"{place}: expected a table [{place}], got {table!r}")
    prefix = f"{place}." if place else ""
    fields = {each.name: each for each in dataclasses.fields(kind)}
    for key in table:
        if key not in fields:
            raise InputError(f"{prefix}{key}: is not a field; there are {', '.join(fields)}")
    hints, values = get_type_hints(kind), {}
    for name, each in fields.items():
        if name not in table:
            if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
                raise InputError(f"{prefix}{name}: is missing; {_NEEDED[name]}")
            continue
        hint = hints[name]
        if dataclasses.is_dataclass(hint):
            values[name] = _part(hint, name, table[name])
        else:
            values[name] = _value(f"{prefix}{name}", hint, table[name])
    return kind(**values)


_NEEDED = {
    "network": 'give one by name, such as network = "s7"',
    "data": 'give a table [data] with source = "e2e"',
    "source": 'give a scene or a recording, such as source = "e2e"',
}

_EXPECTED = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    int | str: "a whole number or a text",
    str | None: "a text",
    int | None: "a whole number",
    tuple[int, int]: "two whole numbers",
    tuple[int, int, int] | None: "three whole numbers",
}


def _value(place: str, hint: Any, value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = {
        str: isinstance(value, str),
        str | None: isinstance(value, str),
        int: whole,
        int | None: whole,
        float: whole or isinstance(value, float),
        bool: isinstance(value, bool),
        int | str: whole or isinstance(value, str),
        tuple[int, int]: _are_whole(value, 2),
        tuple[int, int, int] | None: _are_whole(value, 3),
    }[hint]
    if not fits:
        raise InputError(f"{place}: expected {_EXPECTED[hint]}, got {value!r}")
    return tuple(value) if isinstance(value, list) else float(value) if hint is float else value


def _are_whole(value: object, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(each, int) and not isinstance(each, bool) for each in value)
    )


def _check(config: TrainConfig) -> None:
    run, data = config.training, config.data
    if config.loss not in LOSSES:
        raise InputError(f"loss: must be one of {', '.join(LOSSES)}, got {config.loss!r}")
    if not config.name or set(config.name) & set("/\\\0") or config.name.startswith("."):
        raise InputError(f"name: must be a file's name, got {config.name!r}")
    for place, value, least in (
        ("training.epochs", run.epochs, 1),
        ("training.batch", run.batch, 1),
        ("training.patience", run.patience, 0),
        ("training.seed", run.seed, 0),
        ("data.seed", data.seed, 0),
        ("detector.guard", config.detector.guard, 0),
        ("detector.training", config.detector.training, 1),
    ):
        if value < least:
            raise InputError(f"{place}: must be {least} or more, got {value}")
    for place, number in (
        ("training.rate", run.rate),
        ("training.decay", run.decay),
        ("temperature", config.temperature),
    ):
        if not 0 < number < math.inf:
            raise InputError(f"{place}: must be positive, got {number}")
    if not 0 < config.weight < 1:
        raise InputError(f"weight: must lie between 0 and 1, got {config.weight}")
    if not math.isfinite(config.detector.threshold_db):
        raise InputError(
            f"detector.threshold_db: must be finite, got {config.detector.threshold_db}"
        )
    for name in ("training", "validation"):
        first, last = getattr(data, name)
        if not 0 <= first < last:
            raise InputError(
                f"data.{name}: expected the first frame and the one after the last, got "
                f"[{first}, {last}]"
            )
    if max(data.training[0], data.validation[0]) < min(data.training[1], data.validation[1]):
        raise InputError(
            f"data.validation: shares frames with data.training, {list(data.training)}; a network "
            "is not to be judged by what it has learned from"
        )

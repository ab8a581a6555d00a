"""What a paper published and how it is measured here: `published.toml` and `setup.toml`."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from clearchirp.disturbed.catalogue import detectors
from clearchirp.mitigation.catalogue import methods
from clearchirp.types import InputError

KINDS = ("number", "bound", "order", "best")
SIZES = ("quick", "whole", "full")
_SIDES = ("higher", "lower", "equal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far a number may be from the published one and still have reached it.

    Attributes
    ----------
    width
        In the unit of the row.
    why
        Where this width comes from.
    """

    width: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRow:
    """One figure or statement of a paper.

    Attributes
    ----------
    id
        Its name, for the measurement.
    what
        A sentence for people.
    where
        Table, figure or section of the paper; "our aim" where it is none of the paper's.
    metric
        What is measured.
    kind
        "number", reached within the tolerance; "bound", which `better` says to be above or below
        of; "order", names from the best to the worst; "best", whose first is better than each of
        the others.
    published
        The number, or the names.
    unit
        Of the number.
    better
        Which way is better; "equal" for a number that is to be met and not to be beaten.
    method, detector
        Whose row it is, as the catalogues call it.
    tolerance
        Of a number.
    not_comparable
        Why the published number and ours say nothing about each other; empty where they do.
    needs
        Names that must be in the catalogues before it can be measured.
    """

    id: str
    what: str
    where: str
    metric: str
    kind: Literal["number", "bound", "order", "best"] = "number"
    published: float | tuple[str, ...]
    unit: str = ""
    better: Literal["higher", "lower", "equal"]
    method: str = ""
    detector: str = ""
    tolerance: Tolerance | None = None
    not_comparable: str = ""
    needs: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The method or the detector."""
        return self.method or self.detector

    def missing(self) -> tuple[str, ...]:
        """Return which of the names it needs have not landed."""
        return tuple(name for name in self.needs if name not in methods and name not in detectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper and its rows.

    Attributes
    ----------
    name
        As on the command line; the name of its folder.
    title
        Of the paper.
    source
        Its short name in ``docs/sources.md``.
    rows
        In the order of the file.
    """

    name: str
    title: str
    source: str
    rows: tuple[PublishedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of a set-up is run.

    Attributes
    ----------
    name
        "quick", "whole" or "full".
    frames
        Simulated frames a setting.
    repeats
        Random repetitions a setting.
    seed
        Seed of everything random.
    reduced
        What is less than in the paper; empty where nothing is.
    """

    name: str
    frames: int = 1
    repeats: int = 1
    seed: int = 0
    reduced: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupCase:
    """A method under the name that the rows of kind "order" give it, with its settings."""

    label: str
    method: str
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a paper's figures are measured.

    Attributes
    ----------
    scene
        Preset or, relative to the folder, TOML file.
    detector
        Finds the disturbed samples.
    cases
        Label -> method with settings.
    parameters
        Whatever else the experiment of this paper asks for.
    sizes
        Name -> how much is run.
    """

    scene: str
    detector: str
    cases: Mapping[str, SetupCase]
    parameters: Mapping[str, Any]
    sizes: Mapping[str, Size]

    def landed(self) -> dict[str, SetupCase]:
        """Return the cases whose method is in the catalogue."""
        return {label: case for label, case in self.cases.items() if case.method in methods}


def read_paper(folder: Path) -> Paper:
    """Read ``published.toml`` of a folder.

    The table ``[paper]`` has ``name``, ``title`` and ``source``; each of ``[[rows]]`` the fields of
    `PublishedRow`, its tolerance as ``{ absolute = 0.5, why = "..." }`` or ``relative``. Rows that
    share fields may stand in ``[[groups]]``: the shared fields, and below them ``rows``.

    Where ``needs`` is not given, a row needs its method and its detector, and one of names those.

    Raises
    ------
    InputError
        For a file that is missing or no TOML, unknown and missing keys, and values that do not fit.
    """
    path = folder / "published.toml"
    table = _read(path)
    _known(table, ("paper", "rows", "groups"), str(path))
    told = table.get("paper")
    if not isinstance(told, Mapping):
        raise InputError(f"{path}: the table [paper] is missing")
    _known(told, ("name", "title", "source"), f"{path}: [paper]")
    _required(told, ("name", "title", "source"), f"{path}: [paper]")
    if told["name"] != folder.name:
        raise InputError(f"{path}: [paper]: name is {told['name']!r}, its folder {folder.name!r}")
    rows = tuple(_row(each, f"{path}: row {each.get('id', '?')!r}") for each in _rows(table, path))
    names = [row.id for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path}: two rows have the id {twice[0]!r}")
    return Paper(**told, rows=rows)


def read_setup(folder: Path) -> Setup:
    """Read ``setup.toml`` of a folder.

    It has ``scene``, ``detector`` (optional), a table each for ``[quick]``, ``[whole]`` and
    ``[full]`` with the fields of `Size`, tables ``[cases.LABEL]`` with ``method`` and ``settings``,
    and ``[parameters]`` for the experiment.

    Raises
    ------
    InputError
        As `read_paper`.
    """
    path = folder / "setup.toml"
    table = _read(path)
    _known(table, ("scene", "detector", "cases", "parameters", *SIZES), str(path))
    _required(table, ("scene", *SIZES), str(path))
    return Setup(
        scene=table["scene"],
        detector=table.get("detector", "combined"),
        cases={label: _case(label, each, path) for label, each in table.get("cases", {}).items()},
        parameters=table.get("parameters", {}),
        sizes={name: _size(name, table[name], path) for name in SIZES},
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: is missing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not a TOML file: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def _rows(table: Mapping[str, Any], path: Path) -> Iterator[dict[str, Any]]:
    yield from table.get("rows", ())
    for group in table.get("groups", ()):
        if "rows" not in group:
            raise InputError(f"{path}: [[groups]]: rows is missing")
        shared = {key: value for key, value in group.items() if key != "rows"}
        for row in group["rows"]:
            yield {**shared, **row}


def _row(table: dict[str, Any], place: str) -> PublishedRow:
    _known(table, _fields(PublishedRow), place)
    _required(table, ("id", "what", "where", "metric", "published", "better"), place)
    kind = table.get("kind", "number")
    for name, value, choices in (("kind", kind, KINDS), ("better", table["better"], _SIDES)):
        if value not in choices:
            raise InputError(f"{place}: {name} must be one of {', '.join(choices)}, got {value!r}")
    if kind != "number" and table["better"] == "equal":
        raise InputError(f"{place}: better must be higher or lower for a row of kind {kind}")
    published = table["published"]
    named = kind in ("order", "best")
    if named and not _is_names(published):
        raise InputError(f"{place}: published must be a list of two names at least")
    if not named and not _is_number(published):
        raise InputError(f"{place}: published must be a number, got {published!r}")
    given = table.get("needs")
    if given is None:
        own = [table[key] for key in ("method", "detector") if table.get(key)]
        given = [*own, *published] if named else own
    values = {
        **table,
        "published": tuple(published) if named else float(published),
        "tolerance": _tolerance(table, kind, place),
        "needs": tuple(dict.fromkeys(given)),
    }
    return PublishedRow(**values)


def _tolerance(table: Mapping[str, Any], kind: str, place: str) -> Tolerance | None:
    given = table.get("tolerance")
    if kind != "number":
        if given is not None:
            raise InputError(f"{place}: tolerance is for a row of kind number")
        return None
    if given is None:
        if table.get("not_comparable"):
            return None
        raise InputError(f"{place}: tolerance is missing")
    if not isinstance(given, Mapping):
        raise InputError(f'{place}: tolerance must be {{ absolute = ..., why = "..." }}')
    _known(given, ("absolute", "relative", "why"), f"{place}: tolerance")
    _required(given, ("why",), f"{place}: tolerance")
    if ("absolute" in given) == ("relative" in given):
        raise InputError(f"{place}: tolerance: give absolute or relative")
    width = given.get("absolute", given.get("relative"))
    if not _is_number(width) or width < 0:
        raise InputError(f"{place}: tolerance: must be a number from 0, got {width!r}")
    if "relative" in given:
        width *= abs(table["published"])
    return Tolerance(width=float(width), why=given["why"])


def _case(label: str, table: Mapping[str, Any], path: Path) -> SetupCase:
    place = f"{path}: [cases.{label}]"
    _known(table, ("method", "settings"), place)
    _required(table, ("method",), place)
    return SetupCase(label=label, **table)


def _size(name: str, table: Mapping[str, Any], path: Path) -> Size:
    place = f"{path}: [{name}]"
    _known(table, [key for key in _fields(Size) if key != "name"], place)
    for key, least in (("frames", 1), ("repeats", 1), ("seed", 0)):
        value = table.get(key, least)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"{place}: {key} must be {least} or more, got {value!r}")
    return Size(name=name, **table)


def _fields(kind: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in dataclasses.fields(kind))


def _known(table: Mapping[str, Any], known: tuple[str, ...] | list[str], place: str) -> None:
    for key in table:
        if key not in known:
            raise InputError(f"{place}: unknown key {key!r}; the keys are {', '.join(known)}")


def _required(table: Mapping[str, Any], keys: tuple[str, ...], place: str) -> None:
    for key in keys:
        if key not in table:
            raise InputError(f"{place}: {key} is missing")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_names(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(v, str) for v in value)

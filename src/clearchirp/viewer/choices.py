"""What can be chosen: detectors, methods and their settings, as controls and as options."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from clearchirp.disturbed.catalogue import DetectorEntry, detectors, find_detector
from clearchirp.io.capture import Capture
from clearchirp.mitigation.catalogue import MethodEntry, find_method, methods
from clearchirp.settings import defaults, load

Kind = Literal["truth", "whole", "number", "text", "one of"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A detector or a method by name, and those of its settings that are not the default ones.

    >>> Choice("zeroing", (("taper", 4),)).given
    {'taper': 4}
    """

    name: str
    settings: tuple[tuple[str, object], ...] = ()

    @property
    def given(self) -> dict[str, object]:
        """The settings by name."""
        return dict(self.settings)

    @property
    def options(self) -> list[str]:
        """What ``--set`` must say for them.

        >>> Choice("ar", (("order", 9), ("penalty", None))).options
        ['ar.order=9', 'ar.penalty=none']
        """
        return [f"{self.name}.{key}={as_text(value)}" for key, value in self.settings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting as a control needs to know it.

    Attributes
    ----------
    name, default
        Of the setting.
    kind
        "truth" (yes or no), "whole" or any "number", "text", or "one of" the `values`.
    optional
        Whether it may be left to the method (None).
    values
        Of a setting with few values.
    meaning
        What the documentation says, on one line.
    """

    name: str
    default: object
    kind: Kind
    optional: bool = False
    values: tuple[str, ...] = ()
    meaning: str = ""


def as_text(value: object) -> str:
    """Return a value as `clearchirp.settings.parse_setting` reads it back.

    >>> as_text(True), as_text(None), as_text(1e-6), as_text("hann")
    ('true', 'none', '1e-06', 'hann')
    """
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else str(value)


def offered_detectors(capture: Capture) -> list[str]:
    """Return the detectors for a recording; the oracle only where the file knows the truth."""
    known = knows_disturbed(capture)
    return [name for name, entry in detectors.items() if known or not entry.needs_truth]


def offered_methods(capture: Capture) -> list[str]:
    """Return the methods that take this receiver; oracles only where the file knows the truth."""
    known = knows_disturbed(capture)
    return [
        name
        for name, entry in methods.items()
        if (entry.complex if capture.is_complex else entry.real)
        and (known or not entry.needs_truth)
        and entry.domain != "range-doppler-angle"
    ]


def knows_disturbed(capture: Capture) -> bool:
    """Whether the file tells which samples are disturbed."""
    have = set(capture.truth)
    return "disturbed" in have or {"interference", "clean"} <= have


def settings_of(name: str, *, of: Literal["method", "detector"]) -> list[Setting]:
    """Return the settings of a method or detector, in order.

    >>> [(s.name, s.kind, s.default) for s in settings_of("zeroing", of="method")]
    [('taper', 'whole', 0)]
    """
    entry = find_method(name) if of == "method" else find_detector(name)
    kinds, meanings = _declared(entry)
    return [_setting(key, value, kinds[key], meanings) for key, value in _defaults(entry).items()]


def chosen(name: str, values: Mapping[str, object], *, of: Literal["method", "detector"]) -> Choice:
    """Return the choice with those of the values that differ from the defaults.

    >>> chosen("zeroing", {"taper": 0}, of="method")
    Choice(name='zeroing', settings=())
    """
    usual = {one.name: one.default for one in settings_of(name, of=of)}
    other = [(key, value) for key, value in values.items() if value != usual[key]]
    return Choice(name, tuple(other))


def build(choice: Choice, *, of: Literal["method", "detector"]) -> Any:
    """Return the method or detector; `InputError` for a setting that it refuses."""
    entry = find_method(choice.name) if of == "method" else find_detector(choice.name)
    return entry(**choice.given)


def _defaults(entry: MethodEntry | DetectorEntry) -> dict[str, object]:
    return entry.defaults() if isinstance(entry, MethodEntry) else defaults(entry.factory)


def _declared(entry: MethodEntry | DetectorEntry) -> tuple[dict[str, Any], dict[str, str]]:
    """Return type and meaning of each setting; the solver's come first, as in `defaults`."""
    solver = entry.solver if isinstance(entry, MethodEntry) else ""
    kinds: dict[str, Any] = {}
    meanings: dict[str, str] = {}
    for factory in (solver, entry.factory):
        if factory:
            kind = load(factory)
            hints = get_type_hints(kind)
            kinds |= {field.name: hints[field.name] for field in dataclasses.fields(kind)}
            meanings |= _documented(kind)
    return kinds, meanings


def _documented(kind: type) -> dict[str, str]:
    """Return what the section of parameters says about each, its first paragraph on one line."""
    text = inspect.getdoc(kind) or ""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", text, re.S | re.M)
    found: dict[str, str] = {}
    for names, about in re.findall(
        r"^(\w[\w, ]*)\n((?:[ ]+\S[^\n]*\n?)+)", section[1] if section else "", re.M
    ):
        meaning = " ".join(about.split()).replace("`", "")
        found |= {name.strip(): meaning for name in names.split(",")}
    return found


def _setting(name: str, default: object, kind: Any, meanings: Mapping[str, str]) -> Setting:
    kinds = get_args(kind)
    optional = type(None) in kinds
    plain = next((one for one in kinds if one is not type(None)), kind) if optional else kind
    values: tuple[str, ...] = ()
    named: Kind = "text"
    if plain is bool:
        named = "one of" if optional else "truth"
        values = ("none", "true", "false") if optional else ()
    elif plain is int:
        named = "whole"
    elif plain is float:
        named = "number"
    elif kinds and not optional:
        named, values = "one of", tuple(str(one) for one in kinds)
    return Setting(
        name=name,
        default=default,
        kind=named,
        optional=optional,
        values=values,
        meaning=meanings.get(name, ""),
    )

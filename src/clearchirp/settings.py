"""From a name in a catalogue and settings by name to the frozen object that does the work."""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Mapping
from typing import Any

from clearchirp.types import InputError


def load(factory: str) -> type:
    """Import and return the class that ``module:class`` names."""
    module, _, name = factory.partition(":")
    return getattr(importlib.import_module(module), name)


def defaults(factory: str, solver: str = "") -> dict[str, object]:
    """Return the settings of a ``module:class`` with their default values.

    With the ``module:class`` of a solver that it is built around, the solver's settings are its
    own and come first.

    >>> defaults("clearchirp.mitigation.zeroing:Zeroing")
    {'taper': 0}
    """
    own: dict[str, object] = {
        field.name: field.default for field in dataclasses.fields(load(factory))
    }
    if not solver:
        return own
    own.pop("solver")
    return defaults(solver) | own


def build(factory: str, name: str, settings: Mapping[str, object], solver: str = "") -> Any:
    """Return the object of class ``module:class`` with the given settings.

    With the ``module:class`` of a `solver`, the object is built around that, and each setting goes
    to the one that has it.

    Raises
    ------
    InputError
        For a setting that the class does not have (the message lists those it has) or a value
        that it refuses.

    Examples
    --------
    >>> build("clearchirp.mitigation.zeroing:Zeroing", "zeroing", {"taper": 4})
    Zeroing(taper=4)
    >>> build("clearchirp.mitigation.zeroing:Zeroing", "zeroing", {"width": 4})
    Traceback (most recent call last):
    clearchirp.types.InputError: zeroing: has no setting 'width'; it has taper
    """
    kind = load(factory)
    known = list(defaults(factory, solver))
    for key in settings:
        if key not in known:
            have = ", ".join(known) if known else "none"
            raise InputError(f"{name}: has no setting {key!r}; it has {have}")
    try:
        if not solver:
            return kind(**settings)
        inner = defaults(solver)
        given = {key: value for key, value in settings.items() if key in inner}
        rest = {key: value for key, value in settings.items() if key not in inner}
        return kind(solver=load(solver)(**given), **rest)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except TypeError:
        given = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        raise InputError(f"{name}: a setting has the wrong type: {given}") from None


def parse_setting(text: str) -> tuple[str, object]:
    """Return key and value of ``key=value``; numbers, booleans and tuples become such.

    >>> parse_setting("order=25"), parse_setting("tau=2e-2"), parse_setting("solver=ist")
    (('order', 25), ('tau', 0.02), ('solver', 'ist'))
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise InputError(f"--set: expected key=value, got {text!r}")
    return key.strip(), _value(value.strip())


def _value(text: str) -> object:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.lower() == "none":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def check_number(name: str, value: object) -> None:
    """Raise `InputError` unless a setting is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name}: must be a finite number, got {value!r}")

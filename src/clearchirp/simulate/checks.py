"""Checks that the settings of a scene share."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from clearchirp.types import InputError

Rule = Literal["any", "positive", "not negative"]

_RULES = {
    "any": ("a finite number", lambda x: True),
    "positive": ("a positive number", lambda x: x > 0),
    "not negative": ("a number from 0", lambda x: x >= 0),
}


def check_number(owner: str, field: str, value: object, rule: Rule = "any") -> None:
    """Raise `InputError` unless `value` is a finite real number that keeps the rule."""
    words, keeps = _RULES[rule]
    is_number = isinstance(value, int | float | np.integer | np.floating)
    if not is_number or isinstance(value, bool) or not math.isfinite(value) or not keeps(value):
        raise InputError(f"{owner}: {field} must be {words}, got {value!r}")


def check_count(owner: str, field: str, value: object, *, least: int = 1) -> None:
    """Raise `InputError` unless `value` is a whole number of at least `least`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise InputError(f"{owner}: {field} must be a whole number from {least}, got {value!r}")

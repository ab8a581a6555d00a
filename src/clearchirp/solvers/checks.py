"""Checks of the solvers' settings."""

from __future__ import annotations

from clearchirp.settings import check_number
from clearchirp.types import InputError


def check_from(name: str, value: object, least: float) -> None:
    """Raise `InputError` unless `value` is a number from `least`."""
    check_number(name, value)
    if value < least:  # pyright: ignore[reportOperatorIssue] -- a number, as just checked
        raise InputError(f"{name}: must be from {least}, got {value!r}")


def check_within(name: str, value: object, low: float, high: float) -> None:
    """Raise `InputError` unless `value` is a number above `low` and at most `high`."""
    check_number(name, value)
    if not low < value <= high:  # pyright: ignore[reportOperatorIssue]
        raise InputError(f"{name}: must be above {low} and at most {high}, got {value!r}")


def check_count(name: str, value: object) -> None:
    """Raise `InputError` unless `value` is a whole number from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"{name}: must be a whole number from 1, got {value!r}")


def check_penalty(value: object) -> None:
    """Raise `InputError` unless `value` is None or a share from 0 to below 1."""
    if value is None:
        return
    check_from("penalty", value, 0)
    if value >= 1:  # pyright: ignore[reportOperatorIssue]
        raise InputError(f"penalty: must be below 1, above it nothing is found; got {value!r}")


def check_stopping(tol: object, max_iter: object) -> None:
    """Raise `InputError` unless `tol` is a number from 0 and `max_iter` a whole number from 1."""
    check_from("tol", tol, 0)
    check_count("max_iter", max_iter)

"""A published figure and ours: reached, better, short of it, or why nothing can be said."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from clearchirp.evaluate.published import PublishedRow
from clearchirp.metrics import aggregate
from clearchirp.types import InputError


class Verdict(Enum):
    """How a measured figure stands beside the published one."""

    REACHED = "reached"
    BETTER = "better"
    SHORT = "short of it"
    UNDECIDED = "undecided"
    NOT_COMPARABLE = "not comparable"
    NOT_LANDED = "not landed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a measurement gave.

    Attributes
    ----------
    value
        The figure; NaN for a row of names.
    low, high
        Bounds of its 95 % interval, NaN where there is none.
    note
        What there is to know about it.
    each
        Row of names only: name -> values, one a frame, the same frames for every name.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    note: str = ""
    each: Mapping[str, Sequence[float]] = field(default_factory=dict)


def mean_of(values: Sequence[float], note: str = "") -> Measured:
    """Return the mean of values, one a frame, with its bootstrap interval."""
    found = aggregate.mean(values)
    left = f"{found.left_out} without a value" if found.left_out else ""
    told = "; ".join(text for text in (note, left) if text)
    return Measured(value=found.value, low=found.low, high=found.high, note=told)


def judge(row: PublishedRow, measured: Measured) -> tuple[Verdict, str]:
    """Return the verdict on a figure and its reason, empty where the verdict says it all.

    A number is reached within the row's tolerance, by its value alone. An order is reached where
    the means stand in it and the paired 95 % interval of each difference between neighbours (of
    kind "best": between the first and each other) leaves out zero. It is short where an interval
    says the opposite, and undecided where an interval holds zero: more frames are needed then.
    """
    if row.kind in ("order", "best"):
        verdict, why = _judge_order(row, measured)
    else:
        verdict, why = _judge_number(row, measured)
    return (Verdict.NOT_COMPARABLE, row.not_comparable) if row.not_comparable else (verdict, why)


def _judge_number(row: PublishedRow, measured: Measured) -> tuple[Verdict, str]:
    assert isinstance(row.published, float)
    if math.isnan(measured.value):
        return Verdict.UNDECIDED, measured.note or "nothing to measure it on"
    ahead = measured.value - row.published
    if row.better == "lower":
        ahead = -ahead
    elif row.better == "equal":
        ahead = -abs(ahead)
    width = row.tolerance.width if row.tolerance else 0.0
    if row.kind == "bound":
        return (Verdict.REACHED, "") if ahead >= 0 else (Verdict.SHORT, _by(-ahead, row))
    # A sum of decimal fractions is not them: what lies on the edge is inside.
    slack = 1e-9 * max(abs(row.published), abs(width))
    if abs(ahead) <= width + slack:
        return Verdict.REACHED, ""
    return (Verdict.BETTER if ahead > 0 else Verdict.SHORT), _by(abs(ahead), row)


def _by(amount: float, row: PublishedRow) -> str:
    lead = "off by" if row.better == "equal" else "by"
    return f"{lead} {amount:.3g} {row.unit}".rstrip()


def _judge_order(row: PublishedRow, measured: Measured) -> tuple[Verdict, str]:
    assert isinstance(row.published, tuple)
    names = row.published
    for name in names:
        if name not in measured.each:
            raise InputError(f"row {row.id}: was measured without {name!r}")
    if row.kind == "best":
        pairs = [(names[0], other) for other in names[1:]]
    else:
        pairs = list(itertools.pairwise(names))
    wrong, open_ = [], []
    for first, second in pairs:
        side = _side(measured.each[first], measured.each[second], row.better)
        if side < 0:
            wrong.append(f"{second} before {first}")
        elif side == 0:
            open_.append(f"{first} and {second}")
    if wrong:
        return Verdict.SHORT, "; ".join(wrong)
    if open_:
        return Verdict.UNDECIDED, f"the interval holds zero: {'; '.join(open_)}"
    return Verdict.REACHED, ""


def _side(first: Sequence[float], second: Sequence[float], better: str) -> int:
    """1 where the first is better than the second, -1 where it is worse, 0 where nobody knows."""
    difference = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    if better == "lower":
        difference = -difference
    known = difference[~np.isnan(difference)]
    if known.size == 0:
        return 0
    if known.size == 1 or np.ptp(known) == 0:
        return int(np.sign(known[0]))
    found = aggregate.mean(known)
    return int(found.low > 0) - int(found.high < 0)

"""Verdicts on planted values: none of them may come out by chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from clearchirp.evaluate.published import PublishedRow, Tolerance
from clearchirp.evaluate.verdicts import Measured, Verdict, judge, mean_of
from clearchirp.types import InputError


def row(**fields) -> PublishedRow:
    values = {
        "id": "a",
        "what": "",
        "where": "",
        "metric": "F1",
        "published": 0.5,
        "better": "higher",
        "tolerance": Tolerance(width=0.05, why=""),
    }
    return PublishedRow(**{**values, **fields})


@pytest.mark.parametrize(
    ("better", "value", "verdict"),
    [
        ("higher", 0.5, Verdict.REACHED),
        ("higher", 0.45, Verdict.REACHED),
        ("higher", 0.55, Verdict.REACHED),
        ("higher", 0.4499, Verdict.SHORT),
        ("higher", 0.5501, Verdict.BETTER),
        ("lower", 0.4499, Verdict.BETTER),
        ("lower", 0.5501, Verdict.SHORT),
        ("equal", 0.5501, Verdict.SHORT),
        ("equal", 0.4499, Verdict.SHORT),
        ("equal", 0.52, Verdict.REACHED),
        ("higher", math.nan, Verdict.UNDECIDED),
        ("higher", math.inf, Verdict.BETTER),
    ],
)
def test_numbers(better, value, verdict):
    assert judge(row(better=better), Measured(value=value))[0] is verdict


def test_the_verdict_says_by_how_much():
    assert judge(row(unit="dB"), Measured(value=0.25)) == (Verdict.SHORT, "by 0.25 dB")
    assert judge(row(better="equal"), Measured(value=1.0)) == (Verdict.SHORT, "off by 0.5")


@pytest.mark.parametrize(
    ("better", "value", "verdict"),
    [
        ("higher", 0.5, Verdict.REACHED),
        ("higher", 0.4999, Verdict.SHORT),
        ("higher", 9.0, Verdict.REACHED),
        ("lower", 0.5001, Verdict.SHORT),
        ("lower", 0.5, Verdict.REACHED),
    ],
)
def test_bounds_have_no_tolerance(better, value, verdict):
    bound = row(kind="bound", better=better, tolerance=None)
    assert judge(bound, Measured(value=value))[0] is verdict


def test_not_comparable_goes_before_any_other_verdict():
    told = judge(row(not_comparable="another machine"), Measured(value=0.1))
    assert told == (Verdict.NOT_COMPARABLE, "another machine")


def order(*names: str, kind="order", better="higher") -> PublishedRow:
    return row(kind=kind, published=names, better=better, tolerance=None)


def noise(mean: float, seed: int) -> list[float]:
    return (mean + 0.1 * np.random.default_rng(seed).standard_normal(60)).tolist()


def test_an_order_is_reached_by_its_intervals():
    each = {"a": noise(0.9, 1), "b": noise(0.6, 2), "c": noise(0.3, 3)}
    assert judge(order("a", "b", "c"), Measured(each=each))[0] is Verdict.REACHED
    assert judge(order("c", "b", "a", better="lower"), Measured(each=each))[0] is Verdict.REACHED
    assert judge(order("a", "c", "b"), Measured(each=each)) == (Verdict.SHORT, "b before c")


def test_an_order_that_the_intervals_do_not_carry_is_undecided():
    each = {"a": noise(0.500, 4), "b": noise(0.501, 5)}
    assert judge(order("a", "b"), Measured(each=each))[0] is Verdict.UNDECIDED
    assert judge(order("b", "a"), Measured(each=each))[0] is Verdict.UNDECIDED


def test_differences_are_paired_over_frames():
    frames = np.random.default_rng(6).standard_normal(40)  # far wider than the difference
    shift = 0.02 + 0.002 * np.random.default_rng(7).standard_normal(40)
    each = {"a": (frames + shift).tolist(), "b": frames.tolist()}
    assert judge(order("a", "b"), Measured(each=each))[0] is Verdict.REACHED


def test_the_best_needs_no_order_among_the_others():
    each = {"a": noise(0.9, 8), "b": noise(0.3, 9), "c": noise(0.6, 10)}
    best = judge(order("a", "b", "c", kind="best"), Measured(each=each))
    assert best[0] is Verdict.REACHED
    assert judge(order("a", "b", "c"), Measured(each=each))[0] is Verdict.SHORT


def test_equal_values_and_values_that_are_not_known_decide_nothing():
    same = {"a": [1.0, 2.0], "b": [1.0, 2.0]}
    assert judge(order("a", "b"), Measured(each=same))[0] is Verdict.UNDECIDED
    unknown = {"a": [math.nan, math.nan], "b": [1.0, 2.0]}
    assert judge(order("a", "b"), Measured(each=unknown))[0] is Verdict.UNDECIDED


def test_an_order_without_one_of_its_names_is_an_error():
    with pytest.raises(InputError, match="without 'b'"):
        judge(order("a", "b"), Measured(each={"a": [1.0]}))


def test_a_mean_tells_what_it_leaves_out():
    found = mean_of([1.0, 3.0, math.nan], "two runs")
    assert found.value == 2.0
    assert found.note == "two runs; 1 without a value"

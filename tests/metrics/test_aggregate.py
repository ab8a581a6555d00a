"""Means, medians and distributions against SciPy's and against a known coverage."""

from __future__ import annotations

import dataclasses
import math
import warnings

import numpy as np
import pytest
from scipy import stats

from clearchirp.metrics import aggregate
from clearchirp.types import InputError

NAN, INF = math.nan, math.inf
SKEWED = np.random.default_rng(0).exponential(size=40)


def test_values_worked_by_hand():
    # 1, 2, 3 and 10 without the NaN: mean 16 / 4, median (2 + 3) / 2.
    values = [[10.0, NAN, 1.0], [NAN, 3.0, 2.0]]
    for result, expected in [(aggregate.mean(values), 4.0), (aggregate.median(values), 2.5)]:
        assert (result.value, result.counted, result.left_out) == (expected, 4, 2)
        assert 1 <= result.low < expected < result.high <= 10
        assert result.confidence == 0.95
        with pytest.raises(dataclasses.FrozenInstanceError):
            result.value = 0


@pytest.mark.parametrize("confidence", [0.9, 0.99])
@pytest.mark.parametrize(
    ("ours", "theirs", "method"),
    [(aggregate.mean, np.mean, "BCa"), (aggregate.median, np.median, "percentile")],
)
def test_intervals_as_scipys(ours, theirs, method, confidence):
    """With the same generator both draw the same values, so that the intervals are equal."""
    result = ours(SKEWED, confidence=confidence, resamples=999, seed=5)
    expected = stats.bootstrap(
        (SKEWED,),
        theirs,
        n_resamples=999,
        confidence_level=confidence,
        method=method,
        rng=np.random.default_rng(5),
    ).confidence_interval
    np.testing.assert_allclose([result.low, result.high], expected, rtol=1e-12)
    assert result.value == theirs(SKEWED)


def test_draws_in_parts_are_those_drawn_at_once(monkeypatch):
    at_once = aggregate.mean(SKEWED, resamples=500)
    monkeypatch.setattr(aggregate, "_DRAWS", 40 * 7)
    assert aggregate.mean(SKEWED, resamples=500) == at_once
    assert aggregate.mean(SKEWED, resamples=500, seed=1) != at_once


def test_mean_of_many_as_by_the_central_limit_theorem():
    values = np.random.default_rng(1).normal(3, 2, size=2500)
    result = aggregate.mean(values, resamples=4000)
    half = 1.96 * values.std() / 50
    np.testing.assert_allclose(
        [result.low, result.high], [values.mean() - half, values.mean() + half], atol=0.06 * half
    )


@pytest.mark.parametrize("statistic", [aggregate.mean, aggregate.median])
def test_the_interval_holds_the_truth_as_often_as_it_says(statistic):
    rng = np.random.default_rng(2)
    holds = 0
    for seed in range(200):
        result = statistic(rng.normal(size=30), confidence=0.9, resamples=400, seed=seed)
        holds += result.low <= 0 <= result.high
    # 180 of 200 with a standard deviation of 4; bootstrap intervals of 30 values are a bit short.
    assert 163 <= holds <= 195


@pytest.mark.parametrize("statistic", [aggregate.mean, aggregate.median])
def test_closed_forms_of_many_values_as_the_bootstrap(statistic, monkeypatch):
    values = np.random.default_rng(4).exponential(size=900)
    drawn = statistic(values, resamples=8000)
    monkeypatch.setattr(aggregate, "LARGE", 500)
    closed = statistic(values)
    assert closed.value == drawn.value
    atol = 0.04 * (drawn.high - drawn.low)
    np.testing.assert_allclose([closed.low, closed.high], [drawn.low, drawn.high], atol=atol)


@pytest.mark.parametrize("statistic", [aggregate.mean, aggregate.median])
def test_closed_forms_hold_the_truth_as_often_as_they_say(statistic):
    rng = np.random.default_rng(5)
    truth = 1.0 if statistic is aggregate.mean else np.log(2)
    holds = 0
    for _ in range(300):
        result = statistic(rng.exponential(size=aggregate.LARGE + 1), confidence=0.9)
        holds += result.low <= truth <= result.high
    assert 254 <= holds <= 285  # 270 with a standard deviation of 5.2


def test_order_statistics_of_a_median_as_scipys_quantile_test():
    values = np.random.default_rng(6).normal(size=aggregate.LARGE + 500)
    result = aggregate.median(values, confidence=0.95)
    expected = stats.quantile_test(values, q=0, p=0.5).confidence_interval(0.95)
    inside = np.sort(values)
    ranks = np.searchsorted(inside, [result.low, result.high])
    theirs = np.searchsorted(inside, expected)
    np.testing.assert_allclose(ranks, theirs, atol=1)


@pytest.mark.parametrize("statistic", [aggregate.mean, aggregate.median])
def test_no_interval(statistic):
    nothing = statistic([NAN, NAN])
    assert math.isnan(nothing.value)
    assert (nothing.counted, nothing.left_out) == (0, 2)
    assert statistic([]).counted == 0
    for values, value in [([4.0], 4.0), ([INF, INF, 1.0], INF), ([-INF, -INF, 2.0], -INF)]:
        result = statistic(values)
        assert result.value == value
        assert math.isnan(result.low)
        assert math.isnan(result.high)
    assert math.isnan(aggregate.mean([INF, -INF]).value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = statistic(np.full(9, 0.1))
    np.testing.assert_allclose([same.value, same.low, same.high], 0.1, rtol=1e-12)


def test_distribution_worked_by_hand():
    # Of -1, 2, 2, Inf: one of four is at most -1, three at most 2, all at most Inf.
    steps = aggregate.ecdf([[2.0, NAN, INF], [-1.0, 2.0, NAN]])
    np.testing.assert_array_equal(steps.values, [-1, 2, INF])
    np.testing.assert_array_equal(steps.shares, [0.25, 0.75, 1])
    assert (steps.counted, steps.left_out) == (4, 2)
    empty = aggregate.ecdf([NAN])
    assert empty.values.size == empty.shares.size == empty.counted == 0


def test_distribution_as_scipys():
    values = np.random.default_rng(3).integers(0, 12, 60)
    ours, theirs = aggregate.ecdf(values), stats.ecdf(values).cdf
    np.testing.assert_array_equal(ours.values, theirs.quantiles)
    np.testing.assert_allclose(ours.shares, theirs.probabilities)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([True, False], "values: expected real numbers, got bool"),
        ([1j], "values: expected real numbers, got complex128"),
        (["a"], "values: expected real numbers"),
        ([[1.0], [1.0, 2.0]], "values: expected an array of real numbers"),
    ],
)
def test_wrong_values(values, words):
    for function in (aggregate.mean, aggregate.median, aggregate.ecdf):
        with pytest.raises(InputError, match=words):
            function(values)


@pytest.mark.parametrize("statistic", [aggregate.mean, aggregate.median])
def test_wrong_settings(statistic):
    for confidence in (0, 1, 95, NAN):
        with pytest.raises(InputError, match="confidence: must be between 0 and 1"):
            statistic(SKEWED, confidence=confidence)
    for resamples in (0, 1.5, True):
        with pytest.raises(InputError, match="resamples: must be a whole number from 1"):
            statistic(SKEWED, resamples=resamples)


def test_groups_count_alike_and_their_interval_adds_variances():
    rng = np.random.default_rng(3)
    groups = [rng.normal(1, 1, 40), rng.normal(5, 2, 400), np.array([np.nan])]
    result = aggregate.mean_of_groups(groups)
    means = [groups[0].mean(), groups[1].mean()]
    assert result.value == pytest.approx(np.mean(means))
    assert (result.counted, result.left_out) == (440, 2)
    spread = np.sqrt(groups[0].var() / 40 + groups[1].var() / 400) / 2
    assert result.high - result.low == pytest.approx(2 * 1.96 * spread, rel=0.06)
    alone = aggregate.mean_of_groups(groups[1:2])
    assert alone.low == pytest.approx(aggregate.mean(groups[1]).low, abs=0.02)
    assert np.isnan(aggregate.mean_of_groups([]).value)
    assert np.isnan(aggregate.mean_of_groups([[1.0], [2.0, 3.0]]).low)

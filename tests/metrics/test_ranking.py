"""Rankings against SciPy's intervals, and with planted methods."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from clearchirp.metrics import aggregate
from clearchirp.metrics.ranking import Difference, Ranking, rank
from clearchirp.types import InputError

NAN, INF = math.nan, math.inf


def planted(offsets, frames=200, seed=0, noise=0.5):
    """Values of methods that share what makes a frame hard and differ by their offsets."""
    rng = np.random.default_rng(seed)
    hard = 5 * rng.normal(size=frames)
    return {
        f"m{i}": hard + offset + noise * rng.normal(size=frames) for i, offset in enumerate(offsets)
    }


def spans(ranking: Ranking) -> dict[str, tuple[int, int]]:
    return {place.method: (place.first, place.last) for place in ranking.places}


def only(ranking: Ranking) -> Difference:
    (difference,) = ranking.differences
    return difference


def test_planted_methods_take_their_places():
    values = planted([0, 3, 3, -2])
    high = rank(values, higher_is_better=True)
    assert spans(high) == {"m1": (1, 2), "m2": (1, 2), "m0": (3, 3), "m3": (4, 4)}
    assert high.places[0].ties in (("m1",), ("m2",))
    assert high.places[2].ties == ()
    low = rank(values, higher_is_better=False)
    assert [place.method for place in low.places][:2] == ["m3", "m0"]
    assert spans(low) == {"m3": (1, 1), "m0": (2, 2), "m1": (3, 4), "m2": (3, 4)}
    assert {d.ahead for d in high.differences if d.first == "m0"} == {"m1", "m2", "m0"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        high.frames = 1


def test_the_pairing_sees_what_the_single_intervals_do_not():
    ranking = rank(planted([0, 0.5]), higher_is_better=True)
    best, second = ranking.places
    assert best.mean.low < second.mean.high
    assert (best.method, best.last, second.first) == ("m1", 1, 2)


def test_each_place_has_the_aggregates_of_its_method():
    values = planted([0, 1], frames=50)
    for place in rank(values, higher_is_better=True, confidence=0.9, seed=3).places:
        same = {"confidence": 0.9, "seed": 3}
        assert place.mean == aggregate.mean(values[place.method], **same)
        assert place.median == aggregate.median(values[place.method], **same)


def test_identical_methods_tie():
    values = planted([0])["m0"]
    ranking = rank({"a": values, "b": values.copy(), "c": values * (1 + 1e-13)},
                   higher_is_better=True)  # fmt: skip
    assert set(spans(ranking).values()) == {(1, 3)}
    assert all(d.value == 0 and d.ahead is None for d in ranking.differences)
    infinite = rank({"a": [INF] * 9, "b": [INF] * 9}, higher_is_better=True)
    assert only(infinite).ahead is None
    assert set(spans(infinite).values()) == {(1, 2)}


def test_a_constant_difference_is_carried_by_six_frames_and_not_by_five():
    # A sign test over five frames has p = 2 / 2**5 > 5 %, over six p = 3 %.
    for frames, ahead in [(5, None), (6, "b")]:
        values = np.arange(float(frames))
        difference = only(rank({"a": values, "b": values - 1}, higher_is_better=False))
        assert difference.ahead == ahead
        assert difference.value == 1
        assert math.isnan(difference.low) == (ahead is None)


def test_few_frames_that_differ_carry_no_ranking_however_many_are_equal():
    same = np.ones(1000)
    other = same.copy()
    other[:6] += 1
    # Student with 5 degrees of freedom; the plain t of 2.46 would be beyond 1.96.
    assert only(rank({"a": same, "b": other}, higher_is_better=True)).ahead is None
    other[:30] += 1
    assert only(rank({"a": same, "b": other}, higher_is_better=True)).ahead == "b"


@pytest.mark.parametrize("frames", [12, 60, 400])
def test_one_pair_as_scipys_paired_t_interval(frames):
    values = planted([0, 0.2], frames=frames, seed=4)
    difference = only(rank(values, higher_is_better=True, resamples=20_000))
    expected = stats.ttest_rel(values["m0"], values["m1"]).confidence_interval(0.95)
    assert difference.value == pytest.approx(np.mean(values["m0"] - values["m1"]))
    width = expected.high - expected.low
    assert difference.low == pytest.approx(expected.low, abs=0.06 * width)
    assert difference.high == pytest.approx(expected.high, abs=0.06 * width)


def test_one_pair_as_scipys_paired_bootstrap():
    values = planted([0, 0.2], frames=300, seed=5)
    difference = only(rank(values, higher_is_better=True, resamples=20_000))
    expected = stats.bootstrap(
        (values["m0"], values["m1"]),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        batch=500,
        rng=np.random.default_rng(1),
    ).confidence_interval
    width = expected.high - expected.low
    np.testing.assert_allclose([difference.low, difference.high], expected, atol=0.03 * width)


@pytest.mark.parametrize("frames", [2000, 20_000])
def test_all_pairs_of_independent_methods_as_tukeys_range(frames):
    """Of independent normal columns the largest |t| of all pairs is Tukey's range over sqrt 2."""
    columns = np.random.default_rng(6).normal(size=(5, frames))
    ranking = rank(
        {str(i): c for i, c in enumerate(columns)}, higher_is_better=True, resamples=10_000
    )
    expected = stats.studentized_range.ppf(0.95, 5, np.inf) / math.sqrt(2)
    for d in ranking.differences:
        single = (columns[int(d.first)] - columns[int(d.second)]).std(ddof=1) / math.sqrt(frames)
        assert (d.high - d.low) / 2 / single == pytest.approx(expected, rel=0.025)


def test_many_frames_in_closed_form_as_drawn(monkeypatch):
    values = planted([0, 0.1, 0.2], frames=1500, seed=7)
    values["m1"][::7] = NAN
    drawn = rank(values, higher_is_better=True, resamples=10_000)
    monkeypatch.setattr(aggregate, "LARGE", 100)
    closed = rank(values, higher_is_better=True, resamples=10_000)
    for a, b in zip(drawn.differences, closed.differences, strict=True):
        assert (a.value, a.frames, a.left_out) == (b.value, b.frames, b.left_out)
        np.testing.assert_allclose([a.low, a.high], [b.low, b.high], atol=0.05 * (a.high - a.low))
    assert spans(drawn) == spans(closed)


def test_blocks_give_the_sums_of_the_whole(monkeypatch):
    from clearchirp.metrics import ranking

    values = planted([0, 0.1, 0.2], frames=100)
    values["m2"][3:9] = NAN
    whole = rank(values, higher_is_better=True)
    monkeypatch.setattr(ranking, "_BLOCK", 40)
    parts = rank(values, higher_is_better=True)
    for a, b in zip(whole.differences, parts.differences, strict=True):
        np.testing.assert_allclose([a.value, a.low, a.high], [b.value, b.low, b.high], rtol=1e-9)


def test_only_frames_known_to_both_count():
    values = planted([0, 1], frames=100)
    values["m0"][:30] = NAN
    values["m1"][90:] = NAN
    difference = only(rank(values, higher_is_better=True))
    both = slice(30, 90)
    assert (difference.frames, difference.left_out) == (60, 40)
    assert difference.value == pytest.approx(np.mean(values["m0"][both] - values["m1"][both]))


def test_a_method_that_gives_up_hard_frames_is_not_ahead_by_that():
    values = planted([0, 0.0], frames=400)
    values["m1"] = np.where(values["m1"] > 0, values["m1"], NAN)
    ranking = rank(values, higher_is_better=True)
    means = {place.method: place.mean.value for place in ranking.places}
    assert means["m1"] > means["m0"] + 3
    assert only(ranking).ahead is None


@pytest.mark.parametrize(
    "values",
    [
        {"a": [NAN] * 20, "b": list(range(20))},
        {"a": [1.0] * 10 + [NAN] * 10, "b": [NAN] * 10 + [2.0] * 10},
        {"a": [INF] * 20, "b": list(range(20))},
        {"a": [], "b": []},
        {"a": [1.0], "b": [2.0]},
    ],
)
def test_nothing_to_compare_is_a_tie(values):
    ranking = rank(values, higher_is_better=True)
    assert only(ranking).ahead is None
    assert math.isnan(only(ranking).low)
    assert set(spans(ranking).values()) == {(1, 2)}


def test_the_place_of_an_unknown_method_stays_open():
    ranking = rank({"a": np.full(20, NAN), **planted([0, 1], 20)}, higher_is_better=True)
    assert [place.method for place in ranking.places] == ["m1", "m0", "a"]
    assert spans(ranking) == {"m1": (1, 2), "m0": (2, 3), "a": (1, 3)}


def test_one_method_needs_no_other():
    ranking = rank({"a": [1.0, 2.0]}, higher_is_better=True)
    assert ranking.differences == ()
    assert spans(ranking) == {"a": (1, 1)}


def test_the_unit_and_the_seed_and_the_order_of_methods():
    values = planted([0, 0.05, 0.1, 0.15])
    first = rank(values, higher_is_better=True)
    assert rank(values, higher_is_better=True) == first
    scaled = rank({k: 1e-12 * v for k, v in values.items()}, higher_is_better=True)
    assert spans(scaled) == spans(first)
    turned = rank(dict(reversed(values.items())), higher_is_better=True)
    assert spans(turned) == spans(first)


@pytest.mark.parametrize("kind", ["normal", "skewed", "sparse"])
def test_equal_methods_are_told_apart_no_more_often_than_promised(kind):
    """The family-wise error of five equal methods over 60 frames, at 90 %."""
    rng = np.random.default_rng(8)
    wrong = 0
    for seed in range(600):
        if kind == "normal":
            columns = rng.normal(size=(5, 60))
        elif kind == "skewed":
            columns = rng.exponential(size=(5, 60))
        else:
            columns = (rng.random((5, 60)) < 0.15).astype(float)
        ranking = rank(
            {str(i): c for i, c in enumerate(columns)},
            higher_is_better=True,
            confidence=0.9,
            resamples=400,
            seed=seed,
        )
        wrong += any(d.ahead is not None for d in ranking.differences)
    # 60 of 600 with a standard deviation of 7.3; sparse values are told apart less often.
    assert wrong <= 82
    if kind != "sparse":
        assert wrong >= 38


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "values: no method is given"),
        ({"a": [[1.0]]}, r"values\['a'\]: expected one real number a frame, got float64 of shape"),
        ({"a": ["x"]}, r"values\['a'\]: expected one real number a frame"),
        ({"a": [1.0], "b": [1.0, 2.0]}, r"values\['b'\]: has 2 frames, the first has 1"),
    ],
)
def test_wrong_values(values, words):
    with pytest.raises(InputError, match=words):
        rank(values, higher_is_better=True)
    with pytest.raises(InputError, match="confidence"):
        rank({"a": [1.0]}, higher_is_better=True, confidence=95)
    with pytest.raises(InputError, match="resamples"):
        rank({"a": [1.0]}, higher_is_better=True, resamples=0)

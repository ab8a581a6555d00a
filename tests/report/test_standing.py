"""Figures of distributions and of standing: what is drawn, and that names keep apart."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from matplotlib.text import Annotation
from scipy import stats

from clearchirp.metrics import aggregate
from clearchirp.metrics.ranking import rank
from clearchirp.report import box_figure, ecdf_figure, pareto_figure, ranking_figure, style
from clearchirp.report.distributions import is_logarithmic
from clearchirp.report.standing import pareto_points
from clearchirp.report.writing import render
from clearchirp.types import InputError
from tests.report.samples import METHODS, samples

NAN, INF = math.nan, math.inf


def means(values):
    return {name: aggregate.mean(v, resamples=50) for name, v in values.items()}


def test_a_distribution_is_drawn_as_scipys():
    values = np.random.default_rng(0).normal(size=60)
    figure = ecdf_figure({"f1": {"a": np.r_[values, NAN], "b": values[:30]}})
    (axes,) = figure.axes
    line = axes.get_lines()[0]
    theirs = stats.ecdf(values).cdf
    np.testing.assert_allclose(line.get_xdata()[1:], theirs.quantiles)
    np.testing.assert_allclose(line.get_ydata()[1:], theirs.probabilities)
    assert line.get_ydata()[0] == 0
    assert line.get_drawstyle() == "steps-post"
    assert axes.get_xlabel() == "F1 (higher is better)"
    assert axes.get_title() == "0 to 1 of 61 frames without a value"


def test_many_values_are_thinned_without_moving_the_line():
    values = np.random.default_rng(1).exponential(size=20_000)
    line = ecdf_figure({"f1": {"a": values}}).axes[0].get_lines()[0]
    x, y = line.get_xdata(), line.get_ydata()
    assert len(x) < 200
    np.testing.assert_allclose(y[1:], stats.ecdf(values).cdf.evaluate(x[1:]), atol=1e-12)


def test_infinite_values_count_and_are_not_drawn():
    line = ecdf_figure({"f1": {"a": [-INF, 1.0, 2.0, INF]}}).axes[0].get_lines()[0]
    assert line.get_xdata().tolist() == [1, 1, 2]
    assert line.get_ydata().tolist() == [0.25, 0.5, 0.75]


def test_the_axis_is_logarithmic_where_the_values_ask_for_it():
    wide = {"a": np.geomspace(1e-3, 1, 50)}
    assert is_logarithmic("evm", wide)
    assert not is_logarithmic("mse_db", wide)  # decibels are logarithms already
    assert not is_logarithmic("evm", {"a": np.r_[0.0, wide["a"]]})
    assert not is_logarithmic("evm", {"a": np.linspace(1, 5, 50)})
    assert ecdf_figure({"evm": wide}).axes[0].get_xscale() == "log"
    assert box_figure({"evm": wide}).axes[0].get_xscale() == "log"


def test_a_box_spans_the_middle_half():
    values = np.arange(101.0)
    (axes,) = box_figure({"f1": {"a": values, "none": np.full(101, NAN)}}).axes
    (box,) = axes.patches
    assert (box.get_x(), box.get_width()) == (25, 50)
    (diamond,) = axes.get_lines()
    assert diamond.get_xdata().tolist() == [50.0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "none"]


@pytest.mark.parametrize("function", [ecdf_figure, box_figure])
def test_awkward_values_are_drawn(function):
    for values in ([NAN, NAN], [INF, INF], [3.0], [0.0, 0.0], [-INF, INF, 1.0], []):
        assert render(function({"evm": {"$x_{": np.array(values)}}), "png", dpi=40)
    with pytest.raises(InputError, match="metrics: is empty"):
        function({})
    with pytest.raises(InputError, match=r"metrics\['b'\]: its methods"):
        function({"a": {"x": [1.0]}, "b": {"y": [1.0]}})


def test_two_dozen_lines_differ():
    looks = {str(style.line(index)) for index in range(24)}
    assert len(looks) == 24


def test_the_front_is_what_no_other_beats():
    rng = np.random.default_rng(2)
    times = dict(zip("abcdefgh", rng.exponential(size=8), strict=True))
    values = {name: aggregate.mean([v, v]) for name, v in zip(times, rng.random(8), strict=True)}
    for higher in (True, False):
        sign = 1 if higher else -1
        expected = {
            a
            for a in times
            if not any(
                times[b] < times[a] and sign * values[b].value > sign * values[a].value
                for b in times
            )
        }
        points, left_out = pareto_points(values, times, higher_is_better=higher)
        assert {p.name for p in points if p.front} == expected
        assert left_out == []
    _, left_out = pareto_points(values, {**times, "a": 0.0, "b": NAN}, higher_is_better=True)
    assert left_out == ["a", "b"]


def test_names_in_the_pareto_figure_keep_apart():
    group = samples()
    seconds = {name: float(np.median(s)) for name, s in group.seconds.items()}
    # Nearly all of one quality: without moving them the names would cover each other.
    equal = {name: 0.9 + 1e-4 * v + 0.3 * (name == "none") for name, v in
             ((n, group.values[n]["f1"]) for n in METHODS)}  # fmt: skip
    figure = pareto_figure({"f1": means(equal), "evm": means(group.metric("evm"))}, seconds)
    figure.draw_without_rendering()
    for axes in figure.axes:
        names = [t for t in axes.texts if isinstance(t, Annotation) and not t.get_text().isdigit()]
        assert len(names) == 15
        boxes = [t.get_tightbbox() if t.arrow_patch is None else
                 super(Annotation, t).get_window_extent() for t in names]  # fmt: skip
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other)
        for box in boxes:
            assert box.x1 <= figure.bbox.width
            assert 0 <= box.y0 < box.y1 <= figure.bbox.height
        numbers = sorted(int(t.get_text()) for t in axes.texts if t.get_text().isdigit())
        assert numbers == list(range(1, 16))
        assert axes.get_xscale() == "log"
    best = min(means(group.metric("evm")).items(), key=lambda item: item[1].value)[0]
    assert any(t.get_text() == f"1  {best}" for t in figure.axes[1].texts)


def test_a_pareto_figure_needs_a_direction():
    with pytest.raises(InputError, match="neither more nor less"):
        pareto_figure({"floor_db": means({"a": [1.0, 2.0]})}, {"a": 1.0})
    with pytest.raises(InputError, match="quality: is empty"):
        pareto_figure({}, {})
    assert render(pareto_figure({"f1": means({"a": [NAN]})}, {}), "png", dpi=40)


def test_the_ranking_shows_the_places():
    ranking = rank(samples().metric("f1"), higher_is_better=True, resamples=200)
    left, right = ranking_figure(ranking, "f1").axes
    assert [t.get_text() for t in left.get_yticklabels()] == [p.method for p in ranking.places]
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in right.patches]
    np.testing.assert_allclose(bars, [(p.first - 0.35, p.last + 0.35) for p in ranking.places])
    assert left.get_xlabel() == "mean F1 (higher is better)"
    unknown = rank({"a": [NAN], "b": [INF]}, higher_is_better=True)
    assert render(ranking_figure(unknown, "f1"), "png", dpi=40)

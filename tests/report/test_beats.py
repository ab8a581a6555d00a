"""The beat signal of one chirp and the mask of disturbed samples."""

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.report import beat_figure, disturbed_figure
from clearchirp.types import InputError
from tests.report.conftest import SAMPLES
from tests.report.drawn import burst, drawn


def test_the_beat_shows_the_burst_and_the_beat_beside_it(radar, noise):
    beat, mask = burst(noise)
    cleaned = np.where(mask, 0, beat)
    figure = beat_figure(beat, {"zeroing": cleaned}, mask, radar, 2)
    whole, real, imaginary = figure.axes
    assert whole.get_ylim()[1] > 200
    assert 1 < real.get_ylim()[1] < 10
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "real part", "real part\n(zoomed)", "imaginary part\n(zoomed)",
    ]  # fmt: skip
    before, after = imaginary.get_lines()
    np.testing.assert_array_equal(before.get_ydata(), beat[2].imag)
    np.testing.assert_array_equal(after.get_ydata(), cleaned[2].imag)
    np.testing.assert_allclose(before.get_xdata(), np.arange(SAMPLES) / 20)
    assert imaginary.get_xlabel() == "time from the first sample in µs"
    texts = [t.get_text() for t in figure.legends[0].get_texts()]
    assert texts == ["before", "zeroing", "disturbed samples (5 of 64)"]


def test_each_disturbed_run_is_shaded_from_edge_to_edge(radar, noise):
    beat, mask = burst(noise)
    axes = beat_figure(beat, None, mask, radar, 2).axes[0]
    (shade,) = axes.collections
    spans = [(p.vertices[:, 0].min(), p.vertices[:, 0].max()) for p in shade.get_paths()]
    np.testing.assert_allclose(spans, [(29.5 / 20, 33.5 / 20), (49.5 / 20, 50.5 / 20)])


def test_a_calm_real_chirp_needs_one_panel_and_no_shade(unknown, noise):
    figure = beat_figure(noise.real, None, None, unknown, 0)
    (axes,) = figure.axes
    assert not axes.collections
    assert axes.get_xlabel() == "sample"
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["before"]


def test_a_beat_that_does_not_fit_is_refused(radar, noise):
    with pytest.raises(InputError, match="chirp: 16 is not one of the 16 chirps"):
        beat_figure(noise, None, None, radar, 16)
    with pytest.raises(InputError, match="disturbed: its shape"):
        beat_figure(noise, None, np.zeros((2, 2), bool), radar, 0)
    with pytest.raises(InputError, match=r"after\['zeroing'\]: its shape"):
        beat_figure(noise, {"zeroing": noise[:4]}, None, radar, 0)


def test_the_mask_and_the_share_of_each_chirp(radar, noise):
    _, mask = burst(noise)
    left, right = disturbed_figure(mask, radar).axes
    np.testing.assert_array_equal(drawn(left), mask)
    widths = [bar.get_width() for bar in right.patches]
    np.testing.assert_allclose(widths, 100 * mask.mean(axis=1))
    assert left.get_title() == "1 of 16 chirps hit, 0.488 % of the samples disturbed"
    assert left.get_xlabel() == "time from the first sample in µs"
    with pytest.raises(InputError, match="disturbed: expected a boolean array, got float64"):
        disturbed_figure(mask.astype(float), radar)

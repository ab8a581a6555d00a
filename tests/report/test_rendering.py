"""All figures: they render, their texts keep apart, and Matplotlib stays as it was."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from clearchirp.report import (
    beat_figure,
    disturbed_figure,
    range_doppler_figure,
    range_profile_figure,
    stft_figure,
)
from clearchirp.report.writing import render
from tests.report.drawn import burst


def all_figures(radar, noise, title):
    beat, mask = burst(noise)
    names = ["before", "a very long name of a method with all of its settings", "ar", "x" * 80]
    maps = dict.fromkeys(names, noise)
    return [
        range_doppler_figure(maps, radar, real=False, title=title),
        range_profile_figure(maps, radar, real=False, title=title),
        stft_figure(dict.fromkeys(names, beat[2]), radar, title=title),
        beat_figure(beat, dict.fromkeys(names[1:], beat), mask, radar, 2, title=title),
        disturbed_figure(mask, radar, title=title),
    ]


def texts_of(figure: Figure) -> list[Text]:
    found = [text for legend in figure.legends for text in legend.get_texts()]
    for axes in figure.axes:
        found += [axes.title, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            found += [t.label1 for t in axis.get_major_ticks() if low <= t.get_loc() <= high]
    suptitles = [text for text in figure.texts if text not in found]
    return [t for t in (*found, *suptitles) if t.get_visible() and t.get_text()]


def test_every_text_lies_within_the_figure_and_none_covers_another(radar, noise):
    title = "recordings/a_long_file_name_without_spaces_" * 6 + " receiver 1, $x_{"
    for figure in all_figures(radar, noise, title):
        figure.draw_without_rendering()
        boxes = [(text, text.get_window_extent()) for text in texts_of(figure)]
        assert any(text.get_text().startswith("recordings/") for text, _ in boxes)
        for index, (text, box) in enumerate(boxes):
            assert box.x0 >= 0, text
            assert box.x1 <= figure.bbox.width, text
            assert box.y0 >= 0, text
            assert box.y1 <= figure.bbox.height, text
            for other, beside in boxes[index + 1 :]:
                assert not box.overlaps(beside), (text, other)


@pytest.mark.parametrize(
    ("form", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_every_figure_renders(radar, noise, form, start):
    for figure in all_figures(radar, noise, "title"):
        assert render(figure, form, dpi=40).startswith(start)


@pytest.mark.parametrize("samples", [1, 2, 7])
def test_the_smallest_frames_are_drawn(samples, unknown):
    small = replace(unknown, samples=samples, chirps=1)
    beat = np.ones((1, samples), complex)
    for figure in (
        range_doppler_figure({"a": beat}, small, real=False),
        range_doppler_figure({"a": np.ones((2, samples))}, small, real=False),
        stft_figure({"a": beat[0]}, small),
        beat_figure(beat, None, beat.real > 0, small, 0),
        disturbed_figure(beat.real > 0, small),
    ):
        render(figure, "png", dpi=40)


def test_the_figures_leave_matplotlib_as_it_was():
    code = """
import sys
import matplotlib as mpl
import numpy as np

def settings():  # asking for the backend would itself import pyplot
    return {key: mpl.rcParams[key] for key in mpl.rcParams if key != "backend"}

kept = settings()
from clearchirp.report import stft_figure
from clearchirp.waveform import Waveform

radar = Waveform(start_frequency=1e9, slope=1e12, sample_rate=1e6, samples=8, chirps=4,
                 chirp_interval=1e-4)
stft_figure({"a": np.ones(8)}, radar).canvas.draw()
assert "matplotlib.pyplot" not in sys.modules
assert settings() == kept
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_package_itself_imports_no_plotting():
    code = "import sys, clearchirp; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

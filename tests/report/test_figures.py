"""Figures: where a known cell is drawn, one scale for all panels, labels, and awkward input."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from clearchirp.report import range_doppler_figure, range_profile_figure, stft_figure
from clearchirp.report.writing import render
from clearchirp.types import InputError
from clearchirp.waveform import Waveform
from tests.report.conftest import CHIRPS, SAMPLES
from tests.report.drawn import brightest, drawn, panels

LIGHT = 299_792_458.0


def with_peak(noise, row, column):
    peaked = noise.copy()
    peaked[row, column] = 1000
    return peaked


def test_a_cell_is_drawn_at_its_range_and_range_rate(radar, noise):
    figure = range_doppler_figure({"before": with_peak(noise, 3, 20)}, radar, real=False)
    x, y = brightest(panels(figure)[0])
    assert x == pytest.approx(LIGHT * 20 * 20e6 / (2 * SAMPLES * 30e12))
    doppler = (3 - CHIRPS / 2) / (CHIRPS * 30e-6)
    assert y == pytest.approx(doppler * LIGHT / 77e9 / 2)
    assert y < 0  # below zero speed: approaching


def test_the_brightest_pixel_of_the_picture_is_the_target(radar, noise):
    figure = range_doppler_figure({"before": with_peak(noise, 3, 20)}, radar, real=False)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1].astype(int)  # from the bottom up
    box = panels(figure)[0].get_window_extent()
    inside = pixels[int(box.y0) + 3 : int(box.y1) - 3, int(box.x0) + 3 : int(box.x1) - 3]
    rows, columns = np.nonzero((inside[..., 0] > 240) & (inside[..., 2] < 60))  # viridis yellow
    at = (columns.mean() + int(box.x0) + 3.5, rows.mean() + int(box.y0) + 3.5)
    x, y = panels(figure)[0].transData.inverted().transform(at)
    assert x == pytest.approx(radar.ranges()[20], abs=radar.ranges()[1] / 2)
    assert y == pytest.approx(radar.speeds()[3], abs=1.0)


def test_the_range_axis_spans_the_ranges_of_the_waveform(radar, noise):
    axes = panels(range_doppler_figure({"before": noise}, radar, real=False))[0]
    ranges, speeds = radar.ranges(), radar.speeds()
    step, rate = ranges[1], speeds[1] - speeds[0]
    assert axes.get_xlim() == pytest.approx((-step / 2, ranges[-1] + step / 2))
    assert axes.get_ylim() == pytest.approx((speeds[0] - rate / 2, speeds[-1] + rate / 2))
    assert axes.get_xlabel() == "range in m"
    assert axes.get_ylabel() == "range rate in m/s, receding positive"


def test_only_ranges_from_zero_up_are_drawn(radar, noise):
    negative = with_peak(noise, 3, SAMPLES - 5)
    cells = drawn(panels(range_doppler_figure({"before": negative}, radar, real=False))[0])
    assert cells.shape == (CHIRPS, SAMPLES // 2)
    figure = range_doppler_figure({"before": negative}, replace(radar, slope=-30e12), real=False)
    x, _ = brightest(panels(figure)[0])
    assert x == pytest.approx(radar.ranges()[5])  # a down-chirp's targets lie there


def test_a_real_receiver_shows_all_its_bins(radar, noise):
    half = SAMPLES // 2 + 1
    peaked = with_peak(noise[:, :half], 8, half - 1)
    figure = range_doppler_figure({"before": peaked}, radar, real=True)
    x, y = brightest(panels(figure)[0])
    assert x == pytest.approx(radar.ranges(half)[-1])
    assert y == pytest.approx(0.0)


def test_range_bins_that_do_not_fit_the_waveform_are_refused(radar, noise):
    with pytest.raises(InputError, match=r"maps: has 33 range bins.*waveform\.samples"):
        range_doppler_figure({"before": noise[:, :33]}, radar, real=False)


def test_an_unknown_waveform_leaves_bins_and_says_so(unknown, noise):
    axes = panels(range_doppler_figure({"b": with_peak(noise, 3, 20)}, unknown, real=False))[0]
    assert brightest(axes) == pytest.approx((20.0, 3.0 - CHIRPS / 2))
    assert axes.get_xlabel() == "range bin"
    assert axes.get_ylabel() == "Doppler bin, receding positive"


def test_all_panels_share_one_scale_with_the_first_peak_at_0_db(radar, noise):
    maps = {"before": with_peak(noise, 3, 20), "half": with_peak(noise, 3, 20) / 2}
    figure = range_doppler_figure(maps, radar, real=False)
    first, second = panels(figure)
    assert first.get_images()[0].get_clim() == second.get_images()[0].get_clim()
    assert drawn(first).max() == pytest.approx(0.0)
    assert drawn(second).max() == pytest.approx(20 * math.log10(0.5))
    assert (first.get_title(), second.get_title()) == ("before", "half")
    bars = [axes for axes in figure.axes if "power in dB" in axes.get_ylabel()]
    assert len(bars) == 1


def test_the_reference_may_be_any_entry(radar, noise):
    maps = {"before": noise, "clean": with_peak(noise, 3, 20)}
    figure = range_doppler_figure(maps, radar, real=False, reference="clean")
    assert drawn(panels(figure)[1]).max() == pytest.approx(0.0)
    with pytest.raises(InputError, match="'none' is not one of before, clean"):
        range_doppler_figure(maps, radar, real=False, reference="none")


@pytest.mark.parametrize(("quiet_db", "floor"), [(-40.0, -50.0), (-100.0, -80.0), (-3.0, -20.0)])
def test_the_floor_follows_the_quietest_map_within_bounds(radar, quiet_db, floor):
    level = np.ones((CHIRPS, SAMPLES))
    maps = {"before": level, "after": level * 10 ** (quiet_db / 20)}
    for axes in panels(range_doppler_figure(maps, radar, real=False)):
        assert axes.get_images()[0].get_clim() == (floor, 0.0)


def test_zeros_equal_cells_and_nan_are_drawn(unknown):
    cells = np.ones((CHIRPS, SAMPLES))
    maps = {"equal": cells, "zero": 0 * cells, "nan": math.nan * cells}
    for figure in (
        range_doppler_figure(maps, unknown, real=False),
        range_doppler_figure({"zero": 0 * cells}, unknown, real=False),
        range_profile_figure(maps, unknown, real=False),
    ):
        assert render(figure, "png", dpi=40).startswith(b"\x89PNG")
    figure = range_doppler_figure(maps, unknown, real=False)
    equal, zero, nan = map(drawn, panels(figure))
    assert np.all(equal == 0)
    assert np.all(zero == -20)
    assert np.all(np.isnan(nan))


def test_a_single_chirp_becomes_a_range_profile(radar, noise):
    figure = range_doppler_figure({"a": noise[:1]}, radar, real=False, title="sweep")
    assert not panels(figure)
    assert figure.axes[0].get_xlabel() == "range in m"
    assert "no Doppler" in figure.get_suptitle()


def test_a_lone_target_survives_a_picture_with_fewer_pixels_than_cells():
    fine = Waveform(
        start_frequency=77e9, slope=5e12, sample_rate=20e6, samples=4096, chirps=900,
        chirp_interval=300e-6,
    )  # fmt: skip
    cells = np.full((900, 4096), 1e-3)
    cells[701, 1234] = 1.0
    axes = panels(range_doppler_figure({"before": cells}, fine, real=False))[0]
    assert drawn(axes).shape[1] < 1100
    assert drawn(axes).max() == 0.0
    x, y = brightest(axes)
    ranges, speeds = fine.ranges(), fine.speeds()
    assert x == pytest.approx(ranges[1234], abs=2 * ranges[1])
    assert y == pytest.approx(speeds[701], abs=2 * (speeds[1] - speeds[0]))
    assert axes.get_xlim()[1] == pytest.approx(ranges[-1] + ranges[1] / 2)


def test_detections_are_outlined_at_a_distance_and_counted(radar, noise):
    hits = np.zeros(noise.shape, dtype=bool)
    hits[3, 20] = True
    hits[3, 60] = True  # at a negative range, not drawn
    figure = range_doppler_figure({"a": noise}, radar, real=False, detections={"a": hits})
    axes = panels(figure)[0]
    (lines,) = [c for c in axes.collections if isinstance(c, LineCollection)]
    corners = np.concatenate(lines.get_segments())
    step = radar.ranges()[1]
    x = corners[:, 0]
    assert (x.min(), x.max()) == pytest.approx((18.5 * step, 21.5 * step))
    assert len(lines.get_segments()) == 12  # the rim of 3 x 3 cells
    assert axes.get_title() == "a (1 cell detected)"
    with pytest.raises(InputError, match=r"detections\['b'\]"):
        range_doppler_figure({"a": noise}, radar, real=False, detections={"b": hits})
    with pytest.raises(InputError, match=r"detections\['a'\]"):
        range_doppler_figure({"a": noise}, radar, real=False, detections={"a": hits[:, :9]})


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8])
def test_up_to_eight_panels_have_their_labels(radar, noise, count):
    maps = {f"method {n}": noise for n in range(count)}
    figure = range_doppler_figure(maps, radar, real=False)
    shown = [axes for axes in panels(figure) if axes.get_visible()]
    assert [axes.get_title() for axes in shown] == list(maps)
    # The lowest panel of each column names the range, the leftmost of each row the range rate.
    columns = len({axes.get_subplotspec().colspan.start for axes in shown})
    rows = len({axes.get_subplotspec().rowspan.start for axes in shown})
    assert sum(axes.get_xlabel() == "range in m" for axes in shown) == columns
    assert sum("m/s" in axes.get_ylabel() for axes in shown) == rows


def test_maps_that_cannot_be_drawn_are_refused(radar, noise):
    with pytest.raises(InputError, match="maps: is empty"):
        range_doppler_figure({}, radar, real=False)
    with pytest.raises(InputError, match=r"maps\['b'\]: its shape"):
        range_doppler_figure({"a": noise, "b": noise[:4]}, radar, real=False)
    with pytest.raises(InputError, match=r"maps\['a'\]: expected 2 axes"):
        range_doppler_figure({"a": noise[None]}, radar, real=False)


@pytest.mark.parametrize("bin_", [-5, 9])
def test_the_short_time_spectrum_of_a_tone_peaks_at_its_frequency(radar, bin_):
    tone = np.exp(2j * np.pi * bin_ * np.arange(SAMPLES) / SAMPLES)
    figure = stft_figure({"before": tone, "quiet": tone / 10}, radar)
    first, second = panels(figure)
    _, frequency = brightest(first)
    assert frequency == pytest.approx(bin_ * 20 / SAMPLES, abs=20 / SAMPLES)
    assert drawn(second).max() == pytest.approx(-20.0)
    assert first.get_ylim() == (-10.0, 10.0)
    assert first.get_xlim() == pytest.approx((-0.025, (SAMPLES - 0.5) / 20))
    assert first.get_ylabel() == "beat frequency in MHz"
    assert first.get_xlabel() == "time from the first sample in µs"
    left, right, bottom, top = first.get_images()[0].get_extent()
    assert left <= -0.025
    assert right >= (SAMPLES - 0.5) / 20
    assert (bottom, top) == pytest.approx((-10.0, 10.0))


def test_a_real_chirp_has_no_negative_frequencies(radar, unknown, noise):
    axes = panels(stft_figure({"before": noise.real[0]}, radar))[0]
    assert axes.get_ylim() == (0.0, 10.0)
    axes = panels(stft_figure({"before": noise.real[0]}, unknown))[0]
    assert axes.get_ylim() == (0.0, 0.5)
    assert axes.get_ylabel() == "beat frequency in cycles a sample"
    assert axes.get_xlabel() == "sample"


def test_a_burst_is_drawn_at_its_time(radar):
    chirp = np.zeros(SAMPLES, complex)
    chirp[40] = 1.0
    time, _ = brightest(panels(stft_figure({"before": chirp}, radar))[0])
    assert time == pytest.approx(40 / 20, abs=0.05)


def test_the_range_profile_is_the_mean_power(radar, noise):
    maps = {"before": noise, "half": noise / 2}
    figure = range_profile_figure(maps, radar, real=False)
    axes = figure.axes[0]
    power = np.mean(np.abs(noise) ** 2, axis=0)[: SAMPLES // 2]
    first, second = axes.get_lines()
    np.testing.assert_allclose(first.get_xdata(), radar.ranges())
    np.testing.assert_allclose(first.get_ydata(), 10 * np.log10(power / power.max()), atol=1e-9)
    np.testing.assert_allclose(second.get_ydata(), first.get_ydata() - 6.0206, atol=1e-4)
    assert axes.get_xlabel() == "range in m"
    assert axes.get_ylabel() == "mean power in dB"
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["before", "half"]


def test_eight_lines_differ_in_colour_and_dashes(radar, noise):
    names = ["_hidden", "$x_{", *"cdefgh"]
    figure = range_profile_figure(dict.fromkeys(names, noise), radar, real=False)
    looks = {(line.get_color(), str(line.get_linestyle())) for line in figure.axes[0].get_lines()}
    assert len(looks) == 8
    assert [t.get_text().strip() for t in figure.legends[0].get_texts()] == names
    render(figure, "png", dpi=40)


def test_the_moving_target_of_a_real_recording_is_where_it_should_be(data: Path):
    words = np.fromfile(data / "jin_cao_awr1243" / "20180608-195044.bin", "<u2")
    counts = words.reshape(128, 512, 4, 2)[:, :, 0].astype(np.float64) - 2**15
    beat = counts[..., 0] + 1j * counts[..., 1]
    still = np.median(beat.real, axis=0) + 1j * np.median(beat.imag, axis=0)
    moving = beat - still
    moving[np.abs(moving) > 3.2 * np.sqrt(np.mean(np.abs(moving) ** 2))] = 0
    window = np.outer(np.hanning(128), np.hanning(512))
    cells = np.fft.fftshift(np.fft.fft2(window * moving), axes=0)
    radar = Waveform(
        start_frequency=77e9, slope=29.306e12, sample_rate=20e6, samples=512, chirps=128,
        chirp_interval=29.56e-6,
    )  # fmt: skip
    x, y = brightest(panels(range_doppler_figure({"zeroing": cells}, radar, real=False))[0])
    assert x == pytest.approx(14.8, abs=0.3)
    assert abs(y) == pytest.approx(22 * LIGHT / 77e9 / 2 / (128 * 29.56e-6), abs=0.6)

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.disturbed.fractional import Fractional
from clearchirp.io.capture import unknown_waveform
from clearchirp.report.scales import Axis
from clearchirp.spectrum import range_doppler
from clearchirp.viewer import pictures
from clearchirp.waveform import Waveform

RADAR = Waveform(
    start_frequency=77e9, slope=1e13, sample_rate=2e7, samples=256, chirps=32, chirp_interval=3e-5
)


def crossing(rate: float, at: float, first: int, last: int) -> np.ndarray:
    """A frame of noise with a chirp in chirp 7 that crosses zero frequency at sample `at`."""
    rng = np.random.default_rng(1)
    beat = 0.1 * (rng.standard_normal((32, 256, 2)) @ [1, 1j])
    n = np.arange(256)
    inside = (n >= first) & (n <= last)
    beat[7] += 10 * np.exp(1j * np.pi * rate * (n - at) ** 2) * inside
    return beat.astype(np.complex64)


@pytest.mark.parametrize("rate", [0.02, -0.02, 0.004, -0.004, 0.0008])
def test_found_chirps_are_marked_where_the_pictures_show_them(rate):
    at = 100
    reach = min(0.45 / abs(rate), 60)
    beat = crossing(rate, at, int(at - reach), int(at + reach))
    found = Fractional().pieces(beat, 7)
    assert found
    # The strongest cell of the fractional picture lies under the mark of the strongest piece.
    picture = pictures.fractional_angles(beat[7])
    marks = pictures.fractional_marks(found, 256, RADAR)
    row, column = np.unravel_index(np.nanargmax(picture.levels), picture.levels.shape)
    assert marks.y[0] == pytest.approx(picture.y.values[row], abs=3)
    assert marks.x[0] == pytest.approx(picture.x.values[column], abs=4)
    assert marks.level[0] == pytest.approx(rate * 20**2, rel=0.03)
    # And its line lies on the strong cells of the short-time spectrum.
    shown = pictures.time_frequency(beat[7], RADAR)
    (times, *_), (frequencies, *_) = pictures.chirp_traces(found, 256, RADAR, real=False)
    middle = len(times) // 2
    levels = shown.levels[
        int(np.argmin(abs(shown.y.values - frequencies[middle]))),
        int(np.argmin(abs(shown.x.values - times[middle]))),
    ]
    assert levels > -6
    np.testing.assert_allclose(frequencies, 20 * rate * (times * 20 - at), atol=0.5)


def test_a_clean_chirp_has_no_marks():
    beat = crossing(0.02, 100, 90, 110)
    assert Fractional().pieces(beat, 3) == []
    marks = pictures.fractional_marks([], 256, RADAR)
    assert marks.x.size == 0


def test_pieces_are_what_interferers_tells():
    beat = crossing(0.004, 100, 60, 140)
    pieces = Fractional().pieces(beat, 7)
    told = [one for one in Fractional().interferers(beat) if one.chirp == 7]
    assert [(p.start, p.stop - 1, p.rate) for p in pieces] == [
        (one.first_sample, one.last_sample, one.chirp_rate) for one in told
    ]


def test_maps_share_a_scale_and_show_targets_where_they_are():
    n, m = np.arange(256), np.arange(32)[:, None]
    beat = np.exp(2j * np.pi * (40 * n / 256 + 5 * m / 32)).astype(np.complex64)
    maps = {"recorded": range_doppler(beat), "after": range_doppler(0.1 * beat)}
    found = {name: np.abs(cells) >= np.abs(cells).max() for name, cells in maps.items()}
    shown = pictures.maps_in_view(maps, found, RADAR, real=False)
    assert shown.pictures["recorded"].levels.max() == pytest.approx(0, abs=1e-4)
    assert shown.pictures["after"].levels.max() == pytest.approx(-20, abs=1e-3)
    marks = shown.detections["after"]
    assert marks.x[0] == pytest.approx(RADAR.ranges()[40])
    assert marks.y[0] == pytest.approx(RADAR.speeds()[16 + 5])
    assert shown.pictures["after"].levels.shape == (32, 128)
    left, bottom = shown.pictures["after"].corner
    assert left == pytest.approx(-RADAR.ranges()[1] / 2)
    assert bottom == pytest.approx(RADAR.speeds()[0] - (RADAR.speeds()[1] - RADAR.speeds()[0]) / 2)


def test_zeros_and_unknown_radars_are_shown_too():
    radar = unknown_waveform(samples=64, chirps=8)
    nothing = np.zeros((8, 64), np.complex64)
    none = np.zeros((8, 64), bool)
    shown = pictures.maps_in_view({"a": nothing}, {"a": none}, radar, real=False)
    assert np.isfinite(shown.pictures["a"].levels).all()
    assert shown.pictures["a"].x.label == "range bin"
    for picture in (pictures.time_frequency(nothing[0], radar),
                    pictures.fractional_angles(nothing[0])):  # fmt: skip
        assert not np.isinf(picture.levels).any()
    lines = pictures.beat_lines({"a": nothing[0]}, none[0], radar)
    assert lines.calm > 0
    axis, levels = pictures.profiles({"a": nothing}, radar, real=False)
    assert np.isfinite(levels["a"]).all()
    assert axis.whole


def test_large_pictures_are_thinned_and_keep_their_strongest_cells():
    cells = np.zeros((10, 5000), np.float32)
    cells[3, 4321] = 50
    x = Axis(np.arange(5000.0), 1.0, "x", True)
    y = Axis(np.arange(10.0), 1.0, "y", True)
    picture = pictures._picture(cells, x, y)
    assert picture.levels.shape[1] <= 1024
    row, column = np.unravel_index(np.argmax(picture.levels), picture.levels.shape)
    assert row == 3
    assert abs(picture.x.values[column] - 4321) <= picture.x.step
    assert picture.corner[0] == -0.5


def test_runs_of_disturbed_samples():
    hit = np.zeros(64, bool)
    hit[[0, 1, 10, 63]] = True
    lines = pictures.beat_lines({"a": np.ones(64, np.complex64)}, hit,
                                unknown_waveform(samples=64, chirps=1))  # fmt: skip
    assert lines.starts.tolist() == [-0.5, 9.5, 62.5]
    assert lines.stops.tolist() == [1.5, 10.5, 63.5]

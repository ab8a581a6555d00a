"""Blind scores against hand-worked maps, closed forms and a recording with interference."""

from __future__ import annotations

import math

import array_api_strict as strict
import numpy as np
import pytest
from scipy.optimize import brentq
from sklearn.metrics import f1_score

import clearchirp as cc
from clearchirp.chain import detections
from clearchirp.metrics import blind
from clearchirp.spectrum import range_doppler
from clearchirp.types import InputError


def tone(range_bin, doppler_bin, samples=512, chirps=128):
    m, n = np.mgrid[:chirps, :samples]
    return np.exp(2j * np.pi * (range_bin * n / samples + doppler_bin * m / chirps))


def peak_of(spectrum):
    mask = np.zeros(spectrum.shape, bool)
    mask[np.unravel_index(np.argmax(np.abs(spectrum)), mask.shape)] = True
    return mask


# ------------------------------------------------------------------------------------- floors


def test_empty_half_worked_example():
    # 12 bins: 0 to 5 are positive (5 the greatest), 6 to 11 negative. Margin 1: 7 to 10.
    spectrum = np.tile(np.arange(12) + 0j, (2, 1))
    half = blind.empty_half(spectrum, margin=1)
    assert half.real.tolist() == [[7, 8, 9, 10]] * 2
    # Squared moduli 49, 64, 81, 100, each twice: median (64 + 81) / 2.
    expected = 10 * math.log10(72.5)
    assert blind.empty_half_floor_db(spectrum, margin=1) == pytest.approx(expected)
    both = np.stack([spectrum, 2 * spectrum])
    floors = blind.empty_half_floor_db(both, margin=1)
    np.testing.assert_allclose(floors, [expected, expected + 20 * math.log10(2)])
    assert blind.empty_half_floor_db(strict.asarray(spectrum), margin=1) == pytest.approx(expected)
    # Of 11 bins 0 to 5 are positive and 6 to 10 negative.
    assert blind.empty_half(spectrum[:, :11], margin=0).real[0].tolist() == [6, 7, 8, 9, 10]


def test_a_target_leaves_the_empty_half_alone():
    rng = np.random.default_rng(0)
    noise = (rng.normal(size=(128, 512)) + 1j * rng.normal(size=(128, 512))) / math.sqrt(2)
    # The median of exponential noise is ln 2 of its mean; Hann windows of N points pass
    # 3 (N - 1) / 8 of unit noise each.
    expected = 10 * math.log10(math.log(2) * (3 / 8) ** 2 * 511 * 127)
    for target in (0, 1000 * tone(80.3, 5.5)):
        floor = blind.empty_half_floor_db(range_doppler(noise + target))
        assert floor == pytest.approx(expected, abs=0.1)
        assert np.abs(blind.empty_half(range_doppler(noise + target))).max() < 500
    # At a negative frequency it would be seen: its peak is about 1000 * 256 * 64.
    mirrored = range_doppler(noise + 1000 * tone(-80.3, 5.5))
    assert np.abs(blind.empty_half(mirrored)).max() > 1e7


def test_wrong_empty_half():
    spectrum = np.ones((4, 12), complex)
    for margin in (3, -1, 1.5):
        with pytest.raises(InputError, match="margin: must be a whole number from 0"):
            blind.empty_half_floor_db(spectrum, margin=margin)
    with pytest.raises(InputError, match="expected the complex map of an I/Q receiver"):
        blind.empty_half(spectrum.real, margin=1)
    with pytest.raises(InputError, match="range_doppler: expected at least 2 axes"):
        blind.empty_half(spectrum[0])


# ------------------------------------------------------------------------- persistent targets

# Worked example: four maps of 3 x 5 bins. (0, 0) is detected in three of them, its neighbour
# (0, 1) in four, (2, 3) in two, which is not most of them. Of the pair (0, 0) is the stronger.
DETECTIONS = np.zeros((4, 3, 5), bool)
DETECTIONS[:3, 0, 0] = DETECTIONS[:, 0, 1] = DETECTIONS[:2, 2, 3] = True
MAPS = np.ones((4, 3, 5), complex)
MAPS[:, 0, 0], MAPS[:, 0, 1], MAPS[:, 2, 3] = 10j, 8, 100


def test_persistent_targets_worked_example():
    found = blind.persistent_targets(MAPS, DETECTIONS)
    assert found.shape == (3, 5)
    assert np.argwhere(found).tolist() == [[0, 0]]
    # From more than 3/8 on the pair of detections counts; above 3/4 only (0, 1) is left.
    for share, bins in [(0.375, [[0, 0], [2, 3]]), (0.75, [[0, 1]])]:
        found = blind.persistent_targets(MAPS, DETECTIONS, share=share)
        assert np.argwhere(found).tolist() == bins
    grid = [np.reshape(a, (2, 2, 3, 5)) for a in (MAPS, DETECTIONS)]
    np.testing.assert_array_equal(
        blind.persistent_targets(*grid), blind.persistent_targets(MAPS, DETECTIONS)
    )
    found = blind.persistent_targets(strict.asarray(MAPS), strict.asarray(DETECTIONS))
    assert np.argwhere(np.asarray(found)).tolist() == [[0, 0]]


def test_wrong_persistent_targets():
    with pytest.raises(InputError, match="share: must be from 0 to less than 1"):
        blind.persistent_targets(MAPS, DETECTIONS, share=1)
    with pytest.raises(InputError, match="range_doppler: expected at least 3 axes"):
        blind.persistent_targets(MAPS[0], DETECTIONS[0])
    with pytest.raises(InputError, match="detections: its shape"):
        blind.persistent_targets(MAPS, DETECTIONS[:2])


def test_power_of_targets_worked_example():
    targets = np.zeros((3, 5), bool)
    targets[0, 0] = targets[2, 3] = True
    # 20 dB and 40 dB in the first map; in the second the first one is a tenth, 0 dB.
    maps = MAPS[:2].copy()
    maps[1, 0, 0] = 1
    np.testing.assert_allclose(blind.target_power_db(maps, targets), [30, 20])
    assert blind.target_power_db(strict.asarray(maps[0]), strict.asarray(targets)) == 30
    assert type(blind.target_power_db(maps[0], targets)) is float
    maps[1, 0, 0] = 0
    assert blind.target_power_db(maps, targets)[1] == -math.inf
    assert math.isnan(blind.target_power_db(maps[0], np.zeros((3, 5), bool)))
    for wrong in (targets[:2], np.stack([targets] * 2)):
        with pytest.raises(InputError, match="targets: expected the shape of one map"):
            blind.target_power_db(maps, wrong)


def hann_width():
    """Return the -3 dB width of a Hann window in bins, of its transform for many samples."""

    def response(x):
        return np.sinc(x) / (1 - x**2) - math.sqrt(0.5)

    return 2 * brentq(response, 0.1, 0.99)


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize(("range_bin", "doppler_bin"), [(80, 5), (80.5, 5.5), (200.3, -63.7)])
def test_width_of_a_tone(range_bin, doppler_bin, real):
    beat = tone(range_bin, doppler_bin)
    spectrum = range_doppler(beat.real if real else beat)
    # The symmetric window is as long as a periodic one of N - 1 samples: 0.2 % and 0.8 % more.
    for along, more in (("range", 512 / 511), ("doppler", 128 / 127)):
        width = blind.target_width_bins(spectrum, peak_of(spectrum), along=along, real=real)
        assert width == pytest.approx(hann_width() * more, rel=3e-3)


def test_width_around_the_edges():
    spectrum = range_doppler(tone(0.2, -64))
    for along in ("range", "doppler"):
        width = blind.target_width_bins(spectrum, peak_of(spectrum), along=along)
        assert width == pytest.approx(hann_width(), rel=1e-2)


def test_width_of_a_real_receiver_is_that_of_the_whole_spectrum():
    """At low beat frequencies the negative half overlaps; any number of chirps mirrors it."""
    for chirps in (16, 17):
        beat = tone(2.4, 1.2, samples=64, chirps=chirps).real
        spectrum = range_doppler(beat)
        targets = peak_of(spectrum)
        expected = blind.target_width_bins(
            range_doppler(beat + 0j), np.pad(targets, ((0, 0), (0, 31)))
        )
        assert blind.target_width_bins(spectrum, targets, real=True) == pytest.approx(expected)


def test_width_without_a_window():
    # sinc^2 is 1/2 at 0.443 bins.
    spectrum = np.fft.fft(tone(20.25, 0, samples=256, chirps=4))
    expected = 2 * brentq(lambda x: np.sinc(x) ** 2 - 0.5, 0.1, 0.9)
    width = blind.target_width_bins(spectrum[:1], peak_of(spectrum[:1]))
    assert width == pytest.approx(expected, rel=5e-3)


def test_width_is_that_of_each_map():
    def spectrum(range_bin, samples):
        """Return the map of the first samples alone, under a Hann window as long as they are."""
        window = np.pad(np.hanning(samples), (0, 512 - samples)) * np.hanning(128)[:, None]
        return np.fft.fftshift(np.fft.fft2(tone(range_bin, 3) * window), axes=0)

    def expected(samples):
        return hann_width() * 512 / (samples - 1)

    # The peak may be up to a bin away, half as long is twice as wide, nothing has no width.
    maps = np.stack([spectrum(50, 512), spectrum(50.9, 512), spectrum(50, 256)])
    targets = peak_of(maps[0])
    widths = blind.target_width_bins(np.stack([*maps, 0 * maps[0]])[None], targets)
    assert widths.shape == (1, 4)
    np.testing.assert_allclose(
        widths[0], [expected(512), expected(512), expected(256), math.nan], rtol=3e-3
    )
    # Of two targets the mean.
    both = maps[0] + spectrum(150, 256)
    width = blind.target_width_bins(both, targets | np.roll(targets, 100, axis=1))
    assert width == pytest.approx((expected(512) + expected(256)) / 2, rel=3e-3)
    none = blind.target_width_bins(maps[None], np.zeros_like(targets))
    np.testing.assert_array_equal(none, np.full((1, 3), math.nan))


def test_width_ends_with_the_axis():
    # A single sample has a flat spectrum, which falls to half nowhere.
    beat = np.zeros((8, 64), complex)
    beat[:, 3] = 1
    spectrum = range_doppler(beat)
    assert blind.target_width_bins(spectrum, peak_of(spectrum)) == 64


def test_width_in_other_libraries_and_single_precision():
    spectrum = range_doppler(tone(20.3, 2, samples=64, chirps=32))
    targets = peak_of(spectrum)
    expected = blind.target_width_bins(spectrum, targets)
    assert type(expected) is float
    other = blind.target_width_bins(strict.asarray(spectrum), strict.asarray(targets))
    assert other == pytest.approx(expected)
    single = blind.target_width_bins(spectrum.astype(np.complex64), targets)
    assert single == pytest.approx(expected, rel=1e-4)


def test_wrong_widths():
    with pytest.raises(InputError, match="along: must be 'range' or 'doppler', got 'angle'"):
        blind.target_width_bins(MAPS, DETECTIONS[0], along="angle")
    with pytest.raises(InputError, match="expected complex maps"):
        blind.target_width_bins(MAPS.real, DETECTIONS[0])


# -------------------------------------------------------------------- agreement of receivers


def test_correlation_as_numpys():
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(2, 3, 6, 7)) + 1j * rng.normal(size=(2, 3, 6, 7))
    maps[1] += 3 * maps[1, :1]
    expected = [
        np.corrcoef(np.abs(frame).reshape(3, -1))[np.triu_indices(3, 1)].mean() for frame in maps
    ]
    np.testing.assert_allclose(blind.receiver_correlation(maps), expected)
    assert expected[1] > expected[0] + 0.3
    assert blind.receiver_correlation(strict.asarray(maps[0])) == pytest.approx(expected[0])


def test_correlation_worked_example():
    # Moduli 0, 1, 2 and 0, 2, 4 go together; 2, 1, 0 goes against both: (1 - 1 - 1) / 3.
    maps = np.array([[[0, 1j, 2]], [[0, 2, -4]], [[2j, 1, 0]]])
    assert blind.receiver_correlation(maps) == pytest.approx(-1 / 3)
    assert blind.receiver_correlation(maps[:2]) == pytest.approx(1)
    maps[2] = 1
    assert math.isnan(blind.receiver_correlation(maps))


def test_common_detections_worked_example():
    # Three receivers: a bin that all detect, one that two do, one that one does. Of 3 + 2 + 1
    # detections three are shared by both others, two by one of them, one by none.
    found = np.array([[[1, 1, 0]], [[1, 1, 0]], [[1, 0, 1]]], bool)
    assert blind.common_detections(found) == pytest.approx((3 * 1 + 2 * 0.5 + 0) / 6)
    assert blind.common_detections(strict.asarray(found)) == pytest.approx(4 / 6)
    values = blind.common_detections(np.stack([found, 0 * found > 0]))
    np.testing.assert_allclose(values, [4 / 6, math.nan])


def test_common_detections_of_two_as_scikit_learn():
    pair = np.random.default_rng(2).random((2, 20, 30)) < 0.3
    expected = f1_score(pair[0].ravel(), pair[1].ravel())
    assert blind.common_detections(pair) == pytest.approx(expected)


@pytest.mark.parametrize("receivers", [slice(0, 1), 0])
def test_wrong_receivers(receivers):
    with pytest.raises(InputError, match="at least two receivers"):
        blind.receiver_correlation(MAPS[receivers])
    with pytest.raises(InputError, match="detections: expected"):
        blind.common_detections(DETECTIONS[receivers])


# ------------------------------------------------------------------------------ a recording


def test_interference_in_a_recording_and_its_removal(data):
    """Of the four receivers of an AWR1243 only the noise differs where no target can be."""
    folder = data / "jin_cao_awr1243"

    def scores(name, method):
        capture = cc.open(folder / name, format="tsw1400", waveform="jin-cao-awr1243")
        maps = cc.mitigate(capture, method=method).range_doppler[0]
        targets = blind.persistent_targets(maps, detections(maps, real=False))
        return (
            blind.empty_half_floor_db(maps).mean(),
            blind.receiver_correlation(blind.empty_half(maps)),
            blind.target_width_bins(maps, targets, along="doppler").mean(),
        )

    hit, cleaned = (scores("20180608-195044.bin", m) for m in ("none", "zeroing"))
    clean = scores("20180613-190347.bin", "none")
    assert hit[0] - cleaned[0] > 25
    assert abs(cleaned[0] - clean[0]) < 2
    assert hit[1] > 0.95 > 0.5 > cleaned[1] > clean[1]
    np.testing.assert_allclose([hit[2], cleaned[2], clean[2]], 1.44, rtol=0.05)

from __future__ import annotations

import math

import array_api_strict as strict
import numpy as np
import pytest
from scipy import ndimage

from clearchirp.cfar import Cfar
from clearchirp.metrics import maps
from clearchirp.types import InputError

# Worked example: 2 x 3 bins, objects at (0, 0) and (1, 2).
#   clean   10   1   1j  |  1   -1   5
#   cleaned 8j   1   2j  |  0   -1   5-1j
# cleaned - clean: 8j-10, 0, 1j | -1, 0, -1j; squared: 164, 0, 1 | 1, 0, 1; sum 167.
# |cleaned|^2: 64, 1, 4 | 0, 1, 26.
CLEAN = np.array([[10, 1, 1j], [1, -1, 5]])
CLEANED = np.array([[8j, 1, 2j], [0, -1, 5 - 1j]])
OBJECTS = np.array([[1, 0, 0], [0, 0, 1]], bool)
# Detections at (0, 0), (0, 1), (0, 2): one hit, two false alarms, one miss, two rightly left out.
DETECTIONS = np.array([[1, 1, 1], [0, 0, 0]], bool)

WORKED = [
    (maps.mse, (CLEANED, CLEAN), 167 / 6),
    # Mean over the objects (64 + 26) / 2 = 45, over the other four (1 + 4 + 0 + 1) / 4 = 1.5.
    (maps.sinr_db, (CLEANED, OBJECTS), 10 * math.log10(30)),
    # |8j - 10| / 10 = sqrt(164) / 10 and |-1j| / 5 = 0.2.
    (maps.evm, (CLEANED, CLEAN, OBJECTS), (math.sqrt(164) / 10 + 0.2) / 2),
    # Moduli 8 1 2 | 0 1 sqrt(26) against 10 1 1 | 1 1 5: 4 + 0 + 1 + 1 + 0 + (sqrt(26) - 5)^2.
    (maps.magmse, (CLEANED, CLEAN), (6 + (math.sqrt(26) - 5) ** 2) / 6),
    # Phases pi/2 against 0 and -atan(1/5) against 0.
    (maps.ppmse, (CLEANED, CLEAN, OBJECTS), ((math.pi / 2) ** 2 + math.atan(0.2) ** 2) / 2),
    # Both objects are local maxima of the clean map.
    (maps.mrae, (CLEANED, CLEAN, OBJECTS), (math.sqrt(164) / 10 + 0.2) / 2),
    # Local maxima: (0, 0) and (1, 2) of the clean map, and of the cleaned one.
    (maps.concordance, (CLEANED, CLEAN), 1.0),
    (maps.false_alarm_rate, (DETECTIONS, OBJECTS), 2 / 4),
    (maps.true_positive_rate, (DETECTIONS, OBJECTS), 1 / 2),
    (maps.f1, (DETECTIONS, OBJECTS), 2 / (2 + 2 + 1)),
    # Of 0, 1, 1, 4, 26, 64 the median is (1 + 4) / 2.
    (maps.noise_floor_db, (CLEANED,), 10 * math.log10(2.5)),
    # Outside the detections: 0, 1, 26.
    (maps.floor_outside_db, (CLEANED, DETECTIONS), 10 * math.log10(9)),
    (maps.detection_count, (DETECTIONS,), 3.0),
    # At the detections: 64 + 1 + 4 after, 100 + 1 + 1 before.
    (maps.power_kept_db, (CLEAN, CLEANED, DETECTIONS), 10 * math.log10(69 / 102)),
]
NAMES = [metric.__name__ for metric, _, _ in WORKED]


@pytest.mark.parametrize(("metric", "arguments", "expected"), WORKED, ids=NAMES)
def test_worked_example(metric, arguments, expected):
    value = metric(*arguments)
    assert type(value) is float
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("metric", "arguments", "expected"), WORKED, ids=NAMES)
def test_other_libraries(metric, arguments, expected):
    value = metric(*(strict.asarray(a) for a in arguments))
    assert type(value) is float
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("metric", "arguments", "expected"), WORKED, ids=NAMES)
def test_batch_is_one_value_a_map(metric, arguments, expected):
    backwards = [a[::-1, ::-1] if a.dtype == bool else 2 * a[::-1, ::-1] for a in arguments]
    batch = [np.stack([a, b])[None] for a, b in zip(arguments, backwards, strict=True)]
    values = metric(*batch)
    assert values.shape == (1, 2)
    np.testing.assert_allclose(values, [[expected, metric(*backwards)]])
    # The four bins of two maps together are one map of three axes.
    together = metric(*(b[0] for b in batch), axes=3)
    assert type(together) is float


@pytest.mark.parametrize(("metric", "arguments", "expected"), WORKED, ids=NAMES)
def test_single_precision(metric, arguments, expected):
    single = [a if a.dtype == bool else a.astype(np.complex64) for a in arguments]
    assert metric(*single) == pytest.approx(expected, rel=1e-6)


def test_phase_error_is_wrapped():
    # From 3 to -3 rad it is 2 pi - 6, from -3 to 1 rad 2 pi - 4; the zero has no phase.
    clean = np.array([[2 * np.exp(3j), np.exp(-3j), 1, 7]])
    cleaned = np.array([[np.exp(-3j), 5 * np.exp(1j), 0, 7j]])
    objects = np.array([[True, True, True, False]])
    expected = ((2 * math.pi - 6) ** 2 + (2 * math.pi - 4) ** 2) / 2
    assert maps.ppmse(cleaned, clean, objects) == pytest.approx(expected)
    # Neither does the scale matter, nor that the product of such numbers is zero.
    tiny = (1e-30 * cleaned).astype(np.complex64), (1e-30 * clean).astype(np.complex64)
    assert maps.ppmse(*tiny, objects) == pytest.approx(expected, rel=1e-5)
    assert math.isnan(maps.ppmse(0 * cleaned, clean, objects))
    with pytest.raises(InputError, match="cleaned: expected a complex map"):
        maps.ppmse(cleaned.real, clean, objects)


def test_phase_error_of_noise():
    """Uniformly random from -pi to pi it has the mean square pi^2 / 3."""
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 200, 200)) + 1j * rng.normal(size=(2, 200, 200))
    everywhere = np.ones(one.shape, bool)
    assert maps.ppmse(one, other, everywhere) == pytest.approx(math.pi**2 / 3, rel=0.02)


def test_relative_error_is_taken_at_peaks():
    # An object of three bins whose peak, 10, is 1 off: 0.1. Its flanks are far off.
    clean, cleaned = np.zeros((2, 6, 8), complex)
    clean[3, 2:5], cleaned[3, 2:5] = [5, 10, 5j], [0, 10 + 1j, 5]
    objects = clean != 0
    assert maps.mrae(cleaned, clean, objects) == pytest.approx(0.1)
    assert maps.evm(cleaned, clean, objects) == pytest.approx((1 + 0.1 + math.sqrt(2)) / 3)
    # A second peak, lost altogether: (0.1 + 1) / 2. One that is no object does not count.
    clean[0, 6], clean[5, 0] = 3, 9
    objects[0, 6] = True
    assert maps.mrae(cleaned, clean, objects) == pytest.approx(0.55)
    assert math.isnan(maps.mrae(cleaned, clean, np.zeros_like(objects)))


def test_concordance_worked_example():
    # Local maxima of the clean map: 9 at (1, 1), 4 at (0, 7) and 3 at (5, 4). (5, 7) has 2 and is
    # none, since (0, 7) is beside it around the edge of Doppler. In the cleaned map the first is
    # where it was, the second a bin off and the third there, though weaker.
    clean, cleaned = np.zeros((2, 6, 8), complex)
    clean[1, 1], clean[0, 7], clean[5, 7], clean[5, 4] = 9, 4j, 2, -3
    cleaned[1, 1], cleaned[0, 6], cleaned[5, 4] = 8j, 4, 1
    assert maps.concordance(cleaned, clean) == pytest.approx(2 / 3)
    # Of the two with more than 3 one.
    assert maps.concordance(cleaned, clean, objects=np.abs(clean) > 3) == pytest.approx(1 / 2)
    # The other way round: (1, 1) and (5, 4) of three as well.
    assert maps.concordance(clean, cleaned) == pytest.approx(2 / 3)
    assert maps.concordance(0 * clean, clean) == 0
    assert math.isnan(maps.concordance(clean, 0 * clean))


def test_three_axes_pool_the_maps():
    stack = np.stack([CLEANED, CLEANED * 2])
    # The squared moduli of the second are four times those of the first.
    power = np.array([64, 1, 4, 0, 1, 26])
    expected = 10 * np.log10(np.median(np.concatenate([power, 4 * power])))
    assert maps.noise_floor_db(stack, axes=3) == pytest.approx(expected)


def test_peak_to_its_surroundings():
    # Surroundings of power 4, the peak 900: 225. A second strong bin is within the guard cells.
    spectrum = np.full((32, 40), 2j)
    spectrum[5, 39] = 30
    spectrum[6, 0] = 100
    assert maps.peak_to_surroundings_db(spectrum, 5, 39) == pytest.approx(10 * math.log10(225))
    both = np.stack([spectrum, spectrum * 7])
    np.testing.assert_allclose(
        maps.peak_to_surroundings_db(both, 5, 39), [10 * math.log10(225)] * 2
    )
    # With 1 guard and 1 training cell the ring is 16 cells; 30 guard cells wide it does not fit.
    ring = np.ones((5, 5))
    ring[1:4, 1:4] = 0
    power = np.abs(spectrum) ** 2
    around = ndimage.convolve(power, ring / 16, mode="wrap")[7, 1]
    value = maps.peak_to_surroundings_db(spectrum, 7, 1, guard=1, training=1)
    assert value == pytest.approx(10 * math.log10(power[7, 1] / around))
    with pytest.raises(InputError, match="too few"):
        maps.peak_to_surroundings_db(spectrum, 5, 39, guard=30)
    for bins, name in [((32, 0), "doppler_bin"), ((0, -1), "range_bin")]:
        with pytest.raises(InputError, match=name):
            maps.peak_to_surroundings_db(spectrum, *bins)


def test_floor_of_measured_statistics():
    """The median of exponential noise of mean 1 is ln 2, and interference raises it."""
    rng = np.random.default_rng(0)
    noise = (rng.normal(size=(256, 256)) + 1j * rng.normal(size=(256, 256))) / math.sqrt(2)
    assert maps.noise_floor_db(noise) == pytest.approx(10 * math.log10(math.log(2)), abs=0.05)
    assert maps.floor_outside_db(noise, np.zeros(noise.shape, bool)) == pytest.approx(0, abs=0.05)
    noise[7, 7] = 1e4
    assert maps.noise_floor_db(noise) == pytest.approx(-1.59, abs=0.05)
    assert maps.floor_outside_db(noise, Cfar()(noise)) == pytest.approx(0, abs=0.05)


def test_a_perfect_result():
    assert maps.mse(CLEAN, CLEAN) == 0
    assert maps.evm(CLEAN, CLEAN, OBJECTS) == 0
    assert maps.f1(OBJECTS, OBJECTS) == 1
    assert maps.power_kept_db(CLEAN, CLEAN, OBJECTS) == 0
    assert maps.magmse(CLEAN * 1j, CLEAN) == 0
    assert maps.ppmse(CLEAN * 3, CLEAN, OBJECTS) == 0
    assert maps.mrae(CLEAN, CLEAN, OBJECTS) == 0
    assert maps.concordance(CLEAN, CLEAN) == 1


def test_nothing_to_average_over():
    none, everything = np.zeros((2, 3), bool), np.ones((2, 3), bool)
    assert math.isnan(maps.sinr_db(CLEANED, none))
    assert math.isnan(maps.sinr_db(CLEANED, everything))
    assert math.isnan(maps.evm(CLEANED, CLEAN, none))
    assert math.isnan(maps.f1(none, none))
    assert math.isnan(maps.true_positive_rate(DETECTIONS, none))
    assert math.isnan(maps.floor_outside_db(CLEANED, everything))
    assert math.isnan(maps.power_kept_db(CLEAN, CLEANED, none))
    batch = maps.evm(np.stack([CLEANED] * 2), np.stack([CLEAN] * 2), np.stack([none, OBJECTS]))
    assert math.isnan(batch[0])
    assert batch[1] == pytest.approx(0.740312424)


def test_zeros_are_minus_infinity():
    zeros = np.zeros((2, 3), np.complex64)
    assert maps.noise_floor_db(zeros) == -math.inf
    assert maps.power_kept_db(CLEAN, zeros.astype(complex), OBJECTS) == -math.inf
    assert maps.sinr_db(np.where(OBJECTS, CLEAN, 0), OBJECTS) == math.inf
    assert math.isnan(maps.sinr_db(zeros, OBJECTS))


def test_wrong_input():
    with pytest.raises(InputError, match=r"differ: cleaned \(2, 2\) and clean \(2, 3\)"):
        maps.mse(CLEANED[:, :2], CLEAN)
    with pytest.raises(InputError, match="clean: 1 of its values are NaN or Inf"):
        maps.mse(CLEANED, np.where(CLEAN == 10, np.nan, CLEAN))
    with pytest.raises(InputError, match="objects: expected a boolean"):
        maps.sinr_db(CLEANED, OBJECTS.astype(float))
    with pytest.raises(InputError, match="objects: its shape"):
        maps.evm(CLEANED, CLEAN, OBJECTS[:, :2])
    with pytest.raises(InputError, match="range_doppler: expected at least 2 axes"):
        maps.noise_floor_db(CLEAN[0])
    with pytest.raises(InputError, match="range_doppler: expected a real or complex"):
        maps.noise_floor_db(np.ones((2, 3), int))

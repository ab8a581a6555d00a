from __future__ import annotations

import numpy as np
import pytest

from clearchirp.disturbed.on_chip import OnChipThreshold
from clearchirp.types import InputError
from tests.oracles.on_chip import plain_bits


def chirps(real=False, seed=0, dtype=complex):
    rng = np.random.default_rng(seed)
    n = np.arange(200)
    beat = 3 * np.exp(0.05j * n) + 0.3 * (
        rng.standard_normal((12, 200)) + 1j * rng.standard_normal((12, 200))
    )
    beat[3, 50:70] += 40 * np.exp(0.01j * (n[50:70] - 60.0) ** 2)
    beat[5, :4] += 50
    beat[6, 197:] -= 50
    beat[8, 90] += 30
    return (beat.real if real else beat).astype(dtype)


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"magnitude": 2.0, "difference": 1e9, "hysteresis": 0},
        {"magnitude": 1e9, "difference": 3.0, "hysteresis": 1},
        {"magnitude": 2.5, "difference": 2.5, "hysteresis": 7},
    ],
)
def test_it_agrees_with_the_plain_form(real, settings):
    beat = chirps(real, dtype=float if real else complex)
    mask = OnChipThreshold(**settings)(beat)
    full = {"magnitude": 4.0, "difference": 4.0, "hysteresis": 4} | settings
    expected = np.array([plain_bits(x, **full) for x in beat])
    assert expected.any()
    np.testing.assert_array_equal(mask, expected)


def test_bursts_are_found_and_nothing_else():
    mask = OnChipThreshold()(chirps())
    assert set(np.flatnonzero(mask.any(axis=-1))) == {3, 5, 6, 8}
    assert mask[3, 50:70].all()
    assert mask.sum() < 28 + 9 + 9 + 12


def test_differences_see_a_burst_that_the_bumper_hides():
    beat = np.full((1, 200), 100.0 + 0j)
    beat += 0.1 * np.exp(2j * np.pi * np.random.default_rng(1).random((1, 200)))
    beat[0, 120:130] += 2 * (-1.0) ** np.arange(10)
    assert not OnChipThreshold(difference=1e9)(beat).any()
    assert OnChipThreshold(magnitude=1e9)(beat)[0, 120:130].all()


@pytest.mark.parametrize(("share", "found"), [(0.24, True), (0.26, False)])
def test_a_burst_hides_itself_where_it_is_longer_than_one_over_the_factor(share, found):
    """However strong: the mean of the modulus is then more than a quarter of the burst's."""
    n = np.arange(1000)
    beat = np.exp(0.3j * n) + 0j
    beat[n < 1000 * share] *= 1e6
    smooth_only = OnChipThreshold(difference=1e9, hysteresis=0)
    assert smooth_only(beat)[: int(1000 * share)].all() == found
    assert smooth_only(beat).any() == found


def test_false_alarms_of_noise_are_those_of_its_distribution():
    """P(|x| > 4 mean): exp(-4 pi) for I/Q noise."""
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((4000, 512)) + 1j * rng.standard_normal((4000, 512))
    for factor in (2.0, 3.0):
        only = OnChipThreshold(magnitude=factor, difference=1e9, hysteresis=0)
        expected = np.exp(-(factor**2) * np.pi / 4)
        assert only(noise).mean() == pytest.approx(expected, rel=0.1)


def read(data, name):
    words = np.fromfile(data / "jin_cao_awr1243" / f"{name}.bin", "<u2")
    iq = words.astype(np.float32).reshape(128, 512, 4, 2) - 32768
    return (iq[..., 0] + 1j * iq[..., 1]).transpose(2, 0, 1).astype(np.complex64)


def test_the_start_up_transient_of_a_real_radar_fools_it_and_nothing_else_does(data):
    mask = OnChipThreshold()(read(data, "20180613-190347"))
    assert 0.068 < mask.mean() < 0.070  # as documented
    assert mask[..., :32].all()
    assert not mask[..., 39:].any()


def test_measured_interference_is_found(data):
    mask = OnChipThreshold()(read(data, "20180608-195044")[0])
    # 82 of 128 chirps are hit, says the README of the recordings
    assert 70 < mask[:, 60:].any(axis=-1).sum() < 90
    assert 0.04 < mask[:, 60:].mean() < 0.06


@pytest.mark.parametrize("shape", [(64,), (1, 64), (3, 5), (8, 1), (1, 1), (2, 3, 4, 16)])
def test_any_shape(shape):
    beat = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    assert OnChipThreshold()(beat).shape == shape
    assert not OnChipThreshold()(np.zeros(shape, np.complex64)).any()


def test_the_unit_does_not_matter_and_a_batch_equals_a_loop():
    beat = np.stack([chirps(seed=s, dtype=np.complex64) for s in range(3)])
    kept = beat.copy()
    mask = OnChipThreshold()(beat)
    np.testing.assert_array_equal(beat, kept)
    np.testing.assert_array_equal(OnChipThreshold()(4096 * beat), mask)
    for one, its in zip(beat, mask, strict=True):
        np.testing.assert_array_equal(OnChipThreshold()(one), its)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"magnitude": 0.0}, "magnitude"),
        ({"difference": -1}, "difference"),
        ({"magnitude": float("nan")}, "magnitude"),
        ({"difference": "wide"}, "difference"),
        ({"hysteresis": -1}, "hysteresis"),
        ({"hysteresis": 1.5}, "hysteresis"),
    ],
)
def test_settings_are_checked(settings, named):
    with pytest.raises(InputError, match=named):
        OnChipThreshold(**settings)


@pytest.mark.parametrize(
    ("beat", "message"),
    [
        (np.full((4, 64), np.nan, np.complex64), "NaN or Inf"),
        (np.zeros((4, 64), np.int16), "floating-point"),
        ([[1.0, 2.0]], "NumPy arrays only"),
    ],
)
def test_bad_input_is_named(beat, message):
    with pytest.raises(InputError, match=message):
        OnChipThreshold()(beat)

"""Metrics of range spectra: scikit-learn, closed forms, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from clearchirp.metrics import profiles
from clearchirp.types import InputError


@pytest.fixture
def chirps():
    rng = np.random.default_rng(3)
    targets = rng.random((4, 3, 200)) < 0.05
    targets[..., 7] = True
    spectra = rng.normal(size=(2, 4, 3, 200)) + 2 * targets
    # Ties: what was zeroed counts half.
    spectra[0][np.abs(spectra[0]) < 0.5] = 0
    return (spectra[0] + 1j * spectra[1]).round(1), targets


def test_auc_is_that_of_scikit_learn(chirps):
    spectra, targets = chirps
    found = profiles.auc(spectra, targets)
    assert found.shape == (4, 3)
    for index in np.ndindex(4, 3):
        expected = roc_auc_score(targets[index], np.abs(spectra[index]))
        assert found[index] == pytest.approx(expected, abs=1e-12)
    assert math.isnan(profiles.auc(spectra[0, 0], np.zeros(200, bool)))
    assert math.isnan(profiles.auc(spectra[0, 0], np.ones(200, bool)))


def test_a_gain_in_snr_is_that_of_the_floor():
    amplitudes = np.zeros(64, complex)
    amplitudes[[5, 30]] = 0.5j, 1.0
    before = np.full(64, 0.1 + 0j)
    before[[5, 30]] = 4, 8
    # What lies beside a target is its own lobe, around the end, too.
    before[[3, 4, 6, 7, 28, 29, 31, 32]] = 3
    after = before.copy()
    after[np.abs(before) < 1] = 0.01
    assert profiles.snr_gain_db(after, before, amplitudes) == pytest.approx(20)
    assert profiles.snr_gain_db(-2 * after, before, amplitudes) == pytest.approx(20)
    after[30] = 4
    assert profiles.snr_gain_db(after, before, amplitudes) == pytest.approx(20 - 20 * np.log10(2))
    assert math.isnan(profiles.snr_gain_db(0 * after, before, amplitudes))
    assert math.isnan(profiles.snr_gain_db(after, before, 0 * amplitudes))
    rolled = (np.roll(x, 35) for x in (after, before, amplitudes))
    assert profiles.snr_gain_db(*rolled) == pytest.approx(20 - 20 * np.log10(2))


def test_errors_are_means_over_the_targets():
    targets = np.zeros((2, 8), bool)
    targets[0, [1, 4]] = True
    true = np.ones((2, 8), complex)
    spectra = true.copy()
    spectra[0, 1], spectra[0, 4] = 10 * np.exp(0.3j), 0.1 * np.exp(-0.1j)
    np.testing.assert_allclose(profiles.phase_error(spectra, true, targets), [0.2, np.nan])
    np.testing.assert_allclose(profiles.amplitude_error_db(spectra, true, targets), [20, np.nan])
    # 179 and -179 degrees are 2 degrees apart.
    near = np.exp(1j * np.radians([179.0, 0]))
    away = np.exp(1j * np.radians([-179.0, 0]))
    assert profiles.phase_error(near, away, np.array([True, False])) == pytest.approx(np.radians(2))
    spectra[0, 1] = 0
    assert profiles.amplitude_error_db(spectra, true, targets)[0] == pytest.approx(130)


def test_what_is_refused(chirps):
    spectra, targets = chirps
    with pytest.raises(InputError, match=r"like the targets"):
        profiles.auc(spectra[0], targets)
    with pytest.raises(InputError, match="floating-point"):
        profiles.auc(targets, targets)
    spectra[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="NaN"):
        profiles.phase_error(spectra, np.ones_like(spectra), targets)

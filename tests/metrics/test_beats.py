"""Beat metrics against values worked out by hand."""

from __future__ import annotations

import math

import array_api_strict as strict
import numpy as np
import pytest
from scipy.spatial.distance import cosine

from clearchirp.metrics.beats import correlation, mse, sinr_db
from clearchirp.types import InputError


def test_sinr_of_a_known_error():
    truth = np.array([[[3.0, 4.0j]], [[1.0, 0.0]]])
    estimate = truth + np.array([[[0.0, 0.05]], [[0.1, 0.0]]])
    # |truth| = 5 and 1, |error| = 0.05 and 0.1: 20 log10 of 100 and of 10
    np.testing.assert_allclose(sinr_db(estimate, truth), [40.0, 20.0], atol=1e-12)
    assert sinr_db(truth[0], truth[0]) == math.inf
    assert sinr_db(truth[0], 0 * truth[0]) == -math.inf
    assert math.isnan(sinr_db(0 * truth[0], 0 * truth[0]))


def test_mean_squared_error():
    # |error|^2 is 9, 16, 0 and 1: 26 over four samples.
    truth = np.array([[1.0, 2.0], [3.0, 4.0]])
    estimate = truth + np.array([[3.0, 4.0j], [0.0, -1.0]])
    assert mse(estimate, truth) == pytest.approx(26 / 4)
    np.testing.assert_allclose(mse(np.stack([estimate, truth]), np.stack([truth] * 2)), [6.5, 0])


def test_correlation_is_that_of_the_convention():
    truth = np.array([[1.0, 2.0j]])
    # conj(e^{j0.3} s) s / |s|^2 = e^{-j0.3}
    rho = correlation(np.exp(0.3j) * truth, truth)
    np.testing.assert_allclose([abs(rho), np.angle(rho)], [1.0, -0.3], atol=1e-12)
    assert np.isnan(correlation(0 * truth, truth))
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 3, 4, 5))
    expected = [1 - cosine(a.ravel(), b.ravel()) for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(correlation(one, other), expected)


def test_other_array_libraries():
    truth = strict.asarray(np.array([[3.0 + 0j, 4.0]]))
    assert float(sinr_db(truth + 0.5, truth)) > 16
    assert abs(complex(correlation(truth, truth)) - 1) < 1e-12


def test_one_number_for_one_frame():
    truth = np.array([[1.0, 2.0j]], np.complex64)
    for metric, kind in ((mse, float), (sinr_db, float), (correlation, complex)):
        for library in (np, strict):
            one = library.asarray(truth)
            assert type(metric(one + 1, one)) is kind
            batch = library.asarray(truth[None, None])
            assert tuple(metric(batch + 1, batch).shape) == (1, 1)
    assert type(correlation(truth.real, truth.real)) is float


@pytest.mark.parametrize("metric", [mse, sinr_db, correlation])
def test_wrong_beats(metric):
    truth = np.ones((3, 4))
    for estimate, words in [
        (truth[:2], "their shapes differ"),
        (truth.astype(int), "estimate: expected a real or complex"),
        (truth * math.nan, "estimate: 12 of its values are NaN"),
        (truth[0], r"estimate: expected at least 2 axes \(..., chirp, sample\)"),
        (truth.tolist(), "estimate: expected an array"),
    ]:
        with pytest.raises(InputError, match=words):
            metric(estimate, truth)

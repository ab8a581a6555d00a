"""Beat metrics against values worked out by hand."""

from __future__ import annotations

import math

import array_api_strict as strict
import numpy as np

from clearchirp.metrics.beats import correlation, sinr_db


def test_sinr_of_a_known_error():
    truth = np.array([[[3.0, 4.0j]], [[1.0, 0.0]]])
    estimate = truth + np.array([[[0.0, 0.05]], [[0.1, 0.0]]])
    # |truth| = 5 and 1, |error| = 0.05 and 0.1: 20 log10 of 100 and of 10
    np.testing.assert_allclose(sinr_db(estimate, truth), [40.0, 20.0], atol=1e-12)
    assert math.isinf(sinr_db(truth[0], truth[0]))


def test_correlation_is_that_of_the_convention():
    truth = np.array([[1.0, 2.0j]])
    # conj(e^{j0.3} s) s / |s|^2 = e^{-j0.3}
    rho = correlation(np.exp(0.3j) * truth, truth)
    np.testing.assert_allclose([abs(rho), np.angle(rho)], [1.0, -0.3], atol=1e-12)
    assert np.isnan(correlation(0 * truth, truth))


def test_other_array_libraries():
    truth = strict.asarray(np.array([[3.0 + 0j, 4.0]]))
    assert float(sinr_db(truth + 0.5, truth)) > 16
    assert abs(complex(correlation(truth, truth)) - 1) < 1e-12

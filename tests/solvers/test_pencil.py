from __future__ import annotations

import numpy as np
import pytest

from clearchirp.solvers.pencil import clean_runs, fit, poles, signal_subspace
from tests.oracles.hankel import hankel


def signal(samples=512, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    n = np.arange(samples)
    z = np.exp(1j * np.array([0.3, 0.36, 2.0, -1.0]))
    tones = np.array([1, 0.5, 0.1, 0.7]) @ z[:, None] ** n
    white = rng.standard_normal((2, samples)) * noise / np.sqrt(2)
    return tones + white[0] + 1j * white[1], z


def test_clean_runs():
    keep = np.array([1, 1, 0, 1, 0, 0, 1, 1, 1], bool)
    assert clean_runs(keep) == [(0, 2), (3, 4), (6, 9)]
    assert clean_runs(keep, shortest=2) == [(0, 2), (6, 9)]
    assert clean_runs(np.zeros(3, bool)) == []


@pytest.mark.parametrize("noise", [0.05, 0.3])
@pytest.mark.parametrize("runs", [[(0, 512)], [(0, 120), (150, 300), (340, 512)]])
def test_same_poles_as_a_singular_value_decomposition(noise, runs):
    y, _ = signal(noise=noise)
    window = 100 if len(runs) > 1 else 257
    vectors, values = signal_subspace(y, runs, window, 4)
    forward = np.hstack([hankel(y[a:b], window) for a, b in runs])
    u, s, _ = np.linalg.svd(np.hstack([forward, forward[::-1].conj()]), full_matrices=False)
    np.testing.assert_allclose(values, s[:4], rtol=1e-8)
    found, expected = (np.sort_complex(poles(v)) for v in (vectors, u[:, :4].T))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_noise_free_poles():
    y, z = signal(noise=0.0)
    vectors, _ = signal_subspace(y, [(0, 200), (230, 512)], 90, 4)
    np.testing.assert_allclose(np.sort_complex(poles(vectors)), np.sort_complex(z), atol=1e-9)


def test_significance():
    """Of a pole that is there and one that is not."""
    y, z = signal()
    keep = np.ones(512, bool)
    keep[100:160] = False
    whole, significant = fit(np.append(z, np.exp(1.4j)), y, keep)
    assert significant.tolist() == [True] * 4 + [False]
    tones, _ = signal(noise=0.0)
    assert np.mean(np.abs(whole - tones) ** 2) < 10 * 0.05**2 * 5 / 512


def test_no_window_fits():
    vectors, values = signal_subspace(np.ones(8, complex), [(0, 3)], 4, 2)
    assert len(vectors) == len(values) == len(poles(vectors)) == 0

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.solvers.chirp_search import chirp_rates


def signal(rates, seed=0, samples=2000, level=3.0):
    """Tones in noise, and chirps across nine tenths of the band."""
    rng = np.random.default_rng(seed)
    n = np.arange(samples)
    white = rng.standard_normal((2, samples)) * 0.1
    y = 3 * np.exp(0.5j * n) + np.exp(1.7j * n) + white[0] + 1j * white[1]
    for k, rate in enumerate(rates):
        away = n - (0.3 + 0.2 * k) * samples
        inside = np.abs(rate * away) < 0.45
        y += np.where(inside, level * np.exp(1j * np.pi * rate * away**2 + 1j * k), 0)
    return y


@pytest.mark.parametrize("rates", [(0.0013,), (0.001, -0.0021), (-0.0006, 0.004, 0.0015)])
def test_rates_of_chirps_among_tones(rates):
    found = chirp_rates(signal(rates), most=len(rates))
    np.testing.assert_allclose(sorted(found), sorted(rates), rtol=3e-3)


def test_no_more_than_asked_for():
    assert len(chirp_rates(signal((0.001, -0.0021)), most=1)) == 1


def test_the_unit_does_not_matter():
    y = signal((0.001, -0.0021))
    np.testing.assert_allclose(chirp_rates(1e6 * y), chirp_rates(y))


@pytest.mark.parametrize("seed", range(5))
def test_nothing_in_tones_and_noise(seed):
    assert chirp_rates(signal((), seed)) == ()
    assert chirp_rates(np.zeros(64, complex)) == ()
    assert chirp_rates(np.ones(3, complex)) == ()

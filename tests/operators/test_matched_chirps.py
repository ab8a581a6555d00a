from __future__ import annotations

import numpy as np
import pytest

from clearchirp.operators.fractional_fourier import FractionalFourier
from clearchirp.operators.matched_chirps import MatchedChirps
from clearchirp.types import InputError

RATES = (0.002, -0.009, 0.07, -0.4)


@pytest.mark.parametrize("samples", [1, 63, 128])
def test_adjoint_and_unitarity(samples):
    rng = np.random.default_rng(0)
    domains = MatchedChirps(samples=samples, rates=RATES)
    x, y = (
        rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
        for shape in ((2, samples), (2, len(RATES), samples))
    )
    left = np.vdot(domains.forward(x), y)
    np.testing.assert_allclose(left, np.vdot(x, domains.adjoint(y)), rtol=1e-12)
    for k in range(len(RATES)):
        np.testing.assert_allclose(domains.row_adjoint(k, domains.row(k, x)), x, atol=1e-12)
    np.testing.assert_allclose(domains.adjoint(domains.forward(x)), len(RATES) * x, atol=1e-12)


@pytest.mark.parametrize("rate", [1 / 512, 1 / 256, -1 / 240, 1 / 170])
def test_power_lies_where_the_exact_transform_has_it(rate):
    """A short chirp near the middle of the plane: the width of its pulse, up to the axis' scale."""
    n = np.arange(256) - 127.5
    chirp = np.exp(1j * np.pi * rate * n**2) * np.exp(-(n**2) / (2 * 12**2))
    angle = np.arctan2(1, -256 * rate)
    exact = FractionalFourier(samples=256, angle=float(angle)).forward(chirp)
    ours = MatchedChirps(samples=256, rates=(rate,)).row(0, chirp)
    scale = max(abs(np.cos(angle)), abs(np.sin(angle)))

    def width(x):
        power = np.abs(x) ** 2
        return np.sqrt(np.sum(power * n**2) / np.sum(power))

    assert width(ours) * scale == pytest.approx(width(exact), rel=0.02)


def test_no_rates():
    domains = MatchedChirps(samples=8, rates=())
    assert domains.forward(np.ones(8, complex)).shape == (0, 8)
    assert not domains.adjoint(np.zeros((0, 8), complex)).any()


@pytest.mark.parametrize("given", [{"samples": 0}, {"rates": (0.0,)}, {"rates": (float("nan"),)}])
def test_wrong_settings(given):
    with pytest.raises(InputError, match=next(iter(given))):
        MatchedChirps(**{"samples": 8, "rates": (0.1,), **given})

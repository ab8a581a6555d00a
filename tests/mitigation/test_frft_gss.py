from __future__ import annotations

import numpy as np
import pytest

from clearchirp.mitigation.frft_gss import FrftGss, fast_fractional
from clearchirp.operators.fractional_fourier import FractionalFourier
from clearchirp.types import InputError


@pytest.mark.parametrize("angle_deg", [-170, -100, -30, 10, 50, 90, 130, 175])
def test_the_fast_transform_approximates_the_exact_one(angle_deg):
    """For a signal well inside of the time-frequency plane, to a few thousandths."""
    n = np.arange(256) - 127.5
    x = np.exp(-((n / 25) ** 2) + 1j * (0.2 * n + 0.002 * n**2))
    angle = np.deg2rad(angle_deg)
    exact = FractionalFourier(samples=256, angle=angle).forward(x)
    got = fast_fractional(x, angle)
    # The exact one lacks the integral's constant phase exp(-j angle / 2) of no account here.
    phase = np.vdot(got, exact)
    assert np.abs(got * phase / abs(phase) - exact).max() < 0.02 * np.abs(exact).max()
    assert np.linalg.norm(got) == pytest.approx(np.linalg.norm(x), rel=1e-3)


@pytest.mark.parametrize("padded", [False, True])
def test_a_lone_chirp_is_found_and_removed(padded):
    rng = np.random.default_rng(0)
    n = np.arange(512)
    clean = 0.3 * np.exp(0.5j * n) + 0.1 * (
        rng.standard_normal(512) + 1j * rng.standard_normal(512)
    )
    beat = np.stack([clean, clean + 20 * np.exp(1j * np.pi * 0.002 * (n - 256) ** 2)])
    result = FrftGss(padded=padded)(beat)
    np.testing.assert_array_equal(result.signal[0], beat[0])
    errors = [np.sum(np.abs(x[1] - clean) ** 2) for x in (result.signal, beat)]
    assert errors[0] < 0.05 * errors[1]
    assert result.stats["chirps_changed"] == 1


def test_real_samples_are_refused():
    with pytest.raises(InputError, match="real"):
        FrftGss()(np.ones((2, 64)))

"""Range-Doppler-angle maps against NumPy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal.windows import taylor

from clearchirp.spectrum import angle_map, receivers_of_angle_map
from clearchirp.types import InputError


def maps(*shape, dtype=np.complex64):
    rng = np.random.default_rng(0)
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)


@pytest.mark.parametrize("receivers", [1, 2, 5, 16])
@pytest.mark.parametrize("window", ["taylor", "none"])
def test_it_is_numpys_shifted_fft_of_the_windowed_receivers(receivers, window):
    x = maps(3, receivers, 4, 10)
    weights = np.ones(receivers)
    if window == "taylor" and receivers > 2:
        weights = taylor(receivers)
    spectrum = np.fft.fft(x * weights[:, None, None], axis=-3)
    expected = np.fft.fftshift(spectrum, axes=-3)
    whole = angle_map(x, positive=False, window=window)
    assert whole.dtype == x.dtype
    np.testing.assert_allclose(whole, expected, atol=1e-5)
    np.testing.assert_array_equal(angle_map(x, window=window), whole[..., :5])


@pytest.mark.parametrize("window", ["taylor", "none"])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_the_receivers_come_back(window, dtype):
    x = maps(2, 16, 4, 10, dtype=dtype)
    kept = x.copy()
    back = receivers_of_angle_map(angle_map(x, positive=False, window=window), window=window)
    assert back.dtype == dtype
    np.testing.assert_allclose(back, x, rtol=1e-4 if dtype == np.complex64 else 1e-12)
    np.testing.assert_array_equal(x, kept)


def test_a_plane_wave_stands_at_the_sine_of_its_angle():
    wave = np.exp(1j * np.pi * np.sin(0.5) * np.arange(16))[:, None, None] * np.ones((16, 1, 2))
    peak = np.argmax(np.abs(angle_map(wave)[:, 0, 0]))
    assert peak == round(8 + 8 * np.sin(0.5))


def test_wrong_input_is_named():
    with pytest.raises(InputError, match="window"):
        angle_map(maps(4, 4, 4), window="hann")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="rx, doppler, range"):
        angle_map(maps(4, 4))

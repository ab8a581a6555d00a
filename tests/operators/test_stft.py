from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import get_window

from clearchirp.operators.stft import ShortTimeFourier
from clearchirp.types import InputError
from tests.oracles.stft import plain_stft, signal_under_window

SIZES = [(512, 32, 4), (96, 32, 8), (101, 16, 16), (37, 64, 8), (64, 8, 1), (5, 4, 2), (1, 2, 1)]


def noise(*shape, real=False, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    return x if real else x + 1j * rng.standard_normal(shape)


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize(("samples", "length", "hop"), SIZES)
class TestTightFrame:
    def test_the_adjoint_is_the_inverse(self, samples, length, hop, real):
        transform = ShortTimeFourier(samples=samples, length=length, hop=hop, real=real)
        x = noise(2, 3, samples, real=real)
        again = transform.adjoint(transform.forward(x))
        assert again.dtype == x.dtype
        np.testing.assert_allclose(again, x, rtol=0, atol=1e-12)

    def test_the_adjoint_is_the_adjoint(self, samples, length, hop, real):
        transform = ShortTimeFourier(samples=samples, length=length, hop=hop, real=real)
        x = noise(samples, real=real)
        y = noise(transform.frequencies, transform.times, seed=1)
        there = np.vdot(transform.forward(x), y)
        back = np.vdot(x, transform.adjoint(y))
        if real:
            there, back = there.real, back.real
        assert abs(there - back) < 1e-12 * np.linalg.norm(x) * np.linalg.norm(y)

    def test_energy_is_kept(self, samples, length, hop, real):
        transform = ShortTimeFourier(samples=samples, length=length, hop=hop, real=real)
        x = noise(samples, real=real)
        assert np.linalg.norm(transform.forward(x)) == pytest.approx(np.linalg.norm(x), rel=1e-12)

    def test_it_agrees_with_the_plain_form(self, samples, length, hop, real):
        transform = ShortTimeFourier(samples=samples, length=length, hop=hop, real=real)
        x = noise(samples, real=real)
        expected = plain_stft(x, length, hop)
        np.testing.assert_allclose(transform.forward(x), expected, rtol=0, atol=1e-12)


def test_inside_the_window_is_a_scaled_hann():
    """SciPy's periodic Hann of two more points, at a hop that makes its squares add up evenly."""
    transform = ShortTimeFourier(samples=256, length=32, hop=4)
    x = noise(256)
    column = transform.forward(x)[:, 20]
    window = get_window("hann", 33, fftbins=True)[1:]
    squares = sum(np.sum(window[i::4] ** 2) for i in range(4)) / 4
    direct = np.fft.fft(window * x[64:96]) / np.sqrt(32 * squares)
    np.testing.assert_allclose(column, direct, rtol=0.01, atol=0.01)


@pytest.mark.parametrize("dtype", ["complex64", "float32"])
def test_single_precision_stays_single(dtype):
    x = noise(3, 100, real=dtype == "float32").astype(dtype)
    transform = ShortTimeFourier(samples=100, real=dtype == "float32")
    cells = transform.forward(x)
    assert cells.dtype == np.complex64
    again = transform.adjoint(cells)
    assert again.dtype == np.dtype(dtype)
    np.testing.assert_allclose(again, x, atol=1e-5)


@pytest.mark.parametrize("real", [False, True])
def test_array_api_strict(real):
    xp = pytest.importorskip("array_api_strict")
    x = noise(2, 100, real=real)
    transform = ShortTimeFourier(samples=100, length=16, hop=4, real=real)
    cells = transform.forward(xp.asarray(x))
    np.testing.assert_allclose(np.asarray(cells), transform.forward(x), atol=1e-13)
    np.testing.assert_allclose(np.asarray(transform.adjoint(cells)), x, atol=1e-12)


@pytest.mark.parametrize(("samples", "length", "hop"), SIZES)
def test_samples_under_a_window_are_those_that_its_cells_can_change(samples, length, hop):
    transform = ShortTimeFourier(samples=samples, length=length, hop=hop)
    for chosen in {0, 1, transform.times // 2, transform.times - 1} & set(range(transform.times)):
        times = np.arange(transform.times) == chosen
        cells = np.where(times, noise(transform.frequencies, transform.times), 0)
        under = transform.samples_under(times)
        np.testing.assert_array_equal(under, signal_under_window(samples, length, hop, chosen))
        assert not transform.adjoint(cells)[~under].any()
        for sample in range(0, samples, 3):
            over = transform.windows_over(np.arange(samples) == sample)
            assert over[chosen] == under[sample]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"samples": 0}, "samples"),
        ({"samples": 8.5}, "samples"),
        ({"samples": 8, "length": 7}, "length"),
        ({"samples": 8, "length": 0}, "length"),
        ({"samples": 8, "hop": 5}, "hop"),
        ({"samples": 8, "hop": 0}, "hop"),
        ({"samples": 8, "hop": True}, "hop"),
    ],
)
def test_settings_are_checked(settings, named):
    with pytest.raises(InputError, match=named):
        ShortTimeFourier(**settings)


def test_wrong_operands_are_named():
    transform = ShortTimeFourier(samples=64)
    for wrong in (np.zeros(63, complex), np.zeros(64)):
        with pytest.raises(InputError, match="x: "):
            transform.forward(wrong)
    for wrong in (np.zeros((32, 5), complex), np.zeros((32, transform.times))):
        with pytest.raises(InputError, match="y: "):
            transform.adjoint(wrong)

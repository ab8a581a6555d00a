from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample

from clearchirp.operators.digital_iq import DigitalIq
from clearchirp.operators.oversampling import Oversampling
from clearchirp.types import InputError


def noise(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


@pytest.mark.parametrize("samples", [1, 2, 15, 64, 101, 512])
class TestOversampling:
    def test_adjoint_and_inverse(self, samples):
        room = Oversampling(samples=samples)
        x, y = noise(2, samples), noise(2, room.padded, seed=1)
        assert np.vdot(y, room.forward(x)) == pytest.approx(np.vdot(room.adjoint(y), x), rel=1e-10)
        np.testing.assert_allclose(room.adjoint(room.forward(x)), x, atol=1e-12)

    def test_the_middle_is_the_signal_resampled(self, samples):
        """SciPy's, but for the bin at half the rate of an even number, which it splits in two."""
        room = Oversampling(samples=samples)
        x = noise(samples)
        if samples % 2 == 0 and samples > 1:
            x -= np.mean(x * (-1) ** np.arange(samples)) * (-1) ** np.arange(samples)
        start = (room.padded - room.oversampled) // 2
        padded = room.forward(x)
        middle = padded[start : start + room.oversampled]
        scale = np.sqrt(samples / room.oversampled)
        np.testing.assert_allclose(middle, scale * resample(x, room.oversampled), atol=1e-12)
        assert not padded[:start].any()
        assert not padded[start + room.oversampled :].any()


def test_the_sizes_of_the_paper():
    room = Oversampling(samples=512)
    assert (room.oversampled, room.padded) == (676, 896)


@pytest.mark.parametrize("samples", [2, 3, 16, 64, 65, 1024])
@pytest.mark.parametrize("notch", [0, 2])
def test_digital_iq_adjoint_and_spectrum(samples, notch):
    iq = DigitalIq(samples=samples, notch=notch)
    x, z = noise(3, samples).real, noise(3, iq.complex_samples, seed=1)
    there, back = np.vdot(z, iq.forward(x)).real, np.vdot(iq.adjoint(z), x)
    assert there == pytest.approx(back, rel=1e-10, abs=1e-12)
    bins = np.fft.rfft(x)
    bins[..., :notch] = 0
    bins[..., iq.complex_samples :] = 0
    np.testing.assert_allclose(iq.spectrum(iq.forward(x)), bins, atol=1e-10)


def test_a_real_chirp_is_a_v():
    """It comes down from the upper edge of the band to DC and goes up again."""
    n = np.arange(512)
    chirp = np.cos(np.pi * (n - 256) ** 2 / 512)
    z = DigitalIq(samples=512).forward(chirp)
    frequency = np.diff(np.unwrap(np.angle(z))) / (2 * np.pi)
    expected = np.abs(2 * np.arange(255) - 255.0) / 256 - 0.5
    inside = np.abs(expected) < 0.3
    assert np.abs(frequency - expected)[inside].max() < 0.05


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Oversampling(samples=0), "samples"),
        (lambda: Oversampling(samples=8, factor=0.5), "factor"),
        (lambda: Oversampling(samples=8).forward(np.ones(8)), "x"),
        (lambda: DigitalIq(samples=1), "samples"),
        (lambda: DigitalIq(samples=8, notch=-1), "notch"),
        (lambda: DigitalIq(samples=8).forward(np.ones(8, complex)), "x"),
    ],
)
def test_wrong_input_is_named(make, named):
    with pytest.raises(InputError, match=named):
        make()

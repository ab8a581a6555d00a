from __future__ import annotations

import numpy as np
import pytest

from clearchirp.mitigation.anc import NoiseCanceller
from clearchirp.mitigation.catalogue import MethodEntry
from clearchirp.spectrum import range_spectrum
from clearchirp.types import InputError
from tests.conformance import CHECKS
from tests.oracles.anc import cancel

ENTRY = MethodEntry(
    name="anc",
    factory="clearchirp.mitigation.anc:NoiseCanceller",
    domain="range",
    needs_mask=True,
    keeps_undisturbed=False,
    real=False,
    summary="adaptive noise canceller",
    source="Jin and Cao 2019",
    cost=1,
)
# The suite's bursts lie on one side of zero frequency each: there is no reference for them.
APPLICABLE = [check for check in CHECKS if check != "interference_is_reduced"]


def crossing(seed=0, chirps=6, samples=512, amplitude=30.0):
    """Targets at positive beat frequencies in noise; a crossing of both halves in most chirps."""
    rng = np.random.default_rng(seed)
    n = np.arange(samples)
    beat = 0.1 * (rng.standard_normal((chirps, samples)) + 1j * rng.standard_normal((1, samples)))
    beat = beat + np.exp(1j * 0.9 * n)
    clean = beat.copy()
    disturbed = np.zeros(beat.shape, bool)
    for m in range(1, chirps):
        middle = rng.uniform(70, samples - 70)
        away = n - middle
        sweep = np.exp(1j * (np.pi / 30 * away**2 + rng.uniform(0, 2 * np.pi)))
        inside = np.abs(away) < 15
        beat[m] += amplitude * np.where(inside, sweep, 0)
        disturbed[m] = inside
    return clean, beat, disturbed


@pytest.mark.parametrize("check", APPLICABLE)
def test_conformance(check):
    CHECKS[check](ENTRY)


@pytest.mark.parametrize("length", [1, 2, 8, 300])
@pytest.mark.parametrize("samples", [4, 5, 64, 255])
def test_agrees_with_the_plain_form(length, samples):
    rng = np.random.default_rng(length + samples)
    beat = rng.standard_normal((3, samples)) + 1j * rng.standard_normal((3, samples))
    disturbed = np.zeros(beat.shape, bool)
    disturbed[[0, 2], samples // 2] = True
    cleaned = NoiseCanceller(length=length, step=0.7)(beat, disturbed).signal
    spectra = range_spectrum(beat)
    expected = [cancel(x, length, 0.7) if m != 1 else x for m, x in enumerate(spectra)]
    np.testing.assert_allclose(cleaned, expected, atol=1e-9)


def test_conjugate_symmetric_interference_vanishes_with_the_first_tap():
    """A real burst has exactly the conjugate mirror as its spectrum: the start weight is right."""
    n = np.arange(128)
    burst = 20.0 * np.exp(-(((n - 64) / 3) ** 2)) + 0j
    disturbed = (burst.real > 1e-3)[None]
    cleaned = NoiseCanceller()(burst[None], disturbed).signal[0]
    np.testing.assert_allclose(cleaned[1:64], 0, atol=1e-7)
    np.testing.assert_allclose(cleaned[65:], range_spectrum(burst)[65:], atol=1e-9)


def test_lowers_the_floor_more_than_the_target():
    clean, beat, disturbed = crossing(chirps=20)
    cleaned = NoiseCanceller()(beat, disturbed).signal
    before, truth = range_spectrum(beat), range_spectrum(clean)
    target, floor = np.argmax(np.abs(truth[0])), slice(120, 220)
    ratio = np.mean(np.abs(cleaned[1:, floor]) ** 2) / np.mean(np.abs(before[1:, floor]) ** 2)
    assert ratio < 0.35
    kept = np.mean(cleaned[1:, target] / truth[1:, target])
    assert abs(kept - 1) < 0.4


def test_only_the_positive_half_of_disturbed_chirps_changes():
    _, beat, disturbed = crossing()
    before = range_spectrum(beat)
    result = NoiseCanceller()(beat, disturbed)
    np.testing.assert_array_equal(result.signal[0], before[0])
    np.testing.assert_array_equal(result.signal[:, 0], before[:, 0])
    np.testing.assert_array_equal(result.signal[:, 256:], before[:, 256:])
    assert np.all(result.signal[1:, 1:256] != before[1:, 1:256])
    assert result.stats == {"chirps_filtered": 5.0}


def test_one_sided_interference_has_no_reference():
    n = np.arange(256)
    tone = np.exp(0.8j * n) * np.where(np.abs(n - 128) < 40, 50 * np.hanning(256), 0)
    disturbed = np.broadcast_to(np.abs(n - 128) < 40, (1, 256))
    cleaned = NoiseCanceller()(tone[None], disturbed).signal[0]
    before = range_spectrum(tone)
    assert np.abs(cleaned[20:50]).max() > 0.5 * np.abs(before).max()


@pytest.mark.parametrize(
    ("key", "wrong"), [("length", 0), ("length", 2.5), ("step", 0), ("step", 2), ("step", "1")]
)
def test_wrong_settings(key, wrong):
    with pytest.raises(InputError, match=key):
        NoiseCanceller(**{key: wrong})


def test_real_samples_are_refused():
    with pytest.raises(InputError, match="real receiver"):
        NoiseCanceller()(np.ones((2, 16)), np.ones((2, 16), bool))


def test_measured_interference(data):
    """Receiver 1 of the recording that the method's authors publish."""
    words = np.fromfile(data / "jin_cao_awr1243" / "20180608-195044.bin", "<u2")
    words = (words.astype(np.float32) - 2**15).reshape(128, 512, 4, 2)[:, :, 0]
    beat = words[..., 0] + 1j * words[..., 1]
    power = np.sum(np.abs(np.fft.fft(beat)[:, 260:500]) ** 2, axis=1)
    disturbed = np.broadcast_to((power > 3 * np.median(np.sort(power)[:40]))[:, None], beat.shape)

    def floor_db(spectra):
        doppler = np.fft.fftshift(np.fft.fft(spectra * np.hanning(128)[:, None], axis=0), axes=0)
        around = np.abs(doppler[30:55, 50:100]) ** 2  # Doppler -22 and range bin 74 in the middle
        around[8:17, 19:30] = np.nan
        return 10 * np.log10(np.nanmean(around))

    lowered = floor_db(range_spectrum(beat)) - floor_db(NoiseCanceller()(beat, disturbed).signal)
    assert 14 < lowered < 17

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.mitigation.catalogue import MethodEntry
from clearchirp.mitigation.wavelet import WaveletDenoising
from clearchirp.types import InputError
from tests.conformance import CHECKS

ENTRY = MethodEntry(
    name="wavelet",
    factory="clearchirp.mitigation.wavelet:WaveletDenoising",
    domain="beat",
    needs_mask=True,
    keeps_undisturbed=True,
    summary="wavelet denoising",
    source="Lee 2021",
    cost=1,
)


def haar_estimate(x, level, scale, rule):
    """Interference of one real chirp by the Haar transform written out, length 2^level * whole."""
    n = x.size

    def threshold(c):
        t = scale * np.median(np.abs(c)) / 0.6745 * np.sqrt(2 * np.log(n))
        if rule == "soft":
            return np.sign(c) * np.maximum(np.abs(c) - t, 0)
        return np.where(np.abs(c) >= t, c, 0)

    details = []
    for _ in range(level):
        pairs = x.reshape(-1, 2)
        details.append(threshold((pairs[:, 0] - pairs[:, 1]) / np.sqrt(2)))
        x = (pairs[:, 0] + pairs[:, 1]) / np.sqrt(2)
    x = threshold(x)
    for d in reversed(details):
        x = np.stack([x + d, x - d], axis=1).ravel() / np.sqrt(2)
    return x


def scene(seed=0, chirps=5, samples=256):
    rng = np.random.default_rng(seed)
    n = np.arange(samples)
    normal = rng.standard_normal((2, chirps, samples))
    clean = np.exp(0.3j * n) + 0.2 * (normal[0] + 1j * normal[1])
    disturbed = np.zeros(clean.shape, bool)
    disturbed[1:, 100:116] = True
    burst = 60 * np.exp(1j * np.pi / 16 * (n - 108) ** 2)
    return clean, np.where(disturbed, clean + burst, clean), disturbed


@pytest.mark.parametrize("check", CHECKS)
def test_conformance(check):
    CHECKS[check](ENTRY)


@pytest.mark.parametrize("rule", ["hard", "soft"])
@pytest.mark.parametrize("level", [1, 3, 5])
def test_agrees_with_the_haar_transform_written_out(level, rule):
    _, beat, disturbed = scene()
    method = WaveletDenoising(level=level, rule=rule, scale=0.8)
    cleaned = method(beat, disturbed).signal
    for row, flags, got in zip(beat, disturbed, cleaned, strict=True):
        parts = [haar_estimate(part, level, 0.8, rule) for part in (row.real, row.imag)]
        expected = np.where(flags, row - parts[0] - 1j * parts[1], row)
        np.testing.assert_allclose(got, expected, atol=1e-9)


@pytest.mark.parametrize("wavelet", ["haar", "db4", "sym8", "coif2"])
def test_most_of_a_burst_goes(wavelet):
    clean, beat, disturbed = scene()
    cleaned = WaveletDenoising(wavelet=wavelet)(beat, disturbed).signal
    before = np.mean(np.abs(beat - clean)[disturbed] ** 2)
    assert np.mean(np.abs(cleaned - clean)[disturbed] ** 2) < 0.02 * before
    np.testing.assert_array_equal(cleaned[~disturbed], beat[~disturbed])


def test_towards_zero_scale_it_is_zeroing():
    _, beat, disturbed = scene()
    cleaned = WaveletDenoising(scale=1e-12)(beat, disturbed).signal
    np.testing.assert_allclose(cleaned, np.where(disturbed, 0, beat), atol=1e-9)


def test_without_a_burst_little_is_taken():
    """Targets and noise spread over all coefficients stay below the universal threshold."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((40, 256))
    disturbed = np.ones(noise.shape, bool)
    cleaned = WaveletDenoising()(noise, disturbed).signal
    assert np.mean((cleaned - noise) ** 2) < 0.1


@pytest.mark.parametrize("samples", [1, 2, 3, 7, 33, 100])
def test_any_length(samples):
    rng = np.random.default_rng(samples)
    beat = rng.standard_normal((2, samples)).astype(np.float32)
    disturbed = np.ones(beat.shape, bool)
    result = WaveletDenoising(wavelet="sym8", level=9)(beat, disturbed)
    assert result.signal.shape == beat.shape
    assert result.stats == {"chirps_treated": 2.0, "samples_treated": 2.0 * samples}


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("wavelet", "morl"), ("wavelet", 3), ("level", 0), ("level", 1.5), ("scale", 0), ("rule", "")],
)
def test_wrong_settings(key, wrong):
    with pytest.raises(InputError, match=key):
        WaveletDenoising(**{key: wrong})

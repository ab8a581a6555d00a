from __future__ import annotations

import importlib
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearchirp.mitigation.catalogue import MethodEntry
from clearchirp.mitigation.imat import Imat, Imat2d
from clearchirp.types import InputError, Status
from tests.conformance import CHECKS
from tests.oracles import imat as plain

module = importlib.import_module("clearchirp.mitigation.imat")

SETTINGS = (
    {},
    {"window": "none"},
    {"tol": 0.0, "max_iter": 30},
    {"alpha": 0.7, "margin_db": 3.0},
    {"max_iter": 1},
)


def entry(name, kind):
    return MethodEntry(
        name=name,
        factory=f"clearchirp.mitigation.imat:{kind}",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="refilled",
        source="Bechter 2017",
        cost=1,
    )


def frame(seed, chirps=8, samples=128, gap=14, noise=0.1, count=3):
    """Tones that are coherent over the chirps: targets, the same in noise, a gap in each chirp."""
    rng = np.random.default_rng(seed)
    m, n = np.mgrid[:chirps, :samples]
    targets = np.zeros(m.shape, complex)
    for _ in range(count):
        omega, nu, phase = rng.uniform(0, 2 * np.pi, 3)
        targets += np.exp(1j * (omega * n + nu * m + phase))
    normal = rng.standard_normal((2, chirps, samples))
    disturbed = np.zeros(m.shape, bool)
    for row in disturbed:
        start = rng.integers(0, samples - gap + 1)
        row[start : start + gap] = True
    beat = targets + noise * np.sqrt(0.5) * (normal[0] + 1j * normal[1])
    return targets, beat, disturbed


def error_db(estimate, truth, disturbed):
    error = np.mean(np.abs((estimate - truth)[disturbed]) ** 2)
    return 10 * np.log10(error / np.mean(np.abs(truth[disturbed]) ** 2))


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("name", "kind"), [("imat", "Imat"), ("imat-2d", "Imat2d")])
def test_conformance(name, kind, check):
    CHECKS[check](entry(name, kind))


class TestAgreesWithThePlainForm:
    @pytest.mark.parametrize("given", SETTINGS)
    @pytest.mark.parametrize("lines", [0.0, 3.0, 8.0])
    def test_chirps(self, given, lines, monkeypatch):
        # With 0 all goes through FFTs, with 3 part of it after a while, with 8 nothing.
        monkeypatch.setattr(module, "_LINES", lines)
        _, beat, disturbed = frame(1, chirps=12)
        method = Imat(**given)
        filled = method(beat, disturbed).signal
        expected = [
            plain.refill(*pair, **asdict(method)) for pair in zip(beat, disturbed, strict=True)
        ]
        np.testing.assert_allclose(filled, expected, atol=1e-9)

    @pytest.mark.parametrize("given", SETTINGS)
    def test_frame(self, given):
        _, beat, disturbed = frame(2, chirps=10, samples=60)
        method = Imat2d(**given)
        filled = method(beat, disturbed).signal
        expected = plain.refill(beat, disturbed, **asdict(method))
        np.testing.assert_allclose(filled, expected, atol=1e-9)

    def test_real_receiver(self):
        _, beat, disturbed = frame(3)
        for method in (Imat(), Imat2d()):
            filled = method(beat.real.copy(), disturbed).signal
            assert filled.dtype == np.float64
            whole = [slice(None)] if isinstance(method, Imat2d) else range(len(beat))
            for part in whole:
                chirp = beat.real[part].astype(complex)
                expected = plain.refill(chirp, disturbed[part], **asdict(method))
                np.testing.assert_allclose(expected.imag, 0, atol=1e-12)
                np.testing.assert_allclose(filled[part], expected.real, atol=1e-9)

    def test_single_precision(self):
        _, beat, disturbed = frame(4)
        single = beat.astype(np.complex64)
        filled = Imat()(single, disturbed).signal
        expected = Imat()(single.astype(complex), disturbed).signal
        assert filled.dtype == np.complex64
        np.testing.assert_allclose(filled, expected, atol=1e-6)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.6), st.integers(3, 90))
    def test_any_mask_and_length(self, seed, share, samples):
        _, beat, _ = frame(seed, chirps=1, samples=samples, gap=1)
        disturbed = np.random.default_rng(seed).random(beat.shape) < share
        method = Imat()
        expected = plain.refill(beat[0], disturbed[0], **asdict(method))
        np.testing.assert_allclose(method(beat, disturbed).signal[0], expected, atol=1e-9)

    def test_more_chirps_than_a_block(self, monkeypatch):
        _, beat, disturbed = frame(5)
        whole = Imat()(beat, disturbed)
        monkeypatch.setattr(module, "_BLOCK", 300)
        parts = Imat()(beat, disturbed)
        np.testing.assert_array_equal(parts.signal, whole.signal)
        assert parts.stats == whole.stats


class TestRefills:
    def test_tones_on_the_grid_are_exact(self):
        n = np.arange(128)
        tones = sum(np.exp(2j * np.pi * k * n / 128) * a for k, a in ((9, 1), (31, 0.3), (77, 2)))
        disturbed = ((n > 50) & (n < 66))[None]
        method = Imat(window="none", tol=1e-13, max_iter=400)
        result = method(np.where(disturbed, 0, tones), disturbed)
        np.testing.assert_allclose(result.signal[0], tones, atol=1e-9)

    def test_ends_at_the_least_squares_fit_of_its_lines(self):
        """Iterated to the end, the refilled samples are those of the best fit by their lines."""
        _, beat, disturbed = frame(6, chirps=1, gap=9, noise=0.3)
        method = Imat(window="none", tol=0.0, max_iter=3000, margin_db=4.0)
        x = method(beat, disturbed).signal[0]
        spectrum = np.fft.fft(x)
        size = np.sort(np.abs(spectrum))[::-1]
        gap_in_size = np.argmax(size[:-1] / size[1:])  # between the lines and the rest
        fits = []
        for count in range(1, 40):
            lines = np.argsort(-np.abs(spectrum))[:count]
            basis = np.exp(2j * np.pi * np.outer(np.arange(128), lines) / 128)
            keep = ~disturbed[0]
            weights = np.linalg.lstsq(basis[keep], beat[0, keep], rcond=None)[0]
            fits.append(np.abs((basis @ weights - x)[disturbed[0]]).max())
        assert min(fits) < 1e-6
        assert gap_in_size < 40

    def test_noise_is_not_refilled(self):
        rng = np.random.default_rng(7)
        noise = rng.standard_normal((64, 256)) + 1j * rng.standard_normal((64, 256))
        disturbed = np.zeros(noise.shape, bool)
        disturbed[:, 100:130] = True
        for method in (Imat(), Imat2d()):
            filled = method(noise, disturbed).signal
            assert np.mean(np.abs(filled[disturbed]) ** 2) < 0.01 * np.mean(np.abs(noise) ** 2)

    def test_the_frame_knows_more_than_the_chirp(self):
        """Tones below the noise of a chirp stand out of that of a frame."""
        targets, beat, disturbed = frame(8, chirps=64, noise=3.0, gap=20)
        assert error_db(Imat2d(window="none")(beat, disturbed).signal, targets, disturbed) < -10
        assert error_db(Imat()(beat, disturbed).signal, targets, disturbed) > -6

    def test_the_window_helps_tones_between_bins(self):
        errors = []
        for window in ("hamming", "none"):
            each = []
            for seed in range(10):
                targets, beat, disturbed = frame(seed, noise=0.05)
                filled = Imat(window=window)(beat, disturbed).signal
                each.append(error_db(filled, targets, disturbed))
            errors.append(np.mean(each))
        assert errors[0] < errors[1] - 4
        assert errors[0] < -12

    def test_no_refilled_sample_exceeds_the_undisturbed_ones(self):
        rng = np.random.default_rng(9)
        beat = rng.standard_normal((50, 40)) + 1j * rng.standard_normal((50, 40))
        disturbed = rng.random(beat.shape) < 0.5
        filled = Imat(margin_db=0.0)(beat, disturbed).signal
        largest = np.where(disturbed, 0, np.abs(beat)).max(axis=1)
        assert np.all(np.abs(filled).max(axis=1) <= largest * (1 + 1e-12))


class TestContract:
    def test_what_lies_under_the_mask_does_not_matter(self):
        _, beat, disturbed = frame(10)
        for method in (Imat(), Imat2d()):
            loud = np.where(disturbed, 1e9, beat)
            expected = method(beat, disturbed).signal
            np.testing.assert_array_equal(method(loud, disturbed).signal, expected)

    def test_status_and_counts(self):
        _, beat, disturbed = frame(11)
        disturbed[3] = False
        disturbed[5] = True
        result = Imat()(beat, disturbed)
        assert result.status is Status.CONVERGED
        assert result.stats["chirps_refilled"] == 7
        assert result.stats["samples_refilled"] == disturbed.sum()
        assert result.stats["chirps_unfinished"] == 0
        assert 5 < result.stats["iterations"] < 40
        assert not result.signal[5].any()
        short = Imat(max_iter=3)(beat, disturbed)
        assert short.status is Status.MAX_ITERATIONS
        assert short.stats["iterations"] == 3
        assert short.stats["chirps_unfinished"] == 6  # all but the one without a sample
        assert Imat2d()(beat, disturbed).stats["frames_refilled"] == 1

    def test_a_single_chirp(self):
        _, beat, disturbed = frame(12)
        one = Imat()(beat[0], disturbed[0]).signal
        np.testing.assert_array_equal(one, Imat()(beat, disturbed).signal[0])
        with pytest.raises(InputError, match="2 axes"):
            Imat2d()(beat[0], disturbed[0])

    @pytest.mark.parametrize("kind", [Imat, Imat2d])
    @pytest.mark.parametrize(
        ("key", "wrong"),
        [
            ("alpha", 0),
            ("alpha", float("nan")),
            ("margin_db", -0.1),
            ("max_iter", 0),
            ("max_iter", 2.0),
            ("tol", -1e-9),
            ("window", "hann"),
        ],
    )
    def test_wrong_settings(self, kind, key, wrong):
        with pytest.raises(InputError, match=key):
            replace(kind(), **{key: wrong})


def test_measured_interference(data):
    """Beside a moving target the floor is lower than after zeroing, the peak higher."""
    words = np.fromfile(data / "jin_cao_awr1243" / "20180608-195044.bin", "<u2")
    words = (words.astype(np.float32) - 2**15).reshape(128, 512, 4, 2)[:, :, 0]
    beat = words[..., 0] + 1j * words[..., 1]
    still = np.median(beat.real, 0) + 1j * np.median(beat.imag, 0)
    loud = np.abs(beat - still)
    loud = loud > 3.2 * np.sqrt(np.mean(loud**2))
    disturbed = np.zeros(loud.shape, bool)
    for shift in range(-6, 7):
        disturbed |= np.roll(loud, shift, axis=-1)
    window = np.hanning(128)[:, None] * np.hanning(512)

    def peak_and_floor(x):
        power = np.fft.fftshift(np.abs(np.fft.fft2(x * window)) ** 2, axes=0)
        around = power[30:55, 50:100].copy()  # Doppler -22 and range bin 74 in the middle
        peak = around.max()
        around[8:17, 19:30] = np.nan
        return 10 * np.log10([peak, np.nanmean(around)])

    zeroed = peak_and_floor(np.where(disturbed, 0, beat))
    for method in (Imat(), Imat2d()):
        filled = peak_and_floor(method(beat, disturbed).signal)
        assert filled[0] > zeroed[0]
        assert filled[1] < zeroed[1] - 0.5

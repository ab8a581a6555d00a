"""The fractional notch: against dense matrices, on chirps that are known, on recordings."""

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.mitigation.catalogue import methods
from clearchirp.mitigation.imfrac import Imfrac, Imfrac2
from clearchirp.mitigation.imfrac_oracle import ImfracOracle
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.spectrum import hann, range_spectrum
from clearchirp.types import InputError, Status
from tests.oracles.fractional import plain_imfrac


def tones(chirps, samples, rng):
    n = np.arange(samples)
    wave = np.exp(1j * 0.9 * n) + 0.5 * np.exp(1j * 2.1 * n)
    noise = rng.standard_normal((2, chirps, samples)) * 0.1
    return wave + noise[0] + 1j * noise[1]


def chirp(samples, rate, crossing, band=0.5, *, last=None):
    """A chirp of a rate (cycles a sample squared) that is seen where it lies inside of the band."""
    n = np.arange(samples)
    wave = np.exp(1j * np.pi * rate * (n - crossing) ** 2)
    seen = np.abs(rate * (n - crossing)) < band
    if last is not None:
        seen &= n <= last
    return np.where(seen, wave, 0)


@pytest.fixture(scope="module")
def crossing():
    """Eight chirps of 128 samples; no, one and two interferers."""
    rng = np.random.default_rng(2)
    clean = tones(8, 128, rng)
    hit = np.zeros_like(clean)
    for m in (1, 4, 6):
        hit[m] += 20 * chirp(128, 0.012, 40 + 5 * m)
    for m in (4, 5):
        hit[m] += 8 * chirp(128, -0.02, 70)
    return clean, clean + hit


@pytest.mark.parametrize("method", [Imfrac, Imfrac2])
def test_against_dense_matrices(crossing, method):
    _, beat = crossing
    extra = {} if method is Imfrac else {"separable": False}
    result = method(angles=64, guard=20, **extra)(beat)
    window = hann(128, like=beat)
    expected = [plain_imfrac(x * window, 64, 14, 5, 100.0) for x in beat]
    np.testing.assert_allclose(result.signal, np.fft.fft(expected), atol=1e-9)
    assert result.stats["chirps_changed"] == 4


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("taper", [0, 12])
def test_the_two_algorithms_agree(padded, taper):
    frame = simulate_frame(load_scene("imfrac"), 3, 0, dtype=np.complex128).beat[:, :40]
    same = {"padded": padded, "taper": taper}
    one, other = Imfrac(**same)(frame), Imfrac2(**same, separable=False)(frame)
    assert np.abs(one.signal - other.signal).max() < 1e-10 * np.abs(one.signal).max()
    assert one.stats == other.stats
    np.testing.assert_array_equal(one.disturbed, other.disturbed)


def test_what_is_not_hit_is_the_range_spectrum_of_the_input(crossing):
    clean, beat = crossing
    for method in (Imfrac(), Imfrac(padded=True), Imfrac2(), Imfrac2(padded=True)):
        np.testing.assert_array_equal(method(clean).signal, range_spectrum(clean))
        result = method(beat)
        np.testing.assert_array_equal(
            result.signal[[0, 2, 3, 7]], range_spectrum(beat)[[0, 2, 3, 7]]
        )
        errors = [
            np.sum(np.abs(s - range_spectrum(clean))[[1, 4, 5, 6]] ** 2)
            for s in (result.signal, range_spectrum(beat))
        ]
        assert errors[0] < 0.05 * errors[1]
        assert result.status is Status.CONVERGED


def test_separable_chirps_take_fewer_passes():
    rng = np.random.default_rng(4)
    clean = tones(3, 512, rng)  # too few for a slow time, in which this would recur
    beat = clean + 20 * chirp(512, 0.006, 120) + 15 * chirp(512, 0.006, 390)
    once = Imfrac2()(beat)
    again = Imfrac2(separable=False)(beat)
    assert once.stats["passes"] < again.stats["passes"]
    # Skirts are taken in another order; what is left of the interference is as little.
    errors = [np.sum(np.abs(r.signal - range_spectrum(clean)) ** 2) for r in (once, again)]
    assert errors[0] < 1.2 * errors[1]
    assert errors[0] < 0.02 * np.sum(np.abs(range_spectrum(beat - clean)) ** 2)


@pytest.mark.parametrize("last", [150, 200, 240])
def test_an_interferer_that_ends_inside_of_the_band(last):
    """Its ramp ends after a third of the band or later; the pulse has a foot, much is removed."""
    rng = np.random.default_rng(6)
    clean = tones(2, 512, rng)
    beat = clean + 20 * chirp(512, 0.004, 180, last=last)
    for method in (Imfrac2(), Imfrac2(padded=True)):
        result = method(beat)
        errors = [
            np.sum(np.abs(s - range_spectrum(clean)) ** 2)
            for s in (result.signal, range_spectrum(beat))
        ]
        assert errors[0] < 0.1 * errors[1]


def test_the_mask_is_where_the_interferer_is():
    frame = simulate_frame(load_scene("demo"), 0, 0)
    mask = Imfrac2()(frame.beat).disturbed
    assert mask[frame.disturbed].mean() > 0.8
    assert mask.mean() < 2.5 * frame.disturbed.mean()  # the filter's skirts are chirps, too


@pytest.mark.parametrize("name", ["imfrac", "imfrac-padded", "imfrac2", "imfrac2-padded"])
def test_it_helps_on_the_scene_of_the_paper(name):
    frame = simulate_frame(load_scene("imfrac"), 3, 0)
    truth = range_spectrum(frame.clean)
    cleaned = methods[name]()(frame.beat).signal
    before = np.sum(np.abs(range_spectrum(frame.beat) - truth) ** 2)
    assert np.sum(np.abs(cleaned - truth) ** 2) < 1e-2 * before


def test_a_real_receiver():
    frame = simulate_frame(load_scene("imfrac-real"), 3, 0)
    truth = range_spectrum(frame.clean)
    before = np.sum(np.abs(range_spectrum(frame.beat) - truth) ** 2)
    for padded in (False, True):
        cleaned = Imfrac2(padded=padded)(frame.beat)
        assert np.sum(np.abs(cleaned.signal - truth) ** 2) < 2e-2 * before
    with pytest.raises(InputError, match="imfrac2"):
        Imfrac()(frame.beat)


@pytest.mark.parametrize("scene", ["imfrac", "imfrac-real"])
@pytest.mark.parametrize("padded", [False, True])
def test_the_oracle_leaves_less_of_the_interference(scene, padded):
    frame = simulate_frame(load_scene(scene), 3, 0)
    truth = range_spectrum(frame.clean)
    oracle = ImfracOracle(padded=padded)
    signals = [
        oracle.with_truth(frame.beat, frame.interference, frame.clean).signal,
        Imfrac2(padded=padded)(frame.beat).signal,
        oracle(frame.beat, frame.disturbed).signal,
        range_spectrum(frame.beat),
    ]
    errors = [np.sum(np.abs(s - truth) ** 2) for s in signals]
    assert errors[0] < errors[1]
    assert errors[2] < 0.02 * errors[3]


def test_threads_change_nothing():
    frame = simulate_frame(load_scene("imfrac"), 3, 0).beat[:, :32]
    one, two = (Imfrac2(threads=t)(frame).signal for t in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_a_recording_without_interference_stays(data):
    beat = np.load(data / "bgt60tr13c" / "radar.npy")[:32].astype(np.float32)
    np.testing.assert_array_equal(Imfrac2()(beat).signal, range_spectrum(beat))


@pytest.mark.parametrize("method", [Imfrac(padded=True), Imfrac2(), Imfrac2(padded=True)])
def test_a_start_up_transient_stays(method, data):
    """Its start-up transient is a pulse among padded transforms, and in every chirp."""
    words = np.fromfile(data / "jin_cao_awr1243" / "20180613-190347.bin", "<u2")
    iq = words.astype(np.float32).reshape(128, 512, 4, 2) - 32768
    beat = (iq[..., 0] + 1j * iq[..., 1]).transpose(2, 0, 1).astype(np.complex64)
    result = method(beat)
    assert result.stats["interferers_found"] == 0
    np.testing.assert_array_equal(result.signal, range_spectrum(beat))


@pytest.mark.parametrize("method", [Imfrac(), Imfrac2()])
def test_what_is_in_every_chirp_is_no_interferer(method):
    """A piece of a chirp that recurs stays; the same in one chirp only is taken out."""
    n = np.arange(256)
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((2, 16, 256))
    beat = (noise[0] + 1j * noise[1]).astype(np.complex64)
    chirp = 50 * np.exp(1j * np.pi * 0.003 * (n - 100) ** 2)
    once, always = beat.copy(), (beat + chirp).astype(np.complex64)
    once[5] += chirp.astype(np.complex64)
    assert method(always).stats["interferers_found"] == 0
    assert method(once).stats["chirps_changed"] == 1
    both = always.copy()
    both[5] += (80 * np.exp(-1j * np.pi * 0.002 * (n - 150) ** 2)).astype(np.complex64)
    assert method(both).stats["chirps_changed"] == 1


@pytest.mark.parametrize("method", [Imfrac2(), Imfrac2(padded=True)])
def test_strong_targets_that_add_up_are_no_chirps(method):
    """At 79 degrees a few of them pass the peak test, in some chirps: frame 5 had a dozen."""
    frame = simulate_frame(load_scene("imfrac"), 5, 0)
    result = method(frame.clean)
    assert result.stats["interferers_found"] == 0
    np.testing.assert_array_equal(result.signal, range_spectrum(frame.clean))

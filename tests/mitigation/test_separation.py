"""Sparkle and the other separation methods on scenes and recordings."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal as scipy_signal
from scipy.io import loadmat

from clearchirp.metrics.beats import sinr_db
from clearchirp.mitigation.catalogue import methods
from clearchirp.types import InputError, Status
from tests.solvers.test_tones import chirps, error_db

PAPER = {"solver": "admm", "tau": 0.02, "beta": 0.1, "mu": 0.02, "mu_growth": 1.2}


def automotive(seed, slower=1.0):
    """Wang 2022b's 77 GHz scene, more than half of whose samples are hit; beat and targets.

    With `slower` below 1 the two interferers of nearly the victim's slope take longer to cross.
    """
    rng = np.random.default_rng(seed)
    samples, rate, slope, over = 3933, 40e6, 6e12, 8
    time = (np.arange(samples * over) / (rate * over)) - samples / rate / 2
    mixed = np.zeros(time.size, complex)
    for amplitude, ratio, delay in (
        (10, 1 + 0.1 * slower, 0),
        (10, -2, -50e-6),
        (15, 1 - 0.1 * slower, -2e-6),
    ):
        frequency = slope * time - ratio * slope * (time - delay)
        phase = np.pi * (slope * time**2 - ratio * slope * (time - delay) ** 2)
        wave = amplitude * np.exp(1j * (phase + rng.uniform(0, 2 * np.pi)))
        mixed += np.where(np.abs(frequency) < 60e6, wave, 0)
    low_pass = scipy_signal.firwin(641, 10e6, fs=rate * over)
    interference = scipy_signal.fftconvolve(mixed, low_pass, "same")[::over]
    beat_time = time[::over]
    targets = np.zeros(samples, complex)
    for distance, amplitude in ((30, 1.0), (80, 0.1), (150, 0.7), (153, 0.7)):
        frequency = slope * 2 * distance / 299792458
        targets += amplitude * np.exp(
            1j * (2 * np.pi * frequency * beat_time + rng.uniform(0, 2 * np.pi))
        )
    noise = rng.standard_normal((2, samples)) * np.sqrt(1.99 / 2) * 10 ** (-15 / 20)
    return (targets + interference + noise[0] + 1j * noise[1])[None], targets[None]


@pytest.mark.parametrize("seed", range(3))
def test_more_than_half_of_the_samples_hit(seed):
    """Burg's predictor reaches 10.7 dB there, between the cells of a short-time transform."""
    beat, targets = automotive(seed)
    result = methods["sparkle"]()(beat)
    assert 0.5 < result.disturbed.mean() < 0.75
    assert sinr_db(result.signal, targets) > 30


def test_rpca_where_the_convex_problem_fails():
    """All but the weak target, which is below the least singular value that is kept."""
    beat, targets = automotive(0)
    assert sinr_db(methods["rpca"]()(beat).signal, targets) > 20
    assert sinr_db(methods["rpca"](shrinkage="soft")(beat).signal, targets) < 0


def test_the_sweep_of_the_authors(data):
    stored = loadmat(data / "wang_sparkle" / "Data4Demo.mat")
    beat, targets = (stored[k].conj() for k in ("sig_full_trc", "sig_Rx_trc"))
    assert sinr_db(methods["sparkle"]()(beat).signal, targets) > 40
    # In counts of a 16-bit converter, four steps to the noise.
    counts = np.round(beat * 40)
    assert sinr_db(methods["sparkle"]()(counts).signal / 40, targets) > 38
    result = methods["sparkle"](**PAPER)(beat)
    assert sinr_db(result.signal, targets) > 28.4
    assert result.stats["relative_error"] < 1e-6
    assert sinr_db(methods["rpca"]()(beat).signal, targets) > 20
    assert sinr_db(methods["mca"]()(beat).signal, targets) > 11.7


def test_four_fifths_of_the_samples_hit():
    """What the samples do not tell, short-time spectrum and fractional domains do."""
    beat, targets = automotive(0, slower=0.6)
    for given in ({}, {"transform": "fractional"}):
        separated = methods["sparkle"](solver="admm", **given)(beat).signal
        assert sinr_db(separated, targets) > 28
    in_samples = methods["sparkle"](solver="admm", transform="none")(beat)
    assert sinr_db(in_samples.signal, targets) < 10


def test_noise_is_kept_in_frames_of_several_chirps():
    targets, beat, disturbed = chirps(4, hit=0.2, seed=6)
    kept = methods["sparkle"]()(beat)
    found = kept.disturbed
    np.testing.assert_array_equal(kept.signal[~found], beat[~found])
    alone = methods["sparkle"]()(beat[0]).signal
    np.testing.assert_array_equal(alone, methods["sparkle"](keep_noise=False)(beat).signal[0])
    np.testing.assert_array_equal(kept.signal[found], np.where(found, kept.signal, 0)[found])
    assert error_db(alone, targets[0]) < -25
    assert (found & disturbed).sum() > 0.95 * disturbed.sum()


def test_blind_takes_no_more_than_the_chirps_from_a_mask():
    _, beat, disturbed = chirps(3, hit=0.2, seed=7)
    one_sample = np.zeros_like(disturbed)
    one_sample[:2, 0] = True
    blind = methods["sparkle"](blind=True)(beat, one_sample)
    np.testing.assert_array_equal(blind.signal[:2], methods["sparkle"]()(beat).signal[:2])
    np.testing.assert_array_equal(blind.signal[2], beat[2])
    assert methods["sparkle"]()(beat, one_sample).disturbed[:2, 0].all()


def test_clean_chirps_stay_as_they_are_without_a_mask():
    _, beat, _ = chirps(60, seed=8)
    for name in ("sparkle", "rpca"):
        changed = methods[name]()(beat[: 60 if name == "sparkle" else 6]).stats["chirps_changed"]
        assert changed <= 1


@pytest.mark.parametrize("name", ["sparkle", "rpca", "mca"])
def test_per_doppler_bin(name):
    """Interference at one place of each chirp, a moving target."""
    rng = np.random.default_rng(9)
    m, n = np.mgrid[:8, :256]
    targets = np.exp(1j * (0.4 * n + 0.9 * m)) + 0.5 * np.exp(1j * (1.3 * n - 2 * m))
    white = rng.standard_normal((2, 8, 256)) * 0.05
    phase = rng.uniform(0, 2 * np.pi, (8, 1))
    burst = np.where(np.abs(n - 100) < 20, 20 * np.exp(1j * (0.07 * (n - 100) ** 2 + phase)), 0)
    beat = targets + white[0] + 1j * white[1] + burst
    result = methods[name](per="doppler")(beat)
    bound = -15 if name == "sparkle" else error_db(beat, targets) - 10
    assert error_db(result.signal, targets) < bound
    mask = np.zeros(beat.shape, bool)
    mask[3, 100] = True
    untouched = np.arange(8) != 3
    np.testing.assert_array_equal(
        methods[name](per="doppler")(beat, mask).signal[untouched], beat[untouched]
    )
    with pytest.raises(InputError, match="2 axes"):
        methods[name](per="doppler")(beat[0])


WATCHED = {
    "sparkle": {},
    "sparkle by admm": {"solver": "admm"},
    "rpca": {},
    "mca": {},
    "chirplet-omp": {},
}


@pytest.mark.parametrize("name", WATCHED)
def test_progress_and_early_stop(name):
    _, beat, disturbed = chirps(4, hit=0.2, seed=10)
    disturbed[1] = False
    method = methods[name.split()[0]](**WATCHED[name])
    seen = []

    def watch(places, number, split):
        seen.append((tuple(places), number, split.change))
        assert split.x.shape[-1] == split.interference.shape[-1] == 512
        return number == 2

    stopped = method(beat, disturbed, on_iterate=watch)
    assert {place for places, _, _ in seen for place in places} == {0, 2, 3}
    assert {number for _, number, _ in seen} == {1, 2}
    assert stopped.stats["iterations"] <= 2
    whole = method(beat, disturbed)
    assert whole.stats["iterations"] >= stopped.stats["iterations"]
    history = []
    method(beat, disturbed, on_iterate=lambda places, number, split: history.append(split.change))
    if name != "chirplet-omp":
        assert stopped.status is Status.MAX_ITERATIONS
        assert stopped.stats["chirps_unfinished"] == 3
        assert whole.status is Status.CONVERGED
        assert whole.stats["relative_change"] < 1e-2
        assert whole.stats["relative_change"] in history


def test_progress_per_doppler_bin():
    _, beat, _ = chirps(4, hit=0.2, seed=10)
    seen = set()
    two = np.stack([beat, beat])
    methods["rpca"](per="doppler", max_iter=2)(
        two, on_iterate=lambda places, number, split: seen.update(places)
    )
    assert seen == set(range(8))


class TestMatrixPencil:
    def test_noise_free_tones_with_gaps_are_exact(self):
        targets, _, _ = chirps(4, tones=5, seed=11)
        gaps = np.zeros(targets.shape, bool)
        gaps[:, 60:90] = gaps[:, 200:230] = gaps[:, 500:] = True
        result = methods["matrix-pencil"]()(np.where(gaps, 99, targets), gaps)
        np.testing.assert_allclose(result.signal, targets, atol=1e-7)
        assert result.stats["tones"] == 20

    def test_order(self):
        targets, beat, disturbed = chirps(10, hit=0.2, seed=12)
        result = methods["matrix-pencil"]()(beat, disturbed)
        assert 28 <= result.stats["tones"] <= 33
        filled = error_db(result.signal[disturbed], targets[disturbed])
        assert filled < -20
        one = methods["matrix-pencil"](order=1)(beat, disturbed)
        assert one.stats["tones"] == 10
        assert error_db(one.signal[disturbed], targets[disturbed]) > -5

    def test_a_slow_drift_is_not_filled_with_zeros(self):
        """As receivers without I/Q have it: many poles next to zero frequency, none for itself."""
        n = np.arange(64)
        drift = 1500 + 500 * ((n - 24) / 40) ** 2 + 3 * np.random.default_rng(0).normal(size=64)
        gap = (n > 34) & (n < 44)
        result = methods["matrix-pencil"]()(np.where(gap, 0, drift)[None], gap[None])
        assert np.abs(result.signal[0] - drift)[gap].max() < 300


def test_chirplets_are_found_and_subtracted():
    """A chirp that sweeps the whole band, as an ideal filter leaves it, on top of targets."""
    _, beat, _ = chirps(3, seed=13)
    n = np.arange(512)
    rate, moment = 0.011, 201.3
    inside = np.abs(rate * (n - moment)) < 0.5
    burst = np.where(inside, 30 * np.exp(1j * (np.pi * rate * (n - moment) ** 2 + 1)), 0)
    disturbed = np.broadcast_to(inside, beat.shape)
    result = methods["chirplet-omp"]()(beat + burst, disturbed)
    before = np.sum(np.abs(burst) ** 2)
    after = np.sum(np.abs(result.signal - beat) ** 2, axis=-1)
    assert np.all(10 * np.log10(after / before) < -20)
    assert result.stats["chirps_changed"] == 3


def test_measured_interference(data):
    """Beside the moving target the floor comes down by 27 dB and more, the target stays."""
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
    for name, better in (("sparkle", 1.0), ("matrix-pencil", 0.0)):
        clean = peak_and_floor(methods[name]()(beat, disturbed).signal)
        assert clean[0] > zeroed[0]
        assert clean[1] < zeroed[1] - better

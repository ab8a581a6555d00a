"""The sparse methods: what they promise beyond the conformance suite."""

from __future__ import annotations

import numpy as np
import pytest

import clearchirp as cc
from clearchirp.chain import mitigate_frames, pipeline
from clearchirp.io import from_array
from clearchirp.mitigation.catalogue import methods
from clearchirp.mitigation.imat import Imat2d
from clearchirp.mitigation.sparse_recovery import SparseMap, SparseRecovery
from clearchirp.recordings.clean import clean_frame
from clearchirp.solvers.iht import Iht
from clearchirp.solvers.imat import ImatSolver
from clearchirp.solvers.pm_iht import PmIht
from clearchirp.spectrum import range_doppler, split_transmitters
from clearchirp.types import InputError, Status
from clearchirp.waveform import Waveform

FILLING = [name for name, entry in methods.items() if entry.solver and entry.domain == "beat"]
MAPS = [name for name, entry in methods.items() if entry.factory.endswith(":SparseMap")]
SHAPE = (32, 64)


def targets(shape=SHAPE, count=3, seed=0):
    rng = np.random.default_rng(seed)
    m, n = np.mgrid[: shape[0], : shape[1]]
    beat = np.zeros(shape, complex)
    for k in range(count):
        a, b, phase = rng.random(3)
        beat += 0.5**k * np.exp(2j * np.pi * (a * m + 0.45 * b * n + phase))
    return beat


def noise(shape=SHAPE, level=0.05, seed=5):
    rng = np.random.default_rng(seed)
    return level * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))


def bursts(shape=SHAPE, length=8, seed=2):
    disturbed = np.zeros(shape, bool)
    for row in disturbed:
        start = np.random.default_rng(seed).integers(0, shape[1] - length + 1)
        row[start : start + length] = True
        seed += 1
    return disturbed


def hit(beat, disturbed, level=30.0):
    return np.where(disturbed, level * np.exp(0.1j * np.arange(beat.shape[-1]) ** 2), beat)


def in_gaps(signal, expected, disturbed):
    error = np.mean(np.abs((signal - expected)[disturbed]) ** 2)
    return 10 * np.log10(error / np.mean(np.abs(expected[disturbed]) ** 2))


def test_both_forms_of_every_solver_are_in_the_catalogue():
    assert [f"{name}-map" for name in FILLING] == [name for name in MAPS if name != "imat-2d-map"]
    assert len(FILLING) == 11


@pytest.mark.parametrize("name", FILLING)
class TestFilling:
    def test_gaps_are_filled_and_nothing_else_is_touched(self, name):
        clean, disturbed = targets() + noise(), bursts()
        beat = hit(clean, disturbed)
        result = methods[name]()(beat, disturbed)
        assert in_gaps(result.signal, targets(), disturbed) < -10
        np.testing.assert_array_equal(result.signal[~disturbed], beat[~disturbed])
        assert result.stats["samples_refilled"] == disturbed.sum()

    def test_what_the_gaps_hold_does_not_matter(self, name):
        clean, disturbed = targets() + noise(), bursts()
        results = [methods[name]()(hit(clean, disturbed, v), disturbed).signal for v in (3, 1e6)]
        np.testing.assert_array_equal(results[0], results[1])

    def test_half_of_the_samples_gone(self, name):
        clean = targets() + noise()
        disturbed = np.random.default_rng(3).random(SHAPE) < 0.5
        signal = methods[name]()(hit(clean, disturbed), disturbed).signal
        assert in_gaps(signal, targets(), disturbed) < -6

    def test_half_of_every_chirp_gone_at_once(self, name):
        clean, disturbed = targets() + noise(), np.zeros(SHAPE, bool)
        disturbed[:, 20:52] = True
        signal = methods[name]()(hit(clean, disturbed), disturbed).signal
        assert np.all(np.isfinite(signal))
        assert np.abs(signal).max() <= np.abs(clean).max() * 1.01

    def test_whole_chirps_gone(self, name):
        clean, disturbed = targets() + noise(), np.zeros(SHAPE, bool)
        disturbed[[4, 17, 18]] = True
        signal = methods[name]()(hit(clean, disturbed), disturbed).signal
        # Hard thresholding takes the gaps' sidelobes for targets and keeps them; message passing
        # needs randomness, of which a whole chirp has none. Its docstring says so.
        most = {"iht": -4, "pm-iht": -4, "cosamp": -4, "omp": -10, "gamp": 3}.get(name, -12)
        assert in_gaps(signal, targets(), disturbed) < most

    def test_everything_gone(self, name):
        result = methods[name]()(targets(), np.ones(SHAPE, bool))
        assert not np.any(result.signal)

    def test_an_all_zero_frame(self, name):
        result = methods[name]()(np.zeros(SHAPE, np.complex64), bursts())
        assert not np.any(result.signal)
        assert result.status is Status.CONVERGED

    def test_one_target_without_noise(self, name):
        m, n = np.mgrid[: SHAPE[0], : SHAPE[1]]
        clean, disturbed = np.exp(2j * np.pi * (3 * m / 32 + 9 * n / 64)), bursts()
        signal = methods[name]()(hit(clean, disturbed), disturbed).signal
        assert in_gaps(signal, clean, disturbed) < -10

    def test_no_target(self, name):
        clean, disturbed = noise(level=1.0), bursts()
        signal = methods[name]()(hit(clean, disturbed), disturbed).signal
        assert np.all(np.isfinite(signal))
        # Noise is not made stronger than it was.
        energy = np.mean(np.abs(signal[disturbed]) ** 2)
        assert energy < 1.5 * np.mean(np.abs(clean) ** 2)

    @pytest.mark.parametrize("shape", [(1, 16), (16, 1), (1, 1), (2, 3), (3, 2)])
    def test_small_frames(self, name, shape):
        clean, disturbed = targets(shape), np.zeros(shape, bool)
        disturbed.flat[-1] = True
        assert np.all(np.isfinite(methods[name]()(hit(clean, disturbed), disturbed).signal))

    def test_a_share_of_the_samples_of_each_chirp(self, name):
        clean, disturbed = targets() + noise(), bursts()
        beat = hit(clean, disturbed)
        method = methods[name](samples_per_chirp=40, seed=1)
        result = method(beat, disturbed)
        np.testing.assert_array_equal(result.signal[~disturbed], beat[~disturbed])
        assert in_gaps(result.signal, targets(), disturbed) < -8
        other = methods[name](samples_per_chirp=40, seed=2)(beat, disturbed)
        assert np.any(other.signal != result.signal)


@pytest.mark.parametrize("name", MAPS)
class TestMaps:
    def test_it_is_the_map_of_the_conventions_without_its_noise(self, name):
        clean, disturbed = targets() + noise(), bursts()
        got = methods[name]()(hit(clean, disturbed), disturbed).signal
        expected = range_doppler(targets())
        peaks = np.abs(expected) > 0.3 * np.abs(expected).max()
        assert np.mean(np.abs(got - expected)[peaks] / np.abs(expected)[peaks]) < 0.1
        quiet = np.abs(expected) < 1e-3 * np.abs(expected).max()
        before = np.mean(np.abs(range_doppler(clean) - expected)[quiet] ** 2)
        assert np.mean(np.abs(got - expected)[quiet] ** 2) < 0.5 * before

    @pytest.mark.parametrize("case", ["everything", "zeros", "nothing"])
    def test_edges(self, name, case):
        clean = np.zeros(SHAPE, complex) if case == "zeros" else targets() + noise()
        disturbed = np.ones(SHAPE, bool) if case == "everything" else bursts()
        disturbed = np.zeros(SHAPE, bool) if case == "nothing" else disturbed
        got = methods[name]()(clean, disturbed).signal
        if case == "nothing":
            np.testing.assert_array_equal(got, range_doppler(clean))
        else:
            assert not np.any(got)

    def test_a_real_receiver(self, name):
        clean, disturbed = (targets() + noise()).real, bursts()
        got = methods[name]()(np.where(disturbed, 30, clean), disturbed).signal
        expected = range_doppler(targets().real)
        assert got.shape == expected.shape == (32, 33)
        peaks = np.abs(expected) > 0.3 * np.abs(expected).max()
        assert np.mean(np.abs(got - expected)[peaks] / np.abs(expected)[peaks]) < 0.15


@pytest.mark.parametrize("name", [*FILLING, *MAPS])
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("library", ["array_api_strict", "torch"])
def test_other_array_libraries_give_the_same_numbers(name, real, library):
    xp = pytest.importorskip(library)
    shape = (2, 12, 20)
    clean = np.stack([targets(shape[1:], seed=k) + noise(shape[1:], seed=k) for k in (0, 1)])
    disturbed = np.stack([bursts(shape[1:], 4, seed=k) for k in (3, 30)])
    beat = hit(clean, disturbed)
    beat = beat.real.copy() if real else beat
    expected = methods[name]()(beat, disturbed).signal
    got = methods[name]()(xp.asarray(beat), xp.asarray(disturbed)).signal
    assert type(got).__module__.split(".")[0] == library
    largest = np.abs(expected).max()
    np.testing.assert_allclose(np.asarray(got), expected, rtol=0, atol=1e-8 * largest)


def test_the_window_none_is_the_plain_spectrum():
    """With targets on bins the map without window has them and nothing else."""
    m, n = np.mgrid[: SHAPE[0], : SHAPE[1]]
    clean, disturbed = np.exp(2j * np.pi * (3 * m / 32 + 9 * n / 64)), bursts()
    got = SparseMap(window="none")(hit(clean, disturbed), disturbed).signal
    np.testing.assert_allclose(got, range_doppler(clean), atol=1e-2 * np.abs(got).max())


def test_imat_on_the_common_operator_fills_as_imat_2d_does():
    clean, disturbed = targets() + noise(), bursts()
    beat = hit(clean, disturbed)
    errors = [
        in_gaps(method(beat, disturbed).signal, targets(), disturbed)
        for method in (SparseRecovery(solver=ImatSolver()), Imat2d())
    ]
    assert abs(errors[0] - errors[1]) < 3


class TestMemory:
    """A weak target that the threshold loses and the prior keeps: Figure 12 of Chen 2022."""

    strong, weak = (5, 9), (20, 40)

    def frame(self, power_db, seed, shift=0):
        """Noise of power 1 a bin, a target of 30 dB and one of `power_db`; on bins, no window."""
        x = noise(level=np.sqrt(0.5), seed=seed)
        x[self.weak[0], self.weak[1] + shift] = 10 ** (power_db / 20)
        x[self.strong] = 10**1.5
        return np.fft.ifft2(x, norm="ortho")

    def run(self, method, *, history=None):
        beat, disturbed = self.frame(7, 8, shift=1), bursts()
        return method(hit(beat, disturbed), disturbed, history)

    def test_the_prior_keeps_a_weak_target(self):
        at = ((self.weak[0] + SHAPE[0] // 2) % SHAPE[0], self.weak[1] + 1)
        lost = self.run(SparseMap(solver=PmIht(), window="none"))
        before = SparseMap(solver=PmIht(), window="none")(self.frame(14, 7), np.zeros(SHAPE, bool))
        kept = self.run(SparseMap(solver=PmIht(), window="none"), history=before.history)
        sought = np.abs(range_doppler(self.frame(7, 8, shift=1)))[at]
        assert np.abs(lost.signal)[at] < 0.3 * sought
        assert np.abs(kept.signal)[at] > 0.7 * sought

    def test_without_history_it_is_the_plain_method(self):
        for plain, learning in (("iht", "pm-iht"), ("ist", "pm-ist")):
            clean, disturbed = targets() + noise(), bursts()
            beat = hit(clean, disturbed)
            np.testing.assert_array_equal(
                methods[plain]()(beat, disturbed).signal,
                methods[learning]()(beat, disturbed).signal,
            )

    def test_history_is_an_argument_and_a_result(self):
        method = SparseRecovery(solver=PmIht())
        clean, disturbed = targets() + noise(), bursts()
        beat = np.stack([hit(clean, disturbed), hit(2 * clean, disturbed)])
        once = method(beat, np.stack([disturbed] * 2))
        assert len(once.history) == 2
        again = method(beat, np.stack([disturbed] * 2), once.history)
        one = method(beat[1], disturbed, once.history[1:])
        np.testing.assert_array_equal(again.signal[1], one.signal)
        assert again.history[0].modulus.shape[0] == 2
        np.testing.assert_array_equal(method(beat, np.stack([disturbed] * 2)).signal, once.signal)
        with pytest.raises(InputError, match="history"):
            method(beat[0], disturbed, once.history)

    def test_the_chain_hands_it_on(self):
        frames = np.stack([self.frame(20, 7), self.frame(7, 8, shift=1)])[:, None]
        disturbed = np.stack([np.zeros(SHAPE, bool), bursts()])[:, None]
        beat = hit(frames, disturbed)
        method = SparseMap(solver=PmIht(), window="none")
        expected = method(beat[1], disturbed[1], method(beat[0], disturbed[0]).history).signal
        assert np.any(expected != method(beat[1], disturbed[1]).signal)
        cleaned = cc.mitigate(from_array(beat), method=method, disturbed=disturbed)
        np.testing.assert_array_equal(cleaned.range_doppler[1], expected)
        known = {0: disturbed[:1], 1: disturbed[1:]}
        work = pipeline(method, lambda b: known[int(np.any(b[0] != beat[0]))])
        frames = list(mitigate_frames(from_array(beat), work))
        np.testing.assert_array_equal(frames[1].range_doppler[0], expected)
        # From file to file frames are taken in any order: those before come first.
        _, alone = clean_frame(work, from_array(beat), 1)
        np.testing.assert_array_equal(alone.range_doppler[0], expected)


class TestChain:
    def test_a_map_goes_back_to_a_windowed_beat_signal(self):
        clean, disturbed = targets() + noise(), bursts()
        beat = hit(clean, disturbed).astype(np.complex64)
        cleaned = cc.mitigate(beat, method="iht-map", disturbed=disturbed)
        assert cleaned.windowed
        assert cleaned.beat.dtype == np.complex64
        window = np.outer(np.hanning(SHAPE[0]), np.hanning(SHAPE[1]))
        error = np.abs(cleaned.beat - window * targets())
        assert np.sqrt(np.mean(error**2)) < 0.02
        np.testing.assert_array_equal(cleaned.disturbed, disturbed)

    def test_a_real_one_too(self):
        clean, disturbed = (targets() + noise()).real, bursts()
        cleaned = cc.mitigate(np.where(disturbed, 30, clean), method="ist-map", disturbed=disturbed)
        assert cleaned.beat.shape == clean.shape
        assert cleaned.beat.dtype == clean.dtype
        window = np.outer(np.hanning(SHAPE[0]), np.hanning(SHAPE[1]))
        assert np.sqrt(np.mean((cleaned.beat - window * targets().real) ** 2)) < 0.03

    def test_transmitters_are_told_apart(self):
        """TDM-MIMO: a map a virtual receiver, the beat signal in the order of time."""
        order = (1, 0)
        waveform = Waveform(
            samples=64,
            chirps=32,
            start_frequency=77e9,
            slope=30e12,
            sample_rate=10e6,
            chirp_interval=2e-5,
            transmit_order=order,
        )
        clean = np.stack([targets(seed=k) + noise(seed=k) for k in (0, 1)])[None]
        disturbed = np.stack([bursts(), bursts(seed=9)])[None]
        capture = from_array(hit(clean, disturbed), waveform=waveform)
        cleaned = cc.mitigate(capture, method="ist-map", disturbed=disturbed)
        assert cleaned.range_doppler.shape == (1, 4, 16, 64)
        assert cleaned.beat.shape == clean.shape
        virtual = split_transmitters(hit(clean, disturbed), order)
        masks = split_transmitters(disturbed, order)
        alone = methods["ist-map"]()(virtual[0, 2], masks[0, 2]).signal
        np.testing.assert_allclose(cleaned.range_doppler[0, 2], alone, atol=1e-10)
        window = np.outer(np.hanning(16), np.hanning(64))
        again = split_transmitters(cleaned.beat, order)
        expected = window * split_transmitters(np.stack([targets(), targets(seed=1)])[None], order)
        assert np.sqrt(np.mean(np.abs(again - expected) ** 2)) < 0.05


def test_settings_of_the_solver_are_settings_of_the_method():
    method = methods["iht"](beta=4.0, window="none")
    assert method == SparseRecovery(solver=Iht(beta=4.0), window="none")
    assert list(methods["iht"].defaults())[:2] == ["beta", "step"]
    with pytest.raises(InputError, match="beta"):
        methods["iht"](beta=-1.0)
    with pytest.raises(InputError, match="window"):
        methods["iht-map"](window="hamming")
    with pytest.raises(InputError, match="solver"):
        SparseRecovery(solver=3)

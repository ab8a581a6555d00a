"""The chirp notch and its fill: chirps that are known, scenes with their truth, recordings."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import loadmat

from clearchirp.chain import detections
from clearchirp.disturbed.catalogue import detectors
from clearchirp.disturbed.chirp_segments import Limits, bank, find_segments
from clearchirp.disturbed.fractional import Fractional
from clearchirp.io import from_array
from clearchirp.metrics import beats, maps
from clearchirp.mitigation.imat import Imat2d
from clearchirp.mitigation.imfrac import Imfrac2
from clearchirp.mitigation.notch_refill import NotchRefill
from clearchirp.mitigation.notch_refill_tones import fitted_tones
from clearchirp.recordings import detect_recording
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.spectrum import doppler_spectrum, range_doppler, range_spectrum


def test_a_piece_of_a_chirp_is_found_to_the_sample():
    """Rate, frequency and both ends, and nothing is left of it but noise."""
    rng = np.random.default_rng(0)
    n = np.arange(512)
    noise = 0.1 * (rng.standard_normal(512) + 1j * rng.standard_normal(512))
    for rate, crossing, start, stop in [
        (0.004, 250, 130, 370),
        (-0.0012, 300, 60, 350),
        (0.03, 200, 184, 216),
    ]:
        inside = (n >= start) & (n < stop)
        chirp = 30 * np.exp(1j * np.pi * rate * (n - crossing) ** 2) * inside
        searched = bank(512, 256, 80.0)
        found = find_segments(
            (chirp + noise) * searched.window, searched, Limits(0.5, 25.0, None, 0.02)
        )
        (piece,) = found.pieces
        assert (piece.start, piece.stop) == (start, stop)
        assert piece.rate == pytest.approx(rate, rel=2e-3)
        middle = rate * (255.5 - crossing)
        # Beyond half a turn a sample, frequencies are the same by whole turns.
        assert (piece.frequency - middle + 0.5) % 1 - 0.5 == pytest.approx(0, abs=1e-3)
        assert np.abs(found.rest).max() < 0.6
        gram = found.basis.conj().T @ found.basis
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-10)


@pytest.mark.parametrize(("scene", "number"), [("imfrac", 4), ("imfrac-real", 2)])
def test_it_is_far_better_than_the_notch_alone(scene, number):
    frame = simulate_frame(load_scene(scene), number, 0)
    real = np.isrealobj(frame.beat)
    truth = range_doppler(frame.clean)
    objects = detections(truth, real=real)
    ours = doppler_spectrum(NotchRefill()(frame.beat).signal)
    notch = doppler_spectrum(Imfrac2(padded=True)(frame.beat).signal)
    masked = range_doppler(Imat2d()(frame.beat, detectors["combined"]()(frame.beat)).signal)
    errors = [float(maps.evm(x, truth, objects)[0]) for x in (ours, notch, masked)]
    assert errors[0] < 0.03
    assert errors[0] < errors[1] / 2
    assert errors[0] < errors[2]
    assert maps.f1(detections(ours, real=real), objects)[0] > 0.95


def test_an_interferer_as_steep_as_the_victim_is_told_from_a_target():
    """Frame 0: 16 chirps hold a tone of 60 dB over the noise, which no angle up to 80 shows."""
    frame = simulate_frame(load_scene("imfrac"), 0, 0)
    truth = range_doppler(frame.clean)
    objects = detections(truth, real=False)
    ours = doppler_spectrum(NotchRefill()(frame.beat).signal)
    assert maps.evm(ours, truth, objects)[0] < 0.02
    assert maps.evm(doppler_spectrum(Imfrac2()(frame.beat).signal), truth, objects)[0] > 0.5


def test_a_clean_frame_is_left_alone():
    for scene in ("imfrac", "imfrac-real", "demo", "highway"):
        clean = simulate_frame(load_scene(scene), 1, 0).clean[:1]
        result = NotchRefill()(clean)
        np.testing.assert_array_equal(result.signal, range_spectrum(clean))
        assert not result.disturbed.any()


def test_counts_of_a_converter_are_no_trouble():
    frame = simulate_frame(load_scene("demo"), 0, 0)
    counts = np.rint(frame.beat[:1] * 200)
    ours = NotchRefill()(counts).signal / 200
    exact = NotchRefill()(frame.beat[:1]).signal
    # The same interferers; what differs is the rounding to steps of 1/200.
    assert np.abs(ours - exact).max() < 5e-3 * np.abs(exact).max()


def test_a_filter_with_skirts():
    frame = simulate_frame(load_scene("highway"), 0, 0)
    beat, clean = frame.beat[:1], frame.clean[:1]
    truth = range_doppler(clean)
    objects = detections(truth, real=False)
    ours = doppler_spectrum(NotchRefill()(beat).signal)
    assert maps.evm(ours, truth, objects)[0] < 0.04


def test_a_single_chirp_is_as_clean_as_its_noise():
    frame = simulate_frame(load_scene("sparkle"), 0, 0)
    ours = NotchRefill()(frame.beat).signal
    noise = range_spectrum(frame.clean - frame.targets)
    error = ours - range_spectrum(frame.clean)
    assert np.sum(np.abs(error) ** 2) < 0.05 * np.sum(np.abs(noise) ** 2)


def test_a_single_chirp_that_is_hit_from_its_start_on():
    """Two thirds of the samples are 60 dB over the noise, whose level is told by the others."""
    frame = simulate_frame(load_scene("imfrac"), 2, 0)
    beat, clean = (x[0, 12:13] for x in (frame.beat, frame.clean))
    result = NotchRefill()(beat)
    error = np.sum(np.abs(result.signal - range_spectrum(clean)) ** 2)
    assert result.stats["interferers_found"] == 1
    assert error < 1e-3 * np.sum(np.abs(range_spectrum(clean)) ** 2)


def test_tones_are_fitted_through_a_notch_and_count_themselves():
    """Off the grid, two of them less than two bins apart; a clean half of the chirp is given up."""
    rng = np.random.default_rng(1)
    n = np.arange(400) - 199.5
    omegas, sizes = np.array([0.5123, 0.5123 + 3 * np.pi / 400, -1.7]), np.array([1, 0.7j, 0.2])
    truth = np.exp(1j * np.multiply.outer(n, omegas)) @ sizes
    noise = 0.05 * (rng.standard_normal(400) + 1j * rng.standard_normal(400))
    window = np.hanning(400)
    basis = np.eye(400)[:, 120:200]
    given = window * (truth + noise) + 100 * basis.sum(axis=1)
    model = fitted_tones(given, basis, 0.005, window)
    # Three tones have nine numbers, told by 320 samples; the window costs a factor of two.
    assert np.mean(np.abs(model - truth) ** 2) < 2 * 2 * 0.005 * 9 / 320
    np.testing.assert_array_equal(fitted_tones(window * noise, basis, 0.005, window), 0)


def test_the_targets_of_a_single_chirp():
    """Without the noise, which is 15 dB below them, and blind."""
    frame = simulate_frame(load_scene("sparkle"), 0, 0)
    targets = NotchRefill().targets(frame.beat)
    assert beats.sinr_db(targets, frame.targets) > 35
    np.testing.assert_array_equal(NotchRefill().targets(np.zeros((2, 64), np.float32)), 0)


def test_the_targets_of_the_authors_sweep(data):
    found = loadmat(data / "wang_sparkle" / "Data4Demo.mat")
    beat, targets = np.conj(found["sig_full_trc"]), np.conj(found["sig_Rx_trc"])
    assert beats.sinr_db(NotchRefill().targets(beat), targets) > 35


def recording(path):
    words = np.fromfile(path, "<u2")
    iq = words.astype(np.float32).reshape(128, 512, 4, 2) - 32768
    return (iq[..., 0] + 1j * iq[..., 1]).transpose(2, 0, 1).astype(np.complex64)


def test_recordings_without_interference_stay(data):
    beat = recording(data / "jin_cao_awr1243" / "20180613-190347.bin")
    np.testing.assert_array_equal(NotchRefill()(beat).signal, range_spectrum(beat))
    beat = np.load(data / "bgt60tr13c" / "radar.npy")[:48].astype(np.float32)
    np.testing.assert_array_equal(NotchRefill()(beat).signal, range_spectrum(beat))


def test_a_recording_with_interference(data):
    """The median of the half with targets falls by 28 dB, the target is not weakened."""
    beat = recording(data / "jin_cao_awr1243" / "20180608-195044.bin")[:1]
    result = NotchRefill()(beat)
    before, after = (
        np.abs(x) ** 2 for x in (range_doppler(beat)[0], doppler_spectrum(result.signal)[0])
    )
    fall = np.median(before[:, 1:250]) / np.median(after[:, 1:250])
    assert 10 * np.log10(fall) > 27
    assert 114.8 < 10 * np.log10(after[30:55, 72:77].max()) < 116


@pytest.mark.parametrize("scene", ["imfrac", "demo"])
def test_the_detector_tells_the_chirp_rate(scene):
    """Within a step of the angle, of all strong interferers that stay in the chirp for long."""
    frame = simulate_frame(load_scene(scene), 3 if scene == "imfrac" else 0, 0)
    samples, rate = frame.beat.shape[-1], frame.waveform.sample_rate
    found = Fractional().interferers(frame.beat[0])
    told, true = 0, 0
    for crossing in frame.crossings:
        middle = (crossing.first_sample + crossing.last_sample) / 2
        long = crossing.last_sample - crossing.first_sample > 60
        if crossing.amplitude < 10 or not long or not samples / 6 < middle < 5 * samples / 6:
            continue
        true += 1
        expected = np.arctan(crossing.chirp_rate / rate**2 * samples)
        for one in found:
            near = abs(np.arctan(one.chirp_rate * samples) - expected) < 2 * np.pi / 256
            if one.chirp == crossing.chirp and near:
                told += 1
                assert one.amplitude == pytest.approx(crossing.amplitude, rel=0.3)
                break
    assert true > 15
    assert told > 0.9 * true


def test_the_detector_gives_the_mask():
    frame = simulate_frame(load_scene("imfrac"), 3, 0)
    mask = Fractional()(frame.beat)
    inside = frame.disturbed & (np.abs(frame.interference) > 3)
    assert mask[inside].mean() > 0.9
    assert mask[~frame.disturbed].mean() < 0.05


@pytest.mark.parametrize("scene", ["imfrac", "demo"])
def test_a_recording_tells_its_interferers(scene):
    """Chirp rates within a step of the angle, amplitudes within 10 %: those of the simulator."""
    number = 3 if scene == "imfrac" else 0
    frame = simulate_frame(load_scene(scene), number, 0)
    samples, rate = frame.beat.shape[-1], frame.waveform.sample_rate
    recording = from_array(frame.beat[None], waveform=frame.waveform)
    (told,) = detect_recording(recording, detector="fractional").interferers
    strong = [c for c in frame.crossings if c.amplitude >= 5]
    true = {c.interferer: (c.chirp_rate, c.amplitude) for c in strong}
    assert true
    angles = [np.arctan(one.chirp_rate / rate**2 * samples) for one in told]
    for chirp_rate, amplitude in true.values():
        apart = np.abs(np.array(angles) - np.arctan(chirp_rate / rate**2 * samples))
        nearest = int(np.argmin(apart))
        assert apart[nearest] < 2 * np.pi / 256
        assert told[nearest].amplitude == pytest.approx(amplitude, rel=0.1)
    assert len(told) <= len({c.interferer for c in frame.crossings}) + 1


def test_other_detectors_tell_no_interferers():
    beat = np.ones((1, 1, 8, 64), np.complex64)
    assert detect_recording(from_array(beat), detector="envelope").interferers == ()


def test_threads_change_nothing():
    beat = simulate_frame(load_scene("demo"), 0, 0).beat
    one, two = (NotchRefill(threads=count)(beat).signal for count in (1, 2))
    np.testing.assert_array_equal(one, two)

"""What a real receiver does, each effect against its closed form."""

from dataclasses import replace

import numpy as np
import pytest

from clearchirp.simulate import Interferer, Receiver, Scene, Target, simulate_frame
from clearchirp.simulate.imperfections import oscillator_phase
from clearchirp.simulate.streams import stream
from clearchirp.waveform import SPEED_OF_LIGHT, Waveform

RADAR = Waveform(
    start_frequency=77e9, slope=10e12, sample_rate=20e6, samples=256, chirps=128,
    chirp_interval=30e-6, adc_start=2e-6,
)  # fmt: skip
TARGET = Target(distance=RADAR.ranges()[40], amplitude=0.7)
CROSSER = Interferer(
    start_frequency=77.02e9, slope=25e12, ramp_duration=12e-6, chirp_interval=30.5e-6,
    time_offset=1.3e-6,
)  # fmt: skip
FULL = Receiver(
    noise_power=0.1, transient_amplitude=2.0, transient_decay=1e-6, iq_gain_db=0.5, iq_phase=0.02,
    phase_noise_db=-90.0, high_pass=1e5, filter="butterworth", receivers=2,
)  # fmt: skip


def frame(receiver, *, targets=(TARGET,), interferers=(), number=0, seed=1):
    scene = Scene(waveform=RADAR, receiver=receiver, targets=targets, interferers=interferers)
    return simulate_frame(scene, number, seed, dtype=np.complex128)


@pytest.mark.parametrize(("gain_db", "phase"), [(1.0, 0.0), (0.0, 0.05), (-0.7, -0.1)])
def test_image_of_an_unbalanced_receiver(gain_db, phase):
    """(1 + g^2 - 2 g cos phase) / (1 + g^2 + 2 g cos phase) of the power, the usual closed form."""
    got = frame(Receiver(iq_gain_db=gain_db, iq_phase=phase))
    spectrum = np.abs(np.fft.fft(got.beat[0, 0])) ** 2
    g = 10 ** (gain_db / 20)
    expected = (1 + g**2 - 2 * g * np.cos(phase)) / (1 + g**2 + 2 * g * np.cos(phase))
    assert spectrum[-40] / spectrum[40] == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(got.beat.real, got.targets.real, atol=1e-12)  # I is the reference
    others = np.delete(spectrum, [40, 256 - 40])
    assert others.max() < 1e-12 * spectrum[40]


@pytest.mark.parametrize("real", [False, True])
def test_quantisation_noise(real):
    receiver = Receiver(noise_power=0.05, real=real)
    exact = frame(receiver).beat
    got = frame(replace(receiver, adc_bits=8, adc_full_scale=2.0)).beat
    step = 4.0 / 256
    power = np.mean(np.abs(got - exact) ** 2)
    assert power == pytest.approx((1 if real else 2) * step**2 / 12, rel=0.02)
    np.testing.assert_allclose(got.real / step, np.rint(got.real / step), atol=1e-9)
    assert np.abs(got - exact).max() <= step / 2 * (1 if real else 2**0.5)


def test_clipping():
    receiver = Receiver(adc_bits=12, adc_full_scale=0.5)
    got = frame(receiver)
    exact = frame(Receiver())
    step = 1 / 4096
    for part in ("real", "imag"):
        given, true = getattr(got.beat, part), getattr(exact.beat, part)
        assert given.max() == 0.5 - step
        assert given.min() == -0.5
        np.testing.assert_array_equal(given[true > 0.5], 0.5 - step)
        np.testing.assert_array_equal(given[true < -0.5], -0.5)
        inside = np.abs(true) < 0.49
        np.testing.assert_allclose(given[inside], true[inside], atol=0.51 * step)
    np.testing.assert_array_equal(got.clean, exact.clean)  # the truth is not converted


def test_phase_noise_has_the_density_of_its_model():
    """The interferer's phase is the oscillator's: D / (2 pi f)^2, the level given at 1 MHz."""
    ghost = Interferer(
        start_frequency=77e9 - 1e6, slope=10e12, ramp_duration=29e-6, chirp_interval=30e-6
    )
    quiet = frame(Receiver(), targets=(), interferers=(ghost,)).interference[0]
    got = frame(Receiver(phase_noise_db=-90.0), targets=(), interferers=(ghost,)).interference[0]
    np.testing.assert_allclose(np.abs(got), 1.0)
    steps = np.diff(np.angle(got * quiet.conj()), axis=-1)  # small: no turn is missed
    power = np.mean(np.abs(np.fft.fft(steps, axis=-1)) ** 2, axis=0) / 255 / 20e6
    frequency = np.fft.fftfreq(255, 1 / 20e6)
    near = (np.abs(frequency) > 0.5e6) & (np.abs(frequency) < 2e6)
    # A difference over one sample has the gain 2 sin(pi f / rate).
    density = power[near] / (2 * np.sin(np.pi * frequency[near] / 20e6)) ** 2
    level_db = 10 * np.log10(np.mean(density * (frequency[near] / 1e6) ** 2))
    assert level_db == pytest.approx(-90, abs=0.25)


@pytest.mark.parametrize("range_bin", [1, 33])  # delays of 0.16 and 5.2 samples
def test_phase_noise_of_a_target_is_that_which_the_range_leaves(range_bin):
    """Range correlation: the density times 4 sin^2(pi f delay), a variance of D delay in all."""
    target = Target(distance=RADAR.ranges()[range_bin])
    delay = 2 * target.distance / SPEED_OF_LIGHT
    got = frame(Receiver(phase_noise_db=-90.0), targets=(target,))
    phase = np.angle(got.clean * got.targets.conj())[0]
    spread = (2 * np.pi * 1e6) ** 2 * 1e-9
    assert np.var(phase) == pytest.approx(spread * delay, rel=0.05)
    lag = 4
    expected = spread * max(delay - lag / 20e6, 0)  # the walks of both times have that in common
    measured = np.mean(phase[:, lag:] * phase[:, :-lag])
    assert measured == pytest.approx(expected, abs=0.05 * spread * delay)


def test_echoes_of_several_delays_are_of_one_walk():
    """Phase differences over the delays a and b overlap by the shorter: covariance D min(a, b)."""
    delays = np.array([3.7, 0.4, 1.9, 0.0, 2.2])[:, np.newaxis] / 20e6 * np.ones(128)
    rng = np.random.default_rng(5)
    now, remaining = oscillator_phase(-100.0, RADAR, delays, rng)
    spread = (2 * np.pi * 1e6) ** 2 * 1e-10 / 20e6
    flat = remaining.reshape(5, -1)
    expected = spread * np.minimum.outer(delays[:, 0], delays[:, 0]) * 20e6
    np.testing.assert_allclose(flat @ flat.T / flat.shape[1], expected, atol=0.1 * spread)
    # A delay of whole samples is a difference of samples; of a sample, of neighbours.
    _, whole = oscillator_phase(-100.0, RADAR, np.full((1, 128), 1 / 20e6), rng)
    assert np.var(whole) == pytest.approx(spread, rel=0.02)
    assert np.var(np.diff(now, axis=-1)) == pytest.approx(spread, rel=0.02)


def test_streams_of_one_frame_are_not_alike():
    streams = [
        stream(seed, number, purpose).standard_normal(4)
        for seed in (0, 1)
        for number in (0, 1)
        for purpose in ("noise", "transient", "phase noise", "scene")
    ]
    assert len(np.unique(np.round(streams, 12))) == 64
    np.testing.assert_array_equal(stream(0, 1, "noise").standard_normal(4), streams[4])


def test_targets_at_one_distance_have_one_phase_noise():
    """Two echoes of one delay, in one direction: their sum is twice one of them."""
    receiver = Receiver(phase_noise_db=-85.0)
    apart = replace(TARGET, distance=TARGET.distance + 1e-9)
    one = frame(receiver, targets=(TARGET, replace(apart, amplitude=1e-9))).clean
    both = frame(receiver, targets=(TARGET, apart)).clean
    np.testing.assert_allclose(both, 2 * one, atol=1e-4)


def test_transient_decays_and_is_nearly_the_same_in_each_chirp():
    receiver = Receiver(transient_amplitude=-3.0, transient_decay=1.5e-6, receivers=2)
    got = frame(receiver)
    transient = got.clean - got.targets
    shape = np.exp(-RADAR.sample_times() / 1.5e-6)
    heights = (transient / shape).real
    np.testing.assert_allclose(heights, heights[..., :1] * np.ones(256), rtol=1e-6)
    assert heights.mean() == pytest.approx(-3, rel=0.005)
    assert heights[..., 0].std() == pytest.approx(0.03, rel=0.2)
    assert not np.any(transient.imag)


@pytest.mark.parametrize(
    "change",
    [
        {"iq_gain_db": 0.0, "iq_phase": 0.0},
        {"phase_noise_db": None},
        {"transient_amplitude": 0.0},
        {"filter": "ideal"},
        {"high_pass": 0.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_effect_changes_the_noise_of_the_others(change):
    """Alone, without targets: what is left of the noise is the same with an effect and without."""
    silent = replace(FULL, noise_power=0.0)
    noise = frame(FULL).clean - frame(silent).clean
    less = frame(replace(FULL, **change)).clean - frame(replace(silent, **change)).clean
    np.testing.assert_allclose(noise, less, atol=1e-12)
    assert np.mean(np.abs(noise) ** 2) == pytest.approx(0.1, rel=0.05)


def test_parts_add_up_with_everything_on():
    got = frame(FULL, interferers=(CROSSER,))
    np.testing.assert_array_equal(got.beat, got.clean + got.interference)
    quiet = frame(FULL)
    np.testing.assert_array_equal(quiet.beat, got.clean)
    converted = frame(replace(FULL, adc_bits=14, adc_full_scale=8.0), interferers=(CROSSER,))
    np.testing.assert_array_equal(converted.clean, got.clean)
    np.testing.assert_array_equal(converted.interference, got.interference)
    np.testing.assert_allclose(converted.beat, got.beat, atol=1.01 * 2**0.5 * 8 / 2**14)
    again = frame(FULL, interferers=(CROSSER,))
    np.testing.assert_array_equal(again.beat, got.beat)
    assert not np.array_equal(frame(FULL, number=1).clean, got.clean)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("real", [False, True])
def test_types_with_everything_on(dtype, real):
    receiver = replace(FULL, adc_bits=12, adc_full_scale=8.0)
    if real:
        receiver = replace(receiver, real=True, iq_gain_db=0.0, iq_phase=0.0)
    scene = Scene(waveform=RADAR, receiver=receiver, targets=(TARGET,), interferers=(CROSSER,))
    got = simulate_frame(scene, 0, dtype=dtype)
    kind = np.empty(0, dtype).real.dtype if real else np.dtype(dtype)
    for part in (got.beat, got.targets, got.clean, got.interference):
        assert part.dtype == kind
        assert part.shape == (2, 128, 256)
        assert part.flags.c_contiguous

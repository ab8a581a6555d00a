"""Targets: their sum, TDM-MIMO, and settings that cannot be."""

import math

import numpy as np
import pytest

from clearchirp.simulate import Interferer, Path, Receiver, Scene, Target, simulate_frame
from clearchirp.spectrum.transmitters import split_transmitters
from clearchirp.types import InputError
from clearchirp.waveform import SPEED_OF_LIGHT, UniformArray, Waveform

MANY = tuple(
    Target(
        distance=3.0 + 5.3 * k, range_rate=(-1) ** k * 11.0 * k, amplitude=0.8**k,
        angle=0.1 * k - 0.4, phase=k,
    )
    for k in range(9)
)  # fmt: skip
RIDER = Interferer(
    start_frequency=77e9, slope=2e13, ramp_duration=1e-5, chirp_interval=2e-5,
    time_offset=-2e-6,
)  # fmt: skip


def radar(samples=200, **settings):
    given = {
        "start_frequency": 77e9, "slope": 30e12, "sample_rate": 15e6, "samples": samples,
        "chirps": 12, "chirp_interval": 25e-6, "adc_start": 3e-6, **settings,
    }  # fmt: skip
    return Waveform(**given)


def frame(waveform, receiver, dtype=np.complex128, **parts):
    return simulate_frame(Scene(waveform=waveform, receiver=receiver, **parts), 2, dtype=dtype)


@pytest.mark.parametrize(("samples", "chirps"), [(200, 12), (1, 4), (13, 2), (257, 4)])
@pytest.mark.parametrize("receivers", [1, 3])
def test_sum_of_many_moving_targets_is_that_of_their_exponentials(samples, chirps, receivers):
    waveform = radar(samples, chirps=chirps)
    receiver = Receiver(receivers=receivers, bandwidth=1e9)
    start = 2 * chirps * 25e-6 + 25e-6 * np.arange(chirps)[:, np.newaxis]
    t = start + 3e-6 + np.arange(samples) / 15e6
    u = t - start
    expected = np.zeros((receivers, chirps, samples), complex)
    for target in MANY:
        tau = 2 * (target.distance + target.range_rate * t) / SPEED_OF_LIGHT
        turns = 77e9 * tau + 30e12 * u * tau - 30e12 * tau**2 / 2
        one = target.amplitude * np.exp(1j * (2 * np.pi * turns + target.phase))
        aside = np.exp(1j * np.pi * np.arange(receivers) * math.sin(target.angle))
        expected += aside[:, np.newaxis, np.newaxis] * one
    actual = frame(waveform, receiver, targets=MANY).targets
    np.testing.assert_allclose(actual, expected, atol=1e-9)
    single = frame(waveform, receiver, np.complex64, targets=MANY).targets
    np.testing.assert_allclose(single, expected, atol=3e-6)


@pytest.mark.parametrize("order", [(0, 1), (0, 1, 2)])
@pytest.mark.parametrize("range_rate", [0.0, -7.0])
def test_transmitters_continue_the_array(order, range_rate):
    """A target in an angle bin of the virtual array is in that bin after the split."""
    waveform = radar(chirps=48, transmit_order=order)
    virtual = UniformArray(receivers=4 * len(order))
    for angle_bin in (1, len(order) * 2, len(order) * 3 + 1):
        angle = float(virtual.angles()[angle_bin])
        target = Target(distance=20.0, range_rate=range_rate, angle=angle)
        beat = frame(waveform, Receiver(receivers=4), targets=(target,)).targets
        parts = split_transmitters(beat, order)
        assert parts.shape == (virtual.receivers, 48 // len(order), 200)
        # The target moves on between the transmitters' chirps: by a phase that its speed tells.
        turns = 77e9 * 2 * range_rate / SPEED_OF_LIGHT * 25e-6
        moved = np.repeat(np.exp(-2j * np.pi * turns * np.arange(len(order))), 4)
        spectrum = np.fft.fftshift(np.fft.fft(parts[:, 0, 50] * moved))
        assert np.abs(spectrum).argmax() == angle_bin
        assert np.abs(spectrum).max() == pytest.approx(virtual.receivers, rel=1e-3)


def test_one_transmitter_after_another_is_one_radar_from_two_places():
    order = (1, 0, 2)
    waveform = radar(transmit_order=order)
    receiver = Receiver(receivers=2, spacing=0.6)
    beat = frame(waveform, receiver, targets=MANY[3:4]).targets
    plain = frame(radar(), receiver, targets=MANY[3:4]).targets
    turns = np.resize(order, 12) * 2 * 0.6 * math.sin(MANY[3].angle)
    np.testing.assert_allclose(beat, plain * np.exp(2j * np.pi * turns)[:, np.newaxis], atol=1e-9)


def test_interference_knows_no_transmitters():
    parts = {"interferers": (RIDER,)}
    one = frame(radar(), Receiver(receivers=2), **parts)
    several = frame(radar(transmit_order=(0, 1)), Receiver(receivers=2), **parts)
    np.testing.assert_array_equal(one.interference, several.interference)
    assert np.any(one.interference)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Target(distance=2, amplitude=1.0, cross_section=1.0), "both given"),
        (lambda: Target(distance=2, cross_section=-1.0), "cross_section"),
        (lambda: Target(distance=2, amplitude=-1.0), "amplitude"),
        (lambda: Path(delay=-1e-9, amplitude=1.0), "delay"),
        (lambda: Path(delay=0.0, amplitude=math.inf), "amplitude"),
        (lambda: Path(delay=0.0, amplitude=1.0, angle=math.nan), "angle"),
        (lambda: Receiver(filter="bessel"), "one of ideal, butterworth, fir, got 'bessel'"),
        (lambda: Receiver(filter_order=0), "filter_order"),
        (lambda: Receiver(filter="butterworth", filter_order=17), "at most 16"),
        (lambda: Receiver(oversampling=1), "oversampling"),
        (lambda: Receiver(high_pass=-1.0), "high_pass"),
        (lambda: Receiver(transient_amplitude=1.0), "transient_decay"),
        (lambda: Receiver(transient_decay=-1.0), "transient_decay"),
        (lambda: Receiver(iq_gain_db=math.nan), "iq_gain_db"),
        (lambda: Receiver(iq_phase="0"), "iq_phase"),
        (lambda: Receiver(iq_phase=0.1, real=True), "this one is real"),
        (lambda: Receiver(phase_noise_db=True), "phase_noise_db"),
        (lambda: Receiver(sensitivity=0.0), "sensitivity"),
        (lambda: Receiver(adc_bits=0), "adc_bits"),
        (lambda: Receiver(adc_bits=40), "at most 32"),
        (lambda: Receiver(adc_bits=8, adc_full_scale=0.0), "adc_full_scale"),
        (lambda: Scene(waveform=radar(transmit_order=(0, 1.5))), "transmit_order"),
        (
            lambda: Interferer(
                start_frequency=1e9, slope=0, ramp_duration=1, chirp_interval=1, paths=(3,)
            ),
            "tuple of Path",
        ),
    ],
)
def test_settings_that_cannot_be(make, words):
    with pytest.raises(InputError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_list_of_paths_will_do():
    path = Path(delay=1e-7, amplitude=0.1)
    rider = Interferer(
        start_frequency=1e9, slope=0, ramp_duration=1, chirp_interval=1, paths=[path]
    )
    assert rider.paths == (path,)

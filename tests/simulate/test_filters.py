"""Filters against a mixer stepped at 64 times the rate and filtered there, and closed forms."""

from copy import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import signal

from clearchirp.simulate import Interferer, Receiver, Scene, Target, simulate_frame
from clearchirp.simulate.filters import analog_filter, fir_taps, tone_gain
from clearchirp.waveform import SPEED_OF_LIGHT, Waveform
from tests.oracles.mixer import (
    OVERSAMPLING,
    Oscillator,
    averages,
    filter_analog,
    filter_fir,
    mix_analytic,
    take_samples,
)

RATE = 1e6
DT = 1 / (OVERSAMPLING * RATE)
# The samples begin late in the ramp, so that the filter has settled.
INTERVAL, FIRST = 192 * OVERSAMPLING, 110 * OVERSAMPLING  # steps
CHIRPS, SAMPLES = 3, 70
STEPS = CHIRPS * INTERVAL
RADAR = Waveform(
    start_frequency=18e6, slope=1.1e10, sample_rate=RATE, samples=SAMPLES, chirps=CHIRPS,
    chirp_interval=INTERVAL * DT, adc_start=FIRST * DT,
)  # fmt: skip
BAND = 0.41e6
# start frequency, slope, ramp, interval and offset in steps, number of ramps
INTERFERERS = {
    "steep, several a chirp": (18.9e6, 4.7e10, 30 * 64 + 5, 37 * 64 + 11, 7, None),
    "falling": (20.2e6, -1.3e10, 80 * 64, 101 * 64 + 29, -5 * 64 - 3, None),
    "tails of ramps": (19.0e6, 1.9e10, 25 * 64 + 1, 96 * 64 + 17, 8 * 64, None),
    "parallel": (18.2e6, 1.1e10, 160 * 64, 171 * 64 + 3, 100, None),
    "continuous wave": (19.6e6, 0.0, 50 * 64, 50 * 64, 0, None),
    # From -5 to 3 MHz in 100 us, and through zero in the middle of the samples.
    "sweeps through the whole reach": (14.2e6, 9.1e10, 100 * 64, 192 * 64, 85 * 64, None),
}
FILTERS = {
    "butterworth 8": Receiver(bandwidth=BAND, filter="butterworth", oversampling=16),
    "butterworth 3": Receiver(
        bandwidth=BAND, filter="butterworth", filter_order=3, oversampling=16
    ),
    "with high-pass": Receiver(
        bandwidth=BAND, filter="butterworth", filter_order=5, oversampling=16, high_pass=4e4
    ),
    "fir": Receiver(bandwidth=BAND, filter="fir", filter_order=12),
    "fir, coarse": Receiver(bandwidth=BAND, filter="fir", filter_order=9, oversampling=2),
    "ideal with high-pass": Receiver(bandwidth=BAND, high_pass=4e4),
}


@cache
def oscillator(start_frequency, slope, ramp, interval, offset=0, chirps=None):
    return Oscillator(
        start_frequency=start_frequency, slope=slope, ramp_steps=ramp, interval_steps=interval,
        offset_steps=offset, chirps=chirps, steps=STEPS, dt=DT,
    )  # fmt: skip


VICTIM = oscillator(RADAR.start_frequency, RADAR.slope, INTERVAL, INTERVAL)


def interferer(start_frequency, slope, ramp, interval, offset, chirps):
    return Interferer(
        start_frequency=start_frequency, slope=slope, ramp_duration=ramp * DT,
        chirp_interval=interval * DT, time_offset=offset * DT, chirps=chirps,
    )  # fmt: skip


def sampled(values):
    return take_samples(values, chirps=CHIRPS, samples=SAMPLES, interval=INTERVAL, first=FIRST)


def simulated(receiver, **parts):
    scene = Scene(waveform=RADAR, receiver=receiver, **parts)
    return simulate_frame(scene, 0, dtype=np.complex128).beat[0]


def filtered(receiver, mean, now, beat):
    """Filter what was stepped as the receiver's settings say."""
    if receiver.filter == "fir":
        seen = now * (np.abs(beat) < receiver.oversampling * RATE / 2)
        times, order = receiver.oversampling, receiver.filter_order
        return filter_fir(seen, order=order, cutoff=BAND, times=times, rate=RATE)
    order = receiver.filter_order if receiver.filter == "butterworth" else 0
    gate = 1.0 if order else np.abs(beat) < BAND
    return filter_analog(
        gate * mean, gate * now, DT, order=order, cutoff=BAND, high_pass=receiver.high_pass
    )


@pytest.mark.parametrize("receiver", FILTERS.values(), ids=FILTERS.keys())
@pytest.mark.parametrize("settings", INTERFERERS.values(), ids=INTERFERERS.keys())
def test_interference_is_the_filtered_mixer(settings, receiver):
    other = oscillator(*settings)
    now = other.on * mix_analytic(VICTIM.phase, other.phase)
    expected = sampled(
        filtered(receiver, averages(VICTIM, other), now, VICTIM.frequency - other.frequency)
    )
    actual = simulated(receiver, interferers=(interferer(*settings),))
    assert np.abs(expected).max() > 0.2
    # The oracle holds the signal for a step, (2 pi f dt)^2 / 12, and cuts the band at whole steps.
    atol = {"fir": 1e-7, "butterworth": 2e-4, "ideal": 5e-3}[receiver.filter]
    np.testing.assert_allclose(actual, expected, atol=atol)


@pytest.mark.parametrize("receiver", FILTERS.values(), ids=FILTERS.keys())
@pytest.mark.parametrize("distance", [600.0, 4200.0, 8900.0])  # 44, 308 and 653 kHz
def test_target_is_the_filtered_echo(receiver, distance):
    target = Target(distance=distance, range_rate=300.0)
    delay = 2 * (distance + 300.0 * np.arange(STEPS) * DT) / SPEED_OF_LIGHT
    echo = copy(VICTIM)
    echo.phase = VICTIM.delayed(delay)
    echo.frequency = VICTIM.frequency - RADAR.slope * delay
    now = mix_analytic(VICTIM.phase, echo.phase)
    stepped = filtered(receiver, averages(VICTIM, echo), now, VICTIM.frequency - echo.frequency)
    actual = simulated(receiver, targets=(target,))
    np.testing.assert_allclose(actual, sampled(stepped), atol=2e-4)


def test_an_interferer_comes_into_reach_without_a_click():
    """What is beyond the reach is as small as the skirts there, though it is cut off at once."""
    passing = interferer(*INTERFERERS["sweeps through the whole reach"])
    near, far = (
        simulated(replace(FILTERS["butterworth 8"], oversampling=times), interferers=(passing,))
        for times in (4, 16)
    )
    skirt = abs(tone_gain(FILTERS["butterworth 8"], RADAR, np.array([2e6]))[0])
    assert skirt < 5e-6
    np.testing.assert_allclose(near, far, atol=2 * skirt)
    assert np.abs(near).max() > 0.4
    assert np.abs(near[:, [0, -1]]).max() < 1e-4  # it comes and goes among the samples


@pytest.mark.parametrize(
    "receiver",
    [
        *FILTERS.values(),
        Receiver(bandwidth=BAND, filter="fir", filter_order=9, oversampling=3),
        Receiver(bandwidth=BAND, filter="fir", filter_order=16, high_pass=4e4),
    ],
)
@pytest.mark.parametrize("frequency", [-0.35e6, 0.03e6, 0.2e6, 0.7e6])
def test_a_steady_tone_has_the_gain_of_the_filter(receiver, frequency):
    """A parallel ramp in chirps that it fills, by its plain exponential."""
    ghost = interferer(18e6 - frequency, 1.1e10, INTERVAL, INTERVAL, 0, None)
    m, n = np.arange(CHIRPS)[:, np.newaxis], np.arange(SAMPLES)
    tone = np.exp(2j * np.pi * frequency * (m * INTERVAL * DT + (FIRST * DT + n / RATE)))
    gain = tone_gain(receiver, RADAR, np.array([frequency]))[0]
    actual = simulated(receiver, interferers=(ghost,))
    np.testing.assert_allclose(actual, gain * tone, atol=1e-8)


def test_skirts_fold_back():
    """A parallel ramp at 0.55 of the sample rate is heard at -0.45, as strong as the roll-off."""
    ghost = interferer(18e6 - 0.55e6, 1.1e10, INTERVAL - 64, INTERVAL, 0, None)
    beat = simulated(FILTERS["butterworth 3"], interferers=(ghost,))
    gain = abs(tone_gain(FILTERS["butterworth 3"], RADAR, np.array([0.55e6]))[0])
    np.testing.assert_allclose(np.abs(beat), gain, rtol=1e-6)
    turns = np.angle(beat[:, 1:] * beat[:, :-1].conj()) / (2 * np.pi)
    np.testing.assert_allclose(turns, -0.45, atol=1e-6)
    assert not np.any(simulated(Receiver(bandwidth=BAND), interferers=(ghost,)))


@pytest.mark.parametrize("real", [False, True])
def test_a_real_receiver_keeps_the_real_part(real):
    receiver = replace(FILTERS["butterworth 8"], real=real)
    other = interferer(*INTERFERERS["falling"])
    actual = simulated(receiver, interferers=(other,), targets=(Target(distance=900.0),))
    whole = simulated(
        FILTERS["butterworth 8"], interferers=(other,), targets=(Target(distance=900.0),)
    )
    np.testing.assert_array_equal(actual, whole.real if real else whole)


FREQUENCIES = np.linspace(-1.9e6, 1.9e6, 77)


@pytest.mark.parametrize("high_pass", [0.0, 3e4, BAND])
@pytest.mark.parametrize("order", [1, 2, 8, 16])
def test_butterworth_gain_is_that_of_scipy(order, high_pass):
    receiver = Receiver(
        bandwidth=BAND, filter="butterworth", filter_order=order, high_pass=high_pass
    )
    low = signal.butter(order, 2 * np.pi * BAND, analog=True, output="zpk")
    _, expected = signal.freqs_zpk(*low, worN=2 * np.pi * FREQUENCIES)
    if high_pass:
        expected = expected * 1j * FREQUENCIES / (1j * FREQUENCIES + high_pass)
    np.testing.assert_allclose(tone_gain(receiver, RADAR, FREQUENCIES), expected, atol=1e-6)
    at_band = replace(receiver, high_pass=0.0)
    assert abs(tone_gain(at_band, RADAR, np.array([BAND]))[0]) == pytest.approx(0.5**0.5)


def test_high_pass_gain():
    receiver = Receiver(high_pass=5e4)
    tones = np.array([0.0, 5e3, 5e4, 4e5])
    expected = [1 / np.sqrt(1 + (5e4 / f) ** 2) if f else 0 for f in tones]
    np.testing.assert_allclose(np.abs(tone_gain(receiver, RADAR, tones)), expected, atol=1e-12)
    distance = 5e4 / RADAR.slope * SPEED_OF_LIGHT / 2
    beat = simulated(receiver, targets=(Target(distance=distance),))
    np.testing.assert_allclose(np.abs(beat), 0.5**0.5, rtol=1e-6)


def test_fir_gain_is_that_of_scipy():
    receiver = FILTERS["fir"]
    taps = signal.firwin(49, BAND, fs=4 * RATE, window=("kaiser", 5.65))
    np.testing.assert_allclose(fir_taps(receiver, RADAR), taps, atol=1e-15)
    _, expected = signal.freqz(taps, worN=FREQUENCIES, fs=4 * RATE)
    expected *= np.exp(2j * np.pi * FREQUENCIES * 24 / (4 * RATE))  # its delay is taken out
    np.testing.assert_allclose(tone_gain(receiver, RADAR, FREQUENCIES), expected, atol=1e-12)


def test_states_are_followed_until_they_are_forgotten():
    analog = analog_filter(FILTERS["with high-pass"], RADAR)
    slowest = np.exp(analog.poles.real * analog.settling_time).max()
    assert slowest == pytest.approx(1e-9)

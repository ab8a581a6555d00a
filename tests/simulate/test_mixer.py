"""The closed forms against a mixer that is stepped at 64 times the rate."""

import numpy as np
import pytest

from clearchirp.simulate import Interferer, Receiver, Scene, Target, simulate_frame
from clearchirp.waveform import SPEED_OF_LIGHT, Waveform
from tests.oracles.mixer import OVERSAMPLING, Oscillator, mix_analytic, mix_real, take_samples

RATE = 1e6
DT = 1 / (OVERSAMPLING * RATE)
INTERVAL, FIRST = 96 * OVERSAMPLING, 20 * OVERSAMPLING  # steps
CHIRPS, SAMPLES = 6, 70
STEPS = CHIRPS * INTERVAL

# A radar of 18 MHz, so that 64 steps a microsecond resolve its carrier.
RADAR = Waveform(
    start_frequency=18e6, slope=1.1e10, sample_rate=RATE, samples=SAMPLES, chirps=CHIRPS,
    chirp_interval=INTERVAL * DT, adc_start=FIRST * DT,
)  # fmt: skip
TARGETS = [
    Target(distance=900.0, range_rate=0.0, phase=0.3),
    Target(distance=1500.0, range_rate=-9e4, phase=-1.0),  # 11 kHz of Doppler at 18 MHz
    Target(distance=2400.0, range_rate=2e5, amplitude=0.4),
]
# start frequency, slope, ramp, interval and offset in steps, number of ramps
INTERFERERS = {
    "steep, several a chirp": (17.9e6, 4.7e10, 30 * 64 + 5, 37 * 64 + 11, 7, None),
    "falling": (19.2e6, -1.3e10, 80 * 64, 101 * 64 + 29, -5 * 64 - 3, None),
    "tails of ramps": (18.3e6, 1.9e10, 25 * 64 + 1, 96 * 64 + 17, 8 * 64, None),
    "parallel": (18.2e6, 1.1e10, 60 * 64, 71 * 64 + 3, 100, None),
    "continuous wave": (18.3e6, 0.0, 50 * 64, 50 * 64, 0, None),
    "three ramps": (18.1e6, 2.3e10, 40 * 64, 55 * 64, 111 * 64 + 9, 3),
}


def oscillator(start_frequency, slope, ramp, interval, offset=0, chirps=None):
    return Oscillator(
        start_frequency=start_frequency, slope=slope, ramp_steps=ramp, interval_steps=interval,
        offset_steps=offset, chirps=chirps, steps=STEPS, dt=DT,
    )  # fmt: skip


def victim():
    return oscillator(RADAR.start_frequency, RADAR.slope, INTERVAL, INTERVAL)


def interferer(start_frequency, slope, ramp, interval, offset, chirps):
    return Interferer(
        start_frequency=start_frequency, slope=slope, ramp_duration=ramp * DT,
        chirp_interval=interval * DT, time_offset=offset * DT, chirps=chirps,
    )  # fmt: skip


def sampled(signal):
    return take_samples(signal, chirps=CHIRPS, samples=SAMPLES, interval=INTERVAL, first=FIRST)


def simulated(*, real=False, bandwidth=5e7, **parts):
    scene = Scene(waveform=RADAR, receiver=Receiver(bandwidth=bandwidth, real=real), **parts)
    return simulate_frame(scene, 0, dtype=np.complex128).beat[0]


def delay(target):
    return 2 * (target.distance + target.range_rate * np.arange(STEPS) * DT) / SPEED_OF_LIGHT


@pytest.mark.parametrize("target", TARGETS)
def test_target_is_the_mixed_echo(target):
    tx = victim()
    echo = tx.delayed(delay(target)) - target.phase
    expected = target.amplitude * sampled(mix_analytic(tx.phase, echo))
    np.testing.assert_allclose(simulated(targets=(target,)), expected, atol=2e-5)


@pytest.mark.parametrize("settings", INTERFERERS.values(), ids=INTERFERERS.keys())
def test_interference_is_the_mixed_ramps_inside_the_filter(settings):
    band = 0.4137e6
    tx, other = victim(), oscillator(*settings)
    heard = other.on & (np.abs(tx.frequency - other.frequency) < band)
    expected = sampled(heard * mix_analytic(tx.phase, other.phase))
    assert 0 < np.count_nonzero(expected) < expected.size  # the case is not an empty one
    actual = simulated(bandwidth=band, interferers=(interferer(*settings),))
    np.testing.assert_array_equal(actual != 0, expected != 0)
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_the_cases_hold_chirps_that_are_crossed_several_times():
    beat = simulated(
        bandwidth=0.3e6, interferers=(interferer(*INTERFERERS["steep, several a chirp"]),)
    )
    bursts = np.count_nonzero(np.diff((beat != 0).astype(int), axis=-1, prepend=0) == 1, axis=-1)
    assert bursts.max() >= 2


@pytest.mark.parametrize("real", [False, True])
def test_real_passband_signals_through_a_mixer_and_a_filter(real):
    """Sum frequencies and filter are real here; the interferer's beat folds back at the ADC."""
    target, tx = TARGETS[1], victim()
    settings = (18.4e6, 1.9e10, INTERVAL, INTERVAL, 0, None)
    rx = [tx.delayed(delay(target)) - target.phase, oscillator(*settings).phase]
    expected = sum(sampled(mix_real(tx.phase, phase, 5e6, 1 / DT)) for phase in rx)
    assert np.abs(tx.frequency - oscillator(*settings).frequency).max() > RATE / 2
    actual = simulated(targets=(target,), interferers=(interferer(*settings),), real=real)
    assert np.isrealobj(actual) == real
    np.testing.assert_allclose(actual, expected.real if real else expected, atol=2e-3)

"""Signs, units and axes, against the axis functions and closed forms."""

import math
from dataclasses import replace

import numpy as np
import pytest

from clearchirp.simulate import Interferer, Receiver, Scene, Target, simulate, simulate_frame
from clearchirp.waveform import SPEED_OF_LIGHT, UniformArray, Waveform

RADAR = Waveform(
    start_frequency=77e9, slope=10e12, sample_rate=20e6, samples=256, chirps=64,
    chirp_interval=30e-6, adc_start=2e-6,
)  # fmt: skip
CROSSER = Interferer(
    start_frequency=77.02e9, slope=15e12, ramp_duration=16e-6, chirp_interval=19.7e-6, phase=0.7
)


def frame(number=0, *, waveform=RADAR, receiver=None, **parts):
    scene = Scene(waveform=waveform, receiver=receiver or Receiver(), **parts)
    return simulate_frame(scene, number, dtype=np.complex128)


def peak(beat):
    window = np.hanning(beat.shape[-1]) * np.hanning(beat.shape[-2])[:, np.newaxis]
    spectrum = np.abs(np.fft.fftshift(np.fft.fft2(beat * window), axes=-2))
    return np.unravel_index(spectrum.argmax(), spectrum.shape)


@pytest.mark.parametrize("slope", [10e12, -10e12])
@pytest.mark.parametrize(("range_bin", "doppler_bin"), [(20, 32), (61, 50), (117, 3)])
def test_moving_target_is_in_the_bins_of_the_axes(slope, range_bin, doppler_bin):
    waveform = replace(RADAR, slope=slope)
    speed = waveform.speeds()[doppler_bin]
    target = Target(distance=waveform.ranges()[range_bin], range_rate=speed)
    sign = 1 if slope > 0 else -1
    expected = (doppler_bin, sign * range_bin % waveform.samples)
    assert peak(frame(waveform=waveform, targets=(target,)).beat[0]) == expected
    assert (speed > 0) == (doppler_bin > 32)


def test_real_receiver_has_the_same_bins_of_an_rfft():
    target = Target(distance=RADAR.ranges()[40], range_rate=RADAR.speeds()[20])
    beat = frame(targets=(target,), receiver=Receiver(real=True)).beat[0]
    spectrum = np.fft.fftshift(np.fft.fft(np.fft.rfft(beat), axis=0), axes=0)
    assert np.unravel_index(np.abs(spectrum).argmax(), spectrum.shape) == (20, 40)


def test_target_phase_has_the_residual_video_phase():
    target = Target(distance=30.0, phase=0.2)
    tau = 2 * 30.0 / SPEED_OF_LIGHT
    turns = 77e9 * tau + 10e12 * 2e-6 * tau - 10e12 * tau**2 / 2
    first = frame(targets=(target,)).beat[0, 0, 0]
    assert abs(first - np.exp(1j * (2 * math.pi * turns + 0.2))) < 1e-8


@pytest.mark.parametrize("angle_bin", [0, 5, 8, 13])
@pytest.mark.parametrize("kind", ["target", "interferer"])
def test_angle_is_in_the_bin_of_the_axis(kind, angle_bin):
    array = UniformArray(receivers=16)
    angle = float(array.angles()[angle_bin])
    parts = {"targets": (Target(distance=20.0, angle=angle),)}
    if kind == "interferer":
        parts = {"interferers": (replace(CROSSER, angle=angle),)}
    beat = frame(receiver=Receiver(receivers=16), **parts).beat
    spectrum = np.abs(np.fft.fftshift(np.fft.fft(beat, axis=0), axes=0)).sum((1, 2))
    assert spectrum.argmax() == angle_bin


@pytest.mark.parametrize("slope", [15e12, 24e12, 2e12, -6e12])
def test_interference_sweeps_at_victim_minus_interferer(slope):
    """Frequency and its rate from phase differences, against f_victim(t) - f_interferer(t)."""
    lag, crossing = 1e-6, 8e-6  # s from the ramp starts; the frequencies meet at `crossing`
    start = 77e9 + 10e12 * crossing - slope * (crossing + lag)
    other = Interferer(
        start_frequency=start, slope=slope, ramp_duration=50e-6, chirp_interval=60e-6,
        time_offset=-lag, chirps=1,
    )  # fmt: skip
    beat = frame(interferers=(other,), receiver=Receiver(bandwidth=8e6)).interference[0, 0]
    hit = np.flatnonzero(beat)
    assert len(hit) == pytest.approx(2 * 8e6 / abs(10e12 - slope) * 20e6, abs=1)
    turns = np.angle(beat[hit][1:] * beat[hit][:-1].conj()) / (2 * np.pi)
    middle = 2e-6 + (hit[:-1] + 0.5) / 20e6
    np.testing.assert_allclose(turns * 20e6, (10e12 - slope) * (middle - crossing), atol=1)


def test_interference_outside_of_the_filter_is_nothing():
    tone = replace(CROSSER, slope=10e12, start_frequency=77.011e9, chirp_interval=16e-6)
    tone = replace(tone, time_offset=0.0, ramp_duration=16e-6)
    wide, narrow = Receiver(bandwidth=12e6), Receiver(bandwidth=10e6)
    lone = replace(tone, chirps=1)
    assert np.all(frame(interferers=(lone,), receiver=wide).interference[0, 0, :256] != 0)
    assert not np.any(frame(interferers=(lone,), receiver=narrow).interference)


def test_target_outside_of_the_filter_is_nothing():
    near, far = Target(distance=50.0), Target(distance=150.0)  # 3.3 and 10.01 MHz
    assert np.any(frame(targets=(near,)).targets)
    assert not np.any(frame(targets=(far,)).targets)
    assert np.any(frame(targets=(far,), receiver=Receiver(bandwidth=11e6)).targets)


@pytest.mark.parametrize("frame_interval", [None, 50e-3])
def test_targets_move_on_from_frame_to_frame(frame_interval):
    interval = frame_interval or 64 * 30e-6
    target = Target(distance=30.0, range_rate=17.0)
    later = Target(distance=30.0 + 3 * interval * 17.0, range_rate=17.0)
    third = frame(3, targets=(target,), frame_interval=frame_interval)
    np.testing.assert_allclose(third.beat, frame(targets=(later,)).beat, atol=1e-7)


def test_interferers_run_on_from_frame_to_frame():
    interval = 64 * 30e-6
    second = frame(1, interferers=(CROSSER,)).beat
    same = frame(interferers=(replace(CROSSER, time_offset=-interval),)).beat
    carrier = np.exp(2j * np.pi * ((77e9 - CROSSER.start_frequency) * interval))
    np.testing.assert_allclose(second, same * carrier, atol=1e-6)
    assert np.any(second)


def test_target_that_has_passed_the_radar_is_gone():
    target = Target(distance=0.5, range_rate=-500.0)  # passes at 1 ms: chirp 33.3
    seen = frame(targets=(target,)).targets[0] != 0
    assert seen[:34].all()
    assert not seen[34:].any()


@pytest.mark.parametrize("kind", ["targets", "interferers"])
def test_amplitude_and_phase_are_those_of_the_beat_signal(kind):
    one = Target(distance=20.0) if kind == "targets" else CROSSER
    turned = replace(one, phase=one.phase + 0.5, amplitude=3.0)
    plain, scaled = frame(**{kind: (one,)}).beat, frame(**{kind: (turned,)}).beat
    np.testing.assert_allclose(scaled, 3 * np.exp(0.5j) * plain, atol=1e-12)
    assert np.abs(plain).max() == pytest.approx(1.0)


def test_parts_add_up():
    targets, others = (Target(distance=20.0), Target(distance=33.0, amplitude=0.1)), (CROSSER,) * 2
    receiver = Receiver(receivers=3, noise_power=0.3)
    scene = Scene(waveform=RADAR, targets=targets, interferers=others, receiver=receiver)
    both = simulate(scene, frames=2, seed=4)
    np.testing.assert_array_equal(both.beat, both.clean + both.interference)
    np.testing.assert_array_equal(both.disturbed, np.abs(both.interference) > np.abs(both.clean))
    assert 0 < both.disturbed.sum() < (both.interference != 0).sum()
    quiet = simulate(replace(scene, interferers=()), frames=2, seed=4)
    np.testing.assert_array_equal(quiet.beat, both.clean)
    assert not quiet.disturbed.any()
    single = simulate(replace(scene, interferers=(CROSSER,)), frames=2, seed=4)
    np.testing.assert_allclose(both.interference, 2 * single.interference, rtol=1e-6)
    assert both.beat.shape == (2, 3, 64, 256)

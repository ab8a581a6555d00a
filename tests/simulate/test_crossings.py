"""The list of crossings and of targets against closed forms, copies and ghosts."""

import math
from dataclasses import replace

import numpy as np
import pytest

from clearchirp.simulate import (
    Interferer,
    Path,
    Receiver,
    Scene,
    Target,
    simulate,
    simulate_frame,
)
from clearchirp.waveform import SPEED_OF_LIGHT, Waveform

RADAR = Waveform(
    start_frequency=77e9, slope=10e12, sample_rate=20e6, samples=256, chirps=16,
    chirp_interval=30e-6, adc_start=2e-6,
)  # fmt: skip
BAND = 7.9e6
STEEP = Interferer(  # one ramp for each of the victim's, later by 0.2 us from chirp to chirp
    start_frequency=77.02e9, slope=25e12, ramp_duration=12e-6, chirp_interval=30.2e-6,
    time_offset=4e-6, amplitude=3.0,
)  # fmt: skip


def frame(number=0, *, waveform=RADAR, receiver=None, **parts):
    scene = Scene(waveform=waveform, receiver=receiver or Receiver(bandwidth=BAND), **parts)
    return simulate_frame(scene, number, dtype=np.complex128)


def test_crossings_are_where_the_lines_cross():
    found = frame(interferers=(STEEP,)).crossings
    assert [c.chirp for c in found] == list(range(16))
    for c in found:
        assert (c.frame, c.interferer, c.path, c.amplitude) == (0, 0, 0, 3.0)
        start = 4e-6 + 0.2e-6 * c.chirp  # of the interferer's ramp, after the victim's
        # 77e9 + 10e12 u = 77.02e9 + 25e12 (u - start)
        equal = (25e12 * start - 0.02e9) / 15e12
        assert c.time == pytest.approx(equal - 2e-6, abs=1e-12)
        assert c.chirp_rate == -15e12
        # Within the band for 7.9 / 15 us on both sides, but not before the ramp sounds.
        begin, end = max(equal - BAND / 15e12, start, 2e-6), equal + BAND / 15e12
        assert c.first_sample == math.ceil((begin - 2e-6) * 20e6 - 1e-6)  # rounding
        assert c.last_sample == math.floor((end - 2e-6) * 20e6)


def test_samples_of_the_list_are_those_that_are_hit():
    both = (STEEP, replace(STEEP, slope=-6e12, start_frequency=77.08e9, chirp_interval=14e-6))
    got = frame(interferers=both)
    hit = np.zeros(got.beat.shape[1:], bool)
    for c in got.crossings:
        hit[c.chirp, c.first_sample : c.last_sample + 1] = True
    np.testing.assert_array_equal(hit, got.interference[0] != 0)
    assert {c.interferer for c in got.crossings} == {0, 1}
    several = np.bincount([c.chirp for c in got.crossings if c.interferer == 1])
    assert several.max() >= 2  # a chirp crossed twice by one interferer


@pytest.mark.parametrize("kind", ["butterworth", "fir"])
def test_the_list_is_the_same_behind_any_filter(kind):
    other = frame(interferers=(STEEP,), receiver=Receiver(bandwidth=BAND, filter=kind))
    assert other.crossings == frame(interferers=(STEEP,)).crossings
    energy = np.abs(other.interference[0]) ** 2
    for c in other.crossings:
        inside = energy[c.chirp, c.first_sample : c.last_sample + 4].sum()  # its delay is short
        assert inside > 0.8 * energy[c.chirp].sum()


def test_tail_of_a_ramp_is_crossed_outside_of_it():
    """The ramp stops 6 MHz below the victim's frequency: heard, but never equal."""
    tail = replace(STEEP, start_frequency=76.95e9, slope=15e12, ramp_duration=10e-6, chirps=1)
    (only,) = frame(interferers=(replace(tail, start_frequency=76.951e9, time_offset=0),)).crossings
    assert only.time == pytest.approx(0.049e9 / 5e12 - 2e-6)  # 9.8 us: just before its end
    (only,) = frame(interferers=(replace(tail, start_frequency=76.944e9, time_offset=0),)).crossings
    assert only.time > 8e-6  # the ramp ends at 10 us, at the time 8 us
    assert only.last_sample == 159


def test_frames_are_numbered():
    steady = replace(STEEP, chirp_interval=30e-6)
    scene = Scene(waveform=RADAR, interferers=(steady,), targets=(Target(distance=9.0),))
    got = simulate(scene, frames=3)
    assert {c.frame for c in got.crossings} == {0, 1, 2}
    assert [t.frame for t in got.target_list] == [0, 1, 2]
    assert got.crossings[-1] == simulate_frame(scene, 2).crossings[-1]


def test_targets_are_listed_as_they_are_at_the_start_of_a_frame():
    moving = Target(distance=40.0, range_rate=-10.0, angle=0.2, cross_section=4.0)
    still = Target(distance=9.0, amplitude=0.25)
    got = frame(3, targets=(moving, still), frame_interval=0.5, receiver=Receiver(sensitivity=50.0))
    first, second = got.target_list
    assert (first.distance, first.range_rate, first.angle) == (25.0, -10.0, 0.2)
    assert first.amplitude == pytest.approx(50 * 2 / 25**2)
    assert (second.target, second.frame, second.amplitude) == (1, 3, 0.25)
    alone = frame(3, targets=(moving,), frame_interval=0.5, receiver=Receiver(sensitivity=50.0))
    at = 25 - 10 * RADAR.chirp_interval * np.arange(16)
    np.testing.assert_allclose(np.abs(alone.beat[0, :, 7]), 100 / at**2, rtol=1e-12)


def test_target_that_is_passed_has_no_amplitude():
    state = frame(2, targets=(Target(distance=5.0, range_rate=-10.0, cross_section=1.0),),
                  frame_interval=0.5).target_list[0]  # fmt: skip
    assert state.distance == -5
    assert state.amplitude == 0


def test_copies_come_late_and_from_elsewhere():
    """A copy is the direct signal of a radar that is as far away as the detour."""
    copy = Path(delay=0.37e-6, amplitude=0.2, angle=0.5, phase=0.3)
    receiver = Receiver(bandwidth=BAND, receivers=4)
    got = frame(interferers=(replace(STEEP, paths=(copy,)),), receiver=receiver)
    direct = frame(interferers=(STEEP,), receiver=receiver)
    late = replace(
        STEEP, time_offset=STEEP.time_offset + 0.37e-6, amplitude=0.6, angle=0.5,
        phase=0.3 + 2 * math.pi * math.fmod(77.02e9 * 0.37e-6, 1.0),
    )  # fmt: skip
    echo = frame(interferers=(late,), receiver=receiver)
    np.testing.assert_allclose(got.beat, direct.beat + echo.beat, atol=1e-9)
    assert [c for c in got.crossings if c.path == 0] == list(direct.crossings)
    copies = [replace(c, path=0) for c in got.crossings if c.path == 1]
    for one, other in zip(copies, echo.crossings, strict=True):
        assert one.time == pytest.approx(other.time)
        assert replace(one, time=0.0, amplitude=0.0) == replace(other, time=0.0, amplitude=0.0)
        assert one.amplitude == pytest.approx(0.6)


@pytest.mark.parametrize("kind", ["ideal", "butterworth", "fir"])
def test_parallel_ramp_makes_a_ghost(kind):
    """On the same slope, later by 0.5 us: a tone, at the range of a target with that delay."""
    ghost = Interferer(
        start_frequency=77e9, slope=10e12, ramp_duration=29e-6, chirp_interval=30e-6,
        time_offset=0.5e-6,
    )  # fmt: skip
    got = frame(interferers=(ghost,), receiver=Receiver(bandwidth=BAND, filter=kind))
    spectrum = np.abs(np.fft.fft2(got.beat[0] * np.hanning(256)))
    row, column = np.unravel_index(spectrum.argmax(), spectrum.shape)
    expected = 0.5e-6 * SPEED_OF_LIGHT / 2  # 75 m
    assert row == 0
    assert abs(RADAR.ranges()[column] - expected) <= np.diff(RADAR.ranges())[0] / 2
    assert len(got.crossings) == 16
    for c in got.crossings:
        assert math.isnan(c.time)
        assert (c.chirp_rate, c.first_sample, c.last_sample) == (0, 0, 255)


def test_nearly_parallel_ramp_smears_its_ghost():
    near = Interferer(
        start_frequency=77e9, slope=10.02e12, ramp_duration=29e-6, chirp_interval=30e-6,
        time_offset=0.5e-6,
    )  # fmt: skip
    got = frame(interferers=(near,))
    turns = np.unwrap(np.angle(got.beat[0, 3])) / (2 * np.pi)
    rate = np.diff(turns, 2).mean() * 20e6**2
    assert rate == pytest.approx(-0.02e12, rel=1e-6)
    assert got.crossings[3].chirp_rate == pytest.approx(-0.02e12)
    # 10e12 u = 10.02e12 (u - 0.5 us)
    assert got.crossings[3].time == pytest.approx(0.5e-6 * 501 - 2e-6)

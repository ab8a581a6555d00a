"""Synthetic interference on recordings: its level, its counts, and what is left alone."""

import math
from dataclasses import replace

import numpy as np
import pytest

from clearchirp.disturbed.deviation import deviation
from clearchirp.io import open_capture
from clearchirp.simulate import Interferer, Receiver, Scene, Target, interference_onto, load_scene
from clearchirp.simulate.onto import noise_power
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

RADAR = Waveform(
    start_frequency=77e9, slope=10e12, sample_rate=20e6, samples=256, chirps=64,
    chirp_interval=30e-6,
)  # fmt: skip
CROSSER = Interferer(
    start_frequency=77.02e9, slope=24e12, ramp_duration=9e-6, chirp_interval=11.3e-6
)
# The interferer that the makers of the 77 GHz recordings used.
MEASURED = Interferer(
    start_frequency=77e9, slope=9.994e12, ramp_duration=70.31e-6, chirp_interval=72.31e-6,
    time_offset=-31e-6,
)  # fmt: skip


def recording(*, power=4.0, real=False, chirps=64, receivers=2, seed=0):
    """Noise, a static target 40 dB above it and a moving one 30 dB."""
    rng = np.random.default_rng(seed)
    shape = (receivers, chirps, 256)
    noise = rng.standard_normal((2, *shape)) * math.sqrt(power / 2)
    m, n = np.ogrid[:chirps, :256]
    static = 200 * np.exp(2j * np.pi * (0.11 * n + 0.3)) * np.ones((chirps, 1))
    moving = 60 * np.exp(2j * np.pi * (0.23 * n + 0.27 * m))
    beat = noise[0] + 1j * noise[1] + static + moving
    return math.sqrt(2) * beat.real if real else beat


def power(x):
    return float(np.mean(np.abs(x.astype(np.complex128)) ** 2))


@pytest.mark.parametrize("chirps", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("real", [False, True])
def test_noise_power_passes_targets_over(real, chirps):
    found = [noise_power(recording(real=real, chirps=chirps, seed=seed)) for seed in range(6)]
    # The real part was scaled to the same power of noise.
    assert np.mean(found) == pytest.approx(4.0, rel=0.15 if chirps < 3 else 0.08)


def test_noise_power_of_white_noise_is_exact_in_the_mean():
    rng = np.random.default_rng(1)
    one = rng.standard_normal((4, 128, 256))
    assert noise_power(one) == pytest.approx(1.0, rel=0.01)
    assert noise_power(one + 1j * rng.standard_normal(one.shape)) == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize("real", [False, True])
def test_level_is_over_the_noise_of_the_recording(real):
    clean = recording(real=real)
    got = interference_onto(clean, RADAR, [CROSSER], inr_db=25)
    np.testing.assert_array_equal(got.clean, clean)
    np.testing.assert_array_equal(got.beat, clean + got.interference)
    hit = got.interference != 0
    assert 0.02 < hit.mean() < 0.5
    level = 10 * np.log10(power(got.interference[hit]) / 4.0)
    assert level == pytest.approx(25, abs=0.3)
    assert got.noise_power == pytest.approx(4.0, rel=0.05)
    assert np.isrealobj(got.beat) == real
    amplitudes = {crossing.amplitude for crossing in got.crossings}
    ideal = math.sqrt(10**2.5 * got.noise_power * (2 if real else 1))
    assert min(amplitudes) == max(amplitudes) == pytest.approx(ideal, rel=0.02)


def test_disturbed_is_what_stands_out_of_noise_and_movers():
    clean = recording()
    got = interference_onto(clean, RADAR, [CROSSER], inr_db=40)
    rest = np.abs(clean - clean.mean(axis=1, keepdims=True))
    np.testing.assert_array_equal(got.disturbed, np.abs(got.interference) > rest)
    assert got.disturbed.sum() > 0.9 * np.count_nonzero(got.interference)
    assert np.abs(clean).min() > 100  # the static target stands above the interference's rms
    faint = interference_onto(clean, RADAR, [CROSSER], inr_db=0)
    assert faint.disturbed.sum() < 0.1 * np.count_nonzero(faint.interference)


def test_without_a_level_amplitudes_are_those_of_the_interferer():
    got = interference_onto(recording(), RADAR, [replace(CROSSER, amplitude=7.0)])
    np.testing.assert_allclose(np.abs(got.interference[got.interference != 0]), 7, rtol=1e-6)


def test_a_scene_gives_its_interferers_and_its_filter_alone():
    scene = Scene(
        waveform=replace(RADAR, samples=200),
        targets=(Target(distance=30.0),),
        interferers=(CROSSER,),
        receiver=Receiver(receivers=5, noise_power=9.0, bandwidth=6e6, adc_bits=4),
    )
    got = interference_onto(recording(), RADAR, scene)
    alone = interference_onto(recording(), RADAR, [CROSSER])
    assert got.interference.shape == (2, 64, 256)
    inside = got.interference != 0
    np.testing.assert_allclose(got.interference[inside], alone.interference[inside], rtol=1e-6)
    assert 0.5 < inside.sum() / np.count_nonzero(alone.interference) < 0.7


def test_a_scene_of_another_band_keeps_its_offset():
    shifted = Scene(
        waveform=replace(RADAR, start_frequency=60e9),
        interferers=(replace(CROSSER, start_frequency=60.02e9),),
    )
    got = interference_onto(recording(), RADAR, shifted)
    same = interference_onto(recording(), RADAR, [CROSSER])
    np.testing.assert_allclose(got.interference, same.interference, atol=1e-5)
    unknown = replace(RADAR, start_frequency=math.nan)
    again = interference_onto(recording(), unknown, shifted)
    np.testing.assert_array_equal(again.interference, got.interference)


def test_frames_run_on_and_come_in_any_order():
    scene = Scene(waveform=RADAR, interferers=(CROSSER,))
    late, early = (interference_onto(recording(), RADAR, scene, frame=k) for k in (3, 1))
    assert not np.array_equal(late.interference, early.interference)
    again = interference_onto(recording(), RADAR, scene, frame=3)
    np.testing.assert_array_equal(again.interference, late.interference)
    assert {crossing.frame for crossing in late.crossings} == {3}


def test_recipes_draw_anew():
    plan = load_scene("imfrac")
    radar = replace(RADAR, slope=19.5e12, chirp_interval=15e-6)
    one, same, other = (
        interference_onto(recording(), radar, plan, inr_db=20, frame=k, seed=s)
        for k, s in ((4, 1), (4, 1), (4, 2))
    )
    np.testing.assert_array_equal(one.beat, same.beat)
    assert not np.array_equal(one.interference, other.interference)


def test_a_frame_that_nobody_crosses_comes_back():
    far = replace(CROSSER, start_frequency=79e9)
    got = interference_onto(recording(), RADAR, [far], inr_db=30)
    np.testing.assert_array_equal(got.beat, got.clean)
    assert not got.disturbed.any()
    assert got.crossings == ()


@pytest.mark.parametrize("real", [False, True])
def test_counts_are_whole_and_clipped(real):
    clean = np.rint(recording(real=real)) if real else recording()
    if not real:
        clean = np.rint(clean.real) + 1j * np.rint(clean.imag)
    got = interference_onto(clean, RADAR, [CROSSER], inr_db=50, counts=(-512, 511))
    parts = [got.beat] if real else [got.beat.real, got.beat.imag]
    for part in parts:
        np.testing.assert_array_equal(part, np.rint(part))
        assert part.min() == -512
        assert part.max() == 511
    np.testing.assert_array_equal(got.beat - got.clean, got.interference)
    free = interference_onto(clean, RADAR, [CROSSER], inr_db=50)
    untouched = free.interference == 0
    np.testing.assert_array_equal(got.beat[untouched], clean[untouched])
    fine = interference_onto(clean, RADAR, [CROSSER], inr_db=50, counts=(-32768, 32767))
    assert np.abs(fine.beat - free.beat).max() <= 0.5 * math.sqrt(2)


@pytest.mark.parametrize("inr_db", [10, 40])
def test_onto_a_recorded_77_ghz_frame(data, inr_db):
    path = data / "jin_cao_awr1243" / "20180613-190347.bin"
    capture = open_capture(path, format="tsw1400", waveform="jin-cao-awr1243")
    clean = capture.read(0, 1)[0]
    scene = Scene(
        waveform=capture.waveform, interferers=(MEASURED,), receiver=Receiver(bandwidth=9e6)
    )
    got = interference_onto(
        clean, capture.waveform, scene, inr_db=inr_db, counts=(-(2**15), 2**15 - 1)
    )
    assert got.beat.dtype == np.complex64
    hit = got.interference != 0
    hit_chirps = hit.any(axis=(0, 2)).mean()
    assert 0.3 < hit_chirps < 0.8
    # Another estimate of the noise, that of the detectors.
    noise = float(np.median(deviation(clean, detector="test").noise)) ** 2
    level = 10 * np.log10(power(got.interference[hit]) / noise)
    assert level == pytest.approx(inr_db, abs=1)
    np.testing.assert_array_equal(got.beat.real, np.rint(got.beat.real))
    # 9 MHz on each side at the difference of the slopes.
    whole = 2 * 9e6 / (29.306e12 - 9.994e12) * 20e6
    lengths = hit[0].sum(axis=-1)
    assert np.median(lengths[lengths > 5]) == pytest.approx(whole, abs=1)


def test_onto_a_recorded_real_receiver(data):
    capture = open_capture(data / "bgt60tr13c")
    clean = capture.read(0, 3)
    other = Interferer(
        start_frequency=58.014e9, slope=1.71e14, ramp_duration=40e-6, chirp_interval=591.126e-6
    )
    for number, frame in enumerate(clean):
        got = interference_onto(
            frame, capture.waveform, [other], inr_db=40, frame=number, counts=(0, 4095)
        )
        assert got.beat.dtype == np.float32
        assert got.beat.min() >= 0
        assert got.beat.max() <= 4095
        np.testing.assert_array_equal(got.beat, np.rint(got.beat))
        np.testing.assert_array_equal(got.beat - frame, got.interference)
        hit = got.interference != 0
        level = 10 * np.log10(power(got.interference[hit]) / got.noise_power)
        assert level == pytest.approx(40, abs=0.5)
        # The mean of the counts, about 1870, is no signal that interference must stand out of.
        assert got.disturbed.sum() > 0.7 * hit.sum()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"beat": np.zeros((2, 64, 256), int)}, "floating-point"),
        ({"beat": np.zeros((64, 256))}, "one frame"),
        ({"beat": np.full((1, 64, 256), np.nan)}, "NaN"),
        ({"waveform": replace(RADAR, slope=math.nan)}, "slope is unknown"),
        ({"waveform": replace(RADAR, samples=128)}, "128 samples"),
        ({"inr_db": math.inf}, "inr_db"),
        ({"frame": -1}, "frame"),
        ({"counts": (4, 4)}, "counts"),
        ({"beat": np.zeros((1, 64, 256)), "inr_db": 3.0}, "no noise"),
    ],
)
def test_wrong_input(arguments, words):
    given = {"beat": recording(), "waveform": RADAR, "source": [CROSSER], **arguments}
    with pytest.raises(InputError, match=words):
        interference_onto(**given)

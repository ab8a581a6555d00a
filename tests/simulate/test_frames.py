"""Noise, seeds, types and the demo scene."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from clearchirp.simulate import Receiver, Scene, load_scene, simulate, simulate_frame
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

RADAR = Waveform(
    start_frequency=77e9, slope=10e12, sample_rate=20e6, samples=256, chirps=64,
    chirp_interval=30e-6,
)  # fmt: skip


def noise(*, real):
    receiver = Receiver(receivers=2, noise_power=0.4, real=real)
    scene = Scene(waveform=RADAR, receiver=receiver)
    return simulate(scene, frames=2, seed=3, dtype=np.complex128).beat


def test_noise_of_an_iq_receiver():
    x = noise(real=False)
    assert np.mean(np.abs(x) ** 2) == pytest.approx(0.4, rel=0.02)
    assert abs(np.mean(x**2)) < 0.01  # I and Q: equal power, not correlated
    assert stats.kstest(x.real.ravel() / np.sqrt(0.2), "norm").pvalue > 1e-3
    assert abs(np.corrcoef(x.reshape(4, -1)) - np.eye(4)).max() < 0.03  # frames, receivers
    assert abs(np.mean(x[..., 1:] * x[..., :-1].conj())) < 0.01  # white


def test_noise_of_a_real_receiver():
    x = noise(real=True)
    assert x.dtype == np.float64
    assert np.mean(x**2) == pytest.approx(0.4, rel=0.02)
    assert stats.kstest(x.ravel() / np.sqrt(0.4), "norm").pvalue > 1e-3


def test_frames_do_not_depend_on_the_order():
    scene = load_scene("demo")
    whole = simulate(scene, frames=3, seed=11)
    for number in (2, 0, 1):
        one = simulate_frame(scene, number, 11)
        for name in ("beat", "targets", "clean", "interference", "disturbed"):
            np.testing.assert_array_equal(getattr(whole, name)[number], getattr(one, name))
    assert not np.array_equal(whole.beat[0], simulate_frame(scene, 0, 12).beat)
    noise = whole.clean - whole.targets
    assert not np.array_equal(noise[0], noise[1])


@pytest.mark.parametrize(
    ("dtype", "real", "expected"),
    [
        (np.complex64, False, np.complex64),
        (np.complex128, False, np.complex128),
        ("complex64", True, np.float32),
        ("complex128", True, np.float64),
    ],
)
def test_types(dtype, real, expected):
    demo = load_scene("demo")
    scene = replace(demo, receiver=replace(demo.receiver, real=real))
    got = simulate_frame(scene, 0, dtype=dtype)
    for part in (got.beat, got.targets, got.clean, got.interference):
        assert part.dtype == expected
    assert got.disturbed.dtype == bool


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"frames": 0}, "frames must be a whole number from 1"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"seed": 1.5}, "seed must be a whole number from 0"),
        ({"dtype": np.float32}, "complex64 or complex128"),
        ({"dtype": "nonsense"}, "not a NumPy type"),
    ],
)
def test_wrong_arguments(arguments, words):
    with pytest.raises(InputError, match=words):
        simulate(load_scene("demo"), **arguments)


def test_demo_hides_a_weak_target_that_mitigation_gives_back():
    scene = load_scene("demo")
    got = simulate(scene)
    assert got.beat.shape == (2, 2, 128, 512)
    assert 0.10 < got.disturbed.mean() < 0.15
    weak, waveform = scene.targets[-1], scene.waveform
    strongest = max(target.amplitude for target in scene.targets)
    assert 20 * np.log10(strongest / weak.amplitude) == pytest.approx(35, abs=0.1)
    column = np.abs(waveform.ranges() - weak.distance).argmin()
    row = np.abs(waveform.speeds() - weak.range_rate).argmin()

    def height_db(beat):
        window = np.hanning(512) * np.hanning(128)[:, np.newaxis]
        power = np.abs(np.fft.fftshift(np.fft.fft2(beat * window), axes=-2)) ** 2
        near = power[..., row - 10 : row + 11, column - 10 : column + 11]
        peak = power[..., row - 1 : row + 2, column - 1 : column + 2].max((-2, -1))
        return 10 * np.log10(peak / near.mean((-2, -1)))

    assert height_db(got.clean).min() > 12
    assert height_db(got.beat).max() < 10
    assert height_db(np.where(got.disturbed, 0, got.beat)).min() > 12


def test_the_room_needs_numpy_only():
    """Of its own, beyond what the package loads; the compiler only for filters not ideal."""
    code = (
        "import sys, clearchirp; before = set(sys.modules);"
        "import clearchirp.simulate as s; s.simulate(s.load_scene('demo'));"
        "heavy = {'scipy', 'numba', 'matplotlib', 'xarray', 'torch'};"
        "print(*heavy & (set(sys.modules) - before))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""

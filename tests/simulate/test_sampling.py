"""What is drawn: its distributions, its levels, and that a frame is the same in any order."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from clearchirp.simulate import SceneRecipe, load_scene, simulate, simulate_frame
from clearchirp.simulate.levels import sounding
from clearchirp.simulate.sampling import Distribution

SCENE = """
[waveform]
start_frequency = 77e9
slope = 1e13
sample_rate = 20e6
samples = 256
chirps = 32
chirp_interval = 30e-6
[receiver]
noise_power = 0.1
RECEIVER
[[targets]]
count = {integer = [0, 3]}
distance = {uniform = [5, 100]}
amplitude = {db_uniform = [-30, 0]}
[[interferers]]
count = {integer = [1, 2]}
start_frequency = 77e9
slope = {uniform = [2e13, 3e13]}
ramp_duration = 1e-5
chirp_interval = 13e-6
amplitude = {db_uniform = [0, 40]}
[levels]
LEVELS
"""


def recipe(folder, levels="", receiver=""):
    path = folder / "scene.toml"
    path.write_text(SCENE.replace("LEVELS", levels).replace("RECEIVER", receiver))
    return load_scene(path)


def draws(kind, *values, count=4000):
    rng = np.random.default_rng(5)
    return np.array([Distribution(kind, values).draw(rng) for _ in range(count)])


@pytest.mark.parametrize(
    ("kind", "values", "transformed", "expected"),
    [
        ("uniform", (-3, 9), lambda x: x, stats.uniform(-3, 12)),
        ("normal", (2.0, 0.5), lambda x: x, stats.norm(2, 0.5)),
        ("log_uniform", (0.1, 100), lambda x: x, stats.loguniform(0.1, 100)),
        ("db_uniform", (-60, 0), lambda x: 20 * np.log10(x), stats.uniform(-60, 60)),
    ],
)
def test_continuous_distributions(kind, values, transformed, expected):
    assert stats.kstest(transformed(draws(kind, *values)), expected.cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [("integer", (-2, 3), range(-2, 4)), ("choice", (0.5, 7, 3), (0.5, 3, 7))],
)
def test_discrete_distributions(kind, values, expected):
    found, counts = np.unique(draws(kind, *values), return_counts=True)
    np.testing.assert_array_equal(found, expected)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_integers_stay_integers():
    rng = np.random.default_rng(0)
    assert isinstance(Distribution("integer", (1, 2)).draw(rng), int)
    assert isinstance(Distribution("choice", (1, 2)).draw(rng), int)


def test_scenes_have_the_counts_and_values_of_their_tables(tmp_path):
    plan = recipe(tmp_path)
    scenes = [plan.draw(frame, 3) for frame in range(300)]
    counts = np.bincount([len(scene.targets) for scene in scenes], minlength=4)
    assert len(counts) == 4
    assert stats.chisquare(counts).pvalue > 1e-3
    distances = [target.distance for scene in scenes for target in scene.targets]
    assert stats.kstest(distances, stats.uniform(5, 95).cdf).pvalue > 1e-3
    assert {len(scene.interferers) for scene in scenes} == {1, 2}


def test_a_frame_is_the_same_in_any_order_and_thread(tmp_path):
    plan = recipe(tmp_path, "inr_db = {uniform = [10, 30]}")
    whole = simulate(plan, frames=6, seed=11)
    with ThreadPoolExecutor(3) as pool:
        parts = list(pool.map(lambda k: simulate_frame(plan, k, 11), (5, 2, 0, 4, 1, 3)))
    for number, one in zip((5, 2, 0, 4, 1, 3), parts, strict=True):
        np.testing.assert_array_equal(whole.beat[number], one.beat)
        np.testing.assert_array_equal(whole.interference[number], one.interference)
    assert plan.draw(2, 11) == plan.draw(2, 11)
    assert plan.draw(2, 11) != plan.draw(3, 11)
    assert plan.draw(2, 11) != plan.draw(2, 12)


def test_a_frame_is_the_same_in_another_process():
    code = (
        "import hashlib, clearchirp.simulate as s;"
        "f = s.simulate_frame(s.load_scene('imfrac'), 7, 5);"
        "print(hashlib.sha256(f.beat.tobytes()).hexdigest())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = simulate_frame(load_scene("imfrac"), 7, 5).beat
    assert run.stdout.strip() == hashlib.sha256(here.tobytes()).hexdigest()


def test_a_frame_of_a_recipe_is_frame_0_of_its_scene(tmp_path):
    plan = recipe(tmp_path)
    drawn, seen = plan.draw(9, 4), simulate_frame(plan, 9, 4)
    alone = simulate_frame(drawn, 0, 4)
    np.testing.assert_array_equal(seen.targets, alone.targets)
    np.testing.assert_array_equal(seen.interference, alone.interference)
    assert {crossing.frame for crossing in seen.crossings} == {9}


def test_draws_do_not_move_the_noise(tmp_path):
    plan = recipe(tmp_path)
    seen = simulate_frame(plan, 3, 2, dtype=np.complex128)
    quiet = replace(plan.draw(3, 2), targets=(), interferers=())
    noise = simulate_frame(quiet, 3, 2, dtype=np.complex128).beat
    np.testing.assert_allclose(seen.clean - seen.targets, noise, atol=1e-12)


def power(x):
    return float(np.mean(np.abs(x.astype(np.complex128)) ** 2))


@pytest.mark.parametrize("receiver", ["", "real = true", "receivers = 3\nadc_bits = 3"])
@pytest.mark.parametrize("level", ["snr_db", "inr_db", "sir_db", "sinr_db", "snir_db"])
def test_levels_are_those_of_the_samples(tmp_path, level, receiver):
    plan = recipe(tmp_path, f"{level} = -7.5", receiver)
    seen = [simulate_frame(plan, k) for k in range(8)]
    assert any(len(plan.draw(k).interferers) == 2 for k in range(8))
    for one in (one for one in seen if one.target_list and np.any(one.interference)):
        target, interference = one.targets[0], one.interference[0]
        ratio = {
            "snr_db": power(target) / 0.1,
            "inr_db": power(interference[interference != 0]) / 0.1,
            "sir_db": power(target) / power(interference),
            "sinr_db": power(target) / (power(interference) + 0.1),
            "snir_db": (power(target) + 0.1) / power(interference),
        }[level]
        assert 10 * np.log10(ratio) == pytest.approx(-7.5, abs=0.01)


def test_the_strongest_are_pinned_and_the_others_keep_their_distance(tmp_path):
    text = "strongest_target = 2\nstrongest_interferer = {choice = [50, 70]}"
    free, pinned = recipe(tmp_path), recipe(tmp_path, text)
    for k in range(12):
        before, after = free.draw(k), pinned.draw(k)
        for kind, allowed in (("targets", {2.0}), ("interferers", {50.0, 70.0})):
            old = np.array([one.amplitude for one in getattr(before, kind)])
            new = np.array([one.amplitude for one in getattr(after, kind)])
            if len(old):
                assert round(float(new.max()), 9) in allowed
                np.testing.assert_allclose(new / new.max(), old / old.max())


def test_a_frame_without_targets_keeps_its_interference(tmp_path):
    text = "sir_db = -7.5"
    free, level = recipe(tmp_path), recipe(tmp_path, text)
    empty = [k for k in range(20) if not free.draw(k).targets]
    assert empty
    assert all(free.draw(k).interferers == level.draw(k).interferers for k in empty)


def test_cross_sections_are_scaled_by_power(tmp_path):
    text = SCENE.replace("amplitude = {db_uniform = [-30, 0]}", "cross_section = 3", 1)
    path = tmp_path / "scene.toml"
    path.write_text(text.replace("LEVELS", "snr_db = 4").replace("RECEIVER", ""))
    one = simulate_frame(load_scene(path), 1)
    assert one.target_list
    assert 10 * np.log10(power(one.targets) / 0.1) == pytest.approx(4, abs=0.01)


def test_sounding_is_where_an_ideal_filter_lets_interference_through(tmp_path):
    seen = simulate_frame(recipe(tmp_path), 2)
    assert 0 < (seen.interference != 0).mean() < 1
    np.testing.assert_array_equal(sounding(seen), seen.interference[0] != 0)


def test_a_recipe_tells_its_receiver(tmp_path):
    plan = recipe(tmp_path, receiver="receivers = 2\nreal = true\niq_gain_db = 0")
    assert isinstance(plan, SceneRecipe)
    assert plan.receiver.receivers == 2
    assert plan.receiver.real
    assert simulate_frame(plan, 0).beat.shape == (2, 32, 256)

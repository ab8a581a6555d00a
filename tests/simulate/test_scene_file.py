"""Scenes from files: what is read, and one clear line for what is wrong."""

from dataclasses import replace

import pytest

from clearchirp.simulate import (
    ArimSet,
    Interferer,
    Path,
    Receiver,
    Scene,
    SceneRecipe,
    Target,
    load_scene,
    presets,
)
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

WAVEFORM = """
[waveform]
start_frequency = 77e9
slope = 10_000_000_000_000
sample_rate = 20e6
samples = 256
chirps = 64
chirp_interval = 30e-6
"""
TARGET = "[[targets]]\ndistance = 20\n"
INTERFERER = """
[[interferers]]
start_frequency = 77e9
slope = 2e13
ramp_duration = 1e-5
chirp_interval = 2e-5
"""
RADAR = Waveform(
    start_frequency=77e9, slope=1e13, sample_rate=20e6, samples=256, chirps=64,
    chirp_interval=30e-6,
)  # fmt: skip


def load(folder, text):
    path = folder / "bad.toml"
    path.write_text(text)
    return load_scene(path)


def test_everything_in_the_file_arrives(tmp_path):
    text = (
        "frames = 3\nframe_interval = 0.05\n"
        + WAVEFORM
        + "[receiver]\nreceivers = 4\nreal = true\nbandwidth = 9e6\n"
        + TARGET
        + "[[targets]]\ndistance = 7.5\nrange_rate = -3\nangle = 0.1\namplitude = 0.2\nphase = 1\n"
        + INTERFERER
        + "chirps = 100\n"
    )
    assert load(tmp_path, text) == Scene(
        waveform=RADAR,
        receiver=Receiver(receivers=4, real=True, bandwidth=9e6),
        targets=(
            Target(distance=20),
            Target(distance=7.5, range_rate=-3, angle=0.1, amplitude=0.2, phase=1),
        ),
        interferers=(
            Interferer(
                start_frequency=77e9, slope=2e13, ramp_duration=1e-5, chirp_interval=2e-5,
                chirps=100,
            ),
        ),
        name="bad",
        frames=3,
        frame_interval=0.05,
    )  # fmt: skip


def test_sweep_and_idle_time_stand_for_slope_and_interval(tmp_path):
    text = INTERFERER.replace("slope = 2e13", "sweep = -3e8").replace(
        "chirp_interval = 2e-5", "idle_time = 2e-6"
    )
    (one,) = load(tmp_path, WAVEFORM + text).interferers
    assert one.slope == pytest.approx(-3e13)
    assert one.chirp_interval == pytest.approx(1.2e-5)


def test_paths_and_counts(tmp_path):
    text = (
        WAVEFORM
        + TARGET
        + "count = 3\n"
        + INTERFERER
        + "[[interferers.paths]]\ndelay = 1e-7\namplitude = 0.5\ncount = 2\n"
        + "[[interferers.paths]]\ndelay = 3e-7\namplitude = 0.1\nangle = 0.2\n"
    )
    scene = load(tmp_path, text)
    assert isinstance(scene, Scene)
    assert scene.targets == (Target(distance=20),) * 3
    (one,) = scene.interferers
    copy, other = Path(delay=1e-7, amplitude=0.5), Path(delay=3e-7, amplitude=0.1, angle=0.2)
    assert one.paths == (copy, copy, other)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (WAVEFORM + TARGET, Scene),
        (WAVEFORM + TARGET + "[levels]\nstrongest_target = 3", Scene),
        (WAVEFORM + TARGET + "phase = {uniform = [0, 1]}", SceneRecipe),
        (WAVEFORM + TARGET + "count = {integer = [0, 1]}", SceneRecipe),
        (WAVEFORM + "[receiver]\nnoise_power = {log_uniform = [0.1, 1]}", SceneRecipe),
        (
            WAVEFORM + INTERFERER + "[levels]\nstrongest_interferer = {choice = [1, 2]}",
            SceneRecipe,
        ),
        (
            WAVEFORM
            + INTERFERER
            + "[[interferers.paths]]\ndelay = {uniform = [0, 1e-6]}\namplitude = 0.5",
            SceneRecipe,
        ),
        ("frames = 7\n[arim]\nnumber = 2", ArimSet),
    ],
)
def test_what_is_drawn_makes_a_recipe(tmp_path, text, kind):
    assert type(load(tmp_path, text)) is kind


def test_levels_of_a_scene_are_set_once(tmp_path):
    scene = load(tmp_path, WAVEFORM + TARGET + "[levels]\nstrongest_target = 3")
    assert scene.targets[0].amplitude == pytest.approx(3)


def test_arim_takes_name_and_frames(tmp_path):
    assert load(tmp_path, "frames = 7\n[arim]\nnumber = 2") == ArimSet(
        number=2, name="bad", frames=7
    )


@pytest.mark.parametrize("name", presets())
def test_presets_load(name):
    assert load_scene(name).name == name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["waveform is missing"]),
        ("waveform = 3", ["[waveform]", "table"]),
        ("[wavefrom]\nslope = 1", ["'wavefrom'", "waveform"]),
        ("this is not toml", ["not a TOML file"]),
        (WAVEFORM.replace("slope", "slop"), ["[waveform]", "'slop'", "slope"]),
        (WAVEFORM.replace("samples = 256", ""), ["[waveform]", "samples is missing"]),
        (WAVEFORM.replace("256", '"256"'), ["samples", "'256'"]),
        (WAVEFORM.replace("77e9", "nan"), ["start_frequency", "unknown"]),
        (WAVEFORM.replace("30e-6", "3e-6"), ["chirp_interval"]),
        (WAVEFORM + "transmit_order = 1", ["transmit_order", "list"]),
        (WAVEFORM + "transmit_order = [0, -1]", ["transmit_order", "-1"]),
        (WAVEFORM + "[targets]\ndistance = 3", ["[[targets]]"]),
        (WAVEFORM + TARGET + "[[targets]]\namplitude = 1", ["number 2", "distance is missing"]),
        (WAVEFORM + TARGET + "speed = 1", ["[[targets]] number 1", "'speed'", "range_rate"]),
        (WAVEFORM + TARGET.replace("20", "-20"), ["distance", "-20"]),
        (WAVEFORM + TARGET.replace("20", "true"), ["distance", "True"]),
        (WAVEFORM + "targets = [3]", ["[waveform]", "'targets'"]),
        ("targets = [3]\n" + WAVEFORM, ["[[targets]] number 1", "table"]),
        (WAVEFORM + INTERFERER + "chirps = 1.5", ["chirps", "1.5"]),
        (WAVEFORM + INTERFERER + "phase = inf", ["phase", "inf"]),
        (WAVEFORM + INTERFERER.replace("2e-5", "5e-6"), ["ramp_duration", "longer"]),
        (
            WAVEFORM + INTERFERER.replace("1e-5", "1e-11").replace("2e-5", "2e-11"),
            ["chirp_interval", "seconds"],
        ),
        (WAVEFORM + "[receiver]\nreal = 1", ["[receiver]", "true or false"]),
        (WAVEFORM + "[receiver]\nreceivers = 0", ["receivers"]),
        (WAVEFORM + "[receiver]\nspacing = 0", ["spacing"]),
        (WAVEFORM + "[receiver]\nnoise_power = -1", ["noise_power"]),
        (WAVEFORM + "[receiver]\nbandwidth = 0", ["bandwidth"]),
        ("frames = 0\n" + WAVEFORM, ["frames"]),
        ("name = 3\n" + WAVEFORM, ["name"]),
        ("frame_interval = 1e-6\n" + WAVEFORM, ["frame_interval", "shorter"]),
        (
            WAVEFORM + TARGET.replace("20", "{unifrom = [1, 2]}"),
            ["distance", "'unifrom'", "uniform"],
        ),
        (WAVEFORM + TARGET.replace("20", "{uniform = [1, 2], normal = [1, 2]}"), ["distance"]),
        (WAVEFORM + TARGET.replace("20", "{uniform = 3}"), ["distance", "list", "3"]),
        (WAVEFORM + TARGET.replace("20", "{uniform = [3]}"), ["distance", "two numbers"]),
        (WAVEFORM + TARGET.replace("20", "{uniform = [9, 3]}"), ["distance", "low to high"]),
        (WAVEFORM + TARGET.replace("20", "{uniform = [-9, 3]}"), ["number 1", "distance", "-9"]),
        (WAVEFORM + TARGET.replace("20", "{uniform = ['a', 3]}"), ["distance", "'a'"]),
        (WAVEFORM + TARGET.replace("20", "{choice = []}"), ["distance", "one number"]),
        (WAVEFORM + TARGET.replace("20", "{choice = [4, 0]}"), ["distance", "positive"]),
        (WAVEFORM + TARGET.replace("20", "{log_uniform = [0, 3]}"), ["distance", "positive"]),
        (WAVEFORM + TARGET.replace("20", "{normal = [5, -1]}"), ["distance", "deviation"]),
        (WAVEFORM + TARGET + "count = {integer = [0.5, 3]}", ["count", "whole numbers"]),
        (WAVEFORM + TARGET + "count = {uniform = [0.5, 3]}", ["number 1", "count", "whole"]),
        (WAVEFORM + TARGET + "count = -1", ["number 1", "count", "-1"]),
        (WAVEFORM + "[receiver]\nreceivers = {integer = [1, 2]}", ["receivers", "all frames"]),
        (WAVEFORM.replace("256", "{choice = [256]}"), ["[waveform]", "samples", "one waveform"]),
        (WAVEFORM + INTERFERER + "sweep = 1e8", ["slope and sweep"]),
        (WAVEFORM + INTERFERER + "idle_time = 0", ["chirp_interval and idle_time"]),
        (WAVEFORM + INTERFERER.replace("slope = 2e13", ""), ["slope (or sweep) is missing"]),
        (WAVEFORM + INTERFERER.replace("slope = 2e13", "sweep = true"), ["sweep", "True"]),
        (WAVEFORM + INTERFERER.replace("chirp_interval = 2e-5", "idle_time = -1"), ["idle_time"]),
        (WAVEFORM + INTERFERER.replace("1e-5", "'1'"), ["ramp_duration", "'1'"]),
        (WAVEFORM + INTERFERER + "paths = 3", ["paths", "list of tables"]),
        (WAVEFORM + INTERFERER + "[[interferers.paths]]\ndelay = 0", ["path 1", "amplitude"]),
        (WAVEFORM + "[levels]\nsnr = 3", ["[levels]", "'snr'", "snr_db"]),
        (WAVEFORM + "[levels]\nsir_db = 3\ninr_db = 3", ["[levels]", "inr_db and sir_db"]),
        (WAVEFORM + "[levels]\nstrongest_target = 0", ["[levels]", "strongest_target", "positive"]),
        (
            WAVEFORM + TARGET + "cross_section = 1\n[levels]\nstrongest_target = 1",
            ["[levels]", "cross_section"],
        ),
        (
            WAVEFORM
            + "[receiver]\nnoise_power = 9\n"
            + TARGET
            + INTERFERER
            + "[levels]\nsinr_db = 0",
            ["sinr_db", "noise alone"],
        ),
        (WAVEFORM + TARGET + "[levels]\nsnr_db = 3", ["snr_db", "noise_power"]),
        (WAVEFORM + INTERFERER + "[levels]\ninr_db = 3", ["inr_db", "noise_power"]),
        ("targets = [3]\n" + WAVEFORM + "[levels]\nstrongest_target = 1", ["number 1", "table"]),
        ("name = 3\n[arim]\nnumber = 1", ["name", "3"]),
        ("[arim]\nnumber = 3", ["[arim]", "1 or 2", "3"]),
        ("[arim]\nset = 1", ["[arim]", "'set'", "number"]),
        ("frames = 0.5\n[arim]\nnumber = 1", ["frames"]),
        ("[arim]\nnumber = 1\n[waveform]\nslope = 1", ["'waveform'"]),
    ],
)
def test_wrong_files_get_one_clear_line(tmp_path, text, words):
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert "\n" not in message
    assert "bad.toml" in message
    for word in words:
        assert word in message


def test_unknown_scene_lists_the_presets(tmp_path):
    with pytest.raises(InputError, match=r"'highwy' is neither a file nor a preset.*demo"):
        load_scene("highwy")
    with pytest.raises(InputError, match="neither a file nor a preset"):
        load_scene(tmp_path)


def test_binary_file_is_not_toml(tmp_path):
    path = tmp_path / "scene.toml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="not a TOML file"):
        load_scene(path)


def test_wrong_parts():
    with pytest.raises(InputError, match="tuple of Target"):
        Scene(waveform=RADAR, targets=(3,))  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="must be a Waveform"):
        Scene(waveform=None)  # pyright: ignore[reportArgumentType]
    assert Scene(waveform=RADAR, targets=[Target(distance=2.0)]).targets == (Target(distance=2.0),)  # pyright: ignore[reportArgumentType]
    assert replace(Scene(waveform=RADAR), frames=2).frames == 2

"""Scenes from files: what is read, and one clear line for what is wrong."""

from dataclasses import replace

import pytest

from clearchirp.simulate import Interferer, Receiver, Scene, Target, load_scene, presets
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


@pytest.mark.parametrize("name", presets())
def test_presets_load(name):
    scene = load_scene(name)
    assert scene.name == name
    assert scene.targets or scene.interferers


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
        (WAVEFORM + "transmit_order = [0, 1]", ["transmit_order", "one transmitter"]),
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

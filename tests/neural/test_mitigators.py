"""The networks as methods: the chain around them, warnings, missing packages."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

import clearchirp as cc  # noqa: E402
from clearchirp.cfar import Cfar  # noqa: E402
from clearchirp.chain import pipeline  # noqa: E402
from clearchirp.metrics import detections  # noqa: E402
from clearchirp.mitigation.catalogue import methods  # noqa: E402
from clearchirp.neural import mitigators  # noqa: E402
from clearchirp.neural.checkpoint import load_network  # noqa: E402
from clearchirp.neural.frames import frame_level  # noqa: E402
from clearchirp.simulate import load_scene, simulate_frame  # noqa: E402
from clearchirp.spectrum import angle_map, range_doppler, receivers_of_angle_map  # noqa: E402
from clearchirp.types import FarFromTraining, InputError  # noqa: E402
from clearchirp.waveform import Waveform  # noqa: E402
from tests.conformance import scene  # noqa: E402
from tests.neural.models import untrained  # noqa: E402

WAVEFORM = Waveform(
    start_frequency=79e9,
    slope=20e12,
    sample_rate=15e6,
    samples=96,
    chirps=8,
    chirp_interval=15e-6,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("models"), "ccnn-2d")


def test_aenn_is_the_network_on_the_positive_half_of_the_map(model):
    beat, disturbed = scene("complex64", 16)
    found = methods["aenn"](model=model)(beat, disturbed).signal
    whole = angle_map(range_doppler(beat), positive=False)
    np.testing.assert_array_equal(found[..., 48:], whole[..., 48:])
    network, facts = load_network(model)
    factor = facts["level"] / float(frame_level(beat, disturbed))
    with torch.no_grad():
        white = facts["whitening"].apply(torch.from_numpy(whole[..., :48] * factor))
        clean = facts["whitening"].undo(network(white[None, None].to(torch.complex64)))
    expected = clean[0, 0].numpy() / factor
    np.testing.assert_allclose(found[..., :48], expected, atol=1e-5 * np.abs(expected).max())


def test_ccnn_2d_is_the_network_on_the_receivers(flat):
    beat, disturbed = scene("complex64", 16)
    found = methods["ccnn-2d"](model=flat)(beat, disturbed).signal
    maps = range_doppler(beat)
    np.testing.assert_array_equal(found[..., 48:], maps[..., 48:])
    network, facts = load_network(flat)
    factor = facts["level"] / float(frame_level(beat, disturbed))
    with torch.no_grad():
        white = facts["whitening"].apply(torch.from_numpy(maps[..., :48] * factor))
        clean = facts["whitening"].undo(network(white[None].to(torch.complex64)))
    expected = clean[0].numpy() / factor
    np.testing.assert_allclose(found[..., :48], expected, atol=1e-5 * np.abs(expected).max())


def test_a_model_trained_without_a_window_in_angle_sees_maps_without(tmp_path):
    beat, disturbed = scene("complex64", 16)
    model = untrained(tmp_path, angle_window="none")
    found = methods["aenn"](model=model)(beat, disturbed).signal
    whole = angle_map(range_doppler(beat), positive=False, window="none")
    network, facts = load_network(model)
    factor = facts["level"] / float(frame_level(beat, disturbed))
    with torch.no_grad():
        white = facts["whitening"].apply(torch.from_numpy(whole[..., :48] * factor))
        clean = facts["whitening"].undo(network(white[None, None].to(torch.complex64)))
    seen = receivers_of_angle_map(clean[0, 0].numpy() / factor, window="none")
    expected = angle_map(seen, positive=False)
    np.testing.assert_allclose(found[..., :48], expected, atol=1e-5 * np.abs(expected).max())


def test_a_gain_of_the_output_is_undone(tmp_path, model):
    beat, disturbed = scene("complex64", 16)
    plain = methods["aenn"](model=untrained(tmp_path, gain=1.0))(beat, disturbed).signal
    (tmp_path / "more").mkdir()
    twice = methods["aenn"](model=untrained(tmp_path / "more", gain=2.0))(beat, disturbed).signal
    np.testing.assert_allclose(twice[..., :48], 2 * plain[..., :48], rtol=1e-5)


@pytest.mark.parametrize("name", ["aenn", "ccnn-2d"])
def test_the_chain_returns_the_receivers_maps_and_a_beat_signal(name, model, flat):
    beat, disturbed = scene("complex64", 2, 16)
    disturbed[1] = False
    path = model if name == "aenn" else flat
    cleaned = cc.mitigate(beat, name, disturbed=disturbed, settings={"model": path})
    assert cleaned.beat.shape == cleaned.disturbed.shape == beat.shape
    assert cleaned.windowed
    maps = range_doppler(beat)
    scale = np.abs(maps).max()
    # Negative ranges, and the frame without disturbed samples, are what they were.
    np.testing.assert_allclose(
        cleaned.range_doppler[0][..., 48:], maps[0][..., 48:], atol=scale / 1e5
    )
    np.testing.assert_allclose(cleaned.range_doppler[1], maps[1], atol=scale / 1e5)
    assert np.abs(cleaned.range_doppler[0] - maps[0]).max() > 0.01 * scale
    np.testing.assert_array_equal(cleaned.disturbed, disturbed)


def test_the_chain_takes_transmitters_that_share_the_chirps(model):
    beat, disturbed = scene("complex64", 8)
    waveform = replace(WAVEFORM, chirps=8, transmit_order=(0, 1))
    work = pipeline("aenn", None, settings={"model": model}, waveform=waveform)
    cleaned = work(beat, disturbed)
    assert cleaned.beat.shape == beat.shape
    assert cleaned.range_doppler.shape == (16, 4, 96)


@pytest.mark.parametrize("name", ["aenn", "ccnn-2d"])
def test_what_it_cannot_take_is_named(name, model, flat, tmp_path):
    right, other = (model, flat) if name == "aenn" else (flat, model)
    method = methods[name](model=right)
    beat, disturbed = scene("complex64", 16)
    with pytest.raises(InputError, match="I/Q"):
        method(beat.real.copy(), disturbed)
    with pytest.raises(InputError, match="receivers of a frame"):
        method(beat[0], disturbed[0])
    with pytest.raises(InputError, match=f"{name}: model: none is called 'huge'; there are"):
        methods[name](model="huge")
    with pytest.raises(InputError, match="there is no file"):
        methods[name](model=str(tmp_path / "gone.safetensors"))
    with pytest.raises(InputError, match="is for the method"):
        methods[name](model=other)
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="damaged"):
        methods[name](model=str(tmp_path / "bad.safetensors"))


def test_ccnn_2d_needs_as_many_receivers_as_in_training(flat):
    beat, disturbed = scene("complex64", 8)
    with pytest.raises(InputError, match="has 8 receivers; the model"):
        methods["ccnn-2d"](model=flat)(beat, disturbed)


def test_parameters_are_counted(model, flat):
    assert methods["aenn"](model=model).parameter_count == 296
    assert methods["ccnn-2d"](model=flat).parameter_count == 23248


def test_without_torch_it_says_in_one_line_what_to_install(monkeypatch, model):
    monkeypatch.setattr(mitigators, "find_spec", lambda name: None if name == "torch" else name)
    with pytest.raises(InputError) as caught:
        methods["aenn"](model=model)
    assert str(caught.value) == "aenn: needs torch; install with: pip install 'clearchirp[neural]'"


def test_a_file_that_is_replaced_is_read_again(tmp_path):
    beat, disturbed = scene("complex64", 16)
    method = methods["aenn"](model=untrained(tmp_path))
    before = method(beat, disturbed).signal
    untrained(tmp_path, gain=3.0)
    assert not np.array_equal(method(beat, disturbed).signal, before)


KNOWN = {
    "map_shape": [16, 8, 48],
    "interference_db": [0.0, 40.0],
    "waveform": {"start_frequency": 79e9, "slope": 20e12, "chirp_interval": 15e-6},
}


def told(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert all(each.category is FarFromTraining for each in caught)
    lines = [str(each.message) for each in caught]
    assert not any("\n" in line for line in lines)
    return lines


def test_data_like_those_of_the_training_give_no_warning(tmp_path):
    method = methods["aenn"](model=untrained(tmp_path, **KNOWN))
    beat, disturbed = scene("complex64", 16)
    assert told(lambda: method(beat, disturbed)) == []
    assert told(lambda: method(1e6 * beat, disturbed)) == []
    assert told(lambda: method.check_radar(WAVEFORM)) == []


def test_data_far_from_the_training_give_one_line(tmp_path):
    method = methods["aenn"](model=untrained(tmp_path, **KNOWN))
    beat, disturbed = scene("complex64", 16)
    (line,) = told(lambda: method(np.where(disturbed, 1e4 * beat, beat), disturbed))
    assert "interference stronger than 40 dB" in line
    (line,) = told(lambda: method(np.where(disturbed, 1e-2 * beat, beat), disturbed))
    assert "interference weaker than 0 dB" in line
    (line,) = told(lambda: method(beat[:4], disturbed[:4]))
    assert "maps of 4 x 8 x 48 cells instead of 16 x 8 x 48" in line
    other = replace(WAVEFORM, slope=30e12, sample_rate=1e6)
    (line,) = told(lambda: method.check_radar(other))
    assert "slope 3e+13 instead of 2e+13" in line
    assert "sample_rate" not in line
    (line,) = told(lambda: pipeline("aenn", settings={"model": method.model}, waveform=other))
    assert "slope" in line


def test_a_clean_frame_is_returned_as_it_is_whatever_the_model(model):
    beat, disturbed = scene("complex64", 16)
    result = methods["aenn"](model=model)(beat, np.zeros_like(disturbed))
    np.testing.assert_array_equal(result.signal, angle_map(range_doppler(beat), positive=False))


def test_the_command_line_prints_the_warning_in_one_line(capsys):
    from clearchirp.cli.printing import show_warning

    show_warning(FarFromTraining("aenn: far from\nall"), FarFromTraining, "x.py", 3)
    assert capsys.readouterr().err == "clearchirp: warning: aenn: far from all\n"


def test_the_shipped_models_are_small_and_of_a_kind_that_a_method_takes():
    names = mitigators.shipped_models()
    assert methods["aenn"].defaults()["model"] in names
    for name in names:
        path = mitigators.SHIPPED / f"{name}.safetensors"
        network, facts = load_network(path)
        assert methods[network.kind](model=name).parameter_count > 0
        assert path.stat().st_size < 32768 or network.kind == "ccnn-2d"
        assert {"waveform", "map_shape", "interference_db"} <= set(facts)
        # Each chirp is brought to a level of its own there.
        assert "level" in facts or network.kind == "arim-fcn"


def test_the_default_model_uncovers_objects_it_was_not_trained_on():
    """Without a warning, too: they are errors here."""
    recipe = load_scene("e2e")
    frame = simulate_frame(recipe, 2751, 0)
    cleaned = cc.mitigate(frame.beat, "aenn", disturbed=frame.disturbed)
    objects, found, before = (
        Cfar(axes=3)(angle_map(maps))
        for maps in (
            range_doppler(frame.clean),
            cleaned.range_doppler,
            range_doppler(frame.beat),
        )
    )
    assert detections.f1(before, objects, axes=3) < 0.4
    assert detections.f1(found, objects, axes=3) > 0.8

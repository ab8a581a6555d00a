"""The network on spectrograms: what it keeps, what it gives as a method, its training."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from clearchirp.disturbed.catalogue import find_detector  # noqa: E402
from clearchirp.metrics import profiles  # noqa: E402
from clearchirp.mitigation.catalogue import methods  # noqa: E402
from clearchirp.neural.arim_training import (  # noqa: E402
    ArimTraining,
    arim_chirps,
    spectrum_loss,
    train_arim,
)
from clearchirp.neural.checkpoint import load_network, save_network  # noqa: E402
from clearchirp.neural.networks import parameter_count  # noqa: E402
from clearchirp.neural.spectrogram import SpectrogramNetwork  # noqa: E402
from clearchirp.simulate import simulate_frame  # noqa: E402
from clearchirp.simulate.arim import ArimSet  # noqa: E402
from clearchirp.spectrum import range_spectrum  # noqa: E402
from clearchirp.types import FarFromTraining, InputError  # noqa: E402
from tests.neural.models import untrained  # noqa: E402


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("models"), "arim-fcn")


@pytest.fixture(scope="module")
def network(model):
    return load_network(model)[0]


def noise(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(*shape, 2)) @ np.array([1, 1j]))


@pytest.mark.parametrize("samples", [20, 64, 250, 1024])
def test_before_any_training_it_is_the_fourier_transform(samples):
    x = noise(3, samples)
    torch.testing.assert_close(SpectrogramNetwork().double()(x), torch.fft.fft(x))


def test_the_parameters_are_those_of_real_convolutions():
    network = SpectrogramNetwork(channels=(8, 8), dilation=(1, 2, 1))
    assert parameter_count(network) == (2 * 8 + 8 * 8 + 8) * 25 + 17


def test_scale_and_phase_pass_through(network):
    x = noise(2, 256)
    y = network.double()(x)
    torch.testing.assert_close(network(1e-3j * x), 1e-3j * y, rtol=1e-9, atol=1e-9)


def test_a_shift_in_frequency_shifts_the_spectrum(network):
    # By whole bins of the window, 32 samples of 256: 8 bins of the chirp.
    x = noise(1, 256)
    tone = torch.exp(2j * torch.pi * 24 * torch.arange(256, dtype=torch.float64) / 256)
    shifted = network.double()(x * tone)
    torch.testing.assert_close(shifted, network(x).roll(24, -1), rtol=1e-9, atol=1e-9)


def test_a_tone_on_a_bin_keeps_amplitude_and_phase_whatever_the_weights(network):
    x = torch.exp(2j * torch.pi * 40 * torch.arange(256, dtype=torch.float64) / 256 + 1j)[None]
    y = network.double()(x)[0, 40]
    torch.testing.assert_close(y, 256 * torch.exp(torch.tensor(1j, dtype=torch.complex128)))


def test_nothing_and_a_single_sample_are_finite(network):
    x = torch.zeros(2, 256, dtype=torch.complex64)
    x[1, 3] = 1
    assert torch.isfinite(torch.view_as_real(network.float()(x))).all()


def test_the_method_is_the_network_on_disturbed_chirps(model):
    x = noise(3, 4, 256).numpy()
    mask = np.zeros(x.shape, bool)
    mask[1, 2, 50:60] = mask[2, 0, 5] = True
    found = methods["arim-fcn"](model=model)(x, mask).signal
    plain = range_spectrum(x)
    hit = mask.any(-1)
    np.testing.assert_array_equal(found[~hit], plain[~hit])
    with torch.no_grad():
        spectra = load_network(model)[0](torch.from_numpy(x[hit].astype(np.complex64))).numpy()
    expected = range_spectrum(np.fft.ifft(spectra))
    np.testing.assert_allclose(found[hit], expected, atol=1e-4 * np.abs(expected).max())
    assert np.abs(found[hit] - plain[hit]).max() > 0.01 * np.abs(plain).max()


def told(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert all(each.category is FarFromTraining for each in caught)
    return [str(each.message) for each in caught]


def test_data_far_from_the_training_give_one_line(tmp_path):
    facts = {"map_shape": [1, 1, 256], "interference_db": [0.0, 20.0], "waveform": {"slope": 6e13}}
    method = methods["arim-fcn"](model=untrained(tmp_path, "arim-fcn", **facts))
    beat = noise(4, 256).numpy()
    mask = np.zeros(beat.shape, bool)
    mask[:, 9:20] = True
    beat[mask] *= 3
    assert told(lambda: method(beat, mask)) == []
    assert told(lambda: method(1e-6 * beat, mask)) == []
    (line,) = told(lambda: method(np.where(mask, 1e3 * beat, beat), mask))
    assert "arim-fcn" in line
    assert "stronger than 20 dB" in line
    (line,) = told(lambda: method(np.where(mask, 1e-2 * beat, beat), mask))
    assert "weaker than 0 dB" in line
    (line,) = told(lambda: method(beat[:, :100], mask[:, :100]))
    assert "chirps of 100 samples instead of 256" in line
    waveform = ArimSet(number=1).waveform
    assert told(lambda: method.check_radar(waveform)) == []
    (line,) = told(lambda: method.check_radar(replace(waveform, slope=3e13)))
    assert "slope 3e+13 instead of 6e+13" in line


def test_what_it_cannot_take_is_named(model, tmp_path, monkeypatch):
    beat = noise(4, 256).numpy()
    with pytest.raises(InputError, match="I/Q"):
        methods["arim-fcn"](model=model)(beat.real.copy(), np.zeros(beat.shape, bool))
    with pytest.raises(InputError, match="is for the method aenn"):
        methods["arim-fcn"](model=untrained(tmp_path, "s3"))
    monkeypatch.setattr("clearchirp.neural.mitigators.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'clearchirp\[neural\]'"):
        methods["arim-fcn"](model=model)


def test_it_is_not_written_as_onnx(model, tmp_path):
    pytest.importorskip("onnxruntime")
    from clearchirp.neural.export import export_onnx

    with pytest.raises(InputError, match="cannot be written as ONNX"):
        export_onnx(model, tmp_path / "m.onnx")


def test_the_shipped_model_is_ahead_of_zeroing_on_chirps_it_has_not_seen():
    plan = ArimSet(number=2)
    errors = {"arim-fcn": [], "zeroing": []}
    detect = find_detector("combined")()
    for number in plan.split(0)[1][::400]:
        made = simulate_frame(plan, int(number), 0)
        labels = np.zeros(1024, bool)
        # Bins of the labels are half as far apart.
        labels[np.flatnonzero(plan.chirp(int(number), 0).labels()[0]) // 2] = True
        true, mask = range_spectrum(made.clean)[0, 0], detect(made.beat)
        for name, found in errors.items():
            signal = methods[name]()(made.beat, mask).signal
            spectrum = range_spectrum(signal) if name == "zeroing" else signal
            found.append(profiles.amplitude_error_db(spectrum[0, 0], true, labels))
    assert np.mean(errors["arim-fcn"]) < np.mean(errors["zeroing"])


def test_training_is_on_chirps_of_the_training_split_only():
    first, clean, mask = arim_chirps(6, 0)
    more = arim_chirps(3, 0, skip=3)[0]
    np.testing.assert_array_equal(first[3:], more)
    assert first.shape == clean.shape == mask.shape == (6, 1024)
    test = {1: set(ArimSet(number=1).split(0)[1]), 2: set(ArimSet(number=2).split(0)[1])}
    assert len(test[1]) == 8000
    with pytest.raises(InputError, match="for training"):
        arim_chirps(10, 0, skip=119_999)


def test_the_loss_is_zero_for_the_truth_and_does_not_see_units():
    x, y = noise(2, 64), noise(2, 64, seed=1)
    assert spectrum_loss(x, x) == 0
    torch.testing.assert_close(spectrum_loss(1e6 * x, 1e6 * y), spectrum_loss(x, y))


def test_a_training_lowers_the_loss_and_is_the_same_again(tmp_path):
    plan = ArimTraining(channels=(2,), chirps=16, validation=6, epochs=2, batch=4, rate=0.02)
    rows = []
    network, facts = train_arim(plan, rows.append)
    assert rows[-1]["validation"] < rows[0]["validation"]
    again, _ = train_arim(plan)
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    path = tmp_path / "m.safetensors"
    save_network(path, network, facts)
    loaded, kept = load_network(path)
    assert kept["interference_db"][0] < kept["interference_db"][1]
    assert set(kept["waveform"]) == {"slope", "sample_rate"}
    x = noise(1, 128)
    torch.testing.assert_close(loaded.double()(x), network.double()(x))

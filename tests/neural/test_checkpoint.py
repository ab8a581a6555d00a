"""Whitening and files of networks."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import safetensors.torch  # noqa: E402

from clearchirp.neural.checkpoint import load_network, save_network  # noqa: E402
from clearchirp.neural.networks import NETWORKS  # noqa: E402
from clearchirp.neural.whitening import Whitening  # noqa: E402
from clearchirp.types import InputError  # noqa: E402


def skewed(seed=0):
    rng = np.random.default_rng(seed)
    x = 3 * rng.standard_normal(5000)
    return (x + 1) + 1j * (0.5 * x + rng.standard_normal(5000))


def test_whitened_data_have_the_covariance_identity():
    x = skewed()
    y = Whitening.fit(x).apply(x)
    np.testing.assert_allclose(np.cov(y.real, y.imag, bias=True), np.eye(2), atol=1e-10)
    np.testing.assert_allclose(y.mean(), 0, atol=1e-12)


def test_pieces_are_fitted_like_the_whole_and_undone():
    x = skewed()
    whitening = Whitening.fit(x.reshape(5, 10, 100))
    pieces = Whitening.fit(x.reshape(5, 10, 100)[n] for n in range(5))
    np.testing.assert_allclose(pieces.matrix, whitening.matrix, rtol=1e-12)
    np.testing.assert_allclose(whitening.undo(whitening.apply(x)), x, atol=1e-12)
    single = torch.from_numpy(x.astype(np.complex64))
    assert whitening.apply(single).dtype == torch.complex64
    torch.testing.assert_close(whitening.undo(whitening.apply(single)), single)
    assert Whitening.from_facts(json.loads(json.dumps(whitening.facts()))) == whitening


def test_what_cannot_be_whitened_is_named():
    with pytest.raises(InputError, match="no maps"):
        Whitening.fit([])
    with pytest.raises(InputError, match="no spread"):
        Whitening.fit(np.arange(5) + 0j)
    with pytest.raises(InputError, match="singular"):
        Whitening(matrix=((1.0, 1.0), (1.0, 1.0)))


@pytest.fixture
def stored(tmp_path):
    network = NETWORKS["s3"].build(seed=3)
    network(torch.randn(2, 1, 4, 8, 8, dtype=torch.complex64))  # moves the running moments
    facts = {"whitening": Whitening(mean=(0.1, 0.2)), "level": 2.0, "loss": "bce", "seed": 3}
    path = tmp_path / "model.safetensors"
    save_network(path, network, facts)
    return path, network, facts


@pytest.mark.parametrize("name", ["s3", "g3", "xs", "ccnn-2d"])
def test_a_network_comes_back_as_it_was(name, tmp_path):
    network = NETWORKS[name].build(seed=3)
    save_network(tmp_path / "model.safetensors", network, {"whitening": Whitening()})
    found, _ = load_network(tmp_path / "model.safetensors")
    assert not found.training
    assert found.settings == network.settings
    for (one, a), (two, b) in zip(
        network.state_dict().items(), found.state_dict().items(), strict=True
    ):
        assert one == two
        assert torch.equal(a, b)


def test_facts_and_running_moments_come_back(stored):
    path, network, facts = stored
    found, told = load_network(path)
    assert told == facts
    assert torch.equal(found.layers[2].mean, network.layers[2].mean)
    assert path.stat().st_size < 8192


def test_the_file_appears_whole_or_not_at_all(stored, monkeypatch):
    path, _, facts = stored
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_network(path, NETWORKS["s3"].build(seed=4), facts)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_facts_need_the_whitening(tmp_path):
    with pytest.raises(InputError, match="whitening"):
        save_network(tmp_path / "x.safetensors", NETWORKS["s3"].build(), {})


def test_damaged_and_foreign_files_are_named_in_one_line(stored, tmp_path):
    path, network, _ = stored
    whole = path.read_bytes()
    cases = {"empty": b"", "cut": whole[: len(whole) // 2], "text": b"no network at all" * 10}
    flipped = bytearray(whole)
    flipped[20] ^= 0xFF
    cases["flipped"] = bytes(flipped)
    tensors = dict(network.state_dict())
    cases["foreign"] = safetensors.torch.save(tensors)
    cases["json"] = safetensors.torch.save(tensors, metadata={"clearchirp": "{"})
    told = json.dumps({"version": 1, "kind": "aenn", "settings": {}, "facts": {}})
    cases["facts"] = safetensors.torch.save(tensors, metadata={"clearchirp": told})
    told = json.dumps({"version": 2})
    cases["newer"] = safetensors.torch.save(tensors, metadata={"clearchirp": told})
    stored_facts = {"whitening": Whitening().facts()}
    wide = {"version": 1, "kind": "aenn", "settings": {"channels": [3, 1]}, "facts": stored_facts}
    wide["settings"]["normalise_after"] = []
    cases["weights"] = safetensors.torch.save(tensors, metadata={"clearchirp": json.dumps(wide)})
    for name, data in cases.items():
        bad = tmp_path / f"{name}.safetensors"
        bad.write_bytes(data)
        with pytest.raises(InputError, match=name) as caught:
            load_network(bad)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no such file"):
        load_network(tmp_path / "missing.safetensors")

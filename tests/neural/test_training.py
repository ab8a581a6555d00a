"""`clearchirp train`: small trainings that end the same whether or not they were cut short."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from clearchirp.neural.checkpoint import load_network  # noqa: E402
from clearchirp.neural.config import load_config  # noqa: E402
from clearchirp.neural.training import COLUMNS, train  # noqa: E402
from clearchirp.types import InputError  # noqa: E402
from tests.neural.scenes import SMALL  # noqa: E402

CONFIG = """
network = "s3"
loss = "{loss}"
[data]
source = "small.toml"
store = "maps.zarr"
training = [0, 4]
validation = [4, 6]
tile = [8, 24, 12]
[training]
epochs = 3
batch = 4
rate = 0.01
decay = 0.9
[detector]
guard = 1
training = 2
threshold_db = 8
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    path = tmp_path / "tiny.toml"
    path.write_text(CONFIG.format(loss="bce"))
    return path


def weights(folder):
    return load_file(folder / "tiny.safetensors")


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one) and set(one) == set(other)


@pytest.mark.parametrize("loss", ["bce", "magmse", "mse"])
def test_a_training_and_what_it_leaves(config, tmp_path, loss):
    config.write_text(CONFIG.format(loss=loss))
    told = []
    plan = load_config(config)
    done = train(plan, tmp_path / "out", on_epoch=lambda n, f1: told.append((n, f1)))
    with (tmp_path / "out" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [n for n, _ in told] == [1, 2, 3]
    assert [float(row["f1"]) for row in rows] == [f1 for _, f1 in told]
    np.testing.assert_allclose([float(row["rate"]) for row in rows], [0.01, 0.009, 0.0081])
    assert done.f1 == max(f1 for _, f1 in told)
    if loss != "bce":
        assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    network, facts = load_network(done.network)
    assert not network.training
    assert facts["map_shape"] == [8, 24, 24]
    assert facts["epoch"] == done.best_epoch
    assert facts["waveform"]["slope"] == 21e12
    assert (facts["gain"] == 1) == (loss != "bce")
    low, high = facts["interference_db"]
    assert 0 < low <= high
    # The last checkpoint of the whole training is that of the last epoch: nothing is run again.
    assert train(plan, tmp_path / "out") == done
    assert len(told) == 3


def test_whitening_makes_the_training_maps_white(config, tmp_path):
    from clearchirp.neural.sources import facts_of, pairs_of

    plan = load_config(config)
    source = pairs_of(plan.data)
    whitening = facts_of(plan, source)["whitening"]
    bins = np.concatenate([whitening.apply(source[k].disturbed).ravel() for k in range(4)])
    np.testing.assert_allclose(np.cov(bins.real, bins.imag), np.eye(2), atol=1e-3)


KILLED = """
import os, signal, sys
from clearchirp.neural.config import load_config
from clearchirp.neural.training import train
train(load_config(sys.argv[1]), sys.argv[2],
      on_epoch=lambda n, f1: os.kill(os.getpid(), signal.SIGKILL) if n == 1 else None)
"""


def test_a_killed_training_ends_as_an_undisturbed_one(config, tmp_path):
    plan = load_config(config)
    whole = train(plan, tmp_path / "whole")
    code = subprocess.run(
        [sys.executable, "-c", KILLED, config, tmp_path / "killed"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ).returncode
    assert code == -signal.SIGKILL
    assert not (tmp_path / "killed" / "result.json").exists()
    told = []
    again = train(plan, tmp_path / "killed", on_epoch=lambda n, f1: told.append(n))
    assert told == [2, 3]
    assert (again.f1, again.best_epoch, again.epochs) == (whole.f1, whole.best_epoch, 3)
    assert same(weights(tmp_path / "killed"), weights(tmp_path / "whole"))
    ends = [
        torch.load(tmp_path / name / "last.ckpt", weights_only=True)["state_dict"]
        for name in ("whole", "killed")
    ]
    assert same(*ends)


def test_ctrl_c_is_told_and_gone_on_with(config, tmp_path):
    plan, handler = load_config(config), signal.getsignal(signal.SIGINT)

    def stop(epochs, f1):
        if epochs == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(plan, tmp_path / "out", on_epoch=stop)
    assert signal.getsignal(signal.SIGINT) is handler
    told = []
    train(plan, tmp_path / "out", on_epoch=lambda n, f1: told.append(n))
    assert told == [3]


def test_seeds_differ_and_early_stopping_stops(config, tmp_path):
    plan = load_config(config)
    text = CONFIG.format(loss="bce").replace("epochs = 3", "epochs = 40\npatience = 1\nseed = 7")
    config.write_text(text.replace("rate = 0.01", "rate = 1e-9"))  # nothing gets better
    stopped = train(load_config(config), tmp_path / "stopped")
    assert stopped.epochs < 10
    first = train(plan, tmp_path / "first")
    assert not same(weights(tmp_path / "first"), weights(tmp_path / "stopped"))
    assert first.epochs == 3


def test_folders_are_not_mixed_up(config, tmp_path):
    plan, out = load_config(config), tmp_path / "out"
    train(plan, out)
    config.write_text(CONFIG.format(loss="mse"))
    other = load_config(config)
    with pytest.raises(InputError, match="--restart"):
        train(other, out)
    train(other, out, restart=True)
    assert load_network(out / "tiny.safetensors")[1]["config"]["loss"] == "mse"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match="no training"):
        train(plan, tmp_path / "full")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('network = "s3"', "", "network: is missing"),
        ('"s3"', '"s4"', "network: none is called 's4'"),
        ('"bce"', '"huber"', "loss: must be one of bce, magmse, mse"),
        ("epochs = 3", "epochs = 0", "training.epochs: must be 1 or more"),
        ("epochs = 3", 'epochs = "many"', "training.epochs: expected a whole number"),
        ("epochs = 3", "epoch = 3", "training.epoch: is not a field; there are epochs"),
        ("rate = 0.01", "rate = -1", "training.rate: must be positive"),
        ("[4, 6]", "[3, 6]", "data.validation: shares frames"),
        ("[4, 6]", "[4, 9]", "data.validation: goes to frame 9"),
        ("[4, 6]", "[4]", "data.validation: expected two whole numbers"),
        ("[8, 24, 12]", "[9, 24, 12]", "data.tile: expected bins"),
        ("small.toml", "nowhere.npz", "data.source: 'nowhere.npz' is neither"),
        ("[training]", "[training", "is not a TOML file"),
        ("guard = 1", "guard = -1", "detector.guard: must be 0 or more"),
        ("guard = 1", "guard = 3", "too few"),
    ],
)
def test_what_is_wrong_is_named(config, tmp_path, run, old, new, words):
    config.write_text(CONFIG.format(loss="bce").replace(old, new))
    ended = run("train", config, "-o", tmp_path / "out")
    assert ended.code == 2
    assert words in ended.line
    assert words == "too few" or f"{config}: " in " ".join(ended.err.split())


def test_the_commands(config, tmp_path, run):
    out = tmp_path / "out"
    first = run("train", config, "-o", out, "--json")
    assert first.code == 0
    assert first.err == ""  # nothing of Lightning's, and no bar where nobody looks
    assert first.json["epochs"] == 3
    again = run("train", config, "-o", out)
    assert again.code == 0
    assert again.out.count("\n") == 1
    assert "F1" in again.out
    exported = run("export", out / "tiny.safetensors", "-o", tmp_path / "x.onnx", "--json")
    assert exported.code == 0
    assert exported.err == ""
    assert exported.json["difference"] < 1e-5
    assert (tmp_path / "x.onnx").stat().st_size == exported.json["bytes"]
    refused = run("export", out / "tiny.safetensors", "-o", tmp_path / "x.txt")
    assert refused.code == 2
    assert "must end in .onnx" in refused.line
    missing = run("export", tmp_path / "no.safetensors", "-o", tmp_path / "y.onnx")
    assert missing.code == 2
    assert "no.safetensors" in missing.line


def test_onnx_runtime_computes_the_network_on_any_size(config, tmp_path):
    import onnxruntime

    from clearchirp.neural.export import export_onnx

    done = train(load_config(config), tmp_path / "out")
    export_onnx(done.network, tmp_path / "x.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "x.onnx"))
    network, facts = load_network(done.network)
    rng = np.random.default_rng(1)
    for shape in ((1, 5, 6, 7), (2, 8, 30, 9)):
        parts = 100 * rng.standard_normal((shape[0], 2, *shape[1:])).astype(np.float32)
        (found,) = session.run(None, {"disturbed": parts})
        maps = torch.from_numpy(parts[:, :1] + 1j * parts[:, 1:])
        with torch.no_grad():
            expected = facts["whitening"].undo(network(facts["whitening"].apply(maps))).numpy()
        np.testing.assert_allclose(
            found[:, :1] + 1j * found[:, 1:], expected, atol=1e-5 * np.abs(expected).max()
        )


def test_configurations_of_the_house_are_read():
    folder = Path(__file__).parents[2] / "reproductions" / "e2e"
    for path in folder.glob("*.train.toml"):
        assert json.dumps(load_config(path).name)


def test_a_network_of_the_antennas(config, tmp_path):
    """Trained on the receivers' maps, and run on them as the method does."""
    from clearchirp.chain import pipeline
    from clearchirp.simulate import load_scene, simulate_frame

    (tmp_path / "small.toml").write_text(SMALL.replace("receivers = 8", "receivers = 16"))
    text = CONFIG.format(loss="mse").replace('"s3"', '"ccnn-2d"').replace("[8, 24", "[16, 24")
    config.write_text(text.replace("epochs = 3", "epochs = 1"))
    done = train(load_config(config), tmp_path / "out")
    facts = load_network(done.network)[1]
    made = simulate_frame(load_scene(str(tmp_path / "small.toml")), 0)
    cleaned = pipeline("ccnn-2d", "oracle", settings={"model": str(done.network)})(
        made.beat, made.disturbed
    )
    assert cleaned.beat.shape == made.beat.shape
    assert facts["map_shape"] == [16, 24, 24]
    text = text.replace('"mse"', '"bce"').replace("epochs = 3", "epochs = 1")
    config.write_text(text)
    done = train(load_config(config), tmp_path / "other")
    assert load_network(done.network)[1]["gain"] != 1


def test_maps_of_antennas_are_the_angle_map_of_the_house():
    from clearchirp.neural.module import angles
    from clearchirp.spectrum import angle_map

    rng = np.random.default_rng(2)
    maps = (rng.standard_normal((2, 8, 3, 4)) + 1j * rng.standard_normal((2, 8, 3, 4))) * 5
    made = angles(torch.from_numpy(maps)).squeeze(1).numpy()
    np.testing.assert_allclose(made, angle_map(maps, positive=False), atol=1e-10)

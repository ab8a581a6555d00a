"""Pairs of maps: the same wherever they come from, cut into tiles, kept in a store."""

import numpy as np
import pytest

pytest.importorskip("torch")

from clearchirp.io import write_capture
from clearchirp.neural.data import (
    EpochShuffle,
    MapDataset,
    Pair,
    RecordedPairs,
    ScenePairs,
    StoredPairs,
)
from clearchirp.simulate import interference_onto, load_scene, simulate
from clearchirp.simulate.scene_file import parse_scene
from clearchirp.types import InputError
from tests.neural.scenes import SMALL


@pytest.fixture
def scene():
    return parse_scene(SMALL, "small.toml")


def test_maps_of_a_scene(scene):
    pairs = ScenePairs(scene, seed=3)
    assert len(pairs) == 6
    disturbed, clean = pairs[2]
    assert disturbed.shape == clean.shape == (8, 24, 24)  # the positive half of 48 ranges
    assert disturbed.dtype == clean.dtype == np.complex64
    assert np.mean(np.abs(disturbed) ** 2) > 2 * np.mean(np.abs(clean) ** 2)
    again = ScenePairs(scene, seed=3)[2]
    np.testing.assert_array_equal(again.disturbed, disturbed)
    assert np.any(ScenePairs(scene, seed=4)[2].clean != clean)
    with pytest.raises(IndexError):
        pairs[6]


def test_maps_are_the_transforms_of_the_beat_signal(scene):
    """Against NumPy alone: windows and FFT over samples, chirps and antennas."""
    from scipy.signal.windows import taylor

    pairs = ScenePairs(scene)
    beat, clean, _ = pairs.beats(0)
    window = taylor(8)[:, None, None] * np.hanning(24)[:, None] * np.hanning(48)
    for signal, made in zip((beat, clean), pairs[0], strict=True):
        spectrum = np.fft.fftshift(np.fft.fftn(signal * window), axes=(0, 1))[..., :24]
        np.testing.assert_allclose(made, spectrum, atol=1e-4 * np.abs(spectrum).max())


def test_a_recording_gives_the_maps_of_its_scene(scene, tmp_path):
    made = simulate(scene, frames=3, seed=5)
    write_capture(
        tmp_path / "a.npz", made.beat, waveform=made.waveform, clean=made.clean,
        disturbed=made.disturbed,
    )  # fmt: skip
    recorded, simulated = RecordedPairs(tmp_path / "a.npz"), ScenePairs(scene, seed=5)
    assert len(recorded) == 3
    for name in Pair._fields:
        np.testing.assert_array_equal(getattr(recorded[1], name), getattr(simulated[1], name))
    write_capture(tmp_path / "b.npz", made.beat)
    with pytest.raises(InputError, match="--onto"):
        RecordedPairs(tmp_path / "b.npz")


def test_interference_onto_a_real_recording_is_a_source(data, tmp_path):
    import clearchirp as cc

    capture = cc.open(
        data / "jin_cao_awr1243" / "20180613-190347.bin",
        format="tsw1400", waveform="jin-cao-awr1243",
    )  # fmt: skip
    clean = capture.read(0, 1)[0]
    made = interference_onto(clean, capture.waveform, load_scene("mru"), inr_db=40)
    write_capture(
        tmp_path / "a.npz", made.beat[None], waveform=capture.waveform, clean=made.clean[None],
        disturbed=made.disturbed[None],
    )  # fmt: skip
    pairs = RecordedPairs(tmp_path / "a.npz")
    disturbed, target = pairs[0]
    assert target.shape == (4, 128, 256)
    assert np.linalg.norm(disturbed - target) > 0.1 * np.linalg.norm(target - target.mean())


def test_a_store_computes_each_pair_once_and_goes_on(scene, tmp_path):
    asked = []

    class Counted(ScenePairs):
        def __getitem__(self, frame):
            asked.append(frame)
            return super().__getitem__(frame)

    source = Counted(scene)
    place = tmp_path / "maps.zarr"
    first = StoredPairs(place, source, "a")[4]
    again = StoredPairs(place, source, "a")  # another process, later
    asked.clear()
    np.testing.assert_array_equal(again[4].disturbed, first.disturbed)
    np.testing.assert_array_equal(again[4].clean, ScenePairs(scene)[4].clean)
    assert asked == []
    assert again[5].clean.any()
    assert asked == [5]
    # Cut short in the middle of a frame: it is not counted as done, and made again.
    again._group["done"][4] = False
    again._group["clean"][4] = 0
    np.testing.assert_array_equal(StoredPairs(place, source, "a")[4].clean, first.clean)
    with pytest.raises(InputError, match="something else"):
        StoredPairs(place, source, "b")
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="no store"):
        StoredPairs(tmp_path / "other", source, "a")


def test_tiles_cover_the_map(scene):
    pairs = ScenePairs(scene)
    tiles = MapDataset(pairs, [1, 3], tile=(8, 12, 8))
    assert len(tiles) == 2 * 1 * 2 * 3
    joined = np.zeros((8, 24, 24), np.complex64)
    for number in range(6, 12):
        tile, (d, r) = number - 6, divmod(number - 6, 3)
        disturbed, clean = tiles[number]
        assert clean.shape == (1, 8, 12, 8)
        joined[:, 12 * d : 12 * d + 12, 8 * r : 8 * r + 8] = disturbed[0].numpy()
        assert tile == 3 * d + r
    np.testing.assert_array_equal(joined, pairs[3].disturbed)
    few = MapDataset(pairs, [0, 1, 2], tile=(8, 12, 8), per_map=1)
    assert len(few) == 3
    np.testing.assert_array_equal(few[2][1][0], pairs[2].clean[:, :12, 16:24])
    prepared = MapDataset(pairs, [0], prepare=lambda maps: 2 * maps, keep=False)
    np.testing.assert_array_equal(prepared[0][0][0], 2 * pairs[0].disturbed)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tile": (9, 12, 8)}, "at most"),
        ({"tile": (8, 0, 8)}, "at most"),
        ({"tile": (8, 12, 8), "per_map": 7}, "1 to 6"),
        ({"frames": [6]}, "0 to 5"),
        ({"frames": []}, "0 to 5"),
    ],
)
def test_what_cannot_be_cut(scene, wrong, words):
    with pytest.raises(InputError, match=words):
        MapDataset(ScenePairs(scene), **{"frames": [0], **wrong})


def test_orders_depend_on_seed_and_epoch_only():
    def order(seed, epoch):
        sampler = EpochShuffle(50, seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(1, 2) == order(1, 2)
    assert sorted(order(1, 2)) == list(range(50))
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)

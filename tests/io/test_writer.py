"""Results on disk: round trips, other programs' readers, and nothing left behind by a failure."""

from __future__ import annotations

import stat
import tracemalloc

import h5py
import numpy as np
import pytest
import xarray
from scipy.io import loadmat

from clearchirp.io import CaptureWriter, open_capture, write_capture
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

RADAR = Waveform(
    start_frequency=77e9,
    slope=-3e13,
    sample_rate=2e7,
    samples=16,
    chirps=4,
    chirp_interval=3e-5,
    adc_start=1e-6,
    transmit_order=(0, 1),
)
SUFFIXES = [".npz", ".zarr", ".npy", ".h5", ".mat"]
rng = np.random.default_rng(5)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def noise(shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("leading", [(), (3,), (3, 2)])
@pytest.mark.parametrize("real", [False, True])
def test_round_trip(tmp_path, suffix, leading, real):
    beat = noise((*leading, 4, 16))
    beat = beat.real.astype(np.float64) if real else beat
    disturbed = rng.random(beat.shape) > 0.7
    path = tmp_path / f"a{suffix}"
    write_capture(path, beat, waveform=RADAR, disturbed=disturbed, clean=2 * beat)
    capture = open_capture(path)
    assert capture.frames.dtype == beat.dtype
    assert capture.read().reshape(beat.shape).tolist() == beat.tolist()
    if suffix != ".zarr":
        np.testing.assert_array_equal(capture.beat, beat)
    if suffix != ".npy":
        assert capture.waveform == RADAR
        np.testing.assert_array_equal(capture.truth["disturbed"][:].ravel(), disturbed.ravel())
        np.testing.assert_array_equal(capture.truth["clean"][:].ravel(), 2 * beat.ravel())
    assert names(tmp_path) == [path.name]


def write_frames(path, beat, leading, **how):
    kinds = {"beat": np.complex64, "range_doppler": np.complex64}
    with CaptureWriter(path, leading=leading, variables=kinds, **how) as writer:
        for k in range(len(beat)):
            writer.write(beat=beat[k : k + 1], range_doppler=2 * beat[k : k + 1])


def test_other_programs_read_it(tmp_path):
    beat = noise((3, 2, 4, 16))
    marks = {"method": "ar", "windowed": True}
    for suffix in SUFFIXES:
        write_frames(tmp_path / f"a{suffix}", beat, (3, 2), waveform=RADAR, attributes=marks)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["beat"], beat)
        np.testing.assert_array_equal(file["range_doppler"], 2 * beat)
        assert (file["method"], file["windowed"]) == ("ar", True)
        assert file["slope"] == -3e13
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), beat)
    np.testing.assert_array_equal(loadmat(tmp_path / "a.mat")["beat"], beat)
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["beat"], beat)
    with xarray.open_zarr(tmp_path / "a.zarr") as store:
        assert store["beat"].dims == ("frame", "rx", "chirp", "sample")
        assert store["range_doppler"].dims == ("frame", "rx", "doppler", "range")
        assert store["beat"].encoding["chunks"] == (1, 2, 4, 16)
        assert store.attrs["method"] == "ar"
        assert store.attrs["sample_rate"] == 2e7
        np.testing.assert_array_equal(store["beat"], beat)


def test_a_store_that_xarray_wrote(tmp_path):
    beat = noise((3, 2, 4, 16))
    axes = ("frame", "rx", "chirp", "sample")
    data = xarray.Dataset({"beat": (axes, beat)}, attrs={"sample_rate": 1e7, "note": "text"})
    data.to_zarr(tmp_path / "a.zarr", consolidated=False)
    capture = open_capture(tmp_path / "a.zarr")
    np.testing.assert_array_equal(capture.read(1, 3), beat[1:])
    assert capture.waveform.sample_rate == 1e7


@pytest.mark.parametrize("leading", [(), (2,), (3, 2)])
@pytest.mark.parametrize("suffix", [".npz", ".zarr", ".h5"])
def test_maps_of_virtual_receivers(tmp_path, leading, suffix):
    frames, receivers = (3, 2) if len(leading) == 2 else (1, *leading) if leading else (1, 1)
    path = tmp_path / f"a{suffix}"
    kinds = {"beat": np.complex64, "range_doppler": np.complex64}
    maps = noise((frames, 2 * receivers, 2, 16))
    with CaptureWriter(path, leading=leading, variables=kinds) as writer:
        writer.write(beat=noise((frames, receivers, 4, 16)), range_doppler=maps)
    if suffix == ".zarr":
        with xarray.open_zarr(path) as store:
            assert store["range_doppler"].dims[1] == "virtual_rx"
            return
    shape = (3, 4, 2, 16) if len(leading) == 2 else (2 * receivers, 2, 16)
    name = {"variable": "range_doppler"}
    np.testing.assert_array_equal(open_capture(path, **name).beat, maps.reshape(shape))


def write_one_frame(writer, failure):
    with writer:
        writer.write(beat=noise((1, 1, 4, 16)))
        if failure:
            raise failure


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError, None])
def test_a_failure_keeps_the_old_and_leaves_nothing(tmp_path, suffix, failure):
    path = tmp_path / f"a{suffix}"
    old = noise((4, 1, 4, 16))
    write_capture(path, old)
    writer = CaptureWriter(path, leading=(4, 1), variables={"beat": np.complex64})
    expected = failure or ValueError  # too few frames are an error of their own
    with pytest.raises(expected):
        write_one_frame(writer, failure)
    assert names(tmp_path) == [path.name]
    np.testing.assert_array_equal(open_capture(path).beat, old)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr("shutil.disk_usage", lambda path: _Usage)
    with pytest.raises(InputError, match="only 10 are free"):
        write_capture(tmp_path / f"a{suffix}", noise((1, 1, 4, 16)))
    assert names(tmp_path) == []


class _Usage:
    free = 10


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_input_is_no_target(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_capture(path, noise((1, 1, 4, 16)))
    link = tmp_path / f"link{suffix}"
    link.symlink_to(path)
    capture = open_capture(path)
    for target in (path, link):
        with pytest.raises(InputError, match="is the recording that is read"):
            write_capture(target, capture)
    assert open_capture(path).read().shape == (1, 1, 4, 16)


def test_targets_that_cannot_be(tmp_path):
    beat = noise((1, 1, 4, 16))
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "precious.zarr").mkdir()
    (tmp_path / "precious.zarr" / "thesis.tex").touch()
    for name, word in (
        ("a.wav", ".npz, .zarr"),
        ("a", "without a suffix"),
        ("no/such/a.npz", "does not exist"),
        ("folder.npz", "not a file"),
        ("precious.zarr", "no Zarr store"),
    ):
        with pytest.raises(InputError, match=word) as error:
            write_capture(tmp_path / name, beat)
        assert "\n" not in str(error.value)
    assert (tmp_path / "precious.zarr" / "thesis.tex").exists()
    assert names(tmp_path) == ["folder.npz", "precious.zarr"]


def test_a_block_that_does_not_fit_is_an_error(tmp_path):
    writer = CaptureWriter(tmp_path / "a.npz", leading=(2, 1), variables={"beat": np.complex64})
    for blocks in ({"beat": noise((3, 1, 4, 16))}, {"other": noise((1, 1, 4, 16))}):
        with pytest.raises(ValueError, match=r"a\.npz"), writer:
            writer.write(**blocks)
    assert names(tmp_path) == []


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".h5", ".zarr"])
def test_memory_stays_at_a_few_frames(tmp_path, suffix):
    frame = noise((1, 1, 256, 512))
    count = 48
    write_capture(tmp_path / f"warm{suffix}", frame)
    tracemalloc.start()
    kinds = {"beat": np.complex64}
    path = tmp_path / f"a{suffix}"
    with CaptureWriter(path, leading=(count, 1), variables=kinds) as writer:
        for _ in range(count):
            writer.write(beat=frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.75 * count * frame.nbytes
    assert len(open_capture(path)) == count


def test_permissions_are_the_usual(tmp_path):
    (tmp_path / "usual").touch()
    usual = stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    write_capture(tmp_path / "a.npz", noise((1, 1, 4, 16)))
    assert stat.S_IMODE((tmp_path / "a.npz").stat().st_mode) == usual

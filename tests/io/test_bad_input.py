"""Wrong, damaged and hostile files: one line each, never a library's traceback."""

from __future__ import annotations

import contextlib
import io
import json
import struct
import zipfile
import zlib

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from clearchirp.io import RadarSetup, open_capture, write_capture
from clearchirp.io.capture import unknown_waveform
from clearchirp.types import InputError
from tests.oracles import raw_words

BEAT = np.random.default_rng(3).normal(size=(2, 2, 8, 64)).astype(np.float32)
SETUP = RadarSetup(waveform=unknown_waveform(64, 8), receivers=2)


def open_whole(path, **how):
    return open_capture(path, **how).read()


def refused(path, *words, **how):
    with pytest.raises(InputError) as error:
        open_whole(path, **how)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 600
    for word in (path.name, *words):
        assert str(word) in message
    assert error.value.__suppress_context__ or error.value.__context__ is None
    return message


def test_missing_empty_folder_and_unknown(tmp_path):
    refused(tmp_path / "none.npz", "no such file")
    refused(tmp_path / "none.npz", "no such file", format="npz")
    (tmp_path / "empty.npz").touch()
    refused(tmp_path / "empty.npz", "is empty")
    refused(tmp_path / "empty.npz", "is empty", format="tsw1400", waveform=SETUP)
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "folder without a recording")
    refused(tmp_path / "folder", "is a folder", format="npz")
    (tmp_path / "a.xyz").write_bytes(bytes(range(256)))
    refused(tmp_path / "a.xyz", "not recognised", "tsw1400")
    (tmp_path / "a.npz").write_bytes(bytes(range(256)))
    refused(tmp_path / "a.npz", "is no .npz file")
    (tmp_path / "a.json").write_text("{}")
    refused(tmp_path / "a.json", "is no recording")
    with pytest.raises(InputError, match="format must be one of"):
        open_capture(tmp_path / "a.xyz", format="wav")


def test_a_bin_alone_tells_nothing(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(raw_words.interleaved(raw_words.counts((1, 2, 8, 64))))
    refused(path, "tsw1400", "dca1000", "--format")
    path.write_text("frame;sample\n1;2\n" * 100)
    refused(path, "text file")
    refused(path, "text file", format="tsw1400", waveform=SETUP)
    refused(path, "text file", format="dca1000", waveform=SETUP)


def test_sizes_of_raw_recordings(tmp_path):
    path = tmp_path / "a.bin"
    stream = raw_words.interleaved(raw_words.counts((3, 2, 8, 64)))
    path.write_bytes(stream)
    refused(path, "waveform", format="tsw1400")
    refused(path, "receivers", format="tsw1400", waveform=SETUP.waveform)
    path.write_bytes(stream[:-100])
    for form in ("tsw1400", "dca1000"):
        refused(path, len(stream) - 100, 4096, "2 whole frames", format=form, waveform=SETUP)
    path.write_bytes(stream[:-101])
    refused(path, "odd number", len(stream) - 101, format="tsw1400", waveform=SETUP)
    path.write_bytes(stream[:1000])
    refused(path, "0 whole frames", format="dca1000", waveform=SETUP)
    odd = RadarSetup(waveform=unknown_waveform(63, 8), receivers=2)
    refused(path, "pairs", format="dca1000", waveform=odd)
    path.write_bytes(stream)
    refused(path, "lanes", format="tsw1400", waveform=SETUP, lanes=2)


def test_arguments_that_would_be_ignored_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", beat=BEAT)
    np.save(tmp_path / "a.npy", BEAT)
    refused(tmp_path / "a.npz", "lanes", lanes=2)
    refused(tmp_path / "a.npz", "iq_order", iq_order="qi")
    refused(tmp_path / "a.npy", "variable", variable="x")
    for wrong in ({"lanes": 3}, {"iq_order": "both"}, {"receivers": 0}):
        with pytest.raises(InputError):
            open_capture(tmp_path / "a.npz", **wrong)
    refused(tmp_path / "a.npz", "receivers", receivers=3)


def test_truncated_and_damaged_files(tmp_path):
    build = {
        "a.npz": lambda p: np.savez(p, beat=BEAT),
        "b.npz": lambda p: np.savez_compressed(p, beat=BEAT),
        "a.npy": lambda p: np.save(p, BEAT),
        "a.mat": lambda p: savemat(p, {"beat": BEAT}, do_compression=True),
        "a.h5": lambda p: write_h5(p),
    }
    for name, write in build.items():
        path = tmp_path / name
        write(path)
        whole = path.read_bytes()
        for share in (0.02, 0.3, 0.9, 0.999):
            path.write_bytes(whole[: int(share * len(whole))])
            refused(path)
    np.save(tmp_path / "a.npy", BEAT)
    with (tmp_path / "a.npy").open("ab") as file:
        file.write(b"more")
    refused(tmp_path / "a.npy", "too long")


def write_h5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("beat", data=BEAT, compression="gzip")


def test_flipped_bytes_never_show_a_traceback(tmp_path):
    rng = np.random.default_rng(0)
    np.savez_compressed(tmp_path / "a.npz", beat=BEAT[:1, :1, :2, :8])
    savemat(tmp_path / "a.mat", {"beat": BEAT[0, 0, :2, :8]}, do_compression=True)
    (tmp_path / "a.pcap").write_bytes(
        raw_words.pcap([raw_words.ethernet(p) for p in raw_words.datagrams(bytes(4096))])
    )
    for name in ("a.npz", "a.mat", "a.pcap"):
        whole = bytearray((tmp_path / name).read_bytes())
        for trial in range(60):
            data = whole.copy()
            for at in rng.integers(0, len(data), 3):
                data[at] = rng.integers(256)
            path = tmp_path / f"{trial}{name}"
            path.write_bytes(data)
            # Anything else that is raised fails the test; a value may well have survived.
            with contextlib.suppress(InputError):
                open_whole(path, waveform=SETUP)
            path.unlink()


def test_a_zarr_store_without_content(tmp_path):
    store = tmp_path / "a.zarr"
    write_capture(store, BEAT)
    (store / "zarr.json").write_text("{")
    refused(store)
    write_capture(tmp_path / "b.zarr", BEAT)
    for chunk in (tmp_path / "b.zarr" / "beat" / "c").rglob("*"):
        if chunk.is_file():
            chunk.write_bytes(b"short")
    refused(tmp_path / "b.zarr")
    (tmp_path / "c.zarr").mkdir()
    (tmp_path / "c.zarr" / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}')
    refused(tmp_path / "c.zarr", "no variable 'beat'")


def member(shape, kind="<c8"):
    file = io.BytesIO()
    header = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


def test_a_bomb_is_refused_before_it_goes_off(tmp_path):
    path = tmp_path / "bomb.npz"
    zeros = bytes(2**20)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("beat.npy", "w") as file,
    ):
        file.write(member((100, 1, 128, 1024)))
        for _ in range(100):
            file.write(zeros)
    assert path.stat().st_size < 200_000
    refused(path, "would inflate")
    matrix = tmp_path / "bomb.mat"
    savemat(matrix, {"beat": np.zeros((1, 1, 1024, 16384))}, do_compression=True)
    refused(matrix, "would inflate")


def test_headers_that_lie(tmp_path):
    path = tmp_path / "a.npz"
    for shape in ((2**40, 8), (4, 9), (4, 7), (-1, 8)):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("beat.npy", member(shape) + bytes(4 * 8 * 8))
        refused(path)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("beat.npy", member(shape) + bytes(4 * 8 * 8))
        refused(path)
        bare = tmp_path / "a.npy"
        bare.write_bytes(member(shape) + bytes(4 * 8 * 8))
        refused(bare)


def test_a_wrong_checksum(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, beat=BEAT)
    data = bytearray(path.read_bytes())
    crc = struct.pack("<I", zlib.crc32(_member_bytes(path)))
    at = data.rindex(crc)
    data[at] ^= 1
    path.write_bytes(data)
    refused(path)


def _member_bytes(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("beat.npy")


def test_content_that_is_no_beat_signal(tmp_path):
    cases = {
        "objects": np.array([{}, 1], dtype=object),
        "text": np.array([["a", "b"]]),
        "axes": np.zeros((1, 1, 1, 2, 8)),
        "empty": np.zeros((0, 8)),
        "scalar": np.float64(3),
        "records": np.zeros(4, [("a", "f4"), ("b", "f4")]),
    }
    for name, array in cases.items():
        np.savez(tmp_path / f"{name}.npz", beat=array)
        refused(tmp_path / f"{name}.npz")
        np.save(tmp_path / f"{name}.npy", array)
        refused(tmp_path / f"{name}.npy")
    refused(tmp_path / "objects.npz", "never loaded")
    np.savez(tmp_path / "a.npz", beat=BEAT, sample_rate=-1.0)
    refused(tmp_path / "a.npz", "sample_rate")


def test_values_that_are_not_finite_are_told_by_place(tmp_path):
    beat = BEAT.copy()
    beat[1, 0, 3, 5] = np.nan
    beat[1, 1, 3, 5] = np.inf
    np.save(tmp_path / "a.npy", beat)
    refused(tmp_path / "a.npy", "frame 1", "2 values", "receiver 0, chirp 3, sample 5")
    capture = open_capture(tmp_path / "a.npy")
    assert capture.read(0, 1).shape == (1, 2, 8, 64)
    huge = np.full((1, 4, 8), 3e38, np.float32)
    np.save(tmp_path / "huge.npy", huge)
    np.testing.assert_array_equal(open_capture(tmp_path / "huge.npy").beat, huge)
    for start, stop in ((-1, 1), (0, 3), (1, 1)):
        with pytest.raises(InputError, match="frames"):
            capture.read(start, stop)


def infineon(folder, array, **change):
    folder.mkdir(exist_ok=True)
    np.save(folder / "radar.npy", array)
    shape = {
        "num_samples_per_chirp": 64,
        "num_chirps_per_frame": 8,
        "rx_antennas": [1, 3],
        "sample_rate_Hz": 2000000,
        "start_frequency_Hz": 58e9,
        "end_frequency_Hz": 60e9,
        "chirp_repetition_time_s": 5e-4,
        **change,
    }
    (folder / "config.json").write_text(json.dumps({"device_config": {"fmcw_single_shape": shape}}))
    return folder


def test_infineon_folders(tmp_path):
    counts = np.random.default_rng(0).integers(0, 4096, (4, 2, 8, 64), dtype=np.uint16)
    folder = infineon(tmp_path / "a", counts)
    capture = open_capture(folder)
    np.testing.assert_array_equal(capture.beat, counts)
    assert capture.waveform.slope == pytest.approx(2e9 / 32e-6)
    refused(infineon(folder, counts, num_samples_per_chirp=32), "num_samples_per_chirp", 32, 64)
    refused(infineon(folder, counts, sample_rate_Hz="fast"), "sample_rate_Hz")
    refused(infineon(folder, counts, end_frequency_Hz=58e9), "slope")
    refused(infineon(folder, counts[0]), "radar.npy")
    infineon(folder, counts)
    (folder / "config.json").write_text("{")
    refused(folder, "fmcw_single_shape")
    (folder / "config.json").unlink()
    refused(folder, "config.json", format="infineon")

"""Files of named arrays: every format, axes, truth, waveform, and nothing unpickled."""

from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from clearchirp.io import from_array, open_capture
from clearchirp.io.capture import unknown_waveform
from clearchirp.types import InputError

rng = np.random.default_rng(7)


def noise(shape, dtype=np.complex64):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=0, max_size=2),
    st.tuples(st.integers(1, 4), st.integers(2, 9)),
    st.sampled_from(["c8", ">c16", "f4", "f8", "<i2", ">u2", "f2"]),
    st.booleans(),
    st.booleans(),
)
def test_npz_and_npy_any_axes_type_and_order(tmp_path_factory, leading, last, kind, pack, fortran):
    shape = (*leading, *last)
    beat = (
        (100 * noise(shape)).astype(kind) if "c" in kind else (100 * rng.random(shape)).astype(kind)
    )
    beat = np.asarray(beat, order="F" if fortran else "C")
    folder = tmp_path_factory.mktemp("a")
    (np.savez_compressed if pack else np.savez)(folder / "a.npz", other=1, beat=beat)
    np.save(folder / "a.npy", beat)
    for path in (folder / "a.npz", folder / "a.npy"):
        capture = open_capture(path)
        assert capture.leading == tuple(leading)
        assert capture.frames.dtype.isnative
        assert capture.frames.dtype in map(np.dtype, ("c8", "c16", "f4", "f8"))
        np.testing.assert_array_equal(capture.beat, beat)
        one = capture.read(len(capture) - 1)
        assert one.shape == (1, *capture.frames.shape[1:])
        assert one.flags.c_contiguous
        assert one.flags.aligned
        np.testing.assert_array_equal(capture.frames[0:0].shape, (0, *capture.frames.shape[1:]))


def test_uncompressed_members_stay_on_disk(tmp_path):
    np.savez(tmp_path / "a.npz", beat=noise((3, 2, 4, 8)))
    capture = open_capture(tmp_path / "a.npz")
    assert isinstance(capture.frames.array, np.memmap)


def test_a_sparse_npy_of_gigabytes_opens_at_once(tmp_path):
    path = tmp_path / "a.npy"
    shape = (4096, 4, 128, 512)
    with path.open("wb") as file:
        header = {"descr": "<c8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 8 * int(np.prod(shape)))
    capture = open_capture(path)
    assert capture.frames.shape == shape
    assert not capture.read(4000, 4001).any()


def test_axes():
    assert from_array(noise((9,))).frames.shape == (1, 1, 1, 9)
    assert from_array(noise((5, 9))).frames.shape == (1, 1, 5, 9)
    assert from_array(noise((3, 5, 9))).frames.shape == (3, 1, 5, 9)
    with pytest.raises(InputError, match="5 axes"):
        from_array(noise((1, 1, 1, 5, 9)))


def test_one_leading_axis_of_receivers(tmp_path):
    beat = noise((4, 5, 9))
    np.save(tmp_path / "a.npy", beat)
    capture = open_capture(tmp_path / "a.npy", receivers=4)
    assert capture.frames.shape == (1, 4, 5, 9)
    np.testing.assert_array_equal(capture.beat, beat)
    np.testing.assert_array_equal(capture.read(0, 1)[0], beat)
    assert "receivers=4" in open_capture(tmp_path / "a.npy").notes[0]


def test_truth_waveform_and_sign(tmp_path):
    beat, clean = noise((2, 3, 4, 8)), noise((2, 3, 4, 8))
    disturbed = rng.random(beat.shape) > 0.5
    np.savez(
        tmp_path / "a.npz",
        beat=beat,
        clean=clean,
        disturbed=disturbed,
        targets=np.zeros((5, 3)),
        sample_rate=1e7,
        slope=2e12,
        chirp_interval=np.nan,
        transmit_order=[0, 1],
    )
    capture = open_capture(tmp_path / "a.npz", conjugate=True)
    assert set(capture.truth) == {"clean", "disturbed"}
    assert any("targets is left out" in note for note in capture.notes)
    np.testing.assert_array_equal(capture.read(1), beat[1:].conj())
    np.testing.assert_array_equal(capture.truth["clean"][0:1], clean[:1].conj())
    np.testing.assert_array_equal(capture.truth["disturbed"][:], disturbed)
    assert capture.truth["disturbed"].dtype == bool
    assert capture.waveform.knows_range
    assert not capture.waveform.knows_speed
    assert capture.waveform.transmit_order == (0, 1)
    assert (capture.waveform.chirps, capture.waveform.samples) == (4, 8)


def test_the_callers_waveform_goes_before_the_files(tmp_path):
    np.savez(tmp_path / "a.npz", beat=noise((4, 8)), sample_rate=1e7, slope=2e12, adc_start=1e-6)
    given_radar = unknown_waveform(16, 4, sample_rate=3e7)
    capture = open_capture(tmp_path / "a.npz", waveform=given_radar)
    assert capture.waveform.sample_rate == 3e7
    assert capture.waveform.slope == 2e12
    assert capture.waveform.adc_start == 1e-6
    assert capture.waveform.samples == 8
    assert "16" in capture.notes[0]


def write_v73(path, **arrays):
    """As MATLAB does: a user block, axes reversed, complex numbers in pairs, logicals in bytes."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            array = np.atleast_2d(array).T
            kind = "double" if array.dtype != bool else "logical"
            if np.iscomplexobj(array):
                part = array.real.dtype
                pairs = np.empty(array.shape, [("real", part), ("imag", part)])
                pairs["real"], pairs["imag"] = array.real, array.imag
                array = pairs
            data = file.create_dataset(
                name, data=array.astype("u1") if kind == "logical" else array
            )
            data.attrs["MATLAB_class"] = np.bytes_(kind)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


@pytest.mark.parametrize("version", ["5", "7.3", "h5"])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128, np.float64])
def test_matlab_and_hdf5(tmp_path, version, dtype):
    beat = noise((3, 2, 4, 8), np.complex128)
    beat = beat.astype(dtype) if np.dtype(dtype).kind == "c" else beat.real
    disturbed = rng.random(beat.shape) > 0.5
    path = tmp_path / ("a.h5" if version == "h5" else "a.mat")
    content = {"beat": beat, "disturbed": disturbed, "sample_rate": 5e6, "slope": 1e12}
    if version == "5":
        savemat(path, content, do_compression=True)
    elif version == "7.3":
        write_v73(path, **content)
    else:
        with h5py.File(path, "w") as file:
            for name, value in content.items():
                file[name] = value
    capture = open_capture(path)
    assert capture.format == ("hdf5" if version == "h5" else "mat")
    assert capture.frames.dtype == dtype
    np.testing.assert_array_equal(capture.beat, beat)
    np.testing.assert_array_equal(capture.read(2), beat[2:])
    np.testing.assert_array_equal(capture.truth["disturbed"][1:3], disturbed[1:3])
    assert capture.waveform.sample_rate == 5e6


@pytest.mark.parametrize("build", [savemat, lambda path, content: write_v73(path, **content)])
def test_a_matlab_column_is_one_chirp(tmp_path, build):
    beat = noise((40, 1))
    build(tmp_path / "a.mat", {"x": beat, "f_s": np.array([[2e6]])})
    capture = open_capture(tmp_path / "a.mat", variable="x")
    assert capture.frames.shape == (1, 1, 1, 40)
    np.testing.assert_array_equal(capture.beat, beat.T)
    assert "column" in capture.notes[0]
    assert capture.waveform.sample_rate == 2e6


def test_a_missing_variable_lists_what_is_there(tmp_path):
    savemat(tmp_path / "a.mat", {"signal": noise((4, 8)), "name": "x"})
    write_v73(tmp_path / "b.mat", signal=noise((4, 8)))
    np.savez(tmp_path / "c.npz", signal=noise((4, 8)))
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["group/signal"] = noise((4, 8))
    for name in ("a.mat", "b.mat", "c.npz", "d.h5"):
        with pytest.raises(InputError, match=r"signal \(4, 8\)"):
            open_capture(tmp_path / name)
    capture = open_capture(tmp_path / "d.h5", variable="group/signal")
    assert capture.frames.shape == (1, 1, 4, 8)


def arim(path, content, protocol=4):
    with path.open("wb") as file:
        np.save(file, np.array(content, dtype=object), allow_pickle=True)
    if protocol is None:
        path.write_bytes(pickle.dumps(content))
    return path


@pytest.mark.parametrize("protocol", [4, None])
def test_arim(tmp_path, protocol):
    sb, sb0 = noise((5, 32), np.complex128), noise((5, 32), np.complex128)
    info = np.array([1.0, 2.0])
    content = {"sb": sb, "sb0": sb0, "info_mat": info, "n": np.float64(3), "kind": "arim"}
    path = arim(tmp_path / "a.npy", content, protocol)
    with pytest.raises(InputError, match="allow_pickle"):
        open_capture(path, format="arim")
    if protocol == 4:
        with pytest.raises(InputError, match="never loaded"):
            open_capture(path)
    capture = open_capture(path, format="arim", allow_pickle=True)
    assert capture.frames.shape == (5, 1, 1, 32)
    np.testing.assert_array_equal(capture.read(2, 4)[:, 0, 0], sb[2:4])
    np.testing.assert_array_equal(capture.truth["clean"][:][:, 0, 0], sb0)
    assert capture.waveform.slope == pytest.approx(6.25e13)
    savemat(tmp_path / "a.mat", {"sb": sb, "sb0": sb0})
    same = open_capture(tmp_path / "a.mat", format="arim")
    np.testing.assert_array_equal(same.beat, capture.beat)


class Harmful:
    def __reduce__(self):
        return (eval, ("open('harmed', 'w')",))


@pytest.mark.parametrize("protocol", [4, None])
def test_arim_runs_no_program(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    path = arim(tmp_path / "a.npy", {"sb": noise((2, 8)), "x": Harmful()}, protocol)
    with pytest.raises(InputError, match="not admitted") as error:
        open_capture(path, format="arim", allow_pickle=True)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "harmed").exists()

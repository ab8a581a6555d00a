"""What `mitigate` writes, against contract.md; what `detect` and `simulate` write."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import xarray

from tests.cli.conftest import Run, beat_signal

SHAPES = [(32, 256), (3, 32, 256), (2, 2, 32, 256)]


def expected_map(beat, real: bool):
    """The conventions' range-Doppler map, written out."""
    chirps, samples = beat.shape[-2:]
    window = np.hanning(chirps)[:, None] * np.hanning(samples)
    transform = np.fft.rfft if real else np.fft.fft
    spectrum = np.fft.fft(transform(beat.astype(complex if not real else float) * window), axis=-2)
    return np.fft.fftshift(spectrum, axes=-2)


@pytest.mark.parametrize("real", [False, True], ids=["iq", "real"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", ["none", "zeroing", "ramp-filter", "ar"])
def test_the_npz_of_the_contract(method: str, shape, real: bool, run: Run, here: Path):
    beat = beat_signal(shape, real=real)
    np.savez("in.npz", beat=beat, slope=2e13, sample_rate=2e7)
    assert run("mitigate", "in.npz", "-m", method, "-o", "out.npz").code == 0
    with np.load("out.npz", allow_pickle=False) as out:
        assert out["beat"].shape == shape
        assert out["beat"].dtype == beat.dtype
        assert out["disturbed"].shape == shape
        assert out["disturbed"].dtype == bool
        assert 0.04 < out["disturbed"].mean() < 0.08
        bins = shape[-1] // 2 + 1 if real else shape[-1]
        assert out["range_doppler"].shape == (*shape[:-1], bins)
        assert out["range_doppler"].dtype == np.complex64
        assert out["method"].dtype.kind == "U"
        assert str(out["method"]) == method
        assert out["windowed"].dtype == bool
        assert bool(out["windowed"]) == (method == "ramp-filter")
        assert (float(out["slope"]), float(out["sample_rate"])) == (2e13, 2e7)
        assert "start_frequency" not in out
        if method != "ramp-filter":
            scale = np.abs(out["range_doppler"]).max()
            difference = out["range_doppler"] - expected_map(out["beat"], real)
            assert np.abs(difference).max() < 1e-5 * scale
            kept = ~out["disturbed"]
            np.testing.assert_array_equal(out["beat"][kept], beat[kept])


def test_double_precision_stays(run: Run, here: Path):
    np.save("in.npy", beat_signal().astype(np.complex128))
    run("mitigate", "in.npy", "-m", "zeroing", "-o", "out.npz")
    with np.load("out.npz") as out:
        assert (out["beat"].dtype, out["range_doppler"].dtype) == (complex, complex)


@pytest.mark.parametrize("suffix", [".zarr", ".h5", ".mat", ".npy"])
def test_every_format_says_the_same(suffix: str, run: Run, here: Path):
    beat = beat_signal((2, 3, 32, 256))
    np.savez("in.npz", beat=beat, slope=2e13)
    run("mitigate", "in.npz", "-m", "ar", "-o", "out.npz")
    ran = run("mitigate", "in.npz", "-m", "ar", "-o", f"out{suffix}")
    assert ran.code == 0
    with np.load("out.npz") as file:
        expected = dict(file)
    names = ["beat", "disturbed", "range_doppler"]
    match suffix:
        case ".zarr":
            with xarray.open_zarr("out.zarr") as store:
                assert store["beat"].dims == ("frame", "rx", "chirp", "sample")
                assert store.attrs["method"] == "ar"
                assert store.attrs["slope"] == 2e13
                assert not store.attrs["windowed"]
                got = {name: store[name].values for name in names}
        case ".h5":
            with h5py.File("out.h5") as file:
                got = {name: file[name][...] for name in names}
        case ".mat":
            got = scipy.io.loadmat("out.mat")
            assert got["method"] == ["ar"]
        case _:
            names = ["beat"]
            got = {"beat": np.load("out.npy", allow_pickle=False)}
            assert "an .npy holds the beat signal alone" in ran.err.lower()
    for name in names:
        np.testing.assert_array_equal(got[name], expected[name])


def test_settings_arrive(run: Run, recording):
    for arguments in (["--set", "taper=8"], ["--set", "zeroing.taper=8"]):
        run("mitigate", recording, "-m", "zeroing", "-o", "hard.npz")
        run("mitigate", recording, "-m", "zeroing", "-o", "soft.npz", *arguments)
        with np.load("hard.npz") as hard, np.load("soft.npz") as soft:
            assert not np.array_equal(hard["beat"], soft["beat"])
            np.testing.assert_array_equal(hard["disturbed"], soft["disturbed"])
    run("mitigate", recording, "-m", "zeroing", "-o", "wide.npz", "--set", "combined.guard=9")
    with np.load("hard.npz") as hard, np.load("wide.npz") as wide:
        assert wide["disturbed"].sum() > hard["disturbed"].sum()


def test_it_tells_what_it_did(run: Run, recording):
    ran = run("mitigate", recording, "-m", "zeroing", "-o", "out.npz", "--figure", "out.svg")
    assert ran.out.startswith("out.npz: 1 frame cleaned by zeroing; interference found by combined")
    assert " dB before, " in ran.out
    assert Path("out.svg").read_text().startswith("<?xml")
    facts = run("mitigate", recording, "-m", "zeroing", "-o", "out.npz", "--json").json
    assert facts["frames_hit"] == facts["frames"] == 1
    with np.load("out.npz") as out:
        assert facts["disturbed_share"] == pytest.approx(out["disturbed"].mean())
        floor = 10 * np.log10(np.median(np.abs(out["range_doppler"].astype(complex)) ** 2))
    assert facts["floor_after_db"] == pytest.approx(floor, abs=0.01)
    assert facts["floor_change_db"] == pytest.approx(
        facts["floor_after_db"] - facts["floor_before_db"]
    )
    assert facts["floor_change_db"] < -10


def test_it_tells_that_nothing_was_found(run: Run, here: Path):
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((2, 16, 128)) + 1j * rng.standard_normal((2, 16, 128))
    np.save("in.npy", noise.astype(np.complex64))
    ran = run("mitigate", "in.npy", "-o", "out.npy")
    assert "combined found no interference in 2 frames" in ran.out
    assert "the beat signal is written as it was" in ran.out
    np.testing.assert_array_equal(np.load("out.npy"), np.load("in.npy"))


def test_a_recording_of_zeros(run: Run, here: Path):
    np.save("in.npy", np.zeros((2, 16, 128), np.complex64))
    ran = run("mitigate", "in.npy", "-o", "out.npz", "--json")
    assert ran.code == 0
    assert ran.json["floor_change_db"] is None


def test_a_range_method_tells_of_its_window(run: Run, recording):
    ran = run("mitigate", recording, "-m", "ramp-filter", "-o", "out.npz")
    assert ran.code == 0
    assert "windowed = true" in ran.err


def test_a_mask_of_detect_is_that_of_mitigate(run: Run, recording):
    run("detect", recording, "-d", "envelope", "-o", "mask.npz")
    run("mitigate", recording, "-d", "envelope", "-m", "zeroing", "-o", "out.npz")
    with np.load("mask.npz") as mask, np.load("out.npz") as out:
        np.testing.assert_array_equal(mask["disturbed"], out["disturbed"])
        assert mask["disturbed"].any()


def test_a_simulated_recording_can_be_cleaned_and_is_the_same_again(run: Run, here: Path):
    for name in ("a.zarr", "b.npz"):
        assert run("simulate", "demo", "-o", name, "--frames", 1, "--seed", 7).code == 0
    with xarray.open_zarr("a.zarr") as a, np.load("b.npz") as b:
        for name in ("beat", "targets", "clean", "interference", "disturbed"):
            np.testing.assert_array_equal(a[name].values, b[name])
        np.testing.assert_allclose(b["beat"], b["clean"] + b["interference"], atol=1e-3)
    assert run("mitigate", "a.zarr", "-o", "out.zarr").code == 0
    lost = run("simulate", "demo", "-o", "c.npy", "--frames", 1)
    assert "write .npz for the truth" in lost.err


@pytest.mark.parametrize("command", ["mitigate", "detect"])
def test_who_does_the_work(command: str, run: Run, recording):
    assert run(command, recording, "-o", "a.zarr", "--threads").code == 0
    assert run(command, recording, "-o", "b.zarr", "--workers", 1).code == 0
    with xarray.open_zarr("a.zarr") as a, xarray.open_zarr("b.zarr") as b:
        assert a.identical(b)
        assert a["done"].all()
    for given, told in (
        (("--workers", 0), "--workers: must be 1 or more, got 0"),
        (("--workers", 2, "--scheduler", "tcp://127.0.0.1:9"), "leave out --workers and --threads"),
        (("--scheduler", "tcp://127.0.0.1:9"), "no Dask scheduler answers at tcp://127.0.0.1:9"),
    ):
        ran = run(command, recording, "-o", "c.zarr", *given)
        assert ran.code == 2
        assert told in ran.line
        assert not Path("c.zarr.part").exists()


def test_an_unfinished_run_of_something_else(run: Run, recording):
    run("mitigate", recording, "-m", "zeroing", "-o", "out.zarr")
    Path("out.zarr").rename("out.zarr.part")
    ran = run("mitigate", recording, "-m", "ar", "-o", "out.zarr")
    assert ran.code == 2
    assert "an unfinished run of something else lies there (method: zeroing" in ran.line
    assert "--restart begins anew" in ran.line
    again = run("mitigate", recording, "-m", "zeroing", "-o", "out.zarr")
    assert "note: 1 frame had been finished by a run before." in again.err
    Path("out.zarr").rename("out.zarr.part")
    assert run("mitigate", recording, "-m", "ar", "-o", "out.zarr", "--restart").code == 0
    assert not Path("out.zarr.part").exists()

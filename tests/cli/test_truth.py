"""What the truth is good for: simulated and overlaid recordings, scored detectors and methods."""

from __future__ import annotations

import json

import numpy as np
import pytest

import clearchirp as cc


def test_simulate_writes_targets_and_crossings(run, tmp_path):
    out = tmp_path / "a.npz"
    assert run("simulate", "demo", "-o", out, "--frames", 1, "--quiet").code == 0
    truth = json.loads((tmp_path / "a.truth.json").read_text())
    (frame,) = truth["frames"]
    assert len(frame["targets"]) >= 3
    recording = cc.open(out)
    assert set(recording.truth) == {"targets", "clean", "interference", "disturbed"}
    touched = np.abs(recording.truth["interference"][0:1][0, 0]) > 0
    chirps = {crossing["chirp"] for crossing in frame["crossings"]}
    assert set(np.flatnonzero(touched.any(axis=-1))) <= chirps


def test_detect_scores_itself_against_the_truth(run, tmp_path):
    out = tmp_path / "a.npz"
    assert run("simulate", "demo", "-o", out, "--frames", 1, "--quiet").code == 0
    said = json.loads(run("detect", out, "--json").out)
    (row,) = said["by_frame"]
    assert row["recall"] > 0.95
    assert 0.7 < row["precision"] <= 1
    oracle = json.loads(run("detect", out, "-d", "oracle", "--json").out)
    assert oracle["by_frame"][0]["F"] == 1
    assert "recall" in run("detect", out).out


def test_an_oracle_without_truth_is_refused(run, tmp_path):
    np.savez(tmp_path / "a.npz", beat=np.ones((8, 64), np.complex64))
    for command in (
        ("detect", tmp_path / "a.npz", "-d", "oracle"),
        ("mitigate", tmp_path / "a.npz", "-m", "zeroing-oracle", "-o", tmp_path / "b.npz"),
        ("compare", tmp_path / "a.npz", "-m", "zeroing-oracle"),
    ):
        result = run(*command)
        assert result.code == 2
        assert "truth" in result.err
    assert not (tmp_path / "b.npz").exists()


def test_evaluate_scores_every_method_on_the_same_frames(run, tmp_path):
    names = ("none", "zeroing", "zeroing-oracle")
    chosen = [part for name in names for part in ("-m", name)]
    groups = json.loads(run("evaluate", "demo", *chosen, "--frames", 1, "--json").out)["groups"]
    assert [group["method"] for group in groups] == list(names)
    assert groups[1]["mse_db"] < groups[0]["mse_db"]
    again = json.loads(run("evaluate", "demo", *chosen, "--frames", 1, "--json").out)["groups"]
    for group in (*groups, *again):
        del group["ms"]
    assert again == groups


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("evaluate", "demo", "--frames", 0), "--frames"),
        (("evaluate", "demo", "--seed", -1), "--seed"),
        (("evaluate", "nowhere"), "nowhere"),
        (("evaluate", "demo", "-m", "magic"), "magic"),
        (("simulate", "demo", "-o", "x.npz", "--inr-db", 3), "--onto"),
        (("simulate", "demo", "-o", "x.npz", "--onto", "missing.npz"), "missing.npz"),
    ],
)
def test_wrong_use_is_named(run, tmp_path, monkeypatch, arguments, named):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.code == 2
    assert named in result.err
    assert len(result.err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_interference_onto_a_real_recording(run, tmp_path, data):
    source = data / "jin_cao_awr1243" / "20180613-190347.bin"
    out = tmp_path / "onto.npz"
    result = run(
        "simulate", "mru", "--onto", source, "--format", "tsw1400", "--waveform",
        "jin-cao-awr1243", "--inr-db", 35, "-o", out, "--json",
    )  # fmt: skip
    assert result.code == 0
    recording = cc.open(out)
    original = cc.open(source, format="tsw1400", waveform="jin-cao-awr1243")
    np.testing.assert_array_equal(recording.truth["clean"][0:1], original.read())
    np.testing.assert_allclose(
        recording.read() - original.read(), recording.truth["interference"][0:1], atol=1e-3
    )
    assert 0.001 < json.loads(result.out)["disturbed_share"] < 0.2
    parts = recording.read().view(np.float32)
    np.testing.assert_array_equal(parts, np.rint(parts))  # counts, as from the converter


def test_a_mask_that_was_found_is_not_the_truth(run, tmp_path):
    source, out = tmp_path / "a.npz", tmp_path / "b.npz"
    assert run("simulate", "demo", "-o", source, "--frames", 1, "--quiet").code == 0
    for suffix in (".npz", ".zarr", ".h5", ".mat"):
        out = tmp_path / f"b{suffix}"
        assert run("mitigate", source, "-m", "ramp-filter", "-o", out, "--quiet").code == 0
        recording = cc.open(out)
        assert "disturbed" not in recording.truth
        assert any("windowed" in note for note in recording.notes)
        assert "against the truth" not in run("detect", out).out


def test_oracles_clean_a_recording_that_knows(run, tmp_path):
    source, out = tmp_path / "a.npz", tmp_path / "b.npz"
    assert run("simulate", "demo", "-o", source, "--frames", 1, "--quiet").code == 0
    truth = cc.open(source).truth["disturbed"][0:1]
    for chosen in (("-m", "zeroing-oracle"), ("-m", "zeroing", "-d", "oracle")):
        assert run("mitigate", source, *chosen, "-o", out).code == 0
        with np.load(out) as cleaned:
            np.testing.assert_array_equal(cleaned["disturbed"], truth)
            assert not cleaned["beat"][truth].any()


def test_interference_goes_onto_clean_recordings_only(run, tmp_path):
    source = tmp_path / "a.npz"
    assert run("simulate", "demo", "-o", source, "--frames", 1, "--quiet").code == 0
    result = run("simulate", "demo", "--onto", source, "-o", tmp_path / "b.npz")
    assert result.code == 2
    assert "clean" in result.err


def test_evaluate_leaves_out_methods_for_other_receivers(run):
    said = json.loads(run("evaluate", "imfrac-real", "--frames", 1, "--json").out)
    names = [group["method"] for group in said["groups"]]
    assert "anc" not in names
    assert "imat-2d" in names


def test_tiny_recordings_are_compared_too(run, tmp_path):
    beat = np.random.default_rng(0).standard_normal((2, 8))
    np.save(tmp_path / "a.npy", beat)
    assert run("compare", tmp_path / "a.npy", "-m", "none", "-m", "zeroing", "--json").code == 0

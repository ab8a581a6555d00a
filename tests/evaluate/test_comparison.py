"""Methods compared on one recording: the figures, with and without the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from clearchirp.chain import mitigate, pipeline
from clearchirp.disturbed.catalogue import detectors
from clearchirp.evaluate.comparison import compare
from clearchirp.evaluate.simulated import SimulatedRecording
from clearchirp.io import from_array
from clearchirp.metrics import maps
from clearchirp.simulate import load_scene, simulate
from clearchirp.spectrum import range_doppler

NAMES = ("none", "zeroing", "zeroing-oracle", "ramp-filter", "ar")


@pytest.fixture(scope="module")
def recording():
    return SimulatedRecording(scene=load_scene("demo"), frames=2, seed=5)


@pytest.fixture(scope="module")
def comparison(recording):
    return compare(recording, {n: pipeline(n, None) for n in NAMES}, detectors["combined"]())


def test_a_scene_is_a_recording(recording):
    whole = simulate(load_scene("demo"), frames=2, seed=5)
    assert len(recording) == 2
    assert recording.leading == whole.beat.shape[:2]
    np.testing.assert_array_equal(recording.read(), whole.beat)
    np.testing.assert_array_equal(recording.read(1, 2), whole.beat[1:])
    for name in ("targets", "clean", "interference", "disturbed"):
        np.testing.assert_array_equal(recording.truth[name][1:2], getattr(whole, name)[1:])
    cleaned = mitigate(recording, method="zeroing-oracle")
    np.testing.assert_array_equal(cleaned.disturbed, whole.disturbed)


def test_the_rows_are_what_the_metrics_say(recording, comparison):
    expected = []
    for frame in range(2):
        beat = recording.read(frame, frame + 1)
        cleaned = mitigate(beat, method="zeroing").range_doppler
        clean_map = range_doppler(recording.truth["clean"][frame : frame + 1])
        expected.append(np.mean(maps.mse(cleaned, clean_map)))
    found = 10 ** (comparison.rows["zeroing"]["mse_db"] / 10)
    # the mean over frames is taken in dB
    assert found == pytest.approx(np.exp(np.mean(np.log(expected))), rel=1e-4)
    assert comparison.truth


def test_what_is_known_of_these_methods_shows(comparison):
    rows = comparison.rows
    assert rows["none"]["floor_change_db"] == 0
    assert rows["zeroing"]["floor_change_db"] < -25
    assert rows["ar"]["mse_db"] < rows["zeroing"]["mse_db"] < rows["none"]["mse_db"]
    assert rows["ar"]["f1"] > 0.95 > rows["none"]["f1"]
    assert rows["ar"]["evm"] < rows["zeroing"]["evm"]
    assert math.isnan(rows["ramp-filter"]["beat_sinr_db"])
    assert all(row["ms"] > 0 for row in rows.values())


def test_without_truth_only_blind_columns_remain():
    frames = simulate(load_scene("demo"), frames=1, seed=5)
    capture = from_array(frames.beat, waveform=frames.waveform)
    pipelines = {n: pipeline(n, None) for n in ("none", "zeroing")}
    calls = []
    result = compare(capture, pipelines, detectors["combined"](), on_frame=lambda: calls.append(1))
    assert not result.truth
    assert set(result.rows["zeroing"]) == {
        "floor_db",
        "floor_change_db",
        "detections",
        "peak_change_db",
        "outside_db",
        "empty_half_db",
        "agreement",
        "ms",
    }
    assert result.rows["zeroing"]["empty_half_db"] < result.rows["none"]["empty_half_db"] - 25
    assert result.rows["none"]["peak_change_db"] == 0
    assert calls == [1]


def test_the_example_is_of_the_frame_hit_most(recording, comparison):
    example = comparison.example
    shares = [recording.truth["disturbed"][k : k + 1].mean() for k in range(2)]
    assert example.frame == int(np.argmax(shares))
    assert set(example.maps) == {*NAMES, "clean"}
    assert example.disturbed[example.chirp].sum() == example.disturbed.sum(axis=-1).max()
    np.testing.assert_array_equal(example.after["none"], example.before)

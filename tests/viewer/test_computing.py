from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import clearchirp as cc
from clearchirp.chain import pipeline
from clearchirp.disturbed.summary import summarise
from clearchirp.evaluate.comparison import compare
from clearchirp.io import from_array
from clearchirp.io.capture import Capture, LazyFrames
from clearchirp.recordings.clean import clean_frame
from clearchirp.types import InputError
from clearchirp.viewer.choices import Choice
from clearchirp.viewer.computing import Cleaner, Cost, Source, in_one_line, load_frame, scores
from clearchirp.viewer.working import Superseded
from clearchirp.waveform import Waveform


@pytest.mark.parametrize(
    "method", ["zeroing", "anc", "pm-ist", "ist-map", "imfrac2", "zeroing-oracle"]
)
def test_it_cleans_as_the_command_does(capture, method):
    source = Source(capture)
    frame = load_frame(source, 1)
    cleaner = Cleaner(source)
    outcome = cleaner.clean(frame, cleaner.mask(frame, Choice("combined")), Choice(method))
    work = pipeline(method, "combined", waveform=capture.waveform)
    _, expected = clean_frame(work, capture, 1)
    for name in ("beat", "disturbed", "range_doppler"):
        np.testing.assert_array_equal(
            getattr(outcome.cleaned, name), getattr(expected, name), err_msg=name
        )


def test_receivers_of_several_transmitters_keep_their_order():
    rng = np.random.default_rng(3)
    beat = (rng.standard_normal((1, 3, 16, 64, 2)) @ [1, 1j]).astype(np.complex64)
    beat[0, 1, 5, 20:30] += 40
    radar = Waveform(start_frequency=77e9, slope=1e13, sample_rate=2e7, samples=64, chirps=16,
                     chirp_interval=3e-5, transmit_order=(0, 1))  # fmt: skip
    source = Source(from_array(beat, waveform=radar))
    frame = load_frame(source, 0)
    cleaner, seen = Cleaner(source), []
    masked = cleaner.mask(frame, Choice("combined"))
    outcome = cleaner.clean(
        frame, masked, Choice("imfrac2"), progress=lambda done, of: seen.append((done, of))
    )
    assert seen == [(0, 3), (1, 3), (2, 3)]
    expected = pipeline("imfrac2", None, waveform=radar)(beat, masked.mask)
    np.testing.assert_array_equal(outcome.cleaned.range_doppler, expected.range_doppler)


def test_a_heavy_method_is_given_up_between_receivers(capture):
    source = Source(capture)
    frame = load_frame(source, 0)
    cleaner, seen = Cleaner(source), []
    masked = cleaner.mask(frame, Choice("combined"))
    with pytest.raises(Superseded):
        cleaner.clean(frame, masked, Choice("imfrac2"), lambda: bool(seen),
                      lambda done, of: seen.append(done))  # fmt: skip
    assert seen == [0]


def test_only_the_frame_in_view_is_read():
    asked = []

    def load(start, stop):
        asked.append((start, stop))
        return np.ones((stop - start, 1, 8, 64), np.complex64)

    frames = LazyFrames(shape=(10**6, 1, 8, 64), dtype=np.dtype(np.complex64), load=load)
    like = from_array(np.ones((8, 64), np.complex64))
    source = Source(Capture(frames=frames, waveform=like.waveform, format="npy", path=Path("a")))
    load_frame(source, 777_000)
    assert asked == [(777_000, 777_001)]


def test_scores_are_those_of_compare(capture, simulated):
    one = cc.open(simulated)
    frame = Capture(
        frames=one.frames, waveform=one.waveform, format=one.format, path=one.path, truth=one.truth
    )
    source = Source(frame)
    loaded, cleaner = load_frame(source, 0), Cleaner(source)
    masked = cleaner.mask(loaded, Choice("combined"))
    outcomes = {"after zeroing": cleaner.clean(loaded, masked, Choice("zeroing"))}
    rows = scores(loaded, outcomes, one.waveform)
    first = from_array(one.read(0, 1), waveform=one.waveform)
    truth = {name: known[0:1] for name, known in one.truth.items()}
    single = Capture(frames=first.frames, waveform=one.waveform, format="npy", path=one.path,
                     truth={n: from_array(t).frames for n, t in truth.items() if n != "disturbed"},
                     leading=first.leading)  # fmt: skip
    expected = compare(single, {"zeroing": pipeline("zeroing", None)},
                       pipeline("none", "combined").detector).rows["zeroing"]  # fmt: skip
    for key, value in rows["after zeroing"].items():
        assert value == pytest.approx(expected[key], rel=1e-9, nan_ok=True), key
    assert rows["after zeroing"]["floor_db"] < rows["recorded"]["floor_db"] - 10
    assert rows["after zeroing"]["f1"] > rows["recorded"]["f1"]


def test_without_truth_the_blind_scores(capture):
    bare = Source(from_array(capture.read(0, 1), waveform=capture.waveform))
    frame, cleaner = load_frame(bare, 0), Cleaner(bare)
    masked = cleaner.mask(frame, Choice("combined"))
    rows = scores(frame, {"a": cleaner.clean(frame, masked, Choice("ar"))}, capture.waveform)
    assert {"floor_db", "empty_half_db", "agreement", "outside_db"} <= set(rows["a"])
    assert "f1" not in rows["a"]
    share = summarise(frame.beat, masked.mask).share
    assert 0.02 < share < 0.3


def test_twenty_hertz_is_fifty_milliseconds():
    assert Cost(detector_ms=20, method_ms=30).holds
    assert not Cost(detector_ms=20, method_ms=30.1).holds


def test_errors_are_one_line():
    assert in_one_line(InputError("beat: is\nwrong")) == "beat: is wrong"
    assert in_one_line(FileNotFoundError(2, "No such file", "a.npz")) == "a.npz: No such file"
    assert in_one_line(ZeroDivisionError("by zero")) == "ZeroDivisionError: by zero"

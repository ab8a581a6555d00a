"""Every detector on every kind of recording: what it finds, what it leaves, what it refuses."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from clearchirp.disturbed.catalogue import detectors, find_detector
from clearchirp.disturbed.deviation import column_medians, deviation
from clearchirp.disturbed.runs import closed, runs
from clearchirp.disturbed.summary import chirp_rate, summarise
from clearchirp.settings import defaults
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.types import InputError

NAMES = [name for name, entry in detectors.items() if not entry.needs_truth]
# What a radar chip does looks at bare samples: a start-up transient is interference to it.
STEADY = [name for name in NAMES if name != "on-chip"]
PRECISE = [name for name in NAMES if name != "laplacian"]  # it finds edges, by design


def recording(dtype="complex64", chirps=32, samples=256, seed=0):
    """Static and moving tones, a start-up transient, noise; and where two bursts were put."""
    rng = np.random.default_rng(seed)
    m, n = np.mgrid[:chirps, :samples]
    beat = 20 * np.exp(1j * 0.4 * n) + 4 * np.exp(1j * (0.9 * n + 0.7 * m))
    beat = beat + (300 + 300j) * np.exp(-n / 12)
    beat += rng.standard_normal(beat.shape) + 1j * rng.standard_normal(beat.shape)
    bursts = np.zeros(beat.shape, dtype=bool)
    bursts[5, 100:130] = bursts[20, 180:200] = True
    chirp = 100 * np.exp(1j * np.pi * 0.03 * (n - 120) ** 2)
    with_bursts = beat + np.where(bursts, chirp, 0)
    if np.dtype(dtype).kind == "f":
        beat, with_bursts = beat.real, with_bursts.real
    return beat.astype(dtype), with_bursts.astype(dtype), bursts


@pytest.mark.parametrize("name", STEADY)
@pytest.mark.parametrize("dtype", ["complex64", "float32", "complex128"])
def test_bursts_are_found_and_little_else(name, dtype):
    _, beat, bursts = recording(dtype)
    mask = detectors[name]()(beat)
    assert mask.shape == beat.shape
    assert mask.dtype == bool
    if name in PRECISE:
        assert mask[bursts].mean() > 0.85
    else:
        assert mask[bursts].any()
    near = closed(bursts, 0, 24)  # the widest of them works on windows of 32 samples
    assert mask[~near].mean() < 1e-3


@pytest.mark.parametrize("name", STEADY)
@pytest.mark.parametrize("dtype", ["complex64", "float32"])
def test_a_clean_recording_is_left_alone(name, dtype):
    beat, _, _ = recording(dtype, chirps=64, seed=3)
    assert detectors[name]()(beat).mean() < 2e-4


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_of_the_samples_does_not_matter(name):
    _, beat, _ = recording("complex128")
    detector = detectors[name]()
    np.testing.assert_array_equal(detector(beat), detector(4096 * beat))


@pytest.mark.parametrize("name", NAMES)
def test_input_is_not_modified_and_a_batch_equals_a_loop(name):
    frames = np.stack([recording(seed=s)[1] for s in range(4)]).reshape(2, 2, 32, 256)
    kept = frames.copy()
    detector = detectors[name]()
    batch = detector(frames)
    np.testing.assert_array_equal(frames, kept)
    for i in range(2):
        for j in range(2):
            np.testing.assert_array_equal(batch[i, j], detector(frames[i, j]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(64,), (1, 64), (2, 64), (3, 5), (8, 1), (1, 1), (8, 2)])
def test_few_chirps_and_few_samples_are_no_trouble(name, shape):
    beat = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    assert detectors[name]()(beat).shape == shape


@pytest.mark.parametrize("name", NAMES)
def test_constant_and_zero_recordings_hold_no_interference(name):
    detector = detectors[name]()
    assert not detector(np.zeros((8, 64), np.complex64)).any()
    assert not detector(np.full((8, 64), 5, np.float32)).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("beat", "message"),
    [
        (np.full((4, 64), np.nan, np.complex64), "NaN or Inf"),
        (np.full((4, 64), np.inf, np.float32), "NaN or Inf"),
        (np.zeros((0, 64), np.complex64), "empty"),
        (np.zeros((4, 64), np.int16), "floating-point"),
        ([[1.0, 2.0]], "NumPy arrays only"),
    ],
)
def test_bad_input_is_named(name, beat, message):
    with pytest.raises(InputError, match=message) as caught:
        detectors[name]()(beat)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_checked(name):
    for key, value in defaults(detectors[name].factory).items():
        assert isinstance(value, int | float)
        with pytest.raises(InputError, match=name):
            detectors[name](**{key: "wide"})
        if not key.endswith("_db"):
            with pytest.raises(InputError, match=key):
                detectors[name](**{key: -1})
    with pytest.raises(InputError, match="no setting"):
        detectors[name](colour=1)


def test_unknown_detectors_are_answered_with_the_known():
    with pytest.raises(InputError, match="combined"):
        find_detector("combind")


def test_a_first_chirp_whose_transient_differs_is_not_interference():
    beat, _, _ = recording("complex64", chirps=64, seed=5)
    n = np.arange(beat.shape[-1])
    beat[0] += (0.15 * (300 + 300j) * np.exp(-n / 12)).astype(np.complex64)
    assert not detectors["combined"]()(beat)[0].any()


def test_a_whole_chirp_under_interference_is_found():
    _, beat, _ = recording()
    rng = np.random.default_rng(8)
    beat[7] += (40 * np.exp(2j * np.pi * rng.random(256))).astype(np.complex64)
    # at the head, it would have to stand out of the transient's own instability too
    assert detectors["combined"]()(beat)[7, 64:].mean() > 0.99


def test_half_of_the_samples_may_be_hit():
    beat, _, _ = recording(samples=256, chirps=64, seed=9)
    m, n = np.mgrid[:64, :256]
    hit = (n + 37 * m) % 256 < 115
    beat = beat + np.where(hit, 200 * np.exp(1j * np.pi * 0.01 * (n + m) ** 2), 0)
    mask = detectors["combined"]()(beat.astype(np.complex64))
    assert mask[hit].mean() > 0.98
    assert mask[~hit].mean() < 0.06  # guard samples


def test_recall_on_simulated_truth():
    """At least the recall and F of Table 1 of Chen 2022, on our demonstration scene."""
    frame = simulate_frame(load_scene("demo"), 0, 0)
    mask = detectors["combined"]()(frame.beat)
    hits = (mask & frame.disturbed).sum()
    recall = hits / frame.disturbed.sum()
    f_measure = 2 * hits / (mask.sum() + frame.disturbed.sum())
    assert recall > 0.9573
    assert f_measure > 0.7900


def test_real_recording_with_interference(data):
    """The README of the recordings: 82 of 128 chirps are hit, about 5 % of the samples."""
    words = np.fromfile(data / "jin_cao_awr1243" / "20180608-195044.bin", "<u2")
    iq = words.astype(np.float32).reshape(128, 512, 4, 2) - 32768
    beat = (iq[:, :, 0, 0] + 1j * iq[:, :, 0, 1]).astype(np.complex64)
    mask = detectors["combined"]()(beat)
    assert abs(int(mask.any(axis=-1).sum()) - 82) <= 2
    assert 0.04 < mask.mean() < 0.06


@pytest.mark.parametrize("name", STEADY)
def test_real_recording_without_interference(data, name):
    words = np.fromfile(data / "jin_cao_awr1243" / "20180613-190347.bin", "<u2")
    iq = words.astype(np.float32).reshape(128, 512, 4, 2) - 32768
    beat = (iq[..., 0] + 1j * iq[..., 1]).transpose(2, 0, 1).astype(np.complex64)
    assert detectors[name]()(beat).mean() < 2e-4


def test_real_valued_recording_without_interference(data):
    """Its noise is below the step of its ADC."""
    beat = np.load(data / "bgt60tr13c" / "radar.npy").astype(np.float32)
    assert detectors["combined"]()(beat).mean() < 1e-5
    assert detectors["combined"]()(beat / 4096).mean() < 1e-5


def test_noise_below_the_step_of_the_adc():
    rng = np.random.default_rng(4)
    _, n = np.mgrid[:16, :128]
    beat = 40 * np.cos(0.3 * n) + 0.2 * rng.standard_normal((16, 128))
    quantised = (2 * np.rint(beat / 2)).astype(np.float32)
    assert not detectors["combined"]()(quantised).any()
    quantised[3, 40:60] += 60
    assert detectors["combined"]()(quantised)[3, 40:60].all()


def test_interference_in_a_recording_without_noise():
    _, n = np.mgrid[:16, :128]
    beat = np.exp(0.3j * n).astype(np.complex64)
    beat[3, 40:60] += 5
    mask = detectors["combined"](guard=0)(beat)
    assert mask[3, 40:60].all()
    assert mask.sum() == 22  # the Laplacian bends on both sides of an edge


@pytest.mark.parametrize("rows", [1, 2, 3, 8, 17, 128])
def test_column_medians_equal_numpy(rows):
    values = np.random.default_rng(rows).integers(-9, 9, (rows, 37)).astype(np.float32)
    np.testing.assert_array_equal(column_medians(values), np.median(values, axis=0))


def test_the_deviation_is_in_units_of_the_noise():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((128, 256)) + 1j * rng.standard_normal((128, 256))
    scaled, rms = deviation(7 * noise, detector="test")
    assert abs(float(rms) / (7 * np.sqrt(2)) - 1) < 0.02
    assert abs(np.sqrt(np.mean(np.abs(scaled) ** 2)) - 1) < 0.02


@pytest.mark.parametrize("gap", [0, 1, 3])
@pytest.mark.parametrize("guard", [0, 1, 4])
def test_closing_equals_its_definition(gap, guard):
    mask = np.random.default_rng(gap + guard).random((40, 50)) < 0.1
    expected = mask.copy()
    for row, out in zip(mask, expected, strict=True):
        hits = np.flatnonzero(row)
        for a, b in itertools.pairwise(hits):
            if b - a - 1 <= gap:
                out[a:b] = True
        for hit in np.flatnonzero(out):
            out[max(hit - guard, 0) : hit] = True
        for hit in np.flatnonzero(out)[::-1]:
            # widening to the right from the runs only, not from what the left guard added
            if out[hit] and hit + 1 < len(out) and not out[hit + 1]:
                out[hit + 1 : hit + 1 + guard] = True
    np.testing.assert_array_equal(closed(mask, gap, guard), expected)


def test_runs_list_every_run():
    mask = np.random.default_rng(1).random((7, 30)) < 0.4
    again = np.zeros_like(mask)
    for row, start, stop in runs(mask):
        assert not again[row, start:stop].any()
        assert start == 0 or not mask[row, start - 1]
        again[row, start:stop] = True
    np.testing.assert_array_equal(again, mask)


@pytest.mark.parametrize("rate", [-0.2, -0.013, 0.004, 0.048, 0.3])
def test_chirp_rate_of_a_chirp(rate):
    n = np.arange(48) - 10
    burst = np.exp(1j * (np.pi * rate * n**2 + 0.7 * n + 1))
    assert abs(chirp_rate(burst) - rate) < 1 / 48**2
    assert abs(chirp_rate(burst.real) - abs(rate)) < 2 / 48**2


def test_summary_of_a_real_frame(data):
    """The slopes of both radars are known: 29.306 - 9.994 = 19.312 MHz/us."""
    words = np.fromfile(data / "jin_cao_awr1243" / "20180608-195044.bin", "<u2")
    iq = words.astype(np.float32).reshape(128, 512, 4, 2) - 32768
    beat = (iq[:, :, 0, 0] + 1j * iq[:, :, 0, 1]).astype(np.complex64)
    row = summarise(beat, detectors["combined"]()(beat), sample_rate=20e6)
    assert row.hit
    assert abs(row.chirp_rate / 19.312e12 - 1) < 0.02
    assert 30 < row.inr_db < 50


def test_summary_of_a_clean_frame():
    beat, _, _ = recording()
    row = summarise(beat, np.zeros(beat.shape, dtype=bool))
    assert not row.hit
    assert np.isnan(row.inr_db)
    assert np.isnan(row.chirp_rate)
    assert {f.name for f in dataclasses.fields(row)} >= {"share", "chirps_hit"}

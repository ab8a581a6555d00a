"""The chain: from a recording to clean beat signal and map, whole and frame by frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clearchirp as cc
from clearchirp.chain import _joined, detections, mitigate_frames, pipeline, true_mask
from clearchirp.io import from_array
from clearchirp.simulate import load_scene, simulate
from clearchirp.spectrum import range_doppler, range_spectrum
from clearchirp.types import InputError, Mitigated
from clearchirp.waveform import Waveform


@pytest.fixture(scope="module")
def demo():
    return simulate(load_scene("demo"), frames=2, seed=3)


def test_a_bare_array_is_cleaned(demo):
    beat = demo.beat[0, 0]
    cleaned = cc.mitigate(beat, method="zeroing")
    assert cleaned.beat.shape == cleaned.disturbed.shape == beat.shape
    assert cleaned.beat.dtype == beat.dtype
    np.testing.assert_array_equal(cleaned.beat[~cleaned.disturbed], beat[~cleaned.disturbed])
    np.testing.assert_array_equal(cleaned.range_doppler, range_doppler(cleaned.beat))
    assert cleaned.method == "zeroing"
    assert not cleaned.windowed


def test_a_capture_is_cleaned_like_its_frames(demo):
    capture = from_array(demo.beat, waveform=demo.waveform)
    whole = cc.mitigate(capture, method="ar")
    frames = list(mitigate_frames(capture, pipeline("ar")))
    assert len(frames) == 2
    np.testing.assert_array_equal(whole.beat, np.concatenate([f.beat for f in frames]))
    assert whole.stats["samples_filled"] == sum(f.stats["samples_filled"] for f in frames)


@pytest.mark.parametrize("shape", [(2, 2), (4,), ()])
def test_leading_axes_come_back(demo, shape):
    beat = demo.beat.reshape(-1, *demo.beat.shape[2:])[: max(1, int(np.prod(shape)))]
    capture = from_array(beat.reshape(*shape, *beat.shape[1:]))
    cleaned = cc.mitigate(capture, method="zeroing")
    assert cleaned.beat.shape == (*shape, *beat.shape[1:])
    assert cleaned.range_doppler.shape == cleaned.disturbed.shape == cleaned.beat.shape


def test_range_spectra_go_on_to_the_map_and_back(demo):
    beat = demo.beat[0]
    cleaned = cc.mitigate(beat, method="ramp-filter")
    assert cleaned.windowed
    assert cleaned.beat.dtype == beat.dtype
    undisturbed = ~cleaned.disturbed.any(axis=-1)
    window = np.hanning(beat.shape[-1])
    np.testing.assert_allclose(cleaned.beat[undisturbed], (beat * window)[undisturbed], atol=1e-4)
    real = cc.mitigate(beat.real.copy(), method="ramp-filter")
    assert real.beat.shape == beat.shape
    assert real.range_doppler.shape[-1] == beat.shape[-1] // 2 + 1


def test_a_method_of_your_own(demo):
    class Halve:
        name = "halve"

        def __call__(self, beat, disturbed=None, /):
            return Mitigated(signal=np.where(disturbed, beat / 2, beat), disturbed=disturbed)

    class Spectra:
        domain = "range"

        def __call__(self, beat, disturbed=None, /):
            return Mitigated(signal=range_spectrum(beat), disturbed=disturbed)

    beat = demo.beat[0, 0]
    mask = np.abs(beat) > 5
    halved = cc.mitigate(beat, method=Halve(), disturbed=mask)
    assert halved.method == "halve"
    np.testing.assert_array_equal(halved.disturbed, mask)
    np.testing.assert_array_equal(halved.beat[mask], beat[mask] / 2)
    assert cc.mitigate(beat, method=Spectra()).windowed


def test_settings_reach_both(demo):
    beat = demo.beat[0, 0]
    cleaned = cc.mitigate(
        beat, "zeroing", "combined", settings={"taper": 3}, detector_settings={"guard": 0}
    )
    plain = cc.mitigate(beat, "zeroing", "combined")
    assert cleaned.disturbed.sum() < plain.disturbed.sum()
    assert not np.array_equal(cleaned.beat[~cleaned.disturbed], beat[~cleaned.disturbed])
    with pytest.raises(InputError, match="no setting"):
        cc.mitigate(beat, "zeroing", settings={"width": 1})


def test_transmitters_in_turn_become_virtual_receivers(demo):
    waveform = Waveform(
        start_frequency=77e9,
        slope=10e12,
        sample_rate=20e6,
        samples=512,
        chirps=128,
        chirp_interval=30e-6,
        transmit_order=(0, 1),
    )
    cleaned = cc.mitigate(from_array(demo.beat, waveform=waveform), method="zeroing")
    assert cleaned.beat.shape == (2, 2, 128, 512)
    assert cleaned.range_doppler.shape == (2, 4, 64, 512)
    expected = range_doppler(cleaned.beat[1, 0, 1::2])
    np.testing.assert_array_equal(cleaned.range_doppler[1, 2], expected)


def test_oracles_take_the_truth_and_nothing_else(demo):
    capture = from_array(demo.beat, waveform=demo.waveform)
    with pytest.raises(InputError, match="truth"):
        cc.mitigate(capture, method="zeroing-oracle")
    with pytest.raises(InputError, match="truth"):
        cc.mitigate(demo.beat, method="zeroing-oracle")
    with pytest.raises(InputError, match="ground truth"):
        cc.mitigate(demo.beat, method="zeroing", detector="oracle")
    with pytest.raises(InputError, match="ground truth"):
        cc.detectors["oracle"]()(demo.beat)
    given = cc.mitigate(demo.beat, method="zeroing-oracle", disturbed=demo.disturbed)
    np.testing.assert_array_equal(given.disturbed, demo.disturbed)


def test_the_true_mask_comes_from_the_recording(demo, tmp_path):
    known = {"interference": demo.interference, "clean": demo.clean}
    np.savez(tmp_path / "with.npz", beat=demo.beat, disturbed=demo.disturbed)
    np.savez(tmp_path / "without.npz", beat=demo.beat, **known)
    for name in ("with.npz", "without.npz"):
        capture = cc.open(tmp_path / name)
        np.testing.assert_array_equal(true_mask(capture, 1), demo.disturbed[1:])
        cleaned = cc.mitigate(capture, method="zeroing-oracle")
        np.testing.assert_array_equal(cleaned.disturbed, demo.disturbed)
        same = cc.mitigate(capture, method="zeroing", detector="oracle")
        np.testing.assert_array_equal(same.beat, cleaned.beat)


def test_detections_keep_to_the_half_with_targets(demo):
    full = range_doppler(demo.clean[0, 0])
    up = detections(full, real=False)
    assert up.any()
    assert not up[:, 256:].any()
    # Conjugated, the same radar is one with a down-chirp.
    mirrored = range_doppler(np.conj(demo.clean[0, 0]))
    waveform = Waveform(
        start_frequency=77e9,
        slope=-10e12,
        sample_rate=20e6,
        samples=512,
        chirps=128,
        chirp_interval=30e-6,
    )
    down = detections(mirrored, real=False, waveform=waveform)
    assert down[:, 257:].sum() == up[:, 1:256].sum()


@pytest.mark.parametrize("bad", [np.zeros(8, np.complex64), np.zeros((4, 8), np.int16)])
def test_bad_arrays_are_named(bad):
    with pytest.raises(InputError, match="beat"):
        cc.mitigate(bad)


def test_a_mask_of_another_shape_is_refused(demo):
    capture = from_array(demo.beat[0, 0], waveform=demo.waveform)
    for bad in (demo.disturbed[0, 0].T, np.zeros((3, 3), bool)):
        with pytest.raises(InputError, match="shape"):
            cc.mitigate(capture, method="zeroing", disturbed=bad)
    for good in (demo.disturbed[0, 0], demo.disturbed[:1, :1]):
        cleaned = cc.mitigate(capture, method="zeroing", disturbed=good)
        np.testing.assert_array_equal(cleaned.disturbed, demo.disturbed[0, 0])


def test_settings_go_with_names(demo):
    with pytest.raises(InputError, match="settings"):
        cc.mitigate(demo.beat[0], cc.methods["zeroing"](), settings={"taper": 1})
    with pytest.raises(InputError, match="detector_settings"):
        cc.mitigate(
            demo.beat[0], "zeroing", cc.detectors["combined"](), detector_settings={"gap": 1}
        )


def test_counts_of_parts_add_up_and_the_worst_change_is_told():
    part = cc.mitigate(np.ones((1, 1, 4, 16), complex), method="none")
    parts = [
        replace(part, stats={"iterations": 3.0, "relative_change": change}) for change in (0.1, 0.2)
    ]
    assert _joined(parts, (1, 1)).stats == {"iterations": 6.0, "relative_change": 0.2}

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.disturbed.catalogue import detectors
from clearchirp.mitigation.ar import Autoregressive
from clearchirp.mitigation.catalogue import MethodEntry
from clearchirp.mitigation.stft import StftAmplitude, StftBurg, StftZeroing
from clearchirp.mitigation.zeroing import Zeroing
from clearchirp.spectrum import range_doppler
from clearchirp.types import InputError
from tests.conformance import CHECKS
from tests.oracles.stft import plain_fill, plain_inverse, plain_marks, plain_stft

METHODS = {"zeroing": StftZeroing, "amplitude": StftAmplitude, "burg": StftBurg}
LINES = {"zeroing": (0, 1), "amplitude": (8, 1), "burg": (8, 2)}


def crossed(samples=160, real=False, seed=0):
    """Two tones in noise, crossed by an interferer; also the tones alone and the mask."""
    rng = np.random.default_rng(seed)
    n = np.arange(samples)
    tones = np.exp(2j * np.pi * 0.07 * n + 1j) + 0.5 * np.exp(2j * np.pi * 0.31 * n)
    noise = 0.05 * (rng.standard_normal(samples) + 1j * rng.standard_normal(samples))
    hit = (n >= 60) & (n < 90)
    burst = np.where(hit, 20 * np.exp(1j * np.pi * 0.02 * (n - 70.0) ** 2), 0)
    parts = (tones + noise + burst, tones)
    return (*(x.real if real else x for x in parts), hit)


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("check", CHECKS)
def test_conformance(kind, check):
    method = METHODS[kind]
    entry = MethodEntry(
        name=f"stft-{kind}",
        factory=f"{method.__module__}:{method.__qualname__}",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=False,
        summary="-",
        source="-",
        cost=1,
    )
    CHECKS[check](entry)


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize(
    ("length", "hop", "settings"),
    [
        (32, 8, {}),
        (16, 4, {"threshold_db": 14.0, "rank": 0.6}),
        (32, 16, {"dilation": 0, "lines": 0}),
        (16, 8, {"dilation": 17, "lines": 4}),
        (16, 8, {"dilation": 300, "lines": 20, "rank": 0.0, "threshold_db": 20.0}),
    ],
)
def test_it_agrees_with_the_plain_form(kind, real, length, hop, settings):
    beat, _, hit = crossed(129, real, seed=length)
    dilation, lines = LINES[kind]
    shared = {"threshold_db": 10.0, "rank": 0.35, "dilation": dilation, "lines": lines} | settings
    result = METHODS[kind](length=length, hop=hop, **settings)(beat, hit)
    cells = plain_stft(beat, length, hop)
    marks = plain_marks(cells, hit, length=length, hop=hop, wrap=not real, **shared)
    assert marks.any()
    assert result.stats == {"chirps_changed": 1.0, "cells_replaced": float(marks.sum())}
    expected = plain_inverse(plain_fill(cells, marks, kind), beat.size, length, hop)
    np.testing.assert_allclose(result.signal, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", METHODS.values())
def test_samples_far_from_the_mask_are_untouched(method):
    beat, _, hit = crossed(512)
    beat[400] = complex(-0.0, -0.0)
    signal = method()(beat, hit).signal
    far = np.abs(np.arange(512) - 74.5) > 15 + 32
    assert signal[far].tobytes() == beat[far].tobytes()
    assert (signal[hit] != beat[hit]).all()


@pytest.mark.parametrize("method", METHODS.values())
def test_a_chirp_in_which_nothing_stands_out_is_untouched(method):
    noise = np.random.default_rng(0).standard_normal(256)
    result = method(threshold_db=25.0)(noise, np.ones(256, bool))
    np.testing.assert_array_equal(result.signal, noise)
    assert result.stats == {"chirps_changed": 0.0, "cells_replaced": 0.0}


@pytest.mark.parametrize("method", METHODS.values())
def test_what_stands_out_beside_the_mask_stays(method):
    """A start-up transient is in every chirp; taking it from a few would cost them all."""
    beat, _, hit = crossed(512)
    head = np.arange(512) < 20
    beat = beat + np.where(head, 30, 0)
    signal = method()(beat, hit).signal
    np.testing.assert_array_equal(signal[head], beat[head])


@pytest.mark.parametrize("method", METHODS.values())
@pytest.mark.parametrize("samples", [1, 2, 5, 24, 49])
def test_chirps_too_short_for_a_usual_level_are_left_alone(method, samples):
    beat = np.arange(1.0, samples + 1)
    signal = method()(beat, np.ones(samples, bool)).signal
    np.testing.assert_array_equal(signal, beat)


def sinr_db(estimate, truth):
    return 10 * np.log10(np.sum(np.abs(truth) ** 2) / np.sum(np.abs(estimate - truth) ** 2))


def test_a_slow_crossing_leaves_the_other_lines_their_targets():
    """An interferer on most of a chirp, yet on each line for a short time only."""
    rng = np.random.default_rng(0)
    n = np.arange(512)
    phases = rng.uniform(0, 2 * np.pi, (3, 8, 1))
    omega = 2 * np.pi * np.array([0.05, 0.13, 0.3])[:, None, None]
    targets = np.exp(1j * (omega * n + phases)).sum(axis=0)
    hit = np.broadcast_to((n >= 60) & (n < 460), targets.shape)
    sweep = 20 * np.exp(1j * np.pi * 0.9 / 400 * (n - 260.0) ** 2)
    noise = 0.1 * (rng.standard_normal(targets.shape) + 1j * rng.standard_normal(targets.shape))
    beat = targets + noise + np.where(hit, sweep, 0)
    score = {kind: sinr_db(METHODS[kind]()(beat, hit).signal, targets) for kind in METHODS}
    assert sinr_db(beat, targets) < -20
    assert score["zeroing"] > 6 + sinr_db(Zeroing()(beat, hit).signal, targets)
    assert score["amplitude"] > 5 + sinr_db(Zeroing()(beat, hit).signal, targets)
    # as good as what the noise itself leaves
    assert score["burg"] > sinr_db(targets + noise, targets) - 1


def test_bursts_of_one_chirp_do_not_hide_each_other():
    """What a mean of training cells around the tested one does to them."""
    rng = np.random.default_rng(1)
    n = np.arange(512)
    targets = np.broadcast_to(np.exp(2j * np.pi * 0.21 * n), (4, 512))
    noise = 0.1 * (rng.standard_normal(targets.shape) + 1j * rng.standard_normal(targets.shape))
    hit, bursts = np.zeros(512, bool), np.zeros(512, complex)
    for centre, level in ((100, 30), (160, 3), (220, 100), (300, 10), (350, 300)):
        near = np.abs(n - centre) < 10
        hit |= near
        bursts += np.where(near, level * np.exp(1j * np.pi * 0.04 * (n - centre) ** 2), 0)
    beat = targets + noise + bursts
    cleaned = StftBurg()(beat, np.broadcast_to(hit, beat.shape)).signal
    assert sinr_db(cleaned, targets) > sinr_db(targets + noise, targets) - 2


def test_amplitudes_become_the_lines_own():
    """A tone and a louder burst of its own frequency: the amplitude is mended by (7) alone."""
    n = np.arange(256)
    tone = np.exp(2j * np.pi * 4 / 32 * n)
    hit = (n >= 100) & (n < 132)
    cleaned = StftAmplitude()(tone + np.where(hit, 30 * tone, 0), hit).signal
    assert np.abs(cleaned - tone)[60:170].max() < 0.5  # of 30


@pytest.fixture(scope="module")
def recording(data):
    words = np.fromfile(data / "jin_cao_awr1243" / "20180608-195044.bin", "<u2")
    iq = words.astype(np.float32).reshape(128, 512, 4, 2) - 32768
    beat = (iq[:, :, 0, 0] + 1j * iq[:, :, 0, 1]).astype(np.complex64)
    return beat, detectors["combined"]()(beat)


def floor_and_target(beat):
    """Mean power where no targets can be, and power of the moving target near bin 74, in dB."""
    power = np.abs(range_doppler(beat)) ** 2
    return 10 * np.log10(power[:, 270:500].mean()), 10 * np.log10(power[37:47, 72:77].max())


@pytest.mark.parametrize(("kind", "drop"), [("zeroing", 31), ("amplitude", 28), ("burg", 32)])
def test_measured_interference_falls_and_the_target_stays(recording, kind, drop):
    beat, mask = recording
    floor, target = floor_and_target(METHODS[kind]()(beat, mask).signal)
    assert floor < floor_and_target(beat)[0] - drop
    # the method "ar" fills the same gaps in time
    assert abs(target - floor_and_target(Autoregressive()(beat, mask).signal)[1]) < 0.5


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"length": 31}, "length"),
        ({"hop": 7}, "hop"),
        ({"rank": 1.5}, "rank"),
        ({"rank": float("nan")}, "rank"),
        ({"threshold_db": float("inf")}, "threshold_db"),
        ({"threshold_db": -1}, "threshold_db"),
        ({"dilation": -1}, "dilation"),
        ({"lines": 0.5}, "lines"),
    ],
)
def test_settings_are_checked(kind, settings, named):
    with pytest.raises(InputError, match=named):
        METHODS[kind](**settings)


def test_the_order_is_checked():
    with pytest.raises(InputError, match="order"):
        StftBurg(order=0)

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import interp1d

from clearchirp.mitigation.catalogue import MethodEntry
from clearchirp.mitigation.on_chip import OnChip
from clearchirp.mitigation.zeroing import Zeroing
from clearchirp.types import InputError
from tests.conformance import CHECKS


@pytest.mark.parametrize("check", CHECKS)
def test_conformance(check):
    entry = MethodEntry(
        name="on-chip",
        factory="clearchirp.mitigation.on_chip:OnChip",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="-",
        source="-",
        cost=1,
    )
    CHECKS[check](entry)


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_lines_are_those_of_scipy(real, share):
    rng = np.random.default_rng(int(100 * share))
    beat = rng.standard_normal((20, 60)) + 1j * rng.standard_normal((20, 60))
    beat = beat.real if real else beat
    mask = rng.random(beat.shape) < share
    mask[0, :7] = mask[1, 50:] = True
    signal = OnChip()(beat, mask).signal
    n = np.arange(60)
    for before, bad, after in zip(beat, mask, signal, strict=True):
        good = n[~bad]
        if good.size == 1:
            expected = np.full(60, before[good[0]])
        else:
            ends = (before[good[0]], before[good[-1]])
            expected = interp1d(n[~bad], before[~bad], bounds_error=False, fill_value=ends)(n)
        np.testing.assert_allclose(after, expected, rtol=0, atol=1e-12)


def test_a_chirp_without_a_clean_sample_becomes_zero():
    beat = np.full((2, 30), 5 + 2j)
    mask = np.zeros((2, 30), bool)
    mask[0] = True
    for fill in ("zero", "blank", "interpolate"):
        signal = OnChip(fill=fill)(beat, mask).signal
        assert not signal[0].any()
        np.testing.assert_array_equal(signal[1], beat[1])


@pytest.mark.parametrize(("fill", "taper"), [("zero", 0), ("blank", 5)])
def test_zeroing_and_blanking_are_those_of_the_method_zeroing(fill, taper):
    rng = np.random.default_rng(3)
    beat, mask = rng.standard_normal((8, 64)), rng.random((8, 64)) < 0.1
    signal = OnChip(fill=fill, taper=taper).__call__(beat, mask).signal
    np.testing.assert_array_equal(signal, Zeroing(taper=taper)(beat, mask).signal)


def test_the_order_that_the_note_gives_holds_for_near_echoes():
    """Zeroing leaves more side lobes than blanking, and that more than a line."""
    n = np.arange(512)
    tone = np.exp(2j * np.pi * 1.3 / 512 * n)[None]
    mask = (np.abs(n - 200) < 12)[None]
    floor = {}
    for fill in ("zero", "blank", "interpolate"):
        signal = OnChip(fill=fill)(np.where(mask, 40, tone), mask).signal
        spectrum = np.abs(np.fft.fft(np.hanning(512) * signal[0]))
        floor[fill] = spectrum[100:400].max() / spectrum.max()
    assert floor["interpolate"] < 0.5 * floor["blank"] < 0.25 * floor["zero"]


def test_a_line_over_many_turns_is_no_better_than_zeros():
    n = np.arange(512)
    tone = np.exp(2j * np.pi * 0.217 * n)[None]
    mask = (np.abs(n - 200) < 30)[None]
    error = {
        fill: np.linalg.norm(OnChip(fill=fill)(tone, mask).signal - tone)
        for fill in ("zero", "interpolate")
    }
    assert error["interpolate"] > error["zero"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"fill": "line"}, "fill"), ({"fill": 3}, "fill"), ({"taper": -1}, "taper")],
)
def test_settings_are_checked(settings, named):
    with pytest.raises(InputError, match=named):
        OnChip(**settings)

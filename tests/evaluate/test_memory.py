"""How much memory methods take, against what their arrays must take."""

from __future__ import annotations

import sys

import pytest

from clearchirp.evaluate.experiment import Case, Experiment, SceneText
from clearchirp.evaluate.memory import peak_bytes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_the_peak_is_that_of_result_and_map():
    plan = Experiment(
        scenes=(SceneText.of("demo"),),
        methods=(Case("none"), Case("zeroing"), Case("imat-2d")),
    )
    peaks = peak_bytes(plan)
    frame = 2 * 128 * 512 * 8
    # The map, and for zeroing the cleaned beat signal beside it.
    assert frame <= peaks["none"] < 4 * frame
    assert 2 * frame <= peaks["zeroing"] < 5 * frame
    assert peaks["imat-2d"] > peaks["zeroing"]

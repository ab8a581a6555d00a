from __future__ import annotations

import pytest

from clearchirp.disturbed.catalogue import detectors
from clearchirp.io import from_array
from clearchirp.mitigation.catalogue import methods
from clearchirp.settings import parse_setting
from clearchirp.types import InputError
from clearchirp.viewer.choices import (
    Choice,
    as_text,
    build,
    chosen,
    offered_detectors,
    offered_methods,
    settings_of,
)


@pytest.mark.parametrize("name", methods)
def test_every_setting_of_a_method_has_a_control_and_an_option(name):
    told = settings_of(name, of="method")
    assert {one.name: one.default for one in told} == methods[name].defaults()
    for one in told:
        # The command line reads back what the page writes.
        assert parse_setting(f"{one.name}={as_text(one.default)}") == (one.name, one.default)
        assert one.optional or one.default is not None
    assert chosen(name, methods[name].defaults(), of="method") == Choice(name)


@pytest.mark.parametrize("name", detectors)
def test_every_setting_of_a_detector(name):
    for one in settings_of(name, of="detector"):
        assert parse_setting(f"{one.name}={as_text(one.default)}") == (one.name, one.default)
    build(Choice(name), of="detector")


def test_controls_know_kinds_and_meanings():
    one = {s.name: s for s in settings_of("ist", of="method")}
    assert one["beta"].kind == "number"
    assert (one["penalty"].kind, one["penalty"].optional) == ("number", True)
    fill = next(s for s in settings_of("on-chip", of="method") if s.name == "fill")
    assert (fill.kind, fill.values) == ("one of", ("zero", "blank", "interpolate"))
    keep = next(s for s in settings_of("rpca", of="method") if s.name == "keep_noise")
    assert keep.values == ("none", "true", "false")
    false_alarm = settings_of("combined", of="detector")[0]
    assert false_alarm.meaning == "Of the AdaptiveThreshold; 1e-6 by default."


def test_only_what_differs_is_told():
    choice = chosen("ar", {"order": 9, "support": 256}, of="method")
    assert choice.options == ["ar.order=9"]
    with pytest.raises(InputError, match="order"):
        build(Choice("ar", (("order", -1),)), of="method")


def test_oracles_are_offered_with_truth_alone(capture):
    import numpy as np

    bare = from_array(np.ones((8, 64), np.complex64))
    assert "oracle" not in offered_detectors(bare)
    assert not any(methods[name].needs_truth for name in offered_methods(bare))
    assert "oracle" in offered_detectors(capture)
    assert "zeroing-oracle" in offered_methods(capture)
    real = from_array(np.ones((8, 64), np.float32))
    assert "anc" not in offered_methods(real)
    assert "anc" in offered_methods(bare)

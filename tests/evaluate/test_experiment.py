"""What an experiment is, and what it refuses to be."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from clearchirp.evaluate.experiment import (
    Case,
    Experiment,
    SceneText,
    load_experiment,
    sweep,
    taking,
)
from clearchirp.types import InputError

DEMO = SceneText.of("demo")


def experiment(**changes) -> Experiment:
    return replace(Experiment(scenes=(DEMO,), methods=(Case("none"), Case("zeroing"))), **changes)


def test_chunks_cover_every_frame_of_every_scene_once():
    for frames in (1, 7, 99, 250, 1001):
        plan = experiment(scenes=(DEMO, SceneText.of("imfrac")), frames=frames)
        covered = [(c.scene, f) for c in plan.chunks() for f in range(c.start, c.stop)]
        assert covered == [(scene, frame) for scene in range(2) for frame in range(frames)]


def test_rows_are_numbered_in_order():
    plan = experiment(detectors=(Case("combined"), Case("envelope")), frames=3)
    numbers = [
        plan.row_number(0, frame, d, m) for frame in range(3) for d in range(2) for m in range(2)
    ]
    assert numbers == list(range(12))


def test_an_experiment_comes_back_from_its_file(tmp_path: Path):
    plan = experiment(methods=(Case("zeroing", (("taper", 4),)),), interference=False)
    (tmp_path / "experiment.json").write_text(json.dumps(asdict(plan)))
    assert load_experiment(tmp_path) == plan
    assert plan.difference(load_experiment(tmp_path)) == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"frames": 11}, "frames 11, not 10"),
        ({"seed": 1}, "seed 1, not 0"),
        ({"interference": False}, "interference False, not True"),
        ({"methods": (Case("none"),)}, "methods none, not none, zeroing"),
        ({"scenes": (replace(DEMO, text=DEMO.text + "\n# changed\n"),)}, "another content"),
    ],
)
def test_differences_are_told(changes, told):
    assert told in experiment().difference(experiment(**changes))


def test_sweeps_are_every_combination():
    methods, detectors = sweep(
        ["zeroing.taper=0,2", "combined.guard=1,3"], ["none", "zeroing"], ["combined"]
    )
    assert [m.label for m in methods] == ["none", "zeroing(taper=0)", "zeroing(taper=2)"]
    assert [d.label for d in detectors] == ["combined(guard=1)", "combined(guard=3)"]


@pytest.mark.parametrize(
    ("settings", "methods", "told"),
    [
        (["taper=2"], ["none", "zeroing"], "say whose setting it is, as in --set zeroing.taper=2"),
        (["ar.order=2"], ["none", "zeroing"], "'ar' does not run here"),
        (["zeroing.width=2"], ["zeroing"], "zeroing has no setting 'width'; it has taper"),
        (["taper"], ["zeroing"], "expected key=value"),
        (["taper=2,"], ["zeroing"], "expected key=value"),
    ],
)
def test_wrong_settings(settings, methods, told):
    with pytest.raises(InputError) as caught:
        sweep(settings, methods, ["combined"])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"frames": 0}, "--frames: must be 1 or more, got 0"),
        ({"seed": -1}, "--seed: must be 0 or more, got -1"),
        ({"scenes": ()}, "SCENE: give one at least"),
        ({"methods": (Case("none"), Case("none"))}, "--method: none is given twice"),
        ({"methods": (Case("zeroing", (("taper", -1),)),)}, "taper"),
        ({"methods": (Case("magic"),)}, "magic"),
        ({"scenes": (SceneText.of("imfrac-real"),), "methods": (Case("anc"),)}, "real-valued"),
    ],
)
def test_wrong_experiments(changes, told):
    with pytest.raises(InputError) as caught:
        experiment(**changes)
    assert told in str(caught.value)


def test_methods_that_take_no_real_receiver_are_left_out():
    scenes = [DEMO, SceneText.of("imfrac-real")]
    assert taking(["none", "anc"], scenes) == ["none"]
    assert taking(["none", "anc"], [DEMO]) == ["none", "anc"]


@pytest.mark.parametrize("text", ["", "{", "{}", '{"scenes": [], "methods": [], "frames": "a"}'])
def test_a_damaged_experiment(tmp_path: Path, text):
    (tmp_path / "experiment.json").write_text(text)
    with pytest.raises(InputError, match=r"experiment\.json|--frames"):
        load_experiment(tmp_path)


def test_no_experiment(tmp_path: Path):
    with pytest.raises(InputError, match="holds no experiment"):
        load_experiment(tmp_path)

from __future__ import annotations

import shlex
import threading
from pathlib import Path

import numpy as np
import pytest

import clearchirp as cc
from clearchirp.types import InputError
from clearchirp.viewer.choices import Choice
from clearchirp.viewer.saving import (
    Saver,
    command_line,
    figure_targets,
    in_the_way,
    recording_target,
    save_figures,
)
from tests.cli.conftest import run  # noqa: F401

DETECTOR = Choice("combined", (("gap", 6),))
METHOD = Choice("ar", (("order", 9),))


class Kept:
    """A saver and what it told."""

    def __init__(self, capture):
        self.steps, self.ends, self.done = [], [], threading.Event()
        self.saver = Saver(capture, self.step, self.finished)

    def step(self, done):
        self.steps.append(done)

    def finished(self, told):
        self.ends.append(told)
        self.done.set()

    def wait(self):
        assert self.done.wait(60)
        self.done.clear()
        self.saver.stop(60)
        return self.ends[-1]


@pytest.mark.parametrize("form", [".npz", ".zarr"])
def test_the_command_line_does_the_same(blind, form, run, monkeypatch):  # noqa: F811
    monkeypatch.chdir(blind.parent)
    capture = cc.open("blind.npz", conjugate=True)
    target = recording_target(capture, METHOD, form)
    kept = Kept(capture)
    kept.saver.begin(DETECTOR, METHOD, target)
    told = kept.wait()
    assert told.output == target
    assert kept.steps[-1] == 3
    other = target.with_name(f"by-command{form}")
    line = command_line("blind.npz", {"conjugate": True}, DETECTOR, METHOD, other)
    words = shlex.split(line)
    assert words[0] == "clearchirp"
    assert run(*words[1:]).code == 0
    saved, commanded = cc.open(target), cc.open(other)
    np.testing.assert_array_equal(saved.read(), commanded.read())
    assert not np.array_equal(saved.read(), capture.read())


def test_names_are_beside_the_recording_and_never_it(blind):
    capture = cc.open(blind)
    for form in (".npz", ".zarr", ".h5", ".mat", ".npy"):
        target = recording_target(capture, METHOD, form)
        assert target.parent == blind.parent
        assert target != blind
    with pytest.raises(InputError, match="written as"):
        recording_target(capture, METHOD, "/../x.npz")


def test_nothing_is_overwritten_without_asking(blind):
    capture = cc.open(blind)
    target = recording_target(capture, METHOD, ".npz")
    target.write_bytes(b"what was there before")
    kept = Kept(capture)
    with pytest.raises(InputError, match="there already"):
        kept.saver.begin(DETECTOR, METHOD, target)
    assert in_the_way([target]) == [target]
    assert target.read_bytes() == b"what was there before"
    kept.saver.begin(DETECTOR, METHOD, target, replace=True)
    assert kept.wait().output == target
    assert len(cc.open(target)) == 3


def test_stopped_leaves_nothing_but_an_unfinished_store(blind):
    capture = cc.open(blind)
    for form, left in ((".npz", []), (".zarr", ["blind-ar.zarr.part"])):
        kept = Kept(capture)
        kept.step = lambda done, kept=kept: done and kept.saver.stop()
        kept.saver = Saver(capture, kept.step, kept.finished)
        kept.saver.begin(DETECTOR, METHOD, recording_target(capture, METHOD, form))
        assert kept.wait() == ""
        assert sorted({path.name for path in blind.parent.iterdir()} - {"blind.npz"}) == left
    # The next time goes on with it.
    kept = Kept(capture)
    kept.saver.begin(DETECTOR, METHOD, recording_target(capture, METHOD, ".zarr"))
    assert kept.wait().resumed >= 1


def test_what_another_run_has_left_is_replaced_only_when_told(blind):
    capture = cc.open(blind)
    target = recording_target(capture, METHOD, ".zarr")
    kept = Kept(capture)
    kept.step = lambda done: done and kept.saver.stop()
    kept.saver = Saver(capture, kept.step, kept.finished)
    kept.saver.begin(DETECTOR, METHOD, target)
    kept.wait()
    other, kept = Choice("ar", (("order", 12),)), Kept(capture)
    kept.saver.begin(DETECTOR, other, target)
    line = kept.wait()
    assert isinstance(line, str)
    assert "unfinished" in line
    assert "\n" not in line
    assert not target.exists()
    kept.saver.begin(DETECTOR, other, target, replace=True)
    assert kept.wait().resumed == 0
    assert target.exists()


def test_a_failure_is_told_in_one_line(blind):
    kept = Kept(cc.open(blind))
    kept.saver.begin(DETECTOR, Choice("ar", (("order", -1),)), blind.parent / "x.npz")
    assert "order" in kept.wait()
    assert not (blind.parent / "x.npz").exists()


def test_figures(blind):
    capture = cc.open(blind)
    targets = figure_targets(capture, 0, 1, ["ar", "zeroing"])
    assert [path.name for path in targets] == [
        "blind-frame0-rx2-ar-zeroing.png",
        "blind-frame0-rx2-ar-zeroing.svg",
    ]
    cells = np.random.default_rng(1).standard_normal((128, 512)) + 0j
    maps = {"recorded": cells, "after ar": cells}
    save_figures(targets, maps, {}, capture, title="a")
    assert targets[0].read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in Path(targets[1]).read_bytes()

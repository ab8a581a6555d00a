"""The sweeps of Wang 2022a: the authors' own, and the scene with other durations and levels."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate import Scene, load_scene, simulate_frame
from clearchirp.simulate.levels import Levels

CROSSINGS = (215e-6, 300e-6, 128e-6)
"""When each interferer crosses, in s after the start of the ramp: read off the authors' sweep."""


def authors_sweep(
    scene: str, seed: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_], str]:
    """Return beat, noise-free targets and mask, (1, sample), and which sweep they are."""
    place = _data() / "wang_sparkle" / "Data4Demo.mat"
    if place.is_file():
        from scipy.io import loadmat

        # Their targets lie at negative frequencies.
        found = loadmat(place)
        beat, targets = np.conj(found["sig_full_trc"]), np.conj(found["sig_Rx_trc"])
        # The file holds no noise apart: what exceeds five times the strongest target is a crossing.
        mask = np.abs(beat) > 1.5 * np.abs(targets).max()
        return beat, targets, mask, "the authors' sweep"
    made = simulate_frame(load_scene(scene), 0, seed, dtype=np.complex128)
    return made.beat[0], made.targets[0], made.disturbed[0], f"scene {scene}, frame 0"


def scene_at(name: str, share: float, sinr_db: float, own_share: float) -> Any:
    """Return the scene with another share of the sweep hit, in per cent, at another level."""
    return _Changed(load_scene(name), own_share / share, Levels(sinr_db=sinr_db))


class _Changed:
    """A recipe whose interferers sweep slower against the victim's ramp, at another level."""

    def __init__(self, recipe: Any, factor: float, levels: Levels) -> None:
        self._recipe, self._factor, self._levels = recipe, factor, levels
        self.waveform, self.receiver = recipe.waveform, recipe.receiver
        self.frames, self.name = recipe.frames, recipe.name

    def draw(self, frame: int, seed: int = 0) -> Scene:
        """Draw the scene of a frame."""
        scene = self._recipe.draw(frame, seed)
        own = scene.waveform
        interferers = []
        for one, crossing in zip(scene.interferers, CROSSINGS, strict=True):
            slope = own.slope + (one.slope - own.slope) * self._factor
            start = own.start_frequency + (own.slope - slope) * crossing
            interferers.append(replace(one, slope=slope, start_frequency=start))
        return self._levels.apply(replace(scene, interferers=tuple(interferers)))


def _data() -> Path:
    default = Path(__file__).parents[3] / "shared" / "data"
    return Path(os.environ.get("CLEARCHIRP_DATA", default))

"""A scene as a recording: its frames are simulated when they are read, and never stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate import Simulated, simulate_frame
from clearchirp.waveform import Waveform

TRUTH = ("targets", "clean", "interference", "disturbed")
"""What a simulated frame knows besides its beat signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRecording:
    """Frames of a scene with a seed, as the chain takes recordings.

    Parameters
    ----------
    scene
        What there is to see; anything that `simulate_frame` takes.
    frames
        How many frames.
    seed
        Seed of everything random.
    first
        The scene's number of the first of them, 0 by default.
    """

    scene: Any
    frames: int
    seed: int = 0
    first: int = 0
    _last: dict[int, Simulated] = field(default_factory=dict, repr=False, compare=False)

    @property
    def waveform(self) -> Waveform:
        """The victim's waveform."""
        return self.scene.waveform

    @property
    def leading(self) -> tuple[int, ...]:
        """(frame, rx)."""
        return (self.frames, self.simulated(0).beat.shape[0])

    @property
    def truth(self) -> Mapping[str, Any]:
        """Targets, clean, interference and disturbed, sliced by frame."""
        return {name: _Slices(self, name) for name in TRUTH}

    def __len__(self) -> int:
        return self.frames

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Simulate frames, (n, rx, chirp, sample)."""
        return _Slices(self, "beat")[start:stop]

    def simulated(self, frame: int) -> Simulated:
        """Return one frame with its truth, (rx, chirp, sample)."""
        if frame not in self._last:
            # The variables of a frame are asked for one after the other: one frame is kept.
            self._last.clear()
            self._last[frame] = simulate_frame(self.scene, self.first + frame, self.seed)
        return self._last[frame]


@dataclass(frozen=True, slots=True)
class _Slices:
    """One variable of the frames, sliced like an array (frame, rx, chirp, sample)."""

    recording: SimulatedRecording
    name: str

    def __getitem__(self, frames: slice) -> NDArray[Any]:
        numbers = range(*frames.indices(len(self.recording)))
        return np.stack([getattr(self.recording.simulated(k), self.name) for k in numbers])

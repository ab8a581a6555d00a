"""A scene: one victim, its targets and its interferers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.checks import check_count, check_number
from clearchirp.simulate.interferers import Interferer
from clearchirp.simulate.receiver import Receiver
from clearchirp.simulate.targets import Target
from clearchirp.types import InputError
from clearchirp.waveform import Waveform


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What there is to see, and who looks.

    Parameters
    ----------
    waveform
        The victim's waveform, every field known.
    targets
        Targets, none by default.
    interferers
        Interferers, none by default.
    receiver
        The victim's receiver; by default one I/Q antenna without noise.
    name
        What to call it.
    frames
        How many frames it is meant for, 1 by default.
    frame_interval
        Time in s from the start of one frame to the next; None, the default, is without a pause,
        ``chirps * chirp_interval``.

    Raises
    ------
    InputError
        For a waveform with unknown fields or whose samples do not fit into its interval, and for
        parts of the wrong kind.
    """

    waveform: Waveform
    targets: tuple[Target, ...] = ()
    interferers: tuple[Interferer, ...] = ()
    receiver: Receiver = field(default_factory=Receiver)
    name: str = "scene"
    frames: int = 1
    frame_interval: float | None = None

    def __post_init__(self) -> None:
        for name, kind in (("waveform", Waveform), ("receiver", Receiver), ("name", str)):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise InputError(f"scene: {name} must be a {kind.__name__}, got {value!r}")
        for name, kind in (("targets", Target), ("interferers", Interferer)):
            value = getattr(self, name)
            if not isinstance(value, tuple | list) or not all(isinstance(v, kind) for v in value):
                raise InputError(f"scene: {name} must be a tuple of {kind.__name__}, got {value!r}")
            object.__setattr__(self, name, tuple(value))
        check_count("scene", "frames", self.frames)
        _check_waveform(self.waveform)
        if self.frame_interval is not None:
            check_number("scene", "frame_interval", self.frame_interval, "positive")
            least = self.waveform.chirps * self.waveform.chirp_interval
            if self.frame_interval < least * (1 - 1e-12):
                raise InputError(
                    f"scene: frame_interval {self.frame_interval!r} s is shorter than the frame, "
                    f"{least:.6g} s"
                )
        for number, interferer in enumerate(self.interferers, 1):
            if interferer.chirp_interval * self.waveform.sample_rate < 1:
                raise InputError(
                    f"scene: interferer {number}: chirp_interval {interferer.chirp_interval!r} s "
                    "is shorter than one sample of the victim; it is in seconds"
                )

    def ramp_starts(self, frame: int) -> NDArray[np.float64]:
        """Time in s at which each ramp of a frame starts; (chirp,)."""
        interval = self.waveform.chirp_interval
        frame_interval = self.frame_interval or self.waveform.chirps * interval
        return frame * frame_interval + interval * np.arange(self.waveform.chirps, dtype=np.float64)


def _check_waveform(waveform: Waveform) -> None:
    for name in ("start_frequency", "slope", "sample_rate", "chirp_interval"):
        if math.isnan(getattr(waveform, name)):
            raise InputError(f"scene: waveform.{name} is unknown (NaN); a simulation needs it")
    needed = waveform.adc_start + waveform.duration
    if needed > waveform.chirp_interval * (1 + 1e-9):
        raise InputError(
            f"scene: the samples of a chirp end {needed:.6g} s after its start, later than its "
            f"chirp_interval {waveform.chirp_interval:.6g} s"
        )
    for transmitter in waveform.transmit_order:
        check_count("scene", "waveform.transmit_order", transmitter, least=0)


class Recipe(Protocol):
    """What draws a scene for each frame, so that no two frames are alike.

    `simulate` and `simulate_frame` take one wherever they take a `Scene`; a frame is then frame 0
    of the scene that was drawn for it. `waveform`, and `receivers` and `real` of `receiver`, are
    the same for all frames.
    """

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    @property
    def frames(self) -> int:
        """How many frames it is meant for."""
        ...

    @property
    def waveform(self) -> Waveform:
        """The victim's waveform."""
        ...

    @property
    def receiver(self) -> Receiver:
        """The victim's receiver."""
        ...

    def draw(self, frame: int, seed: int = 0) -> Scene:
        """Draw the scene of one frame: the same for the same frame and seed, in any order."""
        ...

"""Where targets are to be expected, from the detections of the frames before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from clearchirp.arrays import namespace
from clearchirp.cfar import Cfar
from clearchirp.settings import check_number
from clearchirp.solvers.checks import check_count
from clearchirp.types import Array, InputError


@dataclass(frozen=True, slots=True)
class History:
    """What is remembered of the last frames, the oldest first.

    Attributes
    ----------
    modulus
        |spectrum| of each frame, (q, chirp, sample), q at most `PriorModel.frames`.
    detected
        Boolean of the same shape: its detections.
    """

    modulus: Array
    detected: Array


class _PriorSettings(Protocol):
    @property
    def frames(self) -> int: ...
    @property
    def gain(self) -> float: ...
    @property
    def offset(self) -> float: ...
    @property
    def reach(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorModel:
    """From the history to the factor of each bin's threshold, 1 - zeta(p).

    Parameters
    ----------
    frames
        How many frames are remembered, Q; 5 by default, as in the paper.
    gain
        a/e of the mapping zeta(p) = (a p + b)/e, from 0 to below 1; 0.5 by default.
    offset
        b/e, from 0, with gain + offset below 1; 0 by default.
    reach
        How many bins a target may move from frame to frame: the half width of the window, from 0; 2
        by default.

    Notes
    -----
    The chance p of a bin with detections is exp(-(m - mean)^2 / (2 variance)) of its modulus m in
    the last frame, with mean and variance of its modulus where it was detected. The window G is
    flat within `reach` and wraps as spectra do; the largest chance in reach counts.

    Source
    ------
    Chen 2022, (14) and (16) and Algorithm 1.

    Deviations
    ----------
    - a, b, e and the window are not published. A gain of 0.5 lowers the threshold of 3.5 standard
      deviations to 1.75: a target 5 dB above the noise is kept, and so is noise in one of twenty
      bins in reach of a target.
    - The density of (16) has the unit of 1/amplitude. Its exponential alone, from 0 to 1, does not
      depend on the unit of the samples.
    - The convolution with G, whose scale is not published, may exceed 1 where targets are near each
      other; the largest chance in reach does not.
    - Detections are taken in the spectrum before the threshold, with its floor of noise: a map of
      zeros with peaks would have everything detected.
    """

    frames: int = 5
    gain: float = 0.5
    offset: float = 0.0
    reach: int = 2

    def __post_init__(self) -> None:
        check_prior(self)

    def weight(self, history: History | None) -> Array | None:
        """Return the factor of the threshold (chirp, sample); None without history."""
        if history is None:
            return None
        xp: Any = namespace(history.modulus)
        seen = xp.astype(history.detected, history.modulus.dtype)
        count = xp.sum(seen, axis=0)
        known = count > 0
        count = xp.where(known, count, xp.ones_like(count))
        mean = xp.sum(seen * history.modulus, axis=0) / count
        off = history.modulus - mean
        variance = xp.sum(seen * off * off, axis=0) / count
        now = off[-1, ...] ** 2
        # A single detection has no variance: it is certain as long as it is the last frame's.
        sure = xp.astype(now == 0, mean.dtype)
        spread = xp.where(variance > 0, variance, xp.ones_like(variance))
        chance = xp.where(variance > 0, xp.exp(xp.clip(-now / (2 * spread), -80.0, 0.0)), sure)
        chance = xp.where(known, chance, xp.zeros_like(chance))
        return 1 - (self.gain * _largest_near(chance, self.reach) + self.offset)

    def remember(self, history: History | None, spectrum: Array) -> History:
        """Return the history with one frame more; `spectrum` (chirp, sample) has its noise."""
        xp = namespace(spectrum)
        modulus = xp.abs(spectrum)
        try:
            detected = Cfar()(spectrum)
        except InputError:  # a frame smaller than the detector's window has no surroundings
            detected = xp.zeros_like(modulus) > 0
        new = History(modulus[None, ...], detected[None, ...])
        if history is None or history.modulus.shape[1:] != modulus.shape:
            return new
        keep = slice(max(0, history.modulus.shape[0] - self.frames + 1), None)
        if self.frames == 1:
            return new
        return History(
            xp.concat([history.modulus[keep, ...], new.modulus]),
            xp.concat([history.detected[keep, ...], new.detected]),
        )


def check_prior(settings: _PriorSettings) -> None:
    """Raise `InputError` unless the settings of a prior model are in their range."""
    check_count("frames", settings.frames)
    for name in ("gain", "offset"):
        value = getattr(settings, name)
        check_number(name, value)
        if value < 0:
            raise InputError(f"{name}: must be from 0, got {value!r}")
    if settings.gain + settings.offset >= 1:
        raise InputError("gain: with offset it must stay below 1, or thresholds vanish")
    reach = settings.reach
    if not isinstance(reach, int) or isinstance(reach, bool) or reach < 0:
        raise InputError(f"reach: must be a whole number from 0, got {reach!r}")


def _largest_near(chance: Array, reach: int) -> Array:
    """Return the largest value within `reach` bins in each direction, wrapped."""
    xp: Any = namespace(chance)
    for axis in (0, 1):
        steps = range(-min(reach, chance.shape[axis] // 2), min(reach, chance.shape[axis] // 2) + 1)
        near = chance
        for step in steps:
            near = xp.maximum(near, xp.roll(chance, step, axis=axis))
        chance = near
    return chance

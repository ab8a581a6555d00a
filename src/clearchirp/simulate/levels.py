"""Levels of targets, interference and noise relative to each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.checks import check_number
from clearchirp.simulate.frames import Simulated, simulate_frame
from clearchirp.simulate.interferers import Interferer
from clearchirp.simulate.scene import Scene
from clearchirp.simulate.targets import Target
from clearchirp.types import InputError

_INTERFERENCE = ("inr_db", "sir_db", "sinr_db", "snir_db")


class Powers(NamedTuple):
    """Mean powers in a frame at the first antenna, after the receiver's filter.

    Attributes
    ----------
    targets, noise, interference
        Mean over all samples.
    burst
        Mean of the interference over the samples where it beats inside of the filter's band; 0
        where it nowhere does.
    """

    targets: float
    noise: float
    interference: float
    burst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What to scale the amplitudes of a scene to; all of a kind are scaled together.

    Applied in the order of the parameters; None, the default of each, leaves things as they are.
    So does a frame without targets, or without interference, where the level speaks of them.

    Parameters
    ----------
    strongest_target
        Amplitude of the strongest target. Targets with a cross-section are none of it.
    strongest_interferer
        Amplitude of the strongest interferer.
    snr_db
        Power of the beat signal of all targets over that of the noise, both in mean over the
        samples; scales the targets.
    inr_db
        Power of the interference over that of the noise, in mean over the samples in which the
        interference beats inside of the filter's band; scales the interferers, as the next do.
    sir_db
        Power of the targets over that of the interference, in mean over all samples.
    sinr_db
        Power of the targets over that of interference and noise, in mean over all samples.
    snir_db
        Power of targets and noise over that of the interference, in mean over all samples.

    Raises
    ------
    InputError
        For more than one level of the interference, and for values that no level can have.
    """

    strongest_target: float | None = None
    strongest_interferer: float | None = None
    snr_db: float | None = None
    inr_db: float | None = None
    sir_db: float | None = None
    sinr_db: float | None = None
    snir_db: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                rule = "any" if field.name.endswith("_db") else "positive"
                check_number("levels", field.name, value, rule)
        given = [name for name in _INTERFERENCE if getattr(self, name) is not None]
        if len(given) > 1:
            raise InputError(f"levels: {given[0]} and {given[1]} are both given; leave one out")

    def apply(self, scene: Scene) -> Scene:
        """Return the scene with its amplitudes scaled, measured on its frame 0."""
        targets, interferers = scene.targets, scene.interferers
        peak = max((target.amplitude or 0.0 for target in targets), default=0.0)
        if self.strongest_target is not None and peak > 0:
            targets = scale_targets(targets, self.strongest_target / peak)
        peak = max((interferer.amplitude for interferer in interferers), default=0.0)
        if self.strongest_interferer is not None and peak > 0:
            interferers = scale_interferers(interferers, self.strongest_interferer / peak)
        scene = replace(scene, targets=targets, interferers=interferers)
        if self.snr_db is None and all(getattr(self, name) is None for name in _INTERFERENCE):
            return scene
        powers = measure(scene)
        if powers.noise == 0 and (self.snr_db is not None or self.inr_db is not None):
            name = "inr_db" if self.snr_db is None else "snr_db"
            raise InputError(f"levels: {name} needs a noise_power of the receiver above 0")
        if self.snr_db is not None and powers.targets > 0:
            gain = _from_db(self.snr_db) * powers.noise / powers.targets
            scene = replace(scene, targets=scale_targets(scene.targets, math.sqrt(gain)))
            powers = powers._replace(targets=powers.targets * gain)
        gain = self._interference_gain(powers)
        return replace(scene, interferers=scale_interferers(scene.interferers, gain))

    def _interference_gain(self, powers: Powers) -> float:
        """Factor on the amplitude of the interference."""
        if powers.interference == 0:
            return 1.0
        if self.inr_db is not None:
            return math.sqrt(_from_db(self.inr_db) * powers.noise / powers.burst)
        if self.snir_db is not None:
            wanted = (powers.targets + powers.noise) / _from_db(self.snir_db)
        elif powers.targets == 0:
            return 1.0
        elif self.sir_db is not None:
            wanted = powers.targets / _from_db(self.sir_db)
        elif self.sinr_db is not None:
            wanted = powers.targets / _from_db(self.sinr_db) - powers.noise
            if wanted < 0:
                alone = 10 * math.log10(powers.targets / powers.noise)
                raise InputError(
                    f"levels: sinr_db {self.sinr_db!r} cannot be had, the noise alone leaves "
                    f"{alone:.4g} dB; lower it, or noise_power"
                )
        else:
            return 1.0
        return math.sqrt(wanted / powers.interference)


def measure(scene: Scene) -> Powers:
    """Measure the powers in frame 0 of a scene at the first antenna, without the converter."""
    receiver = replace(scene.receiver, receivers=1, noise_power=0.0, adc_bits=None)
    quiet = replace(receiver, transient_amplitude=0.0, transient_decay=0.0, phase_noise_db=None)
    seen = simulate_frame(replace(scene, receiver=quiet), 0)
    interference = _power(seen.interference)
    bursts = interference[0][sounding(seen)]
    return Powers(
        targets=float(_power(seen.targets).mean()),
        noise=scene.receiver.noise_power,
        interference=float(interference.mean()),
        burst=float(bursts.mean()) if bursts.size else 0.0,
    )


def sounding(frame: Simulated) -> NDArray[np.bool_]:
    """Samples in which any interferer beats inside of the filter's band; bool, (chirp, sample)."""
    mask = np.zeros(frame.beat.shape[-2:], np.bool_)
    for crossing in frame.crossings:
        mask[crossing.chirp, crossing.first_sample : crossing.last_sample + 1] = True
    return mask


def scale_targets(targets: tuple[Target, ...], gain: float) -> tuple[Target, ...]:
    """Return targets with `gain` times the amplitude."""
    return tuple(
        replace(target, cross_section=target.cross_section * gain**2)
        if target.cross_section is not None
        else replace(target, amplitude=(target.amplitude or 0.0) * gain)
        for target in targets
    )


def scale_interferers(interferers: tuple[Interferer, ...], gain: float) -> tuple[Interferer, ...]:
    """Return interferers with `gain` times the amplitude."""
    return tuple(replace(one, amplitude=one.amplitude * gain) for one in interferers)


def _power(beat: NDArray[np.inexact]) -> NDArray[np.float64]:
    return np.square(np.abs(beat), dtype=np.float64)


def _from_db(level_db: float) -> float:
    return 10 ** (level_db / 10)

"""The networks as mitigation methods; torch is imported when a model is first loaded.

Sources: Oswald 2023a for the networks, Oswald 2023 for those trained through the detector.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, is_complex, require_numpy
from clearchirp.neural.frames import frame_level
from clearchirp.spectrum import angle_map, range_doppler, receivers_of_angle_map
from clearchirp.types import FarFromTraining, InputError, Mitigated
from clearchirp.waveform import Waveform

SHIPPED = Path(__file__).parent / "checkpoints"
"""Where the models that come with the package lie, NAME.safetensors each."""

_RADAR = ("start_frequency", "slope", "sample_rate", "chirp_interval")
_SAME_RADAR = 0.1
_SAME_LEVEL_DB = 3.0


class Model(NamedTuple):
    """A network with what is known of its training."""

    network: Any
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AngleNetwork:
    """Run a network on the range-Doppler-angle maps of disturbed frames.

    The positive half of the ranges, where an I/Q receiver sees targets, goes through the network;
    the negative half stays as it is. Frames without a disturbed sample stay as they are, whole. A
    frame is brought to the level of the training first, by the root-mean-square of its undisturbed
    samples, and back afterwards: the unit of the samples does not matter.

    A model that was trained through the detector puts objects where they are and says little about
    their amplitudes.

    Parameters
    ----------
    model
        Name of a model that comes with the package, or path of a .safetensors file that
        ``clearchirp train`` wrote.

    Raises
    ------
    InputError
        Where torch is not installed, for a model that is not there or of another kind, and on use
        for a beat signal without a receiver axis or of a real-valued receiver.

    Warns
    -----
    FarFromTraining
        For frames that the training says nothing about: maps less than half or more than twice as
        large along an axis, interference weaker or stronger than any in training, and, where the
        chain knows it, another radar.

    Sources: Oswald 2023a, II; Oswald 2023, IV-A. They keep half of the ranges, too.
    """

    model: str = "bce-s7"

    def __post_init__(self) -> None:
        load_model(self.model, "aenn")

    @property
    def parameter_count(self) -> int:
        """How many real numbers were trained."""
        return count_parameters(self.model, "aenn")

    def check_radar(self, waveform: Waveform) -> None:
        """Warn if the radar is another than that of the training."""
        warn_of_distance(
            other_radar(load_model(self.model, "aenn").facts, waveform), "aenn", self.model
        )

    def __call__(
        self, beat: NDArray[Any], disturbed: NDArray[np.bool_] | None = None, /
    ) -> Mitigated:
        """Return maps (..., angle, doppler, range) of a beat signal (..., rx, chirp, sample).

        Taylor window in angle, all ranges; the mask must mark the disturbed samples.
        """
        model, mask = load_model(self.model, "aenn"), _checked(beat, disturbed, "aenn")
        window = model.facts.get("angle_window", "taylor")
        receivers = range_doppler(beat)
        maps = angle_map(receivers, positive=False)
        for frame in _hit(mask):
            warn_of_distance(_unlike(model.facts, beat[frame], mask[frame]), "aenn", self.model)
            level = float(frame_level(beat[frame], mask[frame]))
            seen = (
                maps[frame]
                if window == "taylor"
                else angle_map(receivers[frame], positive=False, window=window)
            )
            half = seen.shape[-1] // 2
            seen[..., :half] = _cleaned(model, seen[..., :half], level, antennas=False)
            if window != "taylor":
                seen = angle_map(receivers_of_angle_map(seen, window=window), positive=False)
                maps[frame][..., :half] = seen[..., :half]
        return Mitigated(signal=maps, disturbed=mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class AntennaNetwork:
    """Run a network that takes the receivers as channels on the range-Doppler maps of a frame.

    The one that `AngleNetwork` is compared with; all that is said there holds here, but for the
    receivers, which must be as many as in training. The model that comes with the package knows
    interference from 45 degrees alone: from elsewhere it finds fewer objects than zeroing does
    (docs/studies/networks.md). It is there to be compared with; train one for your own radar.

    Parameters
    ----------
    model
        Name of a model that comes with the package, or path of a .safetensors file that
        ``clearchirp train`` wrote.

    Raises
    ------
    InputError
        As `AngleNetwork`, and for another number of receivers.

    Source: Oswald 2023a, II, after Fuchs et al.
    """

    model: str = "ccnn-2d-45"

    def __post_init__(self) -> None:
        load_model(self.model, "ccnn-2d")

    @property
    def parameter_count(self) -> int:
        """How many real numbers were trained."""
        return count_parameters(self.model, "ccnn-2d")

    def check_radar(self, waveform: Waveform) -> None:
        """Warn if the radar is another than that of the training."""
        warn_of_distance(
            other_radar(load_model(self.model, "ccnn-2d").facts, waveform), "ccnn-2d", self.model
        )

    def __call__(
        self, beat: NDArray[Any], disturbed: NDArray[np.bool_] | None = None, /
    ) -> Mitigated:
        """Return maps (..., rx, doppler, range) of a beat signal (..., rx, chirp, sample)."""
        model, mask = load_model(self.model, "ccnn-2d"), _checked(beat, disturbed, "ccnn-2d")
        antennas = model.network.settings["antennas"]
        if beat.shape[-3] != antennas:
            raise InputError(
                f"beat: has {beat.shape[-3]} receivers; the model {self.model} is for {antennas}"
            )
        maps = range_doppler(beat)
        for frame in _hit(mask):
            warn_of_distance(_unlike(model.facts, beat[frame], mask[frame]), "ccnn-2d", self.model)
            level = float(frame_level(beat[frame], mask[frame]))
            half = maps.shape[-1] // 2
            maps[frame][..., :half] = _cleaned(model, maps[frame][..., :half], level, antennas=True)
        return Mitigated(signal=maps, disturbed=mask)


def _checked(beat: Any, disturbed: Any, method: str) -> NDArray[np.bool_]:
    check_beat(beat)
    require_numpy(beat, method=method)
    if not is_complex(beat):
        raise InputError(f"beat: {method} takes I/Q samples, got {beat.dtype}")
    if beat.ndim < 3:
        raise InputError(
            f"beat: {method} needs the receivers of a frame, axes (..., rx, chirp, sample); got "
            f"shape {beat.shape}"
        )
    return check_mask(disturbed, beat)


def _hit(mask: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Indices of the frames with disturbed samples."""
    return [tuple(index) for index in np.argwhere(mask.any(axis=(-3, -2, -1)))]


def _cleaned(model: Model, maps: NDArray[Any], level: float, *, antennas: bool) -> NDArray[Any]:
    """Return maps (angle or rx, doppler, range) through the network, level and precision kept."""
    import torch

    facts = model.facts
    if level == 0:
        return maps
    whitening, trained = facts["whitening"], float(facts.get("level", 1.0))
    given = torch.from_numpy(((maps / level) * trained).astype(np.complex64))
    white = whitening.apply(given if antennas else given[None])
    with torch.inference_mode():
        result = model.network(white[None])[0]
    result = whitening.undo(result) * float(facts.get("gain", 1.0))
    clean = result.numpy() if antennas else result.numpy()[0]
    return (clean / trained).astype(maps.dtype) * np.asarray(level, np.real(maps).dtype)


def count_parameters(model: str, kind: str) -> int:
    """Return how many real numbers the model trains."""
    from clearchirp.neural.networks import parameter_count

    return parameter_count(load_model(model, kind).network)


def load_model(model: object, kind: str) -> Model:
    """Return the model of that name or path, from memory where it was loaded before."""
    if not isinstance(model, str) or not model:
        raise InputError(f"model: must be a name or the path of a file, got {model!r}")
    missing = [name for name in ("torch", "safetensors") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"needs {' and '.join(missing)}; install with: pip install 'clearchirp[neural]'"
        )
    path = _find(model)
    found = _read(path, path.stat().st_mtime_ns)
    if found.network.kind != kind:
        raise InputError(f"model: {model} is for the method {found.network.kind}")
    return found


def _find(model: str) -> Path:
    if model.endswith(".safetensors") or "/" in model or "\\" in model:
        path = Path(model).expanduser()
        if not path.is_file():
            raise InputError(f"model: there is no file {model}")
        return path
    path = SHIPPED / f"{model}.safetensors"
    if not path.is_file():
        names = ", ".join(shipped_models()) or "none"
        raise InputError(f"model: none is called {model!r}; there are {names}")
    return path


def shipped_models() -> list[str]:
    """Return the names of the models that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int) -> Model:
    from clearchirp.neural.checkpoint import load_network

    return Model(*load_network(path))


def warn_of_distance(reason: str, method: str, model: str) -> None:
    """Warn that data are far from the training; nothing where there is no reason."""
    if reason:
        text = f"{method}: far from what the model {model} was trained on: {reason}"
        warnings.warn(text, FarFromTraining, stacklevel=3)


def other_radar(facts: Mapping[str, Any], waveform: Waveform) -> str:
    """Say in what the radar is another; empty where it is not, or nothing is known."""
    known = facts.get("waveform") or {}
    unlike = []
    for name in _RADAR:
        here, there = getattr(waveform, name), known.get(name)
        if there and abs(here - there) > _SAME_RADAR * abs(there):
            unlike.append(f"{name} {here:.4g} instead of {there:.4g}")
    return ", ".join(unlike)


def _unlike(facts: Mapping[str, Any], beat: NDArray[Any], mask: NDArray[np.bool_]) -> str:
    """Say what of a frame (rx, chirp, sample) the training did not have; empty for nothing."""
    unlike = []
    shape = facts.get("map_shape")
    if shape:
        here = (*beat.shape[:2], beat.shape[2] // 2)
        if any(not there / 2 <= n <= 2 * there for n, there in zip(here, shape, strict=True)):
            unlike.append(
                f"maps of {' x '.join(map(str, here))} cells instead of "
                f"{' x '.join(map(str, shape))}"
            )
    least, most = facts.get("interference_db") or (-math.inf, math.inf)
    clear = ~mask
    if clear.any():
        disturbed = np.mean(np.abs(beat[mask]).astype(float) ** 2)
        rest = np.mean(np.abs(beat[clear]).astype(float) ** 2)
        ratio = 10 * math.log10(disturbed / rest) if disturbed > 0 and rest > 0 else least
        # No figure of the frame's own: a warning of the same words is shown once.
        if ratio < least - _SAME_LEVEL_DB:
            unlike.append(f"interference weaker than {least:.0f} dB over the undisturbed samples")
        if ratio > most + _SAME_LEVEL_DB:
            unlike.append(f"interference stronger than {most:.0f} dB over the undisturbed samples")
    return "; ".join(unlike)

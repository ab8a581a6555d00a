"""Where the maps of a training come from, and what is to be known of them when it is used."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp._version import __version__
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR, find_detector
from clearchirp.io.writer import waveform_scalars
from clearchirp.neural.config import DataConfig, TrainConfig
from clearchirp.neural.data import Pairs, RecordedPairs, ScenePairs, StoredPairs
from clearchirp.neural.frames import frame_level
from clearchirp.neural.networks import find_network
from clearchirp.neural.whitening import Whitening
from clearchirp.simulate import load_scene, presets, scene_text
from clearchirp.spectrum import receivers_of_angle_map
from clearchirp.types import InputError

_MEASURED = 64
"""Frames of the training split, at most, that whitening and levels are measured on: maps of the
scene `e2e` have 9 million bins in all."""


def pairs_of(data: DataConfig) -> Pairs:
    """Return the source of the maps that a configuration names."""
    path = Path(data.source)
    if data.source in presets() or path.suffix == ".toml":
        source: Pairs = ScenePairs(load_scene(data.source), data.seed)
    elif path.exists():
        source = RecordedPairs(path)
    else:
        raise InputError(
            f"data.source: {data.source!r} is neither a preset ({', '.join(presets())}) nor a file"
        )
    if data.store is None:
        return source
    return StoredPairs(data.store, source, _told(data))


def _told(data: DataConfig) -> str:
    """What a store of maps is made of."""
    path = Path(data.source)
    if data.source in presets() or path.suffix == ".toml":
        text = scene_text(data.source) if data.source in presets() else path.read_text("utf-8")
        return json.dumps({"scene": tomllib.loads(text), "seed": data.seed})
    return json.dumps({"recording": str(path.resolve())})


def facts_of(config: TrainConfig, source: Pairs) -> dict[str, Any]:
    """Return what is stored beside the weights of what they were trained on."""
    first, last = config.data.training
    frames = range(first, min(last, first + _MEASURED))
    levels, ratios = levels_of(source, frames)
    return {
        "name": config.name,
        "network": config.network,
        "config": asdict(config),
        "version": __version__,
        "whitening": Whitening.fit(_seen(config, source[frame].disturbed) for frame in frames),
        "level": float(np.median(levels)),
        "angle_window": "taylor",
        "map_shape": list(source[first].clean.shape),
        "waveform": waveform_scalars(source.waveform),
        "interference_db": [min(ratios), max(ratios)] if ratios else None,
    }


def is_of_antennas(config: TrainConfig) -> bool:
    """True for a network that takes the receivers as channels."""
    return find_network(config.network).kind == "ccnn-2d"


def _seen(config: TrainConfig, maps: NDArray[Any]) -> NDArray[Any]:
    return receivers_of_angle_map(maps) if is_of_antennas(config) else maps


def levels_of(source: Pairs, frames: Iterable[int]) -> tuple[list[float], list[float]]:
    """Return levels of frames and their interference in dB, as the methods will see them.

    By the mask of the default detector, not by the truth: later there is no other. The second list
    leaves out frames in which it finds nothing.
    """
    detect = find_detector(DEFAULT_DETECTOR)()
    levels, ratios = [], []
    for frame in frames:
        beat = source.beats(frame).beat
        mask = detect(beat)
        levels.append(float(frame_level(beat, mask)))
        ratios.extend(_interference_db(beat, mask))
    return levels, ratios


def _interference_db(beat: NDArray[Any], mask: NDArray[np.bool_]) -> list[float]:
    """Power of the disturbed samples over that of the others; nothing where there are none."""
    power = np.abs(beat) ** 2
    if not mask.any() or mask.all() or not power[~mask].any():
        return []
    return [float(10 * np.log10(power[mask].mean() / power[~mask].mean()))]

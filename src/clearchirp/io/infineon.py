"""Infineon's recorder: a folder with radar.npy (frame, rx, chirp, sample) and config.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from clearchirp.io.capture import (
    ArrayFrames,
    Capture,
    Shape,
    fill_waveform,
    fit_waveform,
    unknown_waveform,
)
from clearchirp.io.npz import count_bytes, read_header
from clearchirp.io.options import Options, reading
from clearchirp.io.waveform_file import read_text
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

COUNTS = (0.0, 4095.0)
"""The ADC has 12 bits."""


def read_infineon(path: Path, options: Options) -> Capture:
    """Open a recorder's folder, or one of its two files; see `open_capture`."""
    folder = path if path.is_dir() else path.parent
    with reading(path, "an Infineon recording"):
        config = _shape_config(folder / "config.json")
        array = _map(folder / "radar.npy")
        waveform = _waveform(config, array.shape, folder)
        notes = ["The slope is the sweep over the time of its samples, not measured."]
        if options.setup is not None:
            given, more = fit_waveform(options.setup.waveform, array.shape)
            waveform, notes = fill_waveform(given, waveform), [*more]
        return Capture(
            frames=ArrayFrames(array=array, shape=array.shape, dtype=np.dtype(np.float32)),
            waveform=waveform,
            format="infineon",
            path=path,
            notes=tuple(notes),
            leading=array.shape[:2],
            full_scale=COUNTS,
        )


def _map(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"{path}: is missing beside the recorder's config.json")
    with path.open("rb") as file:
        shape, fortran, dtype, start = read_header(file)
    if dtype.kind not in "iu" or len(shape) != 4 or 0 in shape:
        raise InputError(
            f"{path}: expected whole numbers (frame, rx, chirp, sample), got {dtype} {shape}"
        )
    expected, found = start + count_bytes(shape, dtype), path.stat().st_size
    if expected != found:
        raise InputError(
            f"{path}: the header tells {expected} bytes, there are {found}; copy it again"
        )
    return np.memmap(path, dtype, "r", start, shape, "F" if fortran else "C")


def _shape_config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: is missing beside the recorder's radar.npy")
    try:
        root = json.loads(read_text(path))
        return dict(root["device_config"]["fmcw_single_shape"])
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{path}: has no device_config.fmcw_single_shape, the recorder's description of a chirp"
        ) from None


def _waveform(config: dict[str, Any], shape: Shape, folder: Path) -> Waveform:
    path = folder / "config.json"
    receivers = config.get("rx_antennas")
    told = {
        "num_samples_per_chirp": (config.get("num_samples_per_chirp"), shape[3]),
        "num_chirps_per_frame": (config.get("num_chirps_per_frame"), shape[2]),
        "rx_antennas": (len(receivers) if isinstance(receivers, list) else None, shape[1]),
    }
    for key, (value, size) in told.items():
        if value is not None and value != size:
            raise InputError(
                f"{path}: {key} tells {value}, but radar.npy has {size}; they belong "
                "to different recordings"
            )
    start, rate = (
        _number(config, "start_frequency_Hz", path),
        _number(config, "sample_rate_Hz", path),
    )
    sweep = _number(config, "end_frequency_Hz", path) - start
    try:
        return unknown_waveform(
            start_frequency=start,
            slope=sweep * rate / shape[3],
            sample_rate=rate,
            samples=shape[3],
            chirps=shape[2],
            chirp_interval=_number(config, "chirp_repetition_time_s", path),
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _number(config: dict[str, Any], key: str, path: Path) -> float:
    value = config.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{path}: {key} must be a number, got {value!r}")
    return float(value)

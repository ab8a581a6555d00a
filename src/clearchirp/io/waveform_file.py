"""The radar from a file: our TOML, or one of the shipped waveforms, or the vendor's own file.

mmWave Studio's ``*.mmwave.json`` and the mmWave SDK's ``.cfg`` are read in `mmwave_config`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from clearchirp.io.capture import unknown_waveform
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

IQOrder = Literal["iq", "qi"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarSetup:
    """A waveform, and what a raw recording needs beyond it; None is for what nobody told.

    Parameters
    ----------
    waveform
        The radar.
    receivers
        How many receivers the recording holds.
    lanes
        LVDS lanes of a DCA1000 recording, 2 (receivers in turn) or 4 (samples in turn).
    iq_order
        "iq" where I comes first in the file, "qi" where Q does.
    real
        True for a real-valued receiver.
    """

    waveform: Waveform
    receivers: int | None = None
    lanes: int | None = None
    iq_order: IQOrder | None = None
    real: bool = False

    def __post_init__(self) -> None:
        _check_setup(self.receivers, self.lanes, self.iq_order, self.real)


def _check_setup(receivers: Any, lanes: Any, iq_order: Any, real: Any) -> None:
    if receivers is not None and (not _is_whole(receivers) or receivers < 1):
        raise InputError(f"receivers must be a whole number from 1, got {receivers!r}")
    if lanes is not None and (not _is_whole(lanes) or lanes not in (2, 4)):
        raise InputError(f"lanes must be 2 or 4, got {lanes!r}")
    if iq_order is not None and iq_order not in get_args(IQOrder):
        raise InputError(f"iq_order must be 'iq' or 'qi', got {iq_order!r}")
    if not isinstance(real, bool):
        raise InputError(f"real must be true or false, got {real!r}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


WaveformSource = Waveform | RadarSetup | str | Path


def load_waveform(source: WaveformSource) -> Waveform:
    """Return the waveform that a file, a shipped name or a `Waveform` gives; see `load_setup`.

    >>> load_waveform("jin-cao-awr1243").samples
    512
    """
    return load_setup(source).waveform


def load_setup(source: WaveformSource) -> RadarSetup:
    """Return the radar that a file, a shipped name or a `Waveform` gives.

    Parameters
    ----------
    source
        A `Waveform` or `RadarSetup`, as it is; the path of a ``.toml`` whose keys are the fields
        of `Waveform` and of `RadarSetup` (`samples` and `chirps` are needed), of an mmWave Studio
        ``.mmwave.json`` or of an mmWave SDK ``.cfg``; or the name of a shipped waveform.

    Raises
    ------
    InputError
        For a file that is missing or wrong; the line names the file and the key.
    """
    if isinstance(source, RadarSetup):
        return source
    if isinstance(source, Waveform):
        return RadarSetup(waveform=source)
    path = Path(source).expanduser()
    if not path.exists():
        return _load_shipped(str(source))
    text = read_text(path)
    suffix = path.suffix.lower()
    if suffix == ".toml":
        return parse_toml(text, path)
    if suffix in (".json", ".cfg"):
        from clearchirp.io import mmwave_config

        return (mmwave_config.parse_json if suffix == ".json" else mmwave_config.parse_cfg)(
            text, path
        )
    raise InputError(
        f"{path}: a waveform is a .toml, an mmWave Studio .mmwave.json or an mmWave SDK .cfg"
    )


def shipped_waveforms() -> tuple[str, ...]:
    """Return the names of the waveforms that come with the package.

    >>> shipped_waveforms()
    ('jin-cao-awr1243',)
    """
    folder = resources.files("clearchirp.io") / "waveforms"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def _load_shipped(name: str) -> RadarSetup:
    if name not in shipped_waveforms():
        raise InputError(
            f"{name}: no such waveform file; the waveforms that come with clearchirp are "
            f"{', '.join(shipped_waveforms())}"
        )
    file = resources.files("clearchirp.io") / "waveforms" / f"{name}.toml"
    return parse_toml(file.read_text(encoding="utf-8"), Path(f"{name}.toml"))


def read_text(path: Path) -> str:
    """Return the text of a settings file, at most 1 MiB of UTF-8."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder, expected a file that describes the radar")
    try:
        if path.stat().st_size > 2**20:
            raise InputError(f"{path}: is over 1 MiB long, expected a short file about the radar")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(
            f"{path}: is not a text file, expected one that describes the radar"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


_SETUP_KEYS = ("receivers", "lanes", "iq_order", "real")


def parse_toml(text: str, path: Path) -> RadarSetup:
    """Return the radar that a TOML text tells; `path` is for messages."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is no valid TOML: {one_line(error)}") from None
    names = [f.name for f in fields(Waveform)]
    unknown = [key for key in table if key not in (*names, *_SETUP_KEYS)]
    if unknown:
        raise InputError(
            f"{path}: unknown key {unknown[0]!r}; the keys are {', '.join((*names, *_SETUP_KEYS))}"
        )
    for key in ("samples", "chirps"):
        if key not in table:
            raise InputError(
                f"{path}: the key {key!r} is missing, the {key} a "
                f"{'chirp' if key == 'samples' else 'frame'}"
            )
    for key, value in table.items():
        _check_type(key, value, path)
    known = {key: value for key, value in table.items() if key in names}
    if "transmit_order" in known:
        known["transmit_order"] = tuple(known["transmit_order"])
    return build_setup(path, known, {k: v for k, v in table.items() if k in _SETUP_KEYS})


def _check_type(key: str, value: object, path: Path) -> None:
    if key in ("samples", "chirps", "receivers", "lanes"):
        right, kind = _is_whole(value), "a whole number"
    elif key == "transmit_order":
        right = isinstance(value, list) and all(_is_whole(v) and v >= 0 for v in value)
        kind = "a list of transmitter numbers from 0"
    elif key == "iq_order":
        right, kind = isinstance(value, str), "'iq' or 'qi'"
    elif key == "real":
        right, kind = isinstance(value, bool), "true or false"
    else:
        right = isinstance(value, int | float) and not isinstance(value, bool)
        kind = "a number"
    if not right:
        raise InputError(f"{path}: the key {key!r} must be {kind}, got {value!r}")


def build_setup(path: Path, waveform: dict[str, Any], setup: dict[str, Any]) -> RadarSetup:
    """Return the radar; a value that no radar can have is told with the file's name."""
    try:
        return RadarSetup(waveform=unknown_waveform(**waveform), **setup)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def one_line(error: object) -> str:
    """Return a library's message as one line of moderate length."""
    return " ".join(str(error).split())[:200] or type(error).__name__

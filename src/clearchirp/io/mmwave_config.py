"""TI's two files of a radar's configuration: mmWave Studio's JSON and the mmWave SDK's .cfg."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clearchirp.io.waveform_file import RadarSetup, build_setup
from clearchirp.types import InputError


def parse_json(text: str, path: Path) -> RadarSetup:
    """Return the radar of the first device of an mmWave Studio ``.mmwave.json``."""
    try:
        root = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise InputError(f"{path}: is no valid JSON") from None
    look = _Fields(root, path)
    device = look.first(root, "mmWaveDevices")
    rf = look.get(device, "rfConfig")
    profiles = [look.get(p, "rlProfileCfg_t") for p in look.get(rf, "rlProfiles")]
    chirps = [look.get(c, "rlChirpCfg_t") for c in look.get(rf, "rlChirps")]
    frame = look.get(rf, "rlFrameCfg_t")
    start, end = (look.whole(frame, key) for key in ("chirpStartIdx", "chirpEndIdx"))
    used = [
        _entry(chirps, index, path, look, ("chirpStartIdx", "chirpEndIdx"))
        for index in range(start, min(end, start + 4096) + 1)
    ]
    if not used:
        raise InputError(f"{path}: chirpEndIdx {end} lies before chirpStartIdx {start}")
    profile = _by_id(profiles, used[0], path, look)
    channels = look.get(rf, "rlChanCfg_t")
    # 0 is real, 1 and 2 are complex, 3 is "pseudo real": real words at twice the rate.
    adc = look.whole(look.get(look.get(rf, "rlAdcOutCfg_t"), "fmt"), "b2AdcOutFmt")
    order = _transmit_order([look.whole(c, "txEnable") for c in used])
    known = {
        "start_frequency": look.number(profile, "startFreqConst_GHz") * 1e9,
        "slope": look.number(profile, "freqSlopeConst_MHz_usec") * 1e12,
        "sample_rate": look.number(profile, "digOutSampleRate") * 1e3,
        "samples": look.whole(profile, "numAdcSamples"),
        "chirps": len(used) * look.whole(frame, "numLoops"),
        "chirp_interval": 1e-6
        * (look.number(profile, "idleTimeConst_usec") + look.number(profile, "rampEndTime_usec")),
        "adc_start": look.number(profile, "adcStartTimeConst_usec") * 1e-6,
        "transmit_order": order,
    }
    setup = {"receivers": look.whole(channels, "rxChannelEn").bit_count(), "real": adc in (0, 3)}
    setup.update(_json_lanes(device, look))
    return build_setup(path, known, setup)


def _json_lanes(device: Mapping[str, Any], look: _Fields) -> dict[str, Any]:
    raw = device.get("rawDataCaptureConfig")
    if not isinstance(raw, Mapping):
        return {}
    found: dict[str, Any] = {}
    data = raw.get("rlDevDataFmtCfg_t", {})
    lanes = raw.get("rlDevLaneEnable_t", {})
    if "iqSwapSel" in data:
        found["iq_order"] = "qi" if look.whole(data, "iqSwapSel") else "iq"
    by_lane = (
        {2: 2, 4: 4}.get(look.whole(lanes, "laneEn").bit_count()) if "laneEn" in lanes else None
    )
    by_order = None
    if "chInterleave" in data:
        by_order = 2 if look.whole(data, "chInterleave") else 4
    # 4 lanes come interleaved and 2 do not; a file that says otherwise leaves it to the check.
    found["lanes"] = by_lane if by_order in (None, by_lane) else by_order if not by_lane else None
    return found


class _Fields:
    """Looks up keys of one JSON file, with errors that name the file and the key."""

    def __init__(self, root: object, path: Path) -> None:
        self.path = path
        if not isinstance(root, Mapping):
            raise InputError(f"{path}: is no mmWave Studio configuration: no mmWaveDevices")

    def get(self, table: Any, key: str) -> Any:
        if not isinstance(table, Mapping) or key not in table:
            raise InputError(f"{self.path}: the key {key!r} is missing")
        return table[key]

    def first(self, table: Any, key: str) -> Any:
        entries = self.get(table, key)
        if not isinstance(entries, Sequence) or not entries:
            raise InputError(f"{self.path}: the list {key!r} is empty")
        return entries[0]

    def number(self, table: Any, key: str) -> float:
        value = self.get(table, key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{self.path}: the key {key!r} must be a number, got {value!r}")
        return float(value)

    def whole(self, table: Any, key: str) -> int:
        value = self.get(table, key)
        try:
            # Masks are written as hexadecimal text: "0xF".
            number = int(value, 0) if isinstance(value, str) else int(value)
        except (TypeError, ValueError, OverflowError):
            number = -1
        if number < 0:
            raise InputError(f"{self.path}: {key!r} must be a whole number from 0, got {value!r}")
        return number


def _entry(entries: list[Any], index: int, path: Path, look: _Fields, keys: tuple[str, str]) -> Any:
    for entry in entries:
        if look.whole(entry, keys[0]) <= index <= look.whole(entry, keys[1]):
            return entry
    raise InputError(f"{path}: the frame uses the chirp {index}, which is not configured")


def _by_id(profiles: list[Any], chirp: Any, path: Path, look: _Fields) -> Any:
    wanted = look.whole(chirp, "profileId")
    for profile in profiles:
        if look.whole(profile, "profileId") == wanted:
            return profile
    raise InputError(f"{path}: a chirp uses the profile {wanted}, which is not configured")


def _transmit_order(masks: list[int]) -> tuple[int, ...]:
    """TDM only where each chirp has one transmitter of its own; anything else is one virtual tx."""
    single = all(mask.bit_count() == 1 for mask in masks)
    if single and len(set(masks)) == len(masks) > 1:
        return tuple(mask.bit_length() - 1 for mask in masks)
    return (0,)


_COUNTS = {"profileCfg": 11, "chirpCfg": 8, "frameCfg": 5, "channelCfg": 1, "adcCfg": 2}
"""Numbers that we need of each command; the SDK's versions differ in what follows."""


def parse_cfg(text: str, path: Path) -> RadarSetup:
    """Return the radar of an mmWave SDK ``.cfg``, the commands of the demonstration's shell."""
    commands: dict[str, list[list[float]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, *words = line.split("%", 1)[0].split() or [""]
        if name not in _COUNTS and name != "adcbufCfg":
            continue
        try:
            values = [float(int(w, 16)) if w.lower().startswith("0x") else float(w) for w in words]
        except ValueError:
            values = [math.nan]
        if not all(map(math.isfinite, values)):
            raise InputError(f"{path}: line {number}: {name} takes numbers")
        if len(values) < _COUNTS.get(name, 4):
            raise InputError(
                f"{path}: line {number}: {name} has {len(values)} numbers, expected at least "
                f"{_COUNTS.get(name, 4)}"
            )
        commands.setdefault(name, []).append(values)
    for name in ("profileCfg", "chirpCfg", "frameCfg", "channelCfg"):
        if name not in commands:
            raise InputError(f"{path}: the line {name!r} is missing")
    return _from_commands(commands, path)


def _from_commands(commands: Mapping[str, list[list[float]]], path: Path) -> RadarSetup:
    start, end, loops = (int(v) for v in commands["frameCfg"][-1][:3])
    used = []
    for index in range(start, min(end, start + 4096) + 1):
        found = [c for c in commands["chirpCfg"] if c[0] <= index <= c[1]]
        if not found:
            raise InputError(f"{path}: frameCfg uses the chirp {index}, which no chirpCfg sets")
        used.append(found[-1])
    if not used:
        raise InputError(f"{path}: frameCfg: the last chirp {end} lies before the first {start}")
    profiles = [p for p in commands["profileCfg"] if p[0] == used[0][2]]
    if not profiles:
        raise InputError(f"{path}: a chirpCfg uses the profile {used[0][2]:g}, which is not set")
    profile = profiles[-1]
    known = {
        "start_frequency": profile[1] * 1e9,
        "slope": profile[7] * 1e12,
        "sample_rate": profile[10] * 1e3,
        "samples": int(profile[9]),
        "chirps": len(used) * loops,
        "chirp_interval": (profile[2] + profile[4]) * 1e-6,
        "adc_start": profile[3] * 1e-6,
        "transmit_order": _transmit_order([int(c[7]) for c in used]),
    }
    setup: dict[str, Any] = {"receivers": int(commands["channelCfg"][-1][0]).bit_count()}
    if "adcCfg" in commands:
        setup["real"] = commands["adcCfg"][-1][1] == 0
    if "adcbufCfg" in commands:
        # SDK 1 has no subframe number in front.
        values = commands["adcbufCfg"][-1]
        _, swap, interleave = values[-4:-1]
        setup["iq_order"] = "qi" if swap else "iq"
        setup["lanes"] = 2 if interleave else 4
    return build_setup(path, known, setup)

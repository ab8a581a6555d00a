"""Which format a path holds: by its first bytes, then by what lies beside it, never by hope."""

from __future__ import annotations

import json
from pathlib import Path

from clearchirp.io.pcap import MAGICS, PCAPNG
from clearchirp.io.raw import looks_like_text
from clearchirp.types import InputError

FORMATS = (
    "npz",
    "npy",
    "mat",
    "hdf5",
    "zarr",
    "dca1000",
    "pcap",
    "tsw1400",
    "infineon",
    "arim",
)
_HDF5 = b"\x89HDF\r\n\x1a\n"


def recognise(path: Path, *, mmwave: bool = False) -> str:
    """Return the format of a file or folder, one of `FORMATS`.

    Parameters
    ----------
    path
        The file or folder.
    mmwave
        True where the caller gave an mmWave configuration, which makes a .bin a DCA1000's.

    Raises
    ------
    InputError
        For what is missing, empty, unreadable or not told by its content.
    """
    try:
        if path.is_dir():
            return _recognise_folder(path)
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not head:
        raise InputError(f"{path}: is empty")
    return _by_magic(path, head) or _by_name(path, head, mmwave)


def _recognise_folder(path: Path) -> str:
    if any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zmetadata")):
        return "zarr"
    if (path / "radar.npy").is_file() and (path / "config.json").is_file():
        return "infineon"
    if any(p.suffix.lower() == ".bin" for p in path.iterdir()):
        return "dca1000"
    raise InputError(
        f"{path}: is a folder without a recording: a Zarr store has a zarr.json, an Infineon "
        "recording radar.npy and config.json, a DCA1000 recording .bin files"
    )


def _by_magic(path: Path, head: bytes) -> str | None:
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "npz"
    if head.startswith(b"\x93NUMPY"):
        return "infineon" if _is_infineon(path) else "npy"
    if head.startswith(b"MATLAB 5.0"):
        return "mat"
    if head.startswith((b"MATLAB 7.3", _HDF5)):
        return "hdf5"
    if head[:4] in MAGICS or head.startswith(PCAPNG):
        return "pcap"
    return None


def _is_infineon(path: Path) -> bool:
    config = path.parent / "config.json"
    if path.name != "radar.npy" or not config.is_file() or config.stat().st_size > 2**20:
        return False
    return b"fmcw_single_shape" in config.read_bytes()


def _by_name(path: Path, head: bytes, mmwave: bool) -> str:
    suffix = path.suffix.lower()
    if suffix == ".json":
        return _recognise_json(path)
    if suffix in (".npz", ".npy", ".mat", ".h5", ".hdf5", ".pcap", ".pcapng"):
        raise InputError(
            f"{path}: is no {suffix} file, it starts with {head[:8].hex(' ')}; it is damaged or "
            "has the wrong name"
        )
    if suffix != ".bin":
        raise InputError(
            f"{path}: its format is not recognised; give one by `format`: {', '.join(FORMATS)}"
        )
    if looks_like_text(head):
        raise InputError(f"{path}: is a text file, expected binary ADC words")
    siblings = [p.name.lower() for p in path.parent.iterdir()]
    if mmwave or any(n.endswith((".mmwave.json", ".pcap", ".pcapng")) for n in siblings):
        return "dca1000"
    raise InputError(
        f"{path}: a .bin does not tell which device wrote it; give the format: tsw1400 or dca1000 "
        "(--format tsw1400|dca1000)"
    )


def _recognise_json(path: Path) -> str:
    try:
        known = "fmcw_single_shape" in json.loads(path.read_bytes()).get("device_config", {})
    except (ValueError, AttributeError, TypeError, RecursionError):
        known = False
    if known:
        return "infineon"
    raise InputError(f"{path}: is no recording; an mmWave configuration goes with `waveform`")

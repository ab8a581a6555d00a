"""NumPy's files: .npz with our names in it, and .npy with the bare beat array.

Nothing is unpickled. What is stored uncompressed is mapped into memory where it lies, in the zip
too, so that opening costs nothing and a frame costs itself. A compressed member has to be inflated
whole; its header must agree with the size that the zip's directory tells, and an archive that
would grow beyond reason is refused before it is inflated.
"""

from __future__ import annotations

import math
import struct
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from clearchirp.io.capture import Capture
from clearchirp.io.options import Options, reading
from clearchirp.io.stored import WANTED, Stored, describe
from clearchirp.types import InputError

MOST_INFLATED = 64 * 2**20
MOST_RATIO = 200
_ZIP_LOCAL_HEADER = struct.Struct("<4s22xHH")


def read_npz(path: Path, options: Options) -> Capture:
    """Open an .npz; see `open_capture`."""
    with reading(path, "an .npz archive"), zipfile.ZipFile(path) as archive:
        members = {i.filename[:-4]: i for i in archive.infolist() if i.filename.endswith(".npy")}
        if not members:
            raise InputError(f"{path}: is a zip archive without arrays, expected an .npz")
        name = options.variable or "beat"
        wanted = {n: m for n, m in members.items() if n in (*WANTED, name)}
        _refuse_bomb(path, [m for m in wanted.values() if m.compress_type])
        arrays = {n: _member(path, archive, n, m) for n, m in wanted.items()}
        listing = ()
        if name not in arrays:
            listing = tuple(_describe(archive, n, m) for n, m in members.items())
    kept = {n: a for n, a in arrays.items() if a is not None}
    return Stored(path=path, format="npz", arrays=kept, listing=listing).capture(options)


def read_npy(path: Path, options: Options) -> Capture:
    """Open an .npy; see `open_capture`."""
    with reading(path, "an .npy array"), path.open("rb") as file:
        shape, fortran, dtype, start = read_header(file)
        if dtype.hasobject:
            raise InputError(
                f"{path}: holds pickled objects, which are never loaded; an ARIM data set is read "
                "with format 'arim' and allow_pickle"
            )
        _require_size(path, str(path), start + count_bytes(shape, dtype), path.stat().st_size)
        array = _map(path, shape, fortran, dtype, start)
    return Stored(path=path, format="npy", arrays={"beat": array}).capture(
        _without_variable(options, path)
    )


def _without_variable(options: Options, path: Path) -> Options:
    if options.variable is not None:
        raise InputError(f"{path}: an .npy holds one array, `variable` has nothing to choose from")
    return options


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Return shape, Fortran order, type and length of the header of an .npy."""
    start = file.tell()
    version = npy.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = npy.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, fortran, dtype = npy.read_array_header_2_0(file)
    else:
        raise ValueError(f"version {version[0]}.{version[1]} of .npy is for named fields")
    if any(size < 0 for size in shape):
        raise ValueError(f"the header tells a negative size: {shape}")
    return shape, fortran, dtype, file.tell() - start


def count_bytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Bytes of an array, without the overflow of fixed-width integers."""
    return math.prod(shape) * dtype.itemsize


def _map(
    path: Path, shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any], start: int
) -> NDArray[Any]:
    if 0 in shape or not shape:
        with path.open("rb") as file:
            file.seek(start)
            return np.frombuffer(file.read(count_bytes(shape, dtype)), dtype).reshape(shape)
    return np.memmap(path, dtype, "r", start, shape, "F" if fortran else "C")


def _require_size(path: Path, name: str, expected: int, found: int) -> None:
    if expected != found:
        kind = "cut short" if found < expected else "too long"
        raise InputError(
            f"{name}: is {kind}: the header tells {expected} bytes, there are {found}; copy or "
            "record it again"
        )


def _refuse_bomb(path: Path, members: list[zipfile.ZipInfo]) -> None:
    declared, stored = sum(m.file_size for m in members), path.stat().st_size
    if declared > MOST_INFLATED and declared > MOST_RATIO * stored:
        raise InputError(
            f"{path}: its {stored} bytes would inflate to {declared}, which no recording does; "
            "save it uncompressed with numpy.savez if it is one"
        )


def _member(path: Path, archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo) -> Any:
    """Return a member's array, mapped where it is stored plainly; None for what holds objects."""
    label = f"{path}: {name}"
    with archive.open(member) as file:
        shape, fortran, dtype, start = read_header(file)
        if dtype.hasobject:
            raise InputError(
                f"{label}: holds pickled objects, which are never loaded; save it as plain numbers"
            )
        _require_size(path, label, start + count_bytes(shape, dtype), member.file_size)
        if member.compress_type:
            data = np.empty(math.prod(shape), dtype)
            target = data.view(np.uint8)
            done = 0
            while done < target.size:
                block = file.read(min(2**22, target.size - done))
                if not block:
                    raise EOFError(f"{name} ends after {done} of {target.size} bytes")
                target[done : done + len(block)] = np.frombuffer(block, np.uint8)
                done += len(block)
            # Reading up to the end makes the archive compare its checksum.
            file.read(1)
            return data.reshape(shape, order="F" if fortran else "C")
    with path.open("rb") as file:
        file.seek(member.header_offset)
        magic, name_length, extra_length = _ZIP_LOCAL_HEADER.unpack(file.read(30))
        if magic != b"PK\x03\x04":
            raise ValueError(f"the archive's directory is wrong about {name}")
        start += member.header_offset + 30 + name_length + extra_length
    _require_within(path, label, start + count_bytes(shape, dtype))
    return _map(path, shape, fortran, dtype, start)


def _require_within(path: Path, label: str, end: int) -> None:
    size = path.stat().st_size
    if end > size:
        raise InputError(f"{label}: is cut short: it ends at byte {end}, the file has {size}")


def _describe(archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo) -> str:
    with archive.open(member) as file:
        shape, _, dtype, _ = read_header(file)
    return describe(name, shape, dtype)

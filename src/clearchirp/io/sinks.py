"""The formats that `CaptureWriter` writes, one class each; `Sink` in `writer` is what they do."""

from __future__ import annotations

import math
import shutil
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

_COPY = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable to be written: (frame, rx, a, b), its axes in the file, and its type."""

    shape: tuple[int, int, int, int]
    stored: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        """Size of all values."""
        return math.prod(self.shape) * self.dtype.itemsize


Declared = dict[str, Variable]


class Sink(Protocol):
    """A format's way to take blocks of frames; each block has its variable's shape and type."""

    def write(self, name: str, start: int, block: NDArray[Any]) -> None:
        """Store the frames from `start` on."""
        ...

    def finish(self, scalars: Mapping[str, Any]) -> Path:
        """Complete what was begun and return where it lies."""
        ...

    def close(self) -> None:
        """Let go of open files and memory; called once, after `finish` or a failure."""
        ...


class _NpyFiles:
    """One .npy a variable, written from front to back: frames are the slowest axis."""

    def __init__(self, folder: Path, variables: Declared) -> None:
        self.folder = folder
        self.files: dict[str, IO[bytes]] = {}
        for name, one in variables.items():
            file = self.path(name).open("wb")
            self.files[name] = file
            header = {
                "descr": npy.dtype_to_descr(one.dtype),
                "fortran_order": False,
                "shape": one.stored,
            }
            npy.write_array_header_1_0(file, header)

    def path(self, name: str) -> Path:
        """Where the variable lies meanwhile."""
        return self.folder / f"{name}.npy"

    def write(self, name: str, start: int, block: NDArray[Any]) -> None:
        """Store the frames from `start` on."""
        del start  # blocks come in order
        self.files[name].write(block.reshape(-1).view(np.uint8).data)

    def close(self) -> None:
        """Let go of open files and memory."""
        for file in self.files.values():
            file.close()


class NpySink(_NpyFiles):
    """The bare array; scalars have no place in it."""

    def finish(self, scalars: Mapping[str, Any]) -> Path:
        """Complete what was begun and return where it lies."""
        del scalars
        self.close()
        return self.path(next(iter(self.files)))


class NpzSink(_NpyFiles):
    """Each variable goes to an .npy of its own, and these into the archive, uncompressed."""

    def finish(self, scalars: Mapping[str, Any]) -> Path:
        """Complete what was begun and return where it lies."""
        self.close()
        target = self.folder / "archive.npz"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for name in self.files:
                with (
                    self.path(name).open("rb") as source,
                    archive.open(f"{name}.npy", "w", force_zip64=True) as member,
                ):
                    shutil.copyfileobj(source, member, _COPY)
                self.path(name).unlink()
            for name, value in scalars.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    npy.write_array(member, np.asarray(value), allow_pickle=False)
        return target


class Hdf5Sink:
    """One dataset a variable, scalars as datasets without axes."""

    def __init__(self, folder: Path, variables: Declared) -> None:
        import h5py

        self.path = folder / "file.h5"
        self.frames = {name: one.shape[0] for name, one in variables.items()}
        self.file = h5py.File(self.path, "w")
        self.datasets = {
            name: self.file.create_dataset(name, one.stored, one.dtype)
            for name, one in variables.items()
        }

    def write(self, name: str, start: int, block: NDArray[Any]) -> None:
        """Store the frames from `start` on."""
        dataset = self.datasets[name]
        if self.frames[name] == 1:
            dataset[...] = block.reshape(dataset.shape)
        else:
            dataset[start : start + len(block)] = block.reshape(len(block), *dataset.shape[1:])

    def finish(self, scalars: Mapping[str, Any]) -> Path:
        """Complete what was begun and return where it lies."""
        for name, value in scalars.items():
            self.file[name] = value
        self.file.close()
        return self.path

    def close(self) -> None:
        """Let go of open files and memory."""
        self.file.close()


class MatSink:
    """MATLAB v5 through SciPy, which wants the arrays whole."""

    def __init__(self, folder: Path, variables: Declared) -> None:
        self.path = folder / "file.mat"
        self.stored = {name: one.stored for name, one in variables.items()}
        self.arrays = {name: np.empty(one.shape, one.dtype) for name, one in variables.items()}

    def write(self, name: str, start: int, block: NDArray[Any]) -> None:
        """Store the frames from `start` on."""
        self.arrays[name][start : start + len(block)] = block

    def finish(self, scalars: Mapping[str, Any]) -> Path:
        """Complete what was begun and return where it lies."""
        from scipy.io import savemat

        shaped = {n: a.reshape(self.stored[n]) for n, a in self.arrays.items()}
        savemat(self.path, {**shaped, **scalars})
        return self.path

    def close(self) -> None:
        """Let go of open files and memory."""
        self.arrays.clear()


class ZarrSink:
    """The native store: axes by name, one chunk a frame, so that a frame is read by itself."""

    def __init__(self, folder: Path, variables: Declared) -> None:
        import zarr

        self.path = folder / "store.zarr"
        self.group = zarr.open_group(self.path, mode="w", zarr_format=3)
        self.arrays = create_arrays(self.group, variables)

    def write(self, name: str, start: int, block: NDArray[Any]) -> None:
        """Store the frames from `start` on."""
        self.arrays[name][start : start + len(block)] = block

    def finish(self, scalars: Mapping[str, Any]) -> Path:
        """Complete what was begun and return where it lies."""
        describe_store(self.group, self.path, scalars)
        return self.path

    def close(self) -> None:
        """Let go of open files and memory."""
        self.arrays.clear()


def create_arrays(group: Any, variables: Declared) -> dict[str, Any]:
    """Return the arrays of the variables in a new Zarr group, made empty, by name."""
    receivers = variables.get("beat", next(iter(variables.values()))).shape[1]
    arrays = {}
    for name, one in variables.items():
        rx = "rx" if one.shape[1] == receivers else "virtual_rx"
        last = ("doppler", "range") if name == "range_doppler" else ("chirp", "sample")
        arrays[name] = group.create_array(
            name,
            shape=one.shape,
            dtype=one.dtype,
            chunks=(1, *one.shape[1:]),
            dimension_names=("frame", rx, *last),
            # Noise does not compress; a mask does, a hundredfold.
            compressors="auto" if one.dtype.kind == "b" else None,
        )
    return arrays


def describe_store(group: Any, path: Path, scalars: Mapping[str, Any]) -> None:
    """Write the scalars as attributes, and what all arrays are into one place for xarray."""
    import zarr

    group.attrs.update({name: _plain(value) for name, value in scalars.items()})
    with warnings.catch_warnings():
        # Not in the text of Zarr 3 yet, but xarray writes it, and warns where it is missing.
        warnings.filterwarnings("ignore", "Consolidated metadata is currently not part")
        zarr.consolidate_metadata(path)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    return value.item() if isinstance(value, np.generic) else value


SINKS: dict[str, Callable[[Path, Declared], Sink]] = {
    ".npz": NpzSink,
    ".npy": NpySink,
    ".h5": Hdf5Sink,
    ".mat": MatSink,
    ".zarr": ZarrSink,
}
"""The sink of each suffix that can be written."""

"""MATLAB's files: v5 through SciPy, v7.3 (and any other HDF5) through h5py.

MATLAB keeps its arrays with the first axis fastest. SciPy turns that round; in HDF5 the axes come
out reversed, and here they are turned round. Complex numbers in v7.3 are pairs `real`, `imag`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.io.capture import Capture
from clearchirp.io.npz import MOST_INFLATED, MOST_RATIO
from clearchirp.io.options import Options, reading
from clearchirp.io.stored import MADE_BY, WANTED, Stored, describe
from clearchirp.types import InputError

_BYTES = {
    "single": 4,
    "double": 8,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "logical": 1,
    "int32": 4,
    "uint32": 4,
    "int64": 8,
    "uint64": 8,
}


def read_mat(path: Path, options: Options) -> Capture:
    """Open a MATLAB v5 file; see `open_capture`."""
    with reading(path, "a MATLAB v5 file"):
        arrays, listing = load_mat(path, (*WANTED, options.variable or "beat"))
        return Stored(path=path, format="mat", arrays=arrays, listing=listing).capture(options)


def load_mat(path: Path, names: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return those of the named arrays that a v5 file has, and a listing of all."""
    from scipy.io import loadmat, whosmat

    there = whosmat(path)
    wanted = [
        (n, shape, kind)
        for n, shape, kind in there
        if n in names and (kind in _BYTES or (kind == "char" and n in MADE_BY))
    ]
    # Compressed variables are inflated by SciPy whole: look at what they declare before that.
    declared = sum(math.prod(shape) * _BYTES.get(kind, 2) for _, shape, kind in wanted)
    stored = path.stat().st_size
    if declared > MOST_INFLATED and declared > MOST_RATIO * stored:
        raise InputError(
            f"{path}: its {stored} bytes would inflate to {declared}, which no recording does"
        )
    listing = tuple(describe(n, shape, kind) for n, shape, kind in there)
    loaded = loadmat(path, variable_names=[n for n, _, _ in wanted]) if wanted else {}
    return {n: loaded[n] for n, _, _ in wanted if isinstance(loaded.get(n), np.ndarray)}, listing


@dataclass(frozen=True, slots=True)
class _Dataset:
    """An HDF5 dataset that opens its file for each load, so that nothing has to be closed.

    `reverse` is for MATLAB's order of the axes; `parts` for complex numbers as named pairs.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    reverse: bool
    parts: tuple[str, str] | None

    def __getitem__(self, index: Any, /) -> NDArray[Any]:
        import h5py

        with reading(self.path, "an HDF5 file"), h5py.File(self.path, "r") as file:
            stored = file[self.name]
            assert isinstance(stored, h5py.Dataset)
            if not isinstance(index, slice) or not self.shape:
                raw = stored[()]
            elif self.reverse:
                raw = stored[..., index]
            else:
                raw = stored[index]
        raw = np.asarray(raw)
        if self.parts is not None:
            whole = np.empty(raw.shape, self.dtype)
            whole.real, whole.imag = raw[self.parts[0]], raw[self.parts[1]]
            raw = whole
        return raw.T if self.reverse else raw


def read_hdf5(path: Path, options: Options) -> Capture:
    """Open an HDF5 file, MATLAB's v7.3 or any other; see `open_capture`."""
    import h5py

    with reading(path, "an HDF5 file"):
        with path.open("rb") as raw:
            matlab = raw.read(10) == b"MATLAB 7.3"
        listing: list[str] = []
        arrays: dict[str, Any] = {}
        wanted = (*WANTED, options.variable or "beat")

        def visit(name: str, item: object) -> None:
            if isinstance(item, h5py.Dataset):
                array = _dataset(path, name, item, matlab)
                listing.append(describe(name, array.shape, array.dtype))
                if name in wanted:
                    arrays[name] = array

        with h5py.File(path, "r") as file:
            file.visititems(visit)
            for name in WANTED:
                if name in file.attrs and name not in arrays:
                    arrays[name] = np.asarray(file.attrs[name])
        form = "mat" if matlab else "hdf5"
        stored = Stored(path=path, format=form, arrays=arrays, listing=tuple(listing))
        return stored.capture(options)


def _dataset(path: Path, name: str, item: Any, matlab: bool) -> _Dataset:
    reverse = matlab or "MATLAB_class" in item.attrs
    dtype, parts = np.dtype(item.dtype), None
    for pair in (("real", "imag"), ("re", "im")):
        if dtype.names == pair:
            parts = pair
            dtype = np.result_type(np.dtype(dtype[0]), np.complex64)
    if item.attrs.get("MATLAB_class") in (b"logical", "logical"):
        dtype = np.dtype(bool) if dtype.kind in "iu" else dtype
    shape = tuple(item.shape or ())
    return _Dataset(path, name, shape[::-1] if reverse else shape, dtype, reverse, parts)

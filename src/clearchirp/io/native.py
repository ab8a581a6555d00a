"""The native store: Zarr with named axes, as xarray has it, the waveform as attributes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.io.capture import Capture
from clearchirp.io.options import Options, reading
from clearchirp.io.stored import MADE_BY, SCALARS, WANTED, Stored, describe


@dataclass(frozen=True, slots=True)
class _Variable:
    """An array of the store whose damage, met when it is read, becomes one line."""

    path: Path
    array: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __getitem__(self, index: Any, /) -> NDArray[Any]:
        with reading(self.path, "a Zarr store"):
            return np.asarray(self.array[index])


def read_zarr(path: Path, options: Options) -> Capture:
    """Open a native store; see `open_capture`."""
    with reading(path, "a Zarr store"):
        import zarr

        group = zarr.open_group(path, mode="r")
        wanted = (*WANTED, options.variable or "beat")
        arrays: dict[str, Any] = {}
        listing = []
        for name, array in group.arrays():
            shape, dtype = tuple(array.shape), np.dtype(array.dtype)
            listing.append(describe(name, shape, dtype))
            if name in wanted:
                arrays[name] = _Variable(path, array, shape, dtype)
        for name in (*SCALARS, *MADE_BY, "transmit_order"):
            value = group.attrs.get(name)
            if name not in arrays and value is not None:
                arrays[name] = np.asarray(value)
        notes = _unfinished(group)
        stored = Stored(
            path=path, format="zarr", arrays=arrays, listing=tuple(listing), notes=notes
        )
        return stored.capture(options)


def _unfinished(group: Any) -> tuple[str, ...]:
    """Tell of the frames that an interrupted run has not come to."""
    done = group.get("done")
    if done is None or len(getattr(done, "shape", ())) != 1:
        return ()
    missing = int(np.count_nonzero(~np.asarray(done[...], dtype=bool)))
    if not missing:
        return ()
    return (f"{missing} of {done.shape[0]} frames are not finished and hold zeros (see `done`).",)

"""ARIM's data sets for learned methods: `sb` with interference, `sb0` without, one chirp each.

They are published as a dictionary pickled into an .npy. A pickle can run any program when it is
loaded, so this one is read only where the caller allows it, and then by an unpickler that knows
NumPy's arrays and Python's own containers and nothing else.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.io.capture import (
    ArrayFrames,
    Capture,
    Shape,
    beat_dtype,
    fill_waveform,
    fit_waveform,
    unknown_waveform,
)
from clearchirp.io.npz import read_header
from clearchirp.io.options import Options, reading
from clearchirp.types import InputError

SLOPE = 1.6e9 / 25.6e-6
SAMPLE_RATE = 40e6

_ADMITTED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("builtins", "complex"),
    ("builtins", "bytearray"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("__builtin__", "complex"),
}


class _ArraysOnly(pickle.Unpickler):
    """Loads arrays, numbers, text and containers of these; refuses everything else by name."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) == ("_codecs", "encode"):
            return _encode_latin1
        if (module_name, global_name) not in _ADMITTED:
            raise InputError(
                f"the pickle asks for {module_name}.{global_name}, which is not admitted: only "
                "arrays and plain containers are"
            )
        if module_name.startswith("numpy.core"):
            # The name of NumPy 1, which NumPy 2 only keeps with a warning.
            module_name = module_name.replace("numpy.core", "numpy._core")
        return super().find_class(module_name, global_name)


def _encode_latin1(text: str, encoding: str = "latin1") -> bytes:
    """What old pickles write bytes with; no other codec is needed."""
    if encoding != "latin1":
        raise InputError(f"the pickle asks for the codec {encoding!r}, which is not admitted")
    return text.encode("latin1")


def read_arim(path: Path, options: Options) -> Capture:
    """Open an ARIM set, .npy (only with `allow_pickle`) or .mat; see `open_capture`."""
    with reading(path, "an ARIM data set"):
        with path.open("rb") as file:
            head = file.read(10)
            file.seek(0)
            if head.startswith(b"MATLAB 5.0"):
                arrays = _from_mat(path)
            elif options.allow_pickle:
                arrays = _unpickle(path, file)
            else:
                raise InputError(
                    f"{path}: an ARIM .npy is a pickle, which can run programs: allow_pickle "
                    "(--allow-pickle) reads it, arrays and plain containers only"
                )
        return _capture(path, arrays, options)


def _from_mat(path: Path) -> Mapping[str, Any]:
    from clearchirp.io.mat import load_mat

    arrays, listing = load_mat(path, ("sb", "sb0"))
    if "sb" not in arrays:
        raise InputError(f"{path}: has no variable 'sb', it has: {', '.join(listing) or 'none'}")
    return arrays


def _unpickle(path: Path, file: IO[bytes]) -> Mapping[str, Any]:
    if file.read(6) == b"\x93NUMPY":
        file.seek(0)
        _, _, dtype, _ = read_header(file)
        if not dtype.hasobject:
            raise InputError(f"{path}: is a plain array, expected ARIM's pickled dictionary")
    else:
        file.seek(0)
    try:
        loaded = _ArraysOnly(file, encoding="latin1").load()
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if isinstance(loaded, np.ndarray) and loaded.size == 1:
        loaded = loaded.reshape(-1)[0]
    if not isinstance(loaded, dict) or "sb" not in loaded:
        raise InputError(f"{path}: holds no dictionary with the key 'sb', expected an ARIM set")
    return loaded


def _capture(path: Path, arrays: Mapping[str, Any], options: Options) -> Capture:
    beat = _chirps(path, "sb", arrays["sb"])
    count, samples = beat.shape
    shape = (count, 1, 1, samples)
    frames = _frames(path, "sb", beat, shape, options.conjugate)
    truth = {}
    if arrays.get("sb0") is not None:
        clean = _chirps(path, "sb0", arrays["sb0"])
        if clean.shape != beat.shape:
            raise InputError(f"{path}: sb0 has the shape {clean.shape}, but sb has {beat.shape}")
        truth["clean"] = _frames(path, "sb0", clean, shape, options.conjugate)
    waveform = unknown_waveform(samples, 1, slope=SLOPE, sample_rate=SAMPLE_RATE)
    notes = ["Each chirp is a frame; slope and sample rate are those of the ARIM publication."]
    if options.conjugate:
        notes.append("The sign convention is turned round: everything complex is conjugated.")
    if options.setup is not None:
        given, more = fit_waveform(options.setup.waveform, shape)
        waveform, notes = fill_waveform(given, waveform), [*notes, *more]
    return Capture(
        frames=frames,
        waveform=waveform,
        format="arim",
        path=path,
        notes=tuple(notes),
        truth=truth,
        leading=(count,),
    )


def _chirps(path: Path, name: str, array: Any) -> NDArray[Any]:
    array = np.asarray(array)
    if beat_dtype(array.dtype) is None or array.ndim not in (1, 2) or 0 in array.shape:
        raise InputError(
            f"{path}: {name} must be numbers (chirp, sample), got {array.dtype} {array.shape}"
        )
    return np.atleast_2d(array)


def _frames(
    path: Path, name: str, array: NDArray[Any], shape: Shape, conjugate: bool
) -> ArrayFrames:
    dtype = beat_dtype(array.dtype)
    assert dtype is not None, (path, name)
    stored = array[:, np.newaxis, :]
    return ArrayFrames(array=stored, shape=shape, dtype=dtype, conjugate=conjugate)

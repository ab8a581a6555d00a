"""What the formats that hold named arrays have in common: names, axes, truth, waveform."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clearchirp.io.capture import (
    ArrayFrames,
    Capture,
    Frames,
    Shape,
    arrange,
    beat_dtype,
    fill_waveform,
    fit_waveform,
    unknown_waveform,
)
from clearchirp.io.options import Options
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

TRUTH = ("targets", "clean", "interference", "disturbed")
SCALARS = ("start_frequency", "slope", "sample_rate", "chirp_interval", "adc_start")
FOREIGN = {"f_s": "sample_rate", "sweep_slope": "slope"}
"""Names that published MATLAB files use; taken where ours are not there, and noted."""
MADE_BY = ("method", "detector", "windowed")
"""What `mitigate` and `detect` write besides: such a file's mask is a finding, not the truth."""
WANTED = ("beat", *TRUTH, *SCALARS, *FOREIGN, *MADE_BY, "transmit_order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Named arrays of one file: anything with `shape`, `dtype` and slicing of the first axis.

    Attributes
    ----------
    path, format
        As in `Capture`.
    arrays
        What the file holds, or at least those of `WANTED` and the chosen variable.
    listing
        Name, shape and type of all variables, for the message that one is missing.
    notes
        What the reader decided.
    """

    path: Path
    format: str
    arrays: Mapping[str, Any]
    listing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def capture(self, options: Options) -> Capture:
        """Return the capture that the arrays make."""
        name = options.variable or "beat"
        beat = self._find(name)
        where = str(self.path) if self.format == "npy" else f"{self.path}: {name}"
        dtype = beat_dtype(np.dtype(beat.dtype))
        if dtype is None:
            raise InputError(f"{where}: expected real or complex numbers, got {beat.dtype}")
        notes = list(self.notes)
        original = tuple(beat.shape)
        if len(original) == 2 and original[1] == 1 and original[0] > 1:
            notes.append(f"{name} is a column of {original[0]}: it is read as one chirp.")
            beat = np.asarray(beat[...]).reshape(1, -1)
        shape, leading, more = arrange(tuple(beat.shape), where, options.known_receivers)
        notes += more
        if len(beat.shape) == 1:
            beat = np.asarray(beat[...]).reshape(1, -1)
        if np.dtype(beat.dtype).kind in "iu":
            notes.append(f"{name} holds whole numbers ({beat.dtype}): handed out as float32.")
        if options.conjugate:
            notes.append("The sign convention is turned round: everything complex is conjugated.")
        frames = ArrayFrames(array=beat, shape=shape, dtype=dtype, conjugate=options.conjugate)
        truth = self._truth(original, shape, options.conjugate, notes)
        if "windowed" in self.arrays and bool(np.ravel(self.arrays["windowed"][...])[0]):
            notes.append(
                "The beat signal came back from a windowed spectrum: its chirps fade at both ends, "
                "and another window adds to that."
            )
        waveform = self._waveform(shape, options, notes)
        return Capture(
            frames=frames,
            waveform=waveform,
            format=self.format,
            path=self.path,
            notes=tuple(notes),
            truth=truth,
            leading=leading,
        )

    def _find(self, name: str) -> Any:
        if name in self.arrays:
            return self.arrays[name]
        there = ", ".join(self.listing[:30]) or "none"
        raise InputError(
            f"{self.path}: has no variable {name!r}; choose one by `variable`, it has: {there}"
        )

    def _truth(
        self, original: tuple[int, ...], shape: Shape, conjugate: bool, notes: list[str]
    ) -> dict[str, Frames]:
        truth: dict[str, Frames] = {}
        for name in TRUTH:
            array = self.arrays.get(name)
            found = name == "disturbed" and ("method" in self.arrays or "detector" in self.arrays)
            if array is None or found:
                continue
            stored = np.dtype(array.dtype)
            if name == "disturbed":
                dtype = np.dtype(bool) if stored.kind in "biu" else None
            else:
                dtype = beat_dtype(stored)
            if tuple(array.shape) != original or dtype is None:
                notes.append(
                    f"{name} is left out: its shape {tuple(array.shape)} and type {stored} do not "
                    f"fit the beat signal's {original}."
                )
                continue
            if len(original) <= 2:
                array = np.asarray(array[...]).reshape(shape[2:])
            truth[name] = ArrayFrames(array=array, shape=shape, dtype=dtype, conjugate=conjugate)
        return truth

    def _waveform(self, shape: Shape, options: Options, notes: list[str]) -> Waveform:
        found: dict[str, Any] = {}
        for name in SCALARS:
            value = self._scalar(name)
            if value is not None and not math.isnan(value):
                found[name] = value
        for foreign, name in FOREIGN.items():
            value = self._scalar(foreign) if name not in found else None
            if value is not None:
                found[name] = value
                notes.append(f"{name} = {value:g} is taken from the variable {foreign}.")
        order = self.arrays.get("transmit_order")
        if order is not None and np.dtype(order.dtype).kind in "iu" and len(order.shape) <= 2:
            found["transmit_order"] = tuple(int(v) for v in np.ravel(order[...]))
        try:
            own = unknown_waveform(samples=shape[3], chirps=shape[2], **found)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from None
        if options.setup is None:
            return own
        given, more = fit_waveform(options.setup.waveform, shape)
        notes += more
        return fill_waveform(given, own)

    def _scalar(self, name: str) -> float | None:
        array = self.arrays.get(name)
        if array is None or math.prod(array.shape) != 1 or np.dtype(array.dtype).kind not in "iuf":
            return None
        return float(np.ravel(np.asarray(array[...]))[0])


def describe(name: str, shape: tuple[int, ...], dtype: object) -> str:
    """Return a variable as messages list it.

    >>> describe("beat", (128, 512), np.dtype("complex64"))
    'beat (128, 512) complex64'
    """
    return f"{name} {tuple(shape)} {dtype}"

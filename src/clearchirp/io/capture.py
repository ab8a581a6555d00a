"""A recording that is open: frames on demand, the waveform, and what was decided on opening it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clearchirp.types import InputError
from clearchirp.waveform import Waveform

Shape = tuple[int, int, int, int]
"""(frame, rx, chirp, sample)."""


class Frames(Protocol):
    """A lazy 4-D array (frame, rx, chirp, sample): a slice loads its frames and no others."""

    @property
    def shape(self) -> Shape:
        """(frame, rx, chirp, sample)."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """complex64 or complex128, float32 or float64; bool for a mask."""
        ...

    def __getitem__(self, frames: slice, /) -> NDArray[Any]:
        """Load these frames: C-contiguous, native byte order, shape (n, rx, chirp, sample)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyFrames:
    """`Frames` on top of a function that loads the frames from `start` up to `stop`."""

    shape: Shape
    dtype: np.dtype[Any]
    load: Callable[[int, int], NDArray[Any]]

    def __getitem__(self, frames: slice, /) -> NDArray[Any]:
        start, stop, step = frames.indices(self.shape[0])
        if step != 1:
            raise InputError(f"frames: a slice of frames has the step 1, got {step}")
        return self.load(start, max(start, stop))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayFrames:
    """`Frames` on top of an array in memory, a memory-mapped file, or anything sliced like one.

    Parameters
    ----------
    array
        The values, with the axes of `leading` and then (chirp, sample); any numeric type.
    shape
        (frame, rx, chirp, sample), the same number of values.
    dtype
        What the frames are handed out as: `beat_dtype` of the array's own type, or bool.
    conjugate
        True to hand out the complex conjugate.
    """

    array: Any
    shape: Shape
    dtype: np.dtype[Any]
    conjugate: bool = False

    def __getitem__(self, frames: slice, /) -> NDArray[Any]:
        start, stop, step = frames.indices(self.shape[0])
        if step != 1:
            raise InputError(f"frames: a slice of frames has the step 1, got {step}")
        stop = max(start, stop)
        by_frame = self.shape[0] == self.array.shape[0] and len(self.array.shape) > 2
        block = self.array[start:stop] if by_frame else self.array[...]
        block = np.array(block, dtype=self.dtype, order="C", copy=True)
        if self.conjugate and self.dtype.kind == "c":
            np.conjugate(block, out=block)
        # Where frames are no axis of the file, the file holds one frame.
        return block.reshape((-1, *self.shape[1:]))[: stop - start]


def beat_dtype(stored: np.dtype[Any]) -> np.dtype[Any] | None:
    """Type in which numbers stored as `stored` are handed out; None for what are no numbers.

    >>> beat_dtype(np.dtype("int16")), beat_dtype(np.dtype(">c16")), beat_dtype(np.dtype("U3"))
    (dtype('float32'), dtype('complex128'), None)
    """
    if stored.kind in "iu":
        return np.dtype(np.float32)
    if stored.kind == "f":
        return np.dtype(np.float32 if stored.itemsize <= 4 else np.float64)
    if stored.kind == "c":
        return np.dtype(np.complex64 if stored.itemsize <= 8 else np.complex128)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A recording, opened by `open_capture`.

    Attributes
    ----------
    frames
        The beat signal, (frame, rx, chirp, sample), loaded as it is sliced.
    waveform
        The radar; fields that nobody told are NaN, `samples` and `chirps` are the array's.
    format
        Which reader read it: "npz", "npy", "mat", "hdf5", "zarr", "dca1000", "pcap", "tsw1400",
        "infineon" or "arim".
    path
        The file or folder.
    notes
        What was decided while opening, one sentence each, with the reason.
    truth
        Those of `targets`, `clean`, `interference` (as `frames`) and `disturbed` (bool) that the
        file holds.
    leading
        The axes before (chirp, sample) in the file: () or (n,) or (frame, rx).
    full_scale
        Lowest and highest value an ADC count can take, in the units of `frames`; None if unknown.
    opening
        Opens the same recording again, in another process too; None for an array in memory.

    Examples
    --------
    >>> capture = from_array(np.zeros((2, 1, 8, 16), np.complex64), name="demonstration")
    >>> len(capture), capture.read(0, 1).shape, capture.is_complex
    (2, (1, 1, 8, 16), True)
    """

    frames: Frames = field(repr=False)
    waveform: Waveform
    format: str
    path: Path
    notes: tuple[str, ...] = ()
    truth: Mapping[str, Frames] = field(default_factory=dict, repr=False)
    leading: tuple[int, ...] = ()
    full_scale: tuple[float, float] | None = None
    opening: Callable[[], Capture] | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return self.frames.shape[0]

    @property
    def is_complex(self) -> bool:
        """True for an I/Q receiver, False for a real-valued one."""
        return self.frames.dtype.kind == "c"

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Load the frames from `start` up to `stop` (default: the end), checked to be finite.

        Returns
        -------
        numpy.ndarray
            Shape (n, rx, chirp, sample), C-contiguous.

        Raises
        ------
        InputError
            For frames that the recording does not have, and for values that are NaN or Inf.
        """
        stop = len(self) if stop is None else stop
        if not 0 <= start < stop <= len(self):
            raise InputError(
                f"{self.path}: frames {start} to {stop} were asked for, but it has the frames 0 to "
                f"{len(self) - 1} (the end is not included)"
            )
        block = self.frames[start:stop]
        _require_finite(block, self.path, start)
        return block

    @property
    def beat(self) -> NDArray[Any]:
        """The whole beat signal, with the file's own leading axes: leading + (chirp, sample)."""
        return self.restore(self.read())

    def restore(self, array: NDArray[Any]) -> NDArray[Any]:
        """Reshape (frame, rx, a, b) to the file's own leading axes: leading + (a, b)."""
        return array.reshape(self.leading + array.shape[-2:])


def _require_finite(block: NDArray[Any], path: Path, first: int) -> None:
    # A sum costs one pass and no memory; it is finite unless a value is not, or it overflows.
    with np.errstate(all="ignore"):
        if np.isfinite(block.sum()):
            return
    for k, frame in enumerate(block):
        bad = np.argwhere(~np.isfinite(frame))
        if len(bad):
            rx, chirp, sample = bad[0]
            raise InputError(
                f"{path}: frame {first + k} has {len(bad)} values that are NaN or Inf, the first "
                f"at receiver {rx}, chirp {chirp}, sample {sample}; replace them by zeros"
            )


def unknown_waveform(samples: int, chirps: int, **known: Any) -> Waveform:
    """Return a waveform of which only the sizes, and what is in `known`, are known."""
    fields = dict.fromkeys(("start_frequency", "slope", "sample_rate", "chirp_interval"), math.nan)
    return Waveform(**{**fields, **known, "samples": samples, "chirps": chirps})


def fit_waveform(waveform: Waveform, shape: Shape) -> tuple[Waveform, tuple[str, ...]]:
    """Return the waveform with the sizes of the array, and a note where it said otherwise."""
    chirps, samples = shape[2:]
    if (waveform.chirps, waveform.samples) == (chirps, samples):
        return waveform, ()
    order = waveform.transmit_order
    fitted = replace(
        waveform,
        chirps=chirps,
        samples=samples,
        transmit_order=order if chirps % len(order) == 0 else (0,),
    )
    note = (
        f"The waveform says {waveform.chirps} chirps of {waveform.samples} samples, the array has "
        f"{chirps} of {samples}: the array's sizes are used."
    )
    return fitted, (note,)


def fill_waveform(first: Waveform, second: Waveform) -> Waveform:
    """Return `first`, with what it leaves open taken from `second`, of the same sizes."""
    unknown = {
        name: getattr(second, name)
        for name in ("start_frequency", "slope", "sample_rate", "chirp_interval")
        if math.isnan(getattr(first, name))
    }
    if first.adc_start == 0:
        unknown["adc_start"] = second.adc_start
    if first.transmit_order == (0,):
        unknown["transmit_order"] = second.transmit_order
    return replace(first, **unknown)


def from_array(
    beat: NDArray[Any], *, waveform: Waveform | None = None, name: str = "array"
) -> Capture:
    """Return an array (..., chirp, sample) with up to two leading axes as a capture.

    Parameters
    ----------
    beat
        Real or complex; one axis is one chirp, one leading axis counts frames.
    waveform
        The radar, where it is known.
    name
        What messages call it.

    Raises
    ------
    InputError
        For an array that is no beat signal.
    """
    beat = np.asarray(beat)
    shape, leading, notes = arrange(beat.shape, name)
    dtype = beat_dtype(beat.dtype)
    if dtype is None:
        raise InputError(f"{name}: expected real or complex numbers, got {beat.dtype}")
    radar, more = fit_waveform(waveform or unknown_waveform(shape[3], shape[2]), shape)
    frames = ArrayFrames(array=beat, shape=shape, dtype=dtype)
    return Capture(
        frames=frames,
        waveform=radar,
        format="npy",
        path=Path(name),
        notes=notes + more,
        leading=leading,
    )


def arrange(
    stored: tuple[int, ...], name: str, receivers: int | None = None
) -> tuple[Shape, tuple[int, ...], tuple[str, ...]]:
    """Read the axes of a stored array as (frame, rx, chirp, sample).

    Parameters
    ----------
    stored
        Shape in the file.
    name
        File and variable, for messages.
    receivers
        How many there are, where it is known: decides what one leading axis counts.

    Returns
    -------
    shape, leading, notes
        The four sizes, the axes of the file before (chirp, sample), and what was decided.
    """
    if 0 in stored or not stored:
        raise InputError(f"{name}: is empty, its shape is {stored}")
    if len(stored) > 4:
        raise InputError(
            f"{name}: has {len(stored)} axes {stored}, at most 4 (frame, rx, chirp, sample) can be "
            "read; combine the leading ones with reshape"
        )
    if len(stored) == 1:
        note = f"The array has one axis of {stored[0]}: it is read as one chirp."
        return (1, 1, 1, stored[0]), (), (note,)
    leading, chirps, samples = stored[:-2], *stored[-2:]
    if len(leading) == 1:
        count = leading[0]
        if receivers is not None and receivers == count:
            note = f"The leading axis of {count} is read as the {count} receivers that were given."
            return (1, count, chirps, samples), leading, (note,)
        note = (
            f"The leading axis of {count} is read as frames of one receiver; "
            f"receivers={count} reads it as receivers."
        )
        return (count, 1, chirps, samples), leading, (note,) if count > 1 else ()
    if not leading:
        return (1, 1, chirps, samples), (), ()
    if receivers is not None and receivers != leading[1]:
        raise InputError(
            f"{name}: {receivers} receivers were given, but its shape {stored} (frame, rx, chirp, "
            f"sample) has {leading[1]}"
        )
    return (leading[0], leading[1], chirps, samples), leading, ()

"""Writing recordings and results: frame by frame, under another name until all of it is there.

The suffix of the target chooses the format. Memory stays at a few frames for every format but
MATLAB's, which SciPy writes from memory.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearchirp.io.capture import Capture, Frames, Shape, arrange
from clearchirp.io.sinks import SINKS, Declared, Sink, Variable
from clearchirp.io.stored import SCALARS
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

SUFFIXES = (".npz", ".zarr", ".npy", ".h5", ".mat")

_AT_ONCE = 32 * 2**20
"""Bytes of a variable that `write_capture` holds at a time, or one frame if that is more."""


class CaptureWriter:
    """Writes variables frame by frame; the target appears, whole, when the `with` block ends.

    Parameters
    ----------
    path
        The target; its suffix is .npz, .zarr, .npy, .h5 or .mat. What lies there is replaced, at
        the end and only if all went well.
    leading
        The axes before (chirp, sample) that the variables have in the file, of `Capture.leading`;
        a Zarr store always has (frame, rx).
    variables
        Type of each variable by name; shapes are those of the first blocks. An .npy takes the one
        named `beat` and leaves out the others.
    waveform
        The radar; its known fields are written as scalars (attributes in Zarr).
    attributes
        Further scalars by name: text, truth values or numbers, such as `method` and `windowed`.
    source
        The recording that is being read, which is refused as a target.

    Raises
    ------
    InputError
        For a target that cannot be written or must not be; before anything is written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target, kinds = f"{folder}/a.npz", {"beat": np.complex64}
    ...     with CaptureWriter(target, leading=(2,), variables=kinds) as writer:
    ...         for _ in range(2):
    ...             writer.write(beat=np.ones((1, 1, 4, 8), np.complex64))
    ...     np.load(f"{folder}/a.npz")["beat"].shape
    (2, 4, 8)
    """

    def __init__(
        self,
        path: str | Path,
        *,
        leading: tuple[int, ...],
        variables: Mapping[str, DTypeLike],
        waveform: Waveform | None = None,
        attributes: Mapping[str, Any] | None = None,
        source: str | Path | None = None,
    ) -> None:
        self.path = Path(path).expanduser()
        self._suffix = check_target(self.path, None if source is None else Path(source))
        names = _only_one(self.path, list(variables)) if self._suffix == ".npy" else variables
        self._types = {name: np.dtype(variables[name]) for name in names}
        self._ignored = set(variables) - set(self._types)
        self._leading = leading
        self._scalars = {**waveform_scalars(waveform), **(attributes or {})}
        self._shapes: dict[str, Shape] = {}
        self._written = 0
        self._folder: Path | None = None
        self._sink: Sink | None = None

    def __enter__(self) -> Self:
        try:
            self._folder = Path(
                tempfile.mkdtemp(prefix=f".{self.path.name}.", dir=_parent(self.path))
            )
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._abandon()

    def write(self, **blocks: NDArray[Any]) -> None:
        """Write the next frames: of each variable a block (n, rx, a, b), with the same n.

        Raises
        ------
        ValueError
            For blocks that are not those of the variables, or do not fit those before; the
            writer's caller is wrong then, not the user's input.
        """
        given = {name: block for name, block in blocks.items() if name not in self._ignored}
        if set(given) != set(self._types):
            raise ValueError(
                f"{self.path}: expected blocks of {sorted(self._types)}, got {sorted(given)}"
            )
        if self._sink is None:
            self._open(given)
        assert self._sink is not None
        counts = {len(block) for block in given.values()}
        for name, block in given.items():
            shape = self._shapes[name]
            if len(counts) > 1 or block.shape[1:] != shape[1:]:
                raise ValueError(
                    f"{self.path}: {name} has the shape {block.shape}, expected (n, {shape[1]}, "
                    f"{shape[2]}, {shape[3]}) with the same n for every variable"
                )
            if self._written + len(block) > shape[0]:
                raise ValueError(f"{self.path}: {name} has more frames than the {shape[0]} told")
            block = block.astype(self._types[name], casting="same_kind", copy=False)
            self._sink.write(name, self._written, np.ascontiguousarray(block))
        self._written += counts.pop()

    def _open(self, blocks: Mapping[str, NDArray[Any]]) -> None:
        if self._folder is None:
            raise ValueError(f"{self.path}: the writer is used outside its `with` block")
        # Virtual receivers make the maps of a TDM-MIMO radar more than the beat signals.
        receivers = blocks.get("beat", next(iter(blocks.values()))).shape[1]
        frames, rest = divmod(math.prod(self._leading), receivers)
        if rest or len(self._leading) > 2:
            raise ValueError(
                f"{self.path}: the axes {self._leading} do not hold {receivers} receivers a frame"
            )
        declared: Declared = {}
        for name, block in blocks.items():
            a, b = block.shape[2:]
            shape = self._shapes[name] = (frames, block.shape[1], a, b)
            stored = (*self._leading, a, b)
            if shape[1] != receivers:
                stored = shape[1:] if frames == 1 and len(self._leading) < 2 else shape
            declared[name] = Variable(shape, stored, self._types[name])
        _check_space(self.path, self._suffix, declared)
        self._sink = SINKS[self._suffix](self._folder, declared)

    def _finish(self) -> None:
        frames = {shape[0] for shape in self._shapes.values()}
        if self._sink is None or self._folder is None or frames != {self._written}:
            raise ValueError(
                f"{self.path}: {self._written} frames were written of {frames or 'unknown'}"
            )
        made = self._sink.finish(self._scalars)
        self._close_sink()
        if made.is_dir() and self.path.exists():
            # A folder cannot be renamed onto another: the old one steps aside first.
            old = self._folder / "replaced"
            self.path.rename(old)
            try:
                made.rename(self.path)
            except BaseException:
                old.rename(self.path)
                raise
        else:
            made.replace(self.path)

    def _close_sink(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()

    def _abandon(self) -> None:
        try:
            self._close_sink()
        finally:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None


def _parent(path: Path) -> Path:
    return path.absolute().parent


def check_target(path: Path, source: Path | None = None) -> str:
    """Return the suffix of a target that may be written, raise `InputError` for any other."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path}: cannot be written as {suffix or 'a file without a suffix'}; the suffixes "
            f"that can are {', '.join(SUFFIXES)}"
        )
    if source is not None and source.exists():
        target, origin = path.resolve(), source.resolve()
        if target == origin or origin in target.parents or target in origin.parents:
            raise InputError(f"{path}: is the recording that is read; write to another name")
        if path.exists() and path.samefile(source):
            raise InputError(f"{path}: is the recording that is read; write to another name")
    if not _parent(path).is_dir():
        raise InputError(f"{path}: the folder {_parent(path)} does not exist; make it first")
    if suffix == ".zarr":
        markers = ("zarr.json", ".zgroup", ".zmetadata")
        if path.exists() and not any((path / name).is_file() for name in markers):
            raise InputError(f"{path}: exists and is no Zarr store; write to another name")
    elif path.exists() and not path.is_file():
        raise InputError(f"{path}: is a folder or device, not a file; write to another name")
    return suffix


def _only_one(path: Path, names: list[str]) -> list[str]:
    if "beat" not in names and len(names) > 1:
        raise InputError(f"{path}: an .npy holds one array; write an .npz instead")
    return ["beat"] if "beat" in names else names


def _check_space(path: Path, suffix: str, variables: Declared) -> None:
    sizes = [v.bytes for v in variables.values()]
    if suffix == ".mat" and sum(sizes) > 2**30:
        raise InputError(
            f"{path}: {sum(sizes)} bytes are too many for a MATLAB v5 file, which is written from "
            "memory; write .h5, which MATLAB reads with h5read"
        )
    # Packing an .npz needs the largest member twice for a moment.
    needed = sum(sizes) + (max(sizes) if suffix == ".npz" else 0)
    free = shutil.disk_usage(_parent(path)).free
    if needed > free:
        raise InputError(f"{path}: needs {needed} bytes, but only {free} are free there")


def waveform_scalars(waveform: Waveform | None) -> dict[str, Any]:
    """Return the known fields of a waveform as files have them."""
    if waveform is None:
        return {}
    known: dict[str, Any] = {
        name: float(getattr(waveform, name))
        for name in SCALARS
        if not math.isnan(getattr(waveform, name))
    }
    if waveform.transmit_order != (0,):
        known["transmit_order"] = list(waveform.transmit_order)
    return known


def write_json(path: str | Path, value: object) -> None:
    """Write a value as JSON under another name first; what is not finite becomes null."""
    target = Path(path)
    whole = target.with_name(f".{target.name}.part")
    try:
        whole.write_text(json.dumps(_finite(value), indent=1), encoding="utf-8")
        whole.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        whole.unlink(missing_ok=True)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_capture(
    path: str | Path,
    beat: NDArray[Any] | Frames | Capture,
    *,
    waveform: Waveform | None = None,
    leading: tuple[int, ...] | None = None,
    attributes: Mapping[str, Any] | None = None,
    source: Path | None = None,
    **others: NDArray[Any] | Frames,
) -> None:
    """Write a beat signal, and what belongs to it, in one call.

    Parameters
    ----------
    path
        The target, as for `CaptureWriter`.
    beat
        An array (..., chirp, sample) with up to two leading axes, lazy frames (frame, rx, chirp,
        sample), or a capture, which brings its truth, waveform, axes and source.
    waveform, attributes, source
        As for `CaptureWriter`.
    leading
        Axes before (chirp, sample) in the file; those of `beat` by default.
    **others
        Further variables with the same frames and receivers: `disturbed`, `range_doppler` ...
    """
    arrays: dict[str, Any] = {"beat": beat}
    if isinstance(beat, Capture):
        arrays = {"beat": beat.frames, **beat.truth}
        waveform = beat.waveform if waveform is None else waveform
        leading = beat.leading if leading is None else leading
        source = beat.path if source is None else source
    arrays.update(others)
    shapes = {}
    for name, array in arrays.items():
        shapes[name], axes, _ = arrange(tuple(array.shape), name)
        leading = axes if leading is None else leading
        if isinstance(array, np.ndarray):
            arrays[name] = array.reshape(shapes[name])
    variables = {name: array.dtype for name, array in arrays.items()}
    largest = max(math.prod(shapes[n][1:]) * np.dtype(d).itemsize for n, d in variables.items())
    step = max(1, _AT_ONCE // largest)
    with CaptureWriter(
        path,
        leading=leading or (),
        variables=variables,
        waveform=waveform,
        attributes=attributes,
        source=source,
    ) as writer:
        for start in range(0, shapes["beat"][0], step):
            writer.write(**{name: a[start : start + step] for name, a in arrays.items()})

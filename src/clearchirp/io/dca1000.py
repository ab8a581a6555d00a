"""TI DCA1000: int16 words in one file, or in the numbered files that mmWave Studio splits it into.

With 2 lanes (xWR16xx, 18xx, 68xx; not interleaved) the receivers of a chirp follow each other, with
4 (xWR12xx, 14xx; interleaved) its samples do; `clearchirp.io.samples` has the order of the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.io.capture import Capture
from clearchirp.io.options import Options, reading
from clearchirp.io.raw import WordFile, Words, require_binary, word_file
from clearchirp.types import InputError

if TYPE_CHECKING:
    from clearchirp.io.samples import Layout

LAYOUTS: dict[int, tuple[Layout, Layout]] = {2: ("paired", "rows"), 4: ("planar", "columns")}
"""Order of the words by number of lanes: of complex and of real samples."""

_NUMBERED = re.compile(r"(?P<stem>.*_raw_)(?P<number>\d+)\.bin", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class JoinedWords:
    """Loads words that go on from one file to the next."""

    parts: tuple[WordFile, ...]

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        """Load the words from `start` up to `stop`."""
        pieces, first = [], 0
        for part in self.parts:
            low, high = max(start - first, 0), min(stop - first, part.size)
            if low < high:
                pieces.append(part[low:high])
            first += part.size
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def read_dca1000(path: Path, options: Options) -> Capture:
    """Open a DCA1000 recording, a file or the folder of a split one; see `open_capture`."""
    with reading(path, "a DCA1000 recording"):
        files = _files(path)
        for file in files:
            require_binary(file)
        parts = tuple(word_file(file, "<i2") for file in files)
        notes = ()
        if len(files) > 1:
            names = ", ".join(file.name for file in files)
            notes = (f"{len(files)} files are joined, as mmWave Studio split them: {names}.",)
        words = Words(
            path=path,
            format="dca1000",
            load=JoinedWords(parts),
            size=sum(2 * part.size for part in parts),
            layouts=LAYOUTS,
            notes=notes,
        )
        return words.capture(options)


def write_dca1000(path: str | Path, frames: Iterable[NDArray[Any]], *, lanes: int = 2) -> None:
    """Write a DCA1000 recording; it appears under its name when all of it is there.

    Parameters
    ----------
    path
        The target, ``.bin``.
    frames
        Blocks of frames (n, rx, chirp, sample) in ADC counts, one after the other: complex, or
        real for a real-valued receiver. Rounded to whole counts.
    lanes
        2 (receivers in turn) or 4 (samples in turn).

    Raises
    ------
    InputError
        For counts beyond -32768 to 32767, an odd number of complex samples a chirp, lanes other
        than these, and a target that cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_dca1000(f"{folder}/a.bin", [np.ones((1, 1, 2, 4), np.complex64)])
    ...     Path(f"{folder}/a.bin").stat().st_size
    32
    """
    from clearchirp.io.samples import encode

    target = Path(path).expanduser()
    if lanes not in LAYOUTS:
        raise InputError(f"lanes: must be 2 or 4, got {lanes!r}")
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            for block in frames:
                layout = LAYOUTS[lanes][0 if np.iscomplexobj(block) else 1]
                file.write(encode(block, layout).data)
        part.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def _files(path: Path) -> list[Path]:
    """The files of the recording in order; a first file brings those that go on from it."""
    if path.is_dir():
        binary = sorted(p for p in path.glob("*.bin") if p.is_file())
        first = [p for p in binary if _number(p) == 0] or binary
        if len(first) != 1:
            raise InputError(
                f"{path}: has {len(first)} .bin files with which a recording could start, "
                "expected one; name the file itself"
            )
        return _files(first[0])
    if _number(path) != 0:
        return [path]
    match = _NUMBERED.fullmatch(path.name)
    stem = match["stem"] if match else ""
    followers = {
        _number(p): p
        for p in path.parent.iterdir()
        if (m := _NUMBERED.fullmatch(p.name)) and m["stem"] == stem and p.is_file()
    }
    files = []
    while (file := followers.get(len(files))) is not None:
        files.append(file)
    if len(files) < len(followers):
        raise InputError(
            f"{path}: the recording goes on in {len(followers)} files, but number {len(files)} is "
            "missing; put it back or rename the others"
        )
    return files


def _number(path: Path) -> int | None:
    match = _NUMBERED.fullmatch(path.name)
    return int(match["number"]) if match else None

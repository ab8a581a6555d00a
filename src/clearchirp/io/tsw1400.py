"""TI TSW1400: little-endian uint16 in offset binary, receivers interleaved I1 Q1 I2 Q2 ..."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from clearchirp.io.capture import Capture
from clearchirp.io.options import Options, reading
from clearchirp.io.raw import WordFile, Words, require_binary, word_file


@dataclass(frozen=True, slots=True)
class SlicedWords:
    """Loads words from an array that is mapped into memory."""

    array: WordFile

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        """Load the words from `start` up to `stop`."""
        return self.array[start:stop]


def read_tsw1400(path: Path, options: Options) -> Capture:
    """Open a TSW1400 recording; see `open_capture`."""
    with reading(path, "a TSW1400 recording"):
        require_binary(path)
        array = word_file(path, "<u2")
        words = Words(
            path=path,
            format="tsw1400",
            load=SlicedWords(array),
            size=2 * array.size,
            layouts={0: ("interleaved", "columns")},
        )
        return words.capture(options)

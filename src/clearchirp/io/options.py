"""What the caller of `open_capture` asks for, handed to every reader, and the errors they share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from clearchirp.io.waveform_file import RadarSetup, one_line
from clearchirp.types import InputError

IQChoice = Literal["auto", "iq", "qi"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The arguments of `open_capture`, after the waveform was loaded; see there."""

    setup: RadarSetup | None = None
    variable: str | None = None
    lanes: int | None = None
    iq_order: IQChoice = "auto"
    receivers: int | None = None
    conjugate: bool = False
    allow_pickle: bool = False

    def __post_init__(self) -> None:
        if self.lanes not in (None, 2, 4):
            raise InputError(f"lanes must be 2, 4 or None (decide by the data), got {self.lanes!r}")
        if self.iq_order not in get_args(IQChoice):
            raise InputError(f"iq_order must be 'auto', 'iq' or 'qi', got {self.iq_order!r}")
        number = self.receivers
        if number is not None and (not isinstance(number, int) or number < 1):
            raise InputError(f"receivers must be a whole number from 1, got {number!r}")

    @property
    def known_receivers(self) -> int | None:
        """How many receivers there are: as the caller says, or else the waveform's file."""
        return self.receivers or (self.setup.receivers if self.setup else None)


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into one line.

    Damaged input makes the readers of zip, MATLAB, HDF5 and Zarr raise nearly every exception
    there is, so this is the one place that catches them all.
    """
    try:
        yield
    except InputError:
        raise
    except MemoryError:
        raise InputError(f"{path}: does not fit into memory as {what}") from None
    except Exception as error:
        raise InputError(
            f"{path}: cannot be read as {what}, it is damaged or something else: {one_line(error)}"
        ) from None

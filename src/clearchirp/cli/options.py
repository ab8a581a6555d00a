"""Options that several commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from clearchirp.disturbed.catalogue import find_detector
from clearchirp.mitigate.catalogue import find_method
from clearchirp.settings import parse_setting
from clearchirp.types import InputError

_READING = "Reading the file"

File = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="Recording: a file or a folder.", show_default=False),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Format of FILE where it cannot be told: npz, npy, mat, hdf5, zarr, dca1000, pcap, "
        "tsw1400, infineon, arim.",
        rich_help_panel=_READING,
    ),
]
WaveformFile = Annotated[
    str | None,
    typer.Option(
        "--waveform",
        help="The radar: a TOML file, an mmWave Studio JSON or SDK .cfg file, or the name of a "
        "waveform that comes with clearchirp.",
        rich_help_panel=_READING,
    ),
]
Variable = Annotated[
    str | None,
    typer.Option("--variable", help="Name of the beat signal in FILE.", rich_help_panel=_READING),
]
Lanes = Annotated[
    int | None,
    typer.Option(
        "--lanes",
        help="DCA1000: LVDS lanes, 2 or 4; default: checked.",
        rich_help_panel=_READING,
    ),
]
IqOrder = Annotated[
    str,
    typer.Option("--iq-order", help="auto (checked), iq or qi.", rich_help_panel=_READING),
]
Receivers = Annotated[
    int | None,
    typer.Option("--receivers", help="Receivers in a raw file.", rich_help_panel=_READING),
]
Conjugate = Annotated[
    bool,
    typer.Option(
        "--conjugate",
        help="The file has the opposite sign: targets at negative frequencies.",
        rich_help_panel=_READING,
    ),
]
AllowPickle = Annotated[
    bool,
    typer.Option(
        "--allow-pickle",
        help="ARIM .npy sets are pickled: admit them (NumPy content only).",
        rich_help_panel=_READING,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the table as JSON.")]
DetectorName = Annotated[
    str, typer.Option("--detector", "-d", help="Detector of disturbed samples; see 'detectors'.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="A setting of the method, or NAME.KEY=VALUE for the method or detector NAME. "
        "May be repeated.",
    ),
]


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file."""

    format: str | None = None
    waveform: str | None = None
    variable: str | None = None
    lanes: int | None = None
    iq_order: str = "auto"
    receivers: int | None = None
    conjugate: bool = False
    allow_pickle: bool = False

    def open(self, path: Path) -> Any:
        """Open the recording."""
        from clearchirp.io import open_capture

        return open_capture(
            path,
            format=self.format,
            waveform=self.waveform,
            variable=self.variable,
            lanes=self.lanes,
            iq_order=_checked_order(self.iq_order),
            receivers=self.receivers,
            conjugate=self.conjugate,
            allow_pickle=self.allow_pickle,
        )


def _checked_order(text: str) -> Literal["auto", "iq", "qi"]:
    if text not in ("auto", "iq", "qi"):
        raise InputError(f"--iq-order: must be auto, iq or qi, got {text!r}")
    return text


class Settings:
    """What ``--set`` said, by method and detector."""

    def __init__(self, given: Iterable[str] | None, methods: Iterable[str], detector: str) -> None:
        methods = list(methods)
        for name in methods:
            find_method(name)
        find_detector(detector)
        self._by_name: dict[str, dict[str, object]] = {name: {} for name in [*methods, detector]}
        for text in given or ():
            key, value = parse_setting(text)
            owner, dot, key_of_owner = key.rpartition(".")
            if not dot:
                if len(methods) != 1:
                    raise InputError(
                        f"--set {text}: say whose setting it is, as in {methods[0]}.{text}"
                        if methods
                        else f"--set {text}: say whose setting it is, as in {detector}.{text}"
                    )
                owner, key_of_owner = methods[0], key
            if owner not in self._by_name:
                raise InputError(f"--set {text}: {owner!r} is none of {', '.join(self._by_name)}")
            self._by_name[owner][key_of_owner] = value

    def of(self, name: str) -> dict[str, object]:
        """Settings of one method or detector."""
        return self._by_name[name]

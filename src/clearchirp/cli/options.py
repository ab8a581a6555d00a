"""Options that several commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from clearchirp.disturbed.catalogue import find_detector
from clearchirp.mitigation.catalogue import find_method
from clearchirp.settings import defaults, parse_setting
from clearchirp.types import InputError
from clearchirp.workers import Workers

_READING = "Reading the file"
_WORKERS = "Who does the work"

File = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="Recording: a file or a folder.", show_default=False),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Format of FILE where its content does not tell: npz, npy, mat, hdf5, zarr, "
        "dca1000, pcap, tsw1400, infineon, arim.",
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
    typer.Option(
        "--variable",
        help="Name of the beat signal in FILE; default: beat.",
        rich_help_panel=_READING,
    ),
]
Lanes = Annotated[
    int | None,
    typer.Option(
        "--lanes",
        help="DCA1000: LVDS lanes, 2 or 4; default: decided by the data.",
        rich_help_panel=_READING,
    ),
]
IqOrder = Annotated[
    str,
    typer.Option(
        "--iq-order",
        help="ADC words: iq, qi, or auto, decided by the data.",
        rich_help_panel=_READING,
    ),
]
Receivers = Annotated[
    int | None,
    typer.Option(
        "--receivers",
        help="How many receivers, where FILE does not tell.",
        rich_help_panel=_READING,
    ),
]
Conjugate = Annotated[
    bool,
    typer.Option(
        "--conjugate",
        metavar="",
        help="The file has the opposite sign: targets at negative frequencies.",
        rich_help_panel=_READING,
    ),
]
AllowPickle = Annotated[
    bool,
    typer.Option(
        "--allow-pickle",
        metavar="",
        help="Read an ARIM .npy, which is a pickle; arrays and plain containers only.",
        rich_help_panel=_READING,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", metavar="", help="Print nothing but errors, and the JSON if asked for."
    ),
]
Json = Annotated[
    bool, typer.Option("--json", metavar="", help="Print JSON (SI units) instead of text.")
]
DetectorName = Annotated[
    str,
    typer.Option(
        "--detector",
        "-d",
        metavar="NAME",
        help="Detector of disturbed samples; see 'clearchirp detectors'.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="A setting; NAME.KEY=VALUE says whose it is, the method's or the detector's. "
        "May be repeated.",
    ),
]
WorkerCount = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="How many processes (or threads) work at once; default: one a core where there is "
        "enough to do.",
        show_default=False,
        rich_help_panel=_WORKERS,
    ),
]
Threads = Annotated[
    bool,
    typer.Option(
        "--threads",
        metavar="",
        help="Threads instead of processes.",
        rich_help_panel=_WORKERS,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="A Dask cluster does the work, whose scheduler is here: tcp://10.0.0.1:8786. It must "
        "see the same files.",
        show_default=False,
        rich_help_panel=_WORKERS,
    ),
]

Restart = Annotated[
    bool,
    typer.Option(
        "--restart",
        metavar="",
        help="Begin anew where an interrupted run has left an unfinished Zarr store.",
        rich_help_panel=_WORKERS,
    ),
]


def chosen_workers(
    count: int | None, threads: bool, scheduler: str | None, *, much: bool = True
) -> Workers:
    """Return who does the work that `--workers`, `--threads` and `--scheduler` speak of.

    Parameters
    ----------
    count, threads, scheduler
        What was given.
    much
        False for work that is over before a process has started: it is done in this process
        unless the options ask for something else.
    """
    if scheduler is not None:
        if count is not None or threads:
            raise InputError(
                "--scheduler: a cluster has its own workers; leave out --workers and --threads"
            )
        return Workers(kind="cluster", scheduler=scheduler)
    if count is not None and count < 1:
        raise InputError(f"--workers: must be 1 or more, got {count}")
    if count is None and not threads and not much:
        count = 1
    return Workers(kind="threads" if threads else "processes", count=count)


def workers_asked_for(count: int | None, threads: bool, scheduler: str | None) -> Workers | None:
    """Return who does the work if the options say so, None if that is left to the work."""
    if count is None and not threads and scheduler is None:
        return None
    return chosen_workers(count, threads, scheduler)


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

    @property
    def given(self) -> dict[str, object]:
        """Those that are not left to their defaults, by name."""
        usual = Reading()
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != getattr(usual, field.name)
        }

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
        self._known = {name: find_method(name).defaults() for name in methods}
        # A bare key belongs to the method; where there is none, to the detector.
        self._bare = list(self._known) or [detector]
        self._known[detector] = defaults(find_detector(detector).factory)
        self._by_name: dict[str, dict[str, object]] = {name: {} for name in self._known}
        for text in given or ():
            self._take(text)

    def of(self, name: str) -> dict[str, object]:
        """Settings of one method or detector."""
        return self._by_name[name]

    def _take(self, text: str) -> None:
        key, value = parse_setting(text)
        owner, dot, key_of_owner = key.rpartition(".")
        if not dot:
            if len(self._bare) != 1:
                have = [name for name in self._by_name if key in self._known[name]]
                example = f"{(have or self._bare)[0]}.{text}"
                raise InputError(f"--set {text}: say whose setting it is, as in --set {example}")
            owner, key_of_owner = self._bare[0], key
        if owner not in self._by_name:
            raise InputError(
                f"--set {text}: {owner!r} does not run here; what runs: {', '.join(self._by_name)}"
            )
        if value is None and isinstance(self._known[owner].get(key_of_owner), str):
            value = "none"  # one of the names that this setting takes
        self._by_name[owner][key_of_owner] = value

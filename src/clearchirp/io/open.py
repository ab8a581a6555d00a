"""`open_capture`: any recording by its path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from clearchirp.io.capture import Capture
from clearchirp.io.options import IQChoice, Options
from clearchirp.io.recognise import FORMATS, recognise
from clearchirp.io.waveform_file import RadarSetup, WaveformSource, load_setup
from clearchirp.types import InputError

_RAW = ("dca1000", "pcap", "tsw1400")
_NAMED = ("npz", "npy", "mat", "hdf5", "zarr")
_FOLDERS = ("zarr", "infineon", "dca1000")


def open_capture(
    path: str | Path,
    *,
    format: str | None = None,
    waveform: WaveformSource | None = None,
    variable: str | None = None,
    lanes: int | None = None,
    iq_order: IQChoice = "auto",
    receivers: int | None = None,
    conjugate: bool = False,
    allow_pickle: bool = False,
) -> Capture:
    """Open a recording; its frames are loaded as they are read.

    Parameters
    ----------
    path
        A file or folder: .npz, .npy, .mat (v5, v7.3), .h5, Zarr, DCA1000 .bin or pcap of its UDP
        stream, TSW1400 .bin, an Infineon recorder's folder, an ARIM data set.
    format
        One of "npz", "npy", "mat", "hdf5", "zarr", "dca1000", "pcap", "tsw1400", "infineon" and
        "arim", where the content does not tell (a bare .bin, an ARIM set); recognised by default.
    waveform
        The radar: a `Waveform`, a ``.toml``, an mmWave Studio ``.mmwave.json``, an mmWave SDK
        ``.cfg`` or the name of a shipped waveform. Needed for bare ADC words, which do not tell
        their sizes; elsewhere it goes before what the file tells.
    variable
        Name of the array in .npz, .mat, .h5 and Zarr, "beat" by default.
    lanes
        DCA1000: 2 (receivers in turn) or 4 (samples in turn); decided by the data by default.
    iq_order
        Bare ADC words: "iq", "qi", or "auto" to decide by the data (targets lie at positive beat
        frequencies for an up-chirp).
    receivers
        How many there are, where the file or the waveform does not tell; what a single leading
        axis of that size counts.
    conjugate
        True for a recording with the opposite sign convention: negates the imaginary part of the
        beat signal and of the truth.
    allow_pickle
        True to read an ARIM .npy, which is a pickle; arrays and plain containers only.

    Returns
    -------
    Capture
        With every automatic decision in its `notes`.

    Raises
    ------
    InputError
        One line, for a file that is missing, damaged or not understood, or an argument that does
        not go with it.

    Examples
    --------
    >>> import tempfile, numpy
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     numpy.savez(f"{folder}/a.npz", beat=numpy.ones((3, 2, 8, 64), numpy.complex64))
    ...     capture = open_capture(f"{folder}/a.npz")
    >>> capture.frames.shape, capture.format
    ((3, 2, 8, 64), 'npz')
    """
    path = Path(path).expanduser()
    setup = None if waveform is None else load_setup(waveform)
    sibling = _sibling_configuration(path) if setup is None else None
    if format is None:
        format = recognise(path, mmwave=_is_mmwave(waveform))
    elif format not in FORMATS:
        raise InputError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    _require_there(path, format)
    notes: tuple[str, ...] = ()
    if format in ("dca1000", "pcap") and sibling is not None:
        setup = load_setup(sibling)
        notes = (f"The radar is read from {sibling.name} beside the recording.",)
    options = Options(
        setup=setup,
        variable=variable,
        lanes=lanes,
        iq_order=iq_order,
        receivers=receivers,
        conjugate=conjugate,
        allow_pickle=allow_pickle,
    )
    _require_fitting(path, format, options, setup)
    capture = Opening(path=path, format=format, options=options)()
    return replace(capture, notes=notes + capture.notes) if notes else capture


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a recording was opened, with nothing left to be recognised: opens it again elsewhere."""

    path: Path
    format: str
    options: Options

    def __call__(self) -> Capture:
        """Open the recording."""
        return replace(_read(self.path, self.format, self.options), opening=self)


def _read(path: Path, format: str, options: Options) -> Capture:
    # Each reader is loaded with the first file that needs it.
    match format:
        case "npz":
            from clearchirp.io.npz import read_npz as read
        case "npy":
            from clearchirp.io.npz import read_npy as read
        case "mat" if not _is_hdf5(path):
            from clearchirp.io.mat import read_mat as read
        case "mat" | "hdf5":
            from clearchirp.io.mat import read_hdf5 as read
        case "zarr":
            from clearchirp.io.native import read_zarr as read
        case "dca1000":
            from clearchirp.io.dca1000 import read_dca1000 as read
        case "pcap":
            from clearchirp.io.pcap import read_pcap as read
        case "tsw1400":
            from clearchirp.io.tsw1400 import read_tsw1400 as read
        case "infineon":
            from clearchirp.io.infineon import read_infineon as read
        case _:
            from clearchirp.io.arim import read_arim as read
    return read(path, options)


def _is_hdf5(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(10) in (b"MATLAB 7.3", b"\x89HDF\r\n\x1a\n\x00\x00")


def _is_mmwave(waveform: WaveformSource | None) -> bool:
    if not isinstance(waveform, str | Path):
        return False
    return Path(waveform).suffix.lower() in (".json", ".cfg")


def _sibling_configuration(path: Path) -> Path | None:
    """The one mmWave Studio configuration beside the recording; two decide nothing."""
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        return None
    found = [p for p in folder.glob("*.mmwave.json") if p.is_file()]
    return found[0] if len(found) == 1 else None


def _require_there(path: Path, format: str) -> None:
    if path.is_dir():
        if format not in _FOLDERS:
            raise InputError(f"{path}: is a folder, expected a file of the format {format}")
        return
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise InputError(f"{path}: is empty")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def _require_fitting(path: Path, format: str, options: Options, setup: RadarSetup | None) -> None:
    """Refuse an argument that the format would ignore."""
    if options.variable is not None and format not in _NAMED:
        raise InputError(f"{path}: `variable` is for files of named arrays, not for {format}")
    if format in _RAW:
        return
    if options.lanes is not None:
        raise InputError(f"{path}: `lanes` is for DCA1000 words, not for {format}")
    if options.iq_order != "auto":
        raise InputError(
            f"{path}: `iq_order` is for bare ADC words, not for {format}; `conjugate` turns the "
            "sign convention round"
        )

"""Files that appear whole or not at all."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from clearchirp.report.style import DPI
from clearchirp.types import InputError

# No date: a figure drawn again on another day shall not differ for that alone.
_METADATA: Mapping[str, dict[str, None]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def render(figure: Figure, form: str, *, dpi: int = DPI) -> bytes:
    """Return a figure as the bytes of a file.

    Parameters
    ----------
    figure
        Any Matplotlib figure.
    form
        ``"png"``, ``"svg"`` or ``"pdf"``.
    dpi
        Pixels an inch, 150 by default; used by png and by the images inside svg and pdf.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format=form, dpi=dpi, metadata=_METADATA[form])
    return buffer.getvalue()


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as .png, .svg or .pdf, by the suffix of `path`; return the path.

    The file is written under a temporary name in the same folder and renamed, so that nobody
    meets half a figure and an earlier file survives a failure.

    Raises
    ------
    InputError
        For another suffix, or where the folder does not exist.
    """
    path = Path(path)
    check_figure_target(path)
    write_whole(path, render(figure, path.suffix.lower().removeprefix(".")))
    return path


def check_figure_target(path: Path) -> None:
    """Raise `InputError` unless a figure can be written to `path`."""
    form = path.suffix.lower().removeprefix(".")
    if form not in _METADATA:
        raise InputError(f"{path}: a figure is written as .png, .svg or .pdf, not {form or path!s}")
    check_target(path)


def check_target(path: Path) -> None:
    """Raise `InputError` unless a file can be placed at `path`."""
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file")


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` under a temporary name beside `path`, then rename it."""
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

"""What is told of a run that was cut short, and can be gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clearchirp.cli.printing import note
from clearchirp.types import InputError


@contextmanager
def telling_what_is_kept(output: Path | None, *, quiet: bool = False) -> Iterator[None]:
    """Say on the way out of an interruption what the unfinished Zarr store keeps."""
    from clearchirp.recordings import Interruption

    try:
        yield
    except (InputError, Interruption):
        raise  # which say themselves what to do
    except BaseException:
        if output is not None and output.suffix.lower() == ".zarr":
            _tell(output, quiet)
        raise


def _tell(output: Path, quiet: bool) -> None:
    from clearchirp.io import unfinished

    kept = unfinished(output)
    if kept is not None:
        note(
            f"{output}.part: keeps {kept[0]} of {kept[1]} frames, finished; the same command "
            "goes on from there",
            quiet=quiet,
        )

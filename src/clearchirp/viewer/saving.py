"""What the viewer writes beside the recording, and the command that does the same."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clearchirp.io.capture import Capture
from clearchirp.recordings import CleanedRecording, clean_recording
from clearchirp.types import InputError
from clearchirp.viewer.choices import Choice
from clearchirp.viewer.computing import in_one_line
from clearchirp.workers import Workers

FORMS = (".zarr", ".npz", ".h5", ".mat", ".npy")


class Stopped(Exception):
    """The user does not want to wait for it."""


def recording_target(capture: Capture, method: Choice, form: str) -> Path:
    """Return where the cleaned recording goes: beside the recording, never onto it.

    >>> from clearchirp.io import from_array
    >>> capture = from_array(__import__("numpy").ones((2, 8), "c8"), name="drive/a.bin")
    >>> recording_target(capture, Choice("ar"), ".zarr").name
    'a-ar.zarr'
    """
    if form not in FORMS:
        raise InputError(f"{form}: a recording is written as {', '.join(FORMS)}")
    return capture.path.with_name(f"{capture.path.stem}-{method.name}{form}")


def figure_targets(capture: Capture, frame: int, rx: int, methods: list[str]) -> list[Path]:
    """Return where the figure of the maps in view goes, as PNG and as SVG."""
    stem = f"{capture.path.stem}-frame{frame}-rx{rx + 1}-{'-'.join(methods)}"
    return [capture.path.with_name(f"{stem}{suffix}") for suffix in (".png", ".svg")]


def in_the_way(targets: list[Path]) -> list[Path]:
    """Return those of the targets that would be overwritten."""
    return [path for path in targets if path.exists()]


def command_line(
    file: str | Path, reading: Mapping[str, Any], detector: Choice, method: Choice, target: Path
) -> str:
    """Return the command that writes the same cleaned recording.

    Parameters
    ----------
    file
        The recording as it was named.
    reading
        The options with which it was opened, by their names in Python.
    detector, method
        As in the view.
    target
        Where the result goes.

    Examples
    --------
    >>> command_line("a.bin", {"lanes": 4}, Choice("combined"), Choice("ar", (("order", 9),)),
    ...              Path("a-ar.zarr"))
    'clearchirp mitigate a.bin --lanes 4 -m ar -d combined --set ar.order=9 -o a-ar.zarr'
    """
    words = ["clearchirp", "mitigate", str(file), *_reading_options(reading)]
    words += ["-m", method.name, "-d", detector.name]
    for option in method.options + detector.options:
        words += ["--set", option]
    return shlex.join([*words, "-o", str(target)])


def _reading_options(reading: Mapping[str, Any]) -> list[str]:
    words: list[str] = []
    for name, value in reading.items():
        option = "--" + name.replace("_", "-")
        if value is True:
            words.append(option)
        elif value not in (None, False):
            words += [option, str(value)]
    return words


class Saver:
    """Writes a cleaned recording in a thread of its own, one at a time.

    Parameters
    ----------
    capture
        The recording.
    progress
        Told how many of the frames are done, from that thread.
    finished
        Told of the result, or in one line what went wrong; an empty line where it was stopped.
    """

    def __init__(
        self,
        capture: Capture,
        progress: Callable[[int], object],
        finished: Callable[[CleanedRecording | str], object],
    ) -> None:
        self._capture = capture
        self._progress = progress
        self._finished = finished
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._thread is not None and self._thread.is_alive()

    def begin(
        self, detector: Choice, method: Choice, target: Path, *, replace: bool = False
    ) -> None:
        """Start to write; `InputError` where that must not be.

        Parameters
        ----------
        detector, method
            As in the view.
        target
            From `recording_target`.
        replace
            True to replace what lies there, or to begin anew where an unfinished store lies.
        """
        if self.busy:
            raise InputError("a recording is being saved; wait for it, or stop it")
        if not replace and target.exists():
            raise InputError(f"{target.name}: is there already")
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._write, args=(detector, method, target, replace), daemon=True
        )
        self._thread.start()

    def stop(self, seconds: float | None = None) -> None:
        """Stop writing; a Zarr store stays as far as it is and is gone on with the next time."""
        self._stop.set()
        if seconds is not None and self._thread is not None:
            self._thread.join(seconds)

    def _write(self, detector: Choice, method: Choice, target: Path, replace: bool) -> None:
        done = 0

        def step(frames: int) -> None:
            nonlocal done
            done += frames
            self._progress(done)
            if self._stop.is_set():
                raise Stopped

        # Opened anew: the page goes on reading meanwhile.
        opening = self._capture.opening
        try:
            told = clean_recording(
                opening() if opening is not None else self._capture,
                target,
                method.name,
                detector.name,
                settings=method.given,
                detector_settings=detector.given,
                workers=Workers(kind="threads", count=1),
                restart=replace,
                on_frames=step,
            )
        except Stopped:
            self._finished("")
        except Exception as error:
            self._finished(in_one_line(error))
        else:
            self._finished(told)


def beside(work: Callable[[], object], told: Callable[[str], object]) -> None:
    """Do something in a thread of its own; `told` hears what went wrong, nothing if all is well."""

    def do() -> None:
        try:
            work()
        except Exception as error:
            told(in_one_line(error))
        else:
            told("")

    threading.Thread(target=do, daemon=True).start()


def save_figures(
    targets: list[Path],
    maps: Mapping[str, Any],
    found: Mapping[str, Any],
    capture: Capture,
    *,
    title: str,
) -> None:
    """Write the house's figure of maps (doppler, range) side by side to each of the targets."""
    from clearchirp.report.figures import range_doppler_figure
    from clearchirp.report.writing import save_figure

    figure = range_doppler_figure(
        maps, capture.waveform, real=not capture.is_complex, detections=found, title=title
    )
    for target in targets:
        save_figure(figure, target)

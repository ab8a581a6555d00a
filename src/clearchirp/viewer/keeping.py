"""The part of the page that saves: recording, figure, command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bokeh.models as bokeh_models
from bokeh.layouts import column, row

from clearchirp.io.capture import Capture
from clearchirp.io.part import part_path
from clearchirp.recordings import CleanedRecording
from clearchirp.viewer import saving, style
from clearchirp.viewer.screen import maps_of
from clearchirp.viewer.text import escaped

# Its stubs take properties for plain attributes.
models: Any = bokeh_models

if TYPE_CHECKING:
    from clearchirp.viewer.page import Page

_COPY = """
const text = command.text.replace(/<[^>]*>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">")
  .replace(/&quot;/g, '"').replace(/&#x27;/g, "'").replace(/&amp;/g, "&")
if (navigator.clipboard) navigator.clipboard.writeText(text)
"""


class Keeping:
    """Buttons that write beside the recording, and never over anything without asking.

    Parameters
    ----------
    page
        Whose view is saved.
    capture
        The recording.
    file, reading
        How the command named and opened it.
    """

    def __init__(self, page: Page, capture: Capture, file: str, reading: Mapping[str, Any]) -> None:
        self._page = page
        self._capture = capture
        self._file, self._reading = file, dict(reading)
        self._saver = saving.Saver(capture, page.later(self._step), page.later(self._finished))
        self._pending: Callable[[], object] | None = None
        self._begun: tuple[Path, Callable[..., object]] | None = None
        wide: dict[str, Any] = {
            "stylesheets": [style.sheet()], "sizing_mode": "stretch_width", "margin": (2, 5, 2, 5),
        }  # fmt: skip
        self._form = models.Select(
            title="Cleaned recording as", options=list(saving.FORMS), value=saving.FORMS[0],
            name="form", **wide,
        )  # fmt: skip
        self._names = models.Div(name="target", **wide)
        self._save = models.Button(
            label="Save recording", button_type="primary", name="save-recording", **wide
        )
        self._stop = models.Button(label="Stop", name="stop", visible=False, **wide)
        self._figure = models.Button(label="Save figure, PNG and SVG", name="save-figure", **wide)
        self._replace = models.Button(label="Replace it", name="replace", visible=False, **wide)
        self._leave = models.Button(label="Leave it", name="leave", visible=False, **wide)
        self._told = models.Div(name="saved", **wide)
        self._command = models.Div(name="command", **wide)
        copy = models.Button(label="Copy the command", name="copy", **wide)
        copy.js_on_click(models.CustomJS(args={"command": self._command}, code=_COPY))
        self._form.on_change("value", lambda attribute, old, new: self.refresh())
        for button, work in (
            (self._save, self._save_recording),
            (self._stop, self._saver.stop),
            (self._figure, self._save_figure),
            (self._replace, self._replaced),
            (self._leave, self._unasked),
        ):
            button.on_click(partial(_clicked, page.guarded(work)))
        self.root = column(
            self._form, self._names, self._save, self._stop, self._figure, self._told,
            row(self._replace, self._leave, sizing_mode="stretch_width"), self._command, copy,
            sizing_mode="stretch_width",
        )  # fmt: skip

    def refresh(self) -> None:
        """Tell under which name, and by which command, the view in the controls is saved."""
        request, target = self._page.request, self._target()
        self._names.text = _quiet(f"goes to {escaped(target.name)}, beside the recording")
        command = saving.command_line(
            self._file, self._reading, request.detector, request.methods[0],
            Path(self._file).with_name(target.name),
        )  # fmt: skip
        self._command.text = (
            f'<code style="user-select:all;overflow-wrap:anywhere">{escaped(command)}</code>'
        )
        self._unasked()

    @property
    def busy(self) -> bool:
        """Whether a recording is being written."""
        return self._saver.busy

    def close(self) -> None:
        """Stop what is being written, and wait until it is tidied up."""
        self._saver.stop(10.0)

    def _target(self) -> Path:
        request = self._page.request
        return saving.recording_target(self._capture, request.methods[0], str(self._form.value))

    def _save_recording(self) -> None:
        request, target = self._page.request, self._target()

        def begin(replace: bool = False) -> None:
            self._unasked()
            self._saver.begin(request.detector, request.methods[0], target, replace=replace)
            self._begun = (target, begin)
            self._stop.visible, self._save.disabled = True, True
            self._told.text = f"{escaped(target.name)}: begun"

        self._asking([target], begin)

    def _save_figure(self) -> None:
        view, rx = self._page.view, self._page.map_receiver
        maps, found = maps_of(view, rx)
        if view is None:
            return
        methods = [choice.name for choice in view.request.methods]
        targets = saving.figure_targets(self._capture, view.frame.number, rx, methods)

        def write(replace: bool = False) -> None:
            self._unasked()
            self._told.text = "drawing …"
            self._figure.disabled = True
            title = f"{self._capture.path.name}, frame {view.frame.number}, receiver {rx + 1}"
            work = partial(saving.save_figures, targets, maps, found, self._capture, title=title)
            saving.beside(work, self._page.later(partial(self._drawn, targets)))

        self._asking(targets, write)

    def _drawn(self, targets: list[Path], wrong: str) -> None:
        self._figure.disabled = False
        names = ", ".join(escaped(one.name) for one in targets)
        self._told.text = f"<strong>{escaped(wrong)}</strong>" if wrong else f"written: {names}"

    def _asking(self, targets: list[Path], write: Callable[..., object]) -> None:
        """Write, but ask first where something lies there."""
        there = saving.in_the_way(targets)
        if not there:
            write()
            return
        names = ", ".join(escaped(one.name) for one in there)
        self._ask(f"{names}: is there already", "Replace it", write)

    def _ask(self, text: str, answer: str, write: Callable[..., object]) -> None:
        self._pending = lambda: write(replace=True)
        self._told.text, self._replace.label = text, answer
        self._replace.visible = self._leave.visible = True

    def _replaced(self) -> None:
        if self._pending is not None:
            self._pending()

    def _unasked(self) -> None:
        self._pending = None
        if self._replace.visible:
            self._told.text = ""
        self._replace.visible = self._leave.visible = False

    def _step(self, done: int) -> None:
        frames = len(self._capture)
        self._told.text = (
            f'{done:,} of {frames:,} frames <progress max="{frames}" value="{done}" '
            'aria-label="saving"></progress>'
        )

    def _finished(self, told: CleanedRecording | str) -> None:
        self._stop.visible, self._save.disabled = False, False
        if isinstance(told, str):
            text = f"<strong>{escaped(told or 'stopped')}</strong>"
            if told and self._begun is not None and part_path(self._begun[0]).exists():
                # What is left of another run lies there.
                self._ask(text, "Begin anew", self._begun[1])
            self._told.text = text
            return
        change = f"{float((told.floor_after_db - told.floor_before_db).mean()):+.2f}"
        change = change.replace("-", "−")
        self._told.text = f"written: {escaped(told.output.name)}, floor {change} dB"


def _clicked(work: Callable[[], object], event: object = None) -> None:
    """Do what a button is for; the event tells nothing more."""
    work()


def _quiet(text: str) -> str:
    return f'<span style="color:var(--faint);font-size:12px;overflow-wrap:anywhere">{text}</span>'

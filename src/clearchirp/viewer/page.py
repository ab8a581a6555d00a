"""The page: what happens when its widgets are used, and when something is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from bokeh.document import Document
from jinja2 import Environment, FileSystemLoader, Template

from clearchirp.disturbed.chirp_segments import Segment
from clearchirp.viewer import style
from clearchirp.viewer.computing import Source, in_one_line
from clearchirp.viewer.keeping import Keeping
from clearchirp.viewer.screen import Screen
from clearchirp.viewer.session import Request, Session, Tell, View
from clearchirp.viewer.strip import Strip
from clearchirp.viewer.text import cost_text, escaped, facts, score_table
from clearchirp.viewer.widgets import Widgets, number

_SOON = 20
"""Milliseconds."""


class Page:
    """One page in one browser.

    Parameters
    ----------
    document
        Bokeh's side of it.
    source
        The recording.
    file, reading
        How the command named and opened it, for the command line that the page shows.
    """

    def __init__(
        self, document: Document, source: Source, file: str, reading: Mapping[str, Any]
    ) -> None:
        self._document = document
        self._closed = False
        self._wrong = ""
        self._source = source
        self._session = Session(
            source,
            Tell(
                view=self.later(self._show),
                progress=self.later(self._progress),
                failure=self.later(self._fail),
                strip=self.later(self._grow),
                chirps=self.later(self._show_chirps),
            ),
        )
        self._view: View | None = None
        self._drawing = False
        self._automatic: tuple[float, float] | None = None
        self._screen = Screen(source.capture)
        self._widgets = Widgets(source.capture, self.guarded(self._ask))
        self._keeping = Keeping(self, source.capture, file, reading)
        self._listen()
        self._set_up(document)
        self._dress()
        self._ask()

    @property
    def request(self) -> Request:
        """What the controls say."""
        widgets = self._widgets
        second = (widgets.second.choice,) if widgets.compare.active else ()
        return Request(
            frame=number(widgets.frame),
            detector=widgets.detector.choice,
            methods=(widgets.first.choice, *second),
        )

    @property
    def view(self) -> View | None:
        """What is shown; None before the first is there."""
        return self._view

    @property
    def map_receiver(self) -> int:
        """The (virtual) receiver whose maps are in view."""
        return int(self._widgets.rx.value)

    @property
    def receiver(self) -> int:
        """The receiver whose beat signal is in view."""
        return self.map_receiver % self._source.capture.frames.shape[1]

    def guarded(self, work: Callable[..., object]) -> Callable[..., None]:
        """Return a callback whose errors are shown on the page."""

        def call(*arguments: object) -> None:
            try:
                work(*arguments)
            except Exception as error:
                self._fail(in_one_line(error))

        return call

    def later(self, work: Callable[..., object]) -> Callable[..., None]:
        """Return a function for other threads that has something done in the page's own."""
        here = self.guarded(work)

        def call(*arguments: Any) -> None:
            if not self._closed:
                self._document.add_next_tick_callback(lambda: here(*arguments))

        return call

    def close(self) -> None:
        """End what is under way for the eye; a recording that is being saved is gone on with."""
        self._closed = True
        self._session.close()

    @property
    def saving(self) -> bool:
        """Whether a recording is being written."""
        return self._keeping.busy

    def stop_saving(self) -> None:
        """Stop writing, and wait until it is tidied up."""
        self._keeping.close()

    # ------------------------------------------------------------------------------- set up

    def _listen(self) -> None:
        def on(widget: Any, what: str, work: Callable[[], object]) -> None:
            call = self.guarded(work)
            widget.on_change(what, lambda attribute, old, new: call())

        widgets = self._widgets
        on(widgets.frame, "value", self._ask)
        on(widgets.rx, "value", self._draw)
        on(widgets.compare, "active", self._compared)
        on(widgets.chirp, "value", self._draw_chirp_soon)
        for widget, what in (
            (widgets.part, "value"),
            (widgets.close, "active"),
            (widgets.state, "active"),
        ):
            on(widget, what, self._draw_chirp)
        on(widgets.marks, "active", lambda: self._screen.show_detections(widgets.marks.active))
        on(widgets.auto, "active", self._draw)
        on(widgets.levels, "value", self._set_levels)
        on(widgets.dark, "active", self._dress)
        self._screen.frame_strip.plot.on_event("tap", self.guarded(self._tapped_frame))
        self._screen.whole_strip.plot.on_event("tap", self.guarded(self._tapped_recording))

    def _set_up(self, document: Document) -> None:
        capture = self._source.capture
        roots = {**self._widgets.roots(), **self._screen.roots(), "save": self._keeping.root}
        for name, model in roots.items():
            model.name = name
            document.add_root(model)
        document.title = f"{capture.path.name} - clearchirp"
        document.template = _template()
        document.template_variables.update(
            file=escaped(capture.path.name),
            facts=[escaped(one) for one in facts(capture)],
            notes=[escaped(note) for note in capture.notes],
            css=resources.files("clearchirp.viewer").joinpath("page.css").read_text("utf-8"),
        )

    # -------------------------------------------------------------------------------- asked

    def _ask(self) -> None:
        self._say("at work …")
        request = self.request
        self._keeping.refresh()
        self._session.show(request)
        self._grow(self._session.strip(request.detector))

    def _compared(self) -> None:
        self._widgets.second.root.visible = self._widgets.compare.active
        self._ask()

    def _tapped_frame(self, event: Any) -> None:
        if event.x is not None:
            self._widgets.chirp.value = self._screen.frame_strip.chirp_at(event.x)

    def _tapped_recording(self, event: Any) -> None:
        if event.x is not None:
            chirps = self._source.capture.frames.shape[2]
            frame, chirp = divmod(self._screen.whole_strip.chirp_at(event.x), chirps)
            self._widgets.frame.value, self._widgets.chirp.value = frame, chirp

    def _dress(self) -> None:
        self._screen.dress(style.DARK if self._widgets.dark.active else style.LIGHT)

    # --------------------------------------------------------------------------------- told

    def _show(self, view: View) -> None:
        if view.request != self.request:
            return
        self._view = view
        self._fail("")
        self._widgets.name_states(["recorded", *view.outcomes])
        told = [
            cost_text(one.choice.name, view.masked.choice.name, view.cost(name))
            for name, one in view.outcomes.items()
        ]
        remarks = [one.remark for one in view.outcomes.values() if one.remark]
        self._say(" · ".join([f"frame {view.frame.number}", *told, *remarks]))
        self._widgets.table.text = score_table(view.rows, truth=view.frame.truth is not None)
        self._draw()

    def _progress(self, text: str, done: float) -> None:
        if text:
            bar = f'<progress max="1" value="{done:.3f}" aria-label="progress"></progress>'
            self._widgets.status.text = f"{escaped(text)} {bar if done else '…'}"

    def _say(self, text: str) -> None:
        self._widgets.status.text = escaped(text)

    def _fail(self, text: str) -> None:
        self._wrong = text
        self._tell_wrong()
        if text:
            self._say("not done")

    def _grow(self, strip: Strip) -> None:
        if strip is self._session.strip(self._widgets.detector.choice):
            self._screen.grow(strip)
            self._tell_wrong()

    def _tell_wrong(self) -> None:
        """Show what went wrong in the view, and which frame of the recording has no strip."""
        strip = self._session.strip(self._widgets.detector.choice)
        lines = dict.fromkeys(line for line in (self._wrong, strip.problem) if line)
        error = self._widgets.error
        error.text = "".join(f"<div><strong>{escaped(line)}</strong></div>" for line in lines)
        error.visible = bool(lines)

    def _show_chirps(self, where: tuple[int, int, int], found: list[Segment]) -> None:
        view = self._view
        if view is not None and where == (view.frame.number, self.receiver, self._chirp):
            self._screen.mark_chirps(found)

    # ------------------------------------------------------------------------------ drawing

    @property
    def _chirp(self) -> int:
        return number(self._widgets.chirp)

    def _draw(self) -> None:
        if self._view is not None:
            floor = self._screen.draw(self._view, self.map_receiver)
            if self._widgets.auto.active:
                self._automatic = (floor, 0)
                self._widgets.levels.value = self._automatic
            self._draw_chirp()

    def _set_levels(self) -> None:
        levels = tuple(self._widgets.levels.value)
        self._screen.maps.levels(*levels)
        if levels != self._automatic:
            self._widgets.auto.active = False

    def _draw_chirp_soon(self) -> None:
        """Draw once for all the steps that a held key has made meanwhile."""
        if not self._drawing:
            self._drawing = True
            self._document.add_timeout_callback(self.guarded(self._draw_chirp), _SOON)

    def _draw_chirp(self) -> None:
        self._drawing = False
        view, widgets = self._view, self._widgets
        if view is None:
            return
        self._screen.draw_chirp(
            view,
            self.receiver,
            self._chirp,
            part=widgets.part.value,
            close=widgets.close.active,
            state=widgets.state.active or 0,
        )
        self._session.find_chirps(view.frame.number, self.receiver, self._chirp)


def _template() -> Template:
    folder = Path(str(resources.files("clearchirp.viewer")))
    environment = Environment(loader=FileSystemLoader(folder), autoescape=False)
    return environment.get_template("page.html.jinja")

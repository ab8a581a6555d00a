"""The page: widgets and figures, and what happens when they are used."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.document import Document
from bokeh.layouts import column, row
from bokeh.models import (
    Checkbox,
    Div,
    RadioButtonGroup,
    RangeSlider,
    Select,
    Spinner,
    Toggle,
)
from jinja2 import Environment, FileSystemLoader, Template
from numpy.typing import NDArray

from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.disturbed.chirp_segments import Segment
from clearchirp.mitigation.catalogue import DEFAULT_METHOD
from clearchirp.report.scales import range_axis, time_axis
from clearchirp.viewer import pictures, style
from clearchirp.viewer.choices import offered_detectors, offered_methods
from clearchirp.viewer.computing import Source, in_one_line
from clearchirp.viewer.controls import Picker
from clearchirp.viewer.keeping import Keeping
from clearchirp.viewer.plots import (
    Curves,
    Maps,
    Shares,
    Traces,
    fractional_panel,
    time_frequency_panel,
)
from clearchirp.viewer.session import Request, Session, Tell, View
from clearchirp.viewer.strip import Bars, Strip
from clearchirp.viewer.text import cost_text, escaped, facts, score_table

_WIDE: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": (2, 5, 2, 5)}


def template() -> Template:
    """Return the page's own template."""
    folder = Path(str(resources.files("clearchirp.viewer")))
    environment = Environment(loader=FileSystemLoader(folder), autoescape=False)
    return environment.get_template("page.html.jinja")


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
        self._source = source
        capture = source.capture
        frames, _, chirps, samples = capture.frames.shape
        radar, real = capture.waveform, not capture.is_complex
        self._session = Session(
            source,
            Tell(
                view=self._later(self._show),
                progress=self._later(self._progress),
                failure=self._later(self._fail),
                strip=self._later(self._grow),
                chirps=self._later(self._show_chirps),
            ),
        )
        self._view: View | None = None
        self._colours = style.LIGHT
        transmitters = len(radar.transmit_order)
        bins = (chirps // transmitters, samples // 2 + 1 if real else max(samples // 2, 1))
        self._maps = Maps(radar, bins=bins)
        self._frame_strip = Shares(
            "Disturbed share of every chirp" + (" of the frame" if frames > 1 else ""), chirps,
            "chirp", name="frame strip",
        )  # fmt: skip
        self._whole_strip = Shares(
            "Disturbed share of every chirp of the recording", frames * chirps,
            "chirp, counted through the recording", name="recording strip",
        )  # fmt: skip
        self._whole_strip.plot.visible = frames > 1
        unit = "µs" if not math.isnan(radar.sample_rate) else ""
        self._beat = Curves("Beat signal", time_axis(radar, samples), "", name="beat",
                            unit=unit, what="time" if unit else "sample")  # fmt: skip
        distance = range_axis(radar, bins[1])
        self._profile = Curves(
            "Range profile, mean over Doppler", distance, "power in dB", name="profile",
            unit="m" if radar.knows_range else "", what="range",
        )  # fmt: skip
        self._short_time = time_frequency_panel(radar, samples, real=real)
        self._angles = fractional_panel(samples)
        self._traces = Traces(self._short_time, self._angles)
        self._controls()
        self._keeping = Keeping(self, capture, file, reading)
        self._lay_out()
        document.title = f"{capture.path.name} - clearchirp"
        document.template = template()
        document.template_variables.update(
            file=escaped(capture.path.name),
            facts=[escaped(one) for one in facts(capture)],
            notes=[escaped(note) for note in capture.notes],
            css=resources.files("clearchirp.viewer").joinpath("page.css").read_text("utf-8"),
        )
        document.on_session_destroyed(lambda context: self.close())
        self._dress()
        self._ask()

    # ---------------------------------------------------------------------- what is in view

    @property
    def request(self) -> Request:
        """What the controls say."""
        second = (self._second.choice,) if self._compare.active else ()
        return Request(
            frame=self._number(self._frame),
            detector=self._detector.choice,
            methods=(self._first.choice, *second),
        )

    @property
    def view(self) -> View | None:
        """What is shown; None before the first is there."""
        return self._view

    @property
    def map_receiver(self) -> int:
        """The (virtual) receiver whose maps are in view."""
        return int(self._rx.value)

    @property
    def receiver(self) -> int:
        """The receiver whose beat signal is in view."""
        return self.map_receiver % self._source.capture.frames.shape[1]

    @property
    def chirp(self) -> int:
        """The chirp in view."""
        return self._number(self._chirp)

    def maps(self) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.bool_]]]:
        """Return the maps (doppler, range) in view and their detections."""
        view, rx = self._view, self.map_receiver
        if view is None:
            return {}, {}
        shown = {"recorded": view.frame.before[0, rx]}
        found = {"recorded": view.frame.found[0, rx]}
        for name, outcome in view.outcomes.items():
            shown[name] = outcome.cleaned.range_doppler[0, rx]
            found[name] = outcome.found[0, rx]
        return shown, found

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
        return self._later(self.guarded(work))

    # ---------------------------------------------------------------------------- controls

    def _controls(self) -> None:
        capture = self._source.capture
        frames, _, chirps, _ = capture.frames.shape
        sheet = [style.sheet()]
        self._frame = Spinner(title=f"Frame, 0 to {frames - 1}", low=0, high=frames - 1, value=0,
                              step=1, mode="int", name="frame", stylesheets=sheet, width=105,
                              margin=(2, 5, 2, 5))  # fmt: skip
        self._chirp = Spinner(title=f"Chirp, 0 to {chirps - 1}", low=0, high=chirps - 1, value=0,
                              step=1, mode="int", name="chirp", stylesheets=sheet, width=105,
                              margin=(2, 5, 2, 5))  # fmt: skip
        self._rx = Select(title="Receiver", options=self._receivers(), value="0", name="receiver",
                          stylesheets=sheet, **_WIDE)  # fmt: skip
        self._detector = Picker("Detector", of="detector", names=offered_detectors(capture),
                                name=DEFAULT_DETECTOR, changed=self._ask)  # fmt: skip
        names = offered_methods(capture)
        self._first = Picker("Method", of="method", names=names, name=DEFAULT_METHOD,
                             changed=self._ask)  # fmt: skip
        self._compare = Toggle(label="Compare with a second method", name="compare",
                               stylesheets=sheet, **_WIDE)  # fmt: skip
        self._second = Picker("Method B", of="method", names=names, name="zeroing",
                              changed=self._ask)  # fmt: skip
        self._second.root.visible = False
        parts = ["real part", "imaginary part", "modulus"] if capture.is_complex else ["real part"]
        self._part = Select(title="Beat signal", options=parts, value="real part", name="part",
                            width=130, stylesheets=sheet)  # fmt: skip
        self._close = Checkbox(label="close up", active=True, name="close-up",
                               stylesheets=sheet, margin=(24, 5, 2, 5))  # fmt: skip
        self._state = RadioButtonGroup(labels=["recorded", "A"], active=0, name="state",
                                       stylesheets=sheet, margin=(20, 5, 2, 5))  # fmt: skip
        self._marks = Checkbox(label="detections", active=True, name="detections",
                               stylesheets=sheet, margin=(14, 5, 2, 5))  # fmt: skip
        self._auto = Checkbox(label="automatic scale", active=True, name="automatic",
                              stylesheets=sheet, margin=(14, 5, 2, 5))  # fmt: skip
        self._levels = RangeSlider(title="Colours from .. to, dB", start=-120, end=10, step=1,
                                   value=(-80, 0), name="levels", stylesheets=sheet,
                                   sizing_mode="stretch_width", margin=(0, 14, 0, 14))  # fmt: skip
        self._dark = Toggle(label="Dark", name="dark", stylesheets=sheet)
        self._status = Div(name="status", stylesheets=sheet, sizing_mode="stretch_width")
        self._error = Div(name="error", stylesheets=sheet, sizing_mode="stretch_width")
        self._table = Div(name="scores", sizing_mode="stretch_width",
                          stylesheets=[_table_sheet()])  # fmt: skip
        self._listen()

    def _listen(self) -> None:
        def on(widget: Any, what: str, work: Callable[[], object]) -> None:
            call = self.guarded(work)
            widget.on_change(what, lambda attribute, old, new: call())

        on(self._frame, "value", self._ask)
        on(self._chirp, "value", self._draw_chirp)
        on(self._rx, "value", self._draw)
        on(self._compare, "active", self._compared)
        on(self._part, "value", self._draw_chirp)
        on(self._close, "active", self._draw_chirp)
        on(self._state, "active", self._draw_chirp)
        on(self._marks, "active", self._draw_marks)
        on(self._auto, "active", self._draw)
        on(self._levels, "value", self._set_levels)
        on(self._dark, "active", self._dress)
        self._frame_strip.plot.on_event("tap", self.guarded(self._tapped_frame))
        self._whole_strip.plot.on_event("tap", self.guarded(self._tapped_recording))

    def _lay_out(self) -> None:
        roots = {
            "select": column(row(self._frame, self._chirp), self._rx, **_WIDE),
            "detector": self._detector.root,
            "first": self._first.root,
            "compare": column(self._compare, self._second.root, sizing_mode="stretch_width"),
            "save": self._keeping.root,
            "strips": column(
                self._whole_strip.plot, self._frame_strip.plot, sizing_mode="stretch_width"
            ),
            "maps": row(*(p.plot for p in self._maps.panels), sizing_mode="stretch_width"),
            "scale": column(
                self._maps.scale,
                row(self._levels, self._auto, self._marks, sizing_mode="stretch_width"),
                sizing_mode="stretch_width",
            ),
            "profile": self._profile.plot,
            "beat": self._beat.plot,
            "beat_controls": row(self._part, self._close, self._state),
            "short_time": self._short_time.plot,
            "angles": self._angles.plot,
        }
        for name, model in roots.items():
            model.name = name
            self._document.add_root(model)
        for model in (self._dark, self._status, self._error, self._table):
            self._document.add_root(model)

    def _receivers(self) -> list[tuple[str, str]]:
        _, receivers, _, _ = self._source.capture.frames.shape
        order = self._source.capture.waveform.transmit_order
        return [
            (
                str(index * receivers + rx),
                f"{rx + 1} of {receivers}"
                + (f", transmitter {transmitter + 1}" if len(order) > 1 else ""),
            )
            for index, transmitter in enumerate(order)
            for rx in range(receivers)
        ]

    def _number(self, spinner: Spinner) -> int:
        """Return a number within its bounds; an emptied field counts as its least."""
        low, high = int(spinner.low or 0), int(spinner.high or 0)
        return min(max(int(spinner.value or 0), low), high)

    # ------------------------------------------------------------------------- what is told

    def _later(self, work: Callable[..., object]) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            if self._document.session_context is not None:
                self._document.add_next_tick_callback(partial(work, *arguments))

        return call

    def _ask(self) -> None:
        self._say("at work …")
        self._keeping.refresh()
        request = self.request
        self._session.show(request)
        self._grow(self._session.strip(request.detector))

    def _compared(self) -> None:
        self._second.root.visible = self._compare.active
        self._ask()

    def _show(self, view: View) -> None:
        if view.request != self.request:
            return
        self._view = view
        self._fail("")
        for index, name in enumerate(view.outcomes):
            self._name(index + 1, name)
        told = [
            cost_text(one.choice.name, view.masked.choice.name, view.cost(name))
            for name, one in view.outcomes.items()
        ]
        remarks = [one.remark for one in view.outcomes.values() if one.remark]
        self._say(" · ".join([f"frame {view.frame.number}", *told, *remarks]))
        self._table.text = score_table(view.rows, truth=view.frame.truth is not None)
        self.guarded(self._draw)()

    def _name(self, index: int, name: str) -> None:
        labels = [*list(self._state.labels)[:index], name]
        self._state.labels = labels

    def _progress(self, text: str, done: float) -> None:
        if text:
            bar = f'<progress max="1" value="{done:.3f}" aria-label="progress"></progress>'
            self._status.text = f"{escaped(text)} {bar if done else '…'}"

    def _say(self, text: str) -> None:
        self._status.text = escaped(text)

    def _fail(self, text: str) -> None:
        self._error.text = f"<strong>{escaped(text)}</strong>" if text else ""
        self._error.visible = bool(text)
        if text:
            self._say("not done")

    def _grow(self, strip: Strip) -> None:
        if strip is not self._session.strip(self._detector.choice):
            return
        frames = strip.shares.shape[0]
        if frames > 1:
            self._whole_strip.show(strip.bars())
            done = "" if strip.complete else f" ({strip.done:,} of {frames:,} frames so far)"
            title = self._whole_strip.plot.title
            title.text = f"Disturbed share of every chirp of the recording{done}"

    # ------------------------------------------------------------------------------ drawing

    def _draw(self) -> None:
        view = self._view
        if view is None:
            return
        capture = self._source.capture
        maps, found = self.maps()
        shown = pictures.maps_in_view(maps, found, capture.waveform, real=not capture.is_complex)
        names = list(shown.pictures)
        for index in range(3):
            name = names[index] if index < len(names) else ""
            picture, marks = shown.pictures.get(name), shown.detections.get(name)
            cells = int(found[name].sum()) if name else 0
            self._maps.show(index, f"{name}: {cells:,} cells detected", picture, marks)
        if self._auto.active:
            self._levels.value = (shown.floor, 0)
        axis, lines = pictures.profiles(maps, capture.waveform, real=not capture.is_complex)
        self._profile.show(axis.values, lines)
        finite = [line[line > pictures.NOTHING_DB] for line in lines.values()]
        low = min((float(line.min()) for line in finite if line.size), default=-100.0)
        self._profile.y.start, self._profile.y.end = max(low, -120.0) - 3, 6
        share = view.masked.mask[0].mean(axis=(0, 2))
        count = np.arange(share.size)
        self._frame_strip.show(Bars(count - 0.5, count + 0.5, share.astype(np.float32)))
        self._draw_chirp()

    def _draw_chirp(self) -> None:
        view = self._view
        if view is None:
            return
        capture, rx, chirp = self._source.capture, self.receiver, self.chirp
        chirps = {"recorded": view.frame.beat[0, rx, chirp]}
        treated = view.masked.mask[0, rx, chirp]
        for index, (name, outcome) in enumerate(view.outcomes.items()):
            chirps[name] = outcome.cleaned.beat[0, rx, chirp]
            if index == 0:
                treated = outcome.cleaned.disturbed[0, rx, chirp] | treated
        part: Any = self._part.value
        lines = pictures.beat_lines(chirps, treated, capture.waveform, part)
        self._beat.show(lines.x.values, lines.lines)
        self._beat.show_runs(lines, treated)
        largest = max(float(np.abs(line).max()) for line in lines.lines.values())
        limit = 1.1 * (lines.calm if self._close.active else largest) or 1.0
        self._beat.y.start, self._beat.y.end = (0 if part == "modulus" else -limit), limit
        title = f"Beat signal of chirp {chirp}: {int(treated.sum())} of {treated.size} disturbed"
        self._beat.plot.title.text = title
        state = list(chirps)[min(self._state.active or 0, len(chirps) - 1)]
        picture = pictures.time_frequency(chirps[state], capture.waveform)
        self._short_time.title(f"Time and frequency of chirp {chirp}, {state}")
        self._short_time.show(picture)
        self._angles.title(f"Fractional angles of chirp {chirp}, {state}")
        self._angles.show(pictures.fractional_angles(chirps[state]))
        self._show_chirps((view.frame.number, rx, chirp), None)
        self._session.find_chirps(view.frame.number, rx, chirp)
        frames, _, count, _ = capture.frames.shape
        self._frame_strip.mark(chirp, chirp)
        if frames > 1:
            first = view.frame.number * count
            self._whole_strip.mark(first, first + count - 1)

    def _draw_marks(self) -> None:
        for ring in self._maps.rings:
            ring.visible = bool(self._marks.active)

    def _show_chirps(self, where: tuple[int, int, int], found: list[Segment] | None) -> None:
        view = self._view
        if view is None or where != (view.frame.number, self.receiver, self.chirp):
            return
        capture, segments = self._source.capture, found or []
        samples, radar = capture.frames.shape[3], capture.waveform
        self._traces.show(
            pictures.chirp_traces(segments, samples, radar, real=not capture.is_complex),
            pictures.fractional_marks(segments, samples, radar),
        )
        if found is not None:
            title = self._angles.plot.title
            title.text = f"{title.text.split(':')[0]}: {len(found)} found"

    def _set_levels(self) -> None:
        low, high = self._levels.value
        self._maps.levels(low, high)
        self._maps.scale.x_range.start, self._maps.scale.x_range.end = low, high

    def _dress(self) -> None:
        colours = self._colours = style.DARK if self._dark.active else style.LIGHT
        plots = [panel.plot for panel in self._maps.panels]
        plots += [self._maps.scale, self._frame_strip.plot, self._whole_strip.plot]
        plots += [self._short_time.plot, self._angles.plot, self._beat.plot, self._profile.plot]
        for plot in plots:
            style.dress(plot, colours)
        for curves in (self._beat, self._profile):
            curves.colour(colours)

    def _tapped_frame(self, event: Any) -> None:
        if event.x is not None:
            self._chirp.value = min(max(round(event.x), 0), int(self._chirp.high or 0))

    def _tapped_recording(self, event: Any) -> None:
        if event.x is None:
            return
        frames, _, chirps, _ = self._source.capture.frames.shape
        place = min(max(round(event.x), 0), frames * chirps - 1)
        self._frame.value, self._chirp.value = divmod(place, chirps)

    def close(self) -> None:
        """End what is under way; half a file does not stay."""
        self._session.close()
        self._keeping.close()


def _table_sheet() -> Any:
    from bokeh.models import InlineStyleSheet

    return InlineStyleSheet(
        css="""
:host { color: var(--text); overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; width: 100%;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); font-size: 12px; padding: 2px 0; }
th, td { padding: 3px 8px; text-align: right; border-bottom: 1px solid var(--edge); }
thead th { color: var(--faint); font-weight: 500; font-size: 12px; vertical-align: bottom; }
tbody th { text-align: left; font-weight: 600; white-space: nowrap; }
td.best { font-weight: 700; }
"""
    )

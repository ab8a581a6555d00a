"""The figures of the page: made once, filled with what is in view."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import bokeh.models as bokeh_models
import numpy as np
from bokeh.plotting import figure
from numpy.typing import NDArray

from clearchirp.report.scales import Axis, frequency_scale, range_axis, speed_axis, time_axis
from clearchirp.viewer import style
from clearchirp.viewer.pictures import Lines, Marks, Picture
from clearchirp.viewer.strip import Bars
from clearchirp.waveform import Waveform

# Its stubs take properties for plain attributes.
models: Any = bokeh_models

_TOOLS = "pan,box_zoom,wheel_zoom,reset,save"
_EDGE = {"min_border_left": 58, "min_border_right": 14}
_NAMES = ("recorded", "A", "B")


class Panel:
    """A figure of levels in dB with marks on it.

    Parameters
    ----------
    title
        Above it.
    x, y
        Ranges, shared with other panels for a common zoom.
    labels
        Of both axes.
    mapper
        Colours, shared for a common scale.
    hover
        What hover tells: (name, format) pairs.
    """

    def __init__(
        self,
        title: str,
        x: Any,
        y: Any,
        labels: tuple[str, str],
        mapper: Any,
        hover: list[tuple[str, str]],
        *,
        height: int,
        name: str,
    ) -> None:
        self.plot = _new(title, labels, height=height, name=name, x_range=x, y_range=y)
        self.plot.grid.visible = False
        self.cells = models.ColumnDataSource(_cells(None))
        image = self.plot.image(
            image="image", x="x", y="y", dw="dw", dh="dh", source=self.cells, color_mapper=mapper
        )
        _hover(self.plot, [image], hover)

    def show(self, picture: Picture) -> None:
        """Show a picture."""
        self.cells.data = _cells(picture)

    def title(self, text: str) -> None:
        """Set the title."""
        self.plot.title.text = text


class Maps:
    """Range-Doppler maps side by side: one zoom, one colour scale, detections and crosshair."""

    def __init__(self, waveform: Waveform, *, bins: tuple[int, int]) -> None:
        x, y = range_axis(waveform, bins[1]), speed_axis(waveform, bins[0])
        self.x, self.y = _range(x), _range(y)
        self.mapper = models.LinearColorMapper(palette=style.PALETTE, low=-80, high=0)
        unit = ("m", "m/s")
        hover = [
            ("range", "$x{0.00} m" if waveform.knows_range else "bin $x{0}"),
            ("speed", f"$y{{0.00}} {unit[1]}" if waveform.knows_speed else "bin $y{0}"),
            ("power", "@image{0.0} dB"),
        ]
        lines = [
            models.Span(dimension=one, line_dash="dotted", line_color="#ffffff", line_alpha=0.7)
            for one in ("width", "height")
        ]
        self.panels: list[Panel] = []
        self.marks: list[Any] = []
        self.rings: list[Any] = []
        for index, name in enumerate(_NAMES):
            panel = Panel(
                name, self.x, self.y, (x.label, y.label if index == 0 else ""), self.mapper,
                hover, height=300, name=f"map {name}",
            )  # fmt: skip
            panel.plot.add_tools(models.CrosshairTool(overlay=(lines[0], lines[1]), visible=False))
            marks = models.ColumnDataSource({"x": [], "y": [], "level": []})
            ring = panel.plot.scatter(
                "x", "y", source=marks, size=10, fill_color=None, line_color=style.MARK,
                line_width=1.3,
            )  # fmt: skip
            self.panels.append(panel)
            self.marks.append(marks)
            self.rings.append(ring)
        self.scale = _scale_figure(self.mapper)

    def show(self, index: int, title: str, picture: Picture | None, marks: Marks | None) -> None:
        """Show a map, or hide its panel."""
        panel = self.panels[index]
        panel.plot.visible = picture is not None
        if picture is None or marks is None:
            return
        panel.title(title)
        panel.show(picture)
        self.marks[index].data = {"x": marks.x, "y": marks.y, "level": marks.level}

    def levels(self, low: float, high: float) -> None:
        """Set the one colour scale."""
        self.mapper.low, self.mapper.high = low, high
        self.scale.x_range.start, self.scale.x_range.end = low, high


class Curves:
    """Lines of the recorded and the cleaned signals over a common axis."""

    def __init__(self, title: str, x: Axis, label: str, *, name: str, unit: str, what: str) -> None:
        self.y = models.Range1d(-1, 1)
        self.plot = _new(title, (x.label, label), height=240, name=name, x_range=_range(x),
                         y_range=self.y)  # fmt: skip
        self.runs = models.ColumnDataSource({"x0": [], "x1": []})
        self.plot.vstrip(
            x0="x0", x1="x1", source=self.runs, fill_color=style.DISTURBED, fill_alpha=0.22,
            line_color=None,
        )  # fmt: skip
        self.sources = [models.ColumnDataSource({"x": [], "y": []}) for _ in _NAMES]
        dashes = ("solid", "solid", "dashed")
        self.lines = [
            self.plot.line(
                "x", "y", source=source, legend_label=which, line_width=width, line_dash=dash
            )
            for source, which, dash, width in zip(
                self.sources, _NAMES, dashes, (1.6, 1.2, 1.2), strict=True
            )
        ]
        self.dots = models.ColumnDataSource({"x": [], "y": []})
        self.plot.scatter("x", "y", source=self.dots, size=4, color=style.DISTURBED)
        self.plot.legend.location = "top_right"
        self.plot.legend.orientation = "horizontal"
        self.plot.legend.click_policy = "hide"
        self.plot.legend.padding, self.plot.legend.margin, self.plot.legend.spacing = 2, 4, 8
        _hover(self.plot, self.lines, [(what, f"$x{{0.00}} {unit}"), ("value", "$y{0.0}")])

    def colour(self, colours: style.Colours) -> None:
        """Give the lines their colours."""
        for line, colour in zip(
            self.lines, (colours.recorded, colours.first, colours.second), strict=True
        ):
            line.glyph.line_color = colour

    def scale(self, low: float, high: float) -> None:
        """Set the vertical range, and what a reset goes back to."""
        self.y.start = self.y.reset_start = low
        self.y.end = self.y.reset_end = high

    def title(self, text: str) -> None:
        """Set the title."""
        self.plot.title.text = text

    def show(self, x: NDArray[Any], lines: Mapping[str, NDArray[Any]]) -> None:
        """Show up to three lines in order, with their names in the legend."""
        given = list(lines.items())
        items = self.plot.legend[0].items
        for index, source in enumerate(self.sources):
            there = index < len(given)
            name, values = given[index] if there else (_NAMES[index], np.empty(0))
            source.data = {"x": x if there else np.empty(0), "y": values}
            items[index].label = {"value": name}
            items[index].visible = there

    def show_runs(self, lines: Lines, disturbed: NDArray[np.bool_]) -> None:
        """Mark the runs of disturbed samples."""
        self.runs.data = {"x0": lines.starts, "x1": lines.stops}
        first = next(iter(lines.lines.values()))
        self.dots.data = {"x": lines.x.values[disturbed], "y": first[disturbed]}


class Shares:
    """Bars of the disturbed share over chirps, of one frame or, over frames, of all of them."""

    def __init__(
        self, title: str, chirps: int, label: str, *, name: str, chirps_a_unit: int = 0
    ) -> None:
        self._chirps = chirps
        self._per_frame = chirps_a_unit
        self.y = models.Range1d(0, 1)
        self.plot = _new(
            title, (label, "%"), height=104, name=name,
            x_range=_fixed(self._place(-0.5), self._place(chirps - 0.5)), y_range=self.y,
            tools="", toolbar=None,
        )  # fmt: skip
        self.plot.yaxis.ticker = models.FixedTicker(ticks=[0, 1])
        self.plot.xgrid.visible = False
        self.bars = models.ColumnDataSource({"left": [], "right": [], "top": [], "what": []})
        bars = self.plot.quad(
            left="left", right="right", top="top", bottom=0, source=self.bars,
            fill_color=style.DISTURBED, line_color=style.DISTURBED, line_width=0.5,
        )  # fmt: skip
        self.cursor = models.BoxAnnotation(
            left=0, right=0, fill_color="#4c9ce8", fill_alpha=0.35, line_color="#4c9ce8"
        )
        self.plot.add_layout(self.cursor)
        _hover(self.plot, [bars], [("", "@what"), ("disturbed", "@top{0.0} %")])

    def title(self, text: str) -> None:
        """Set the title."""
        self.plot.title.text = text

    def show(self, bars: Bars) -> None:
        """Show shares from 0 to 1."""
        known = ~np.isnan(bars.share)
        top = 100 * bars.share[known].astype(float)
        left, right = bars.left[known], bars.right[known]
        self.bars.data = {
            "left": self._place(left),
            "right": self._place(right),
            "top": top,
            "what": [self._what(int(chirp + 0.5)) for chirp in left],
        }
        highest = max(1.0, float(np.ceil(1.05 * top.max(initial=0.0))))
        self.y.end = highest
        self.plot.yaxis.ticker.ticks = [0, round(highest / 2, 1), highest]

    def mark(self, first: float, last: float) -> None:
        """Mark what is in view, from the first chirp to the last."""
        self.cursor.left, self.cursor.right = self._place(first - 0.5), self._place(last + 0.5)

    def chirp_at(self, x: float) -> int:
        """Return the chirp, counted through all that is shown, at a place of the axis."""
        chirp = x * self._per_frame if self._per_frame else x + 0.5
        return min(max(math.floor(chirp), 0), self._chirps - 1)

    def _place(self, chirp: Any) -> Any:
        return (chirp + 0.5) / self._per_frame if self._per_frame else chirp

    def _what(self, chirp: int) -> str:
        if not self._per_frame:
            return f"chirp {chirp}"
        frame, chirp = divmod(chirp, self._per_frame)
        return f"frame {frame:,}, chirp {chirp}"


def time_frequency_panel(waveform: Waveform, samples: int, *, real: bool) -> Panel:
    """Return the figure of a chirp's short-time spectrum."""
    x = time_axis(waveform, samples)
    scale, label = frequency_scale(waveform)
    known = not np.isnan(waveform.sample_rate)
    hover = [
        ("time", "$x{0.00} µs" if known else "sample $x{0}"),
        ("frequency", "$y{0.00} MHz" if known else "$y{0.000}"),
        ("power", "@image{0.0} dB"),
    ]
    y = _fixed(0.0 if real else -scale / 2, scale / 2)
    return Panel(
        "Time and frequency", _range(x), y, (x.label, label),
        models.LinearColorMapper(palette=style.PALETTE, low=-60, high=0, nan_color="rgba(0,0,0,0)"),
        hover, height=260, name="time-frequency",
    )  # fmt: skip


def fractional_panel(samples: int) -> Panel:
    """Return the figure of a chirp seen at all fractional angles."""
    hover = [("place", "$x{0.0}"), ("angle", "$y{0.0}°"), ("power", "@image{0.0} dB")]
    panel = Panel(
        "Fractional angles", _fixed(-samples / 2, samples / 2), _fixed(-90.7, 90.7),
        ("place on the fractional axis in samples", "angle in degrees"),
        models.LinearColorMapper(palette=style.PALETTE, low=-60, high=0, nan_color="rgba(0,0,0,0)"),
        hover, height=260, name="fractional",
    )  # fmt: skip
    panel.plot.yaxis.ticker = models.FixedTicker(ticks=[-90, -45, 0, 45, 90])
    return panel


class Traces:
    """Found chirps as lines on one figure and rings on another."""

    def __init__(self, on_time: Panel, on_angle: Panel) -> None:
        self.lines = models.ColumnDataSource({"xs": [], "ys": []})
        on_time.plot.multi_line(
            "xs", "ys", source=self.lines, line_color=style.CHIRP, line_width=2, line_dash="dashed"
        )
        self.marks = models.ColumnDataSource({"x": [], "y": [], "rate": []})
        rings = on_angle.plot.scatter(
            "x", "y", source=self.marks, size=14, fill_color=None, line_color=style.CHIRP,
            line_width=2,
        )  # fmt: skip
        _hover(on_angle.plot, [rings], [("found chirp", "@rate{0.000} MHz/µs")])

    def show(
        self, lines: tuple[Sequence[NDArray[Any]], Sequence[NDArray[Any]]], marks: Marks
    ) -> None:
        """Show them."""
        self.lines.data = {"xs": list(lines[0]), "ys": list(lines[1])}
        self.marks.data = {"x": marks.x, "y": marks.y, "rate": marks.level}


def _new(
    title: str, labels: tuple[str, str], *, height: int, name: str, tools: str = _TOOLS,
    toolbar: Any = "above", **ranges: Any,
) -> Any:  # fmt: skip
    plot = figure(
        title=title, height=height, sizing_mode="stretch_width", tools=tools, name=name,
        toolbar_location=toolbar, active_drag=None, active_scroll=None, output_backend="canvas",
        x_axis_label=labels[0], y_axis_label=labels[1], **_EDGE, **ranges,
    )  # fmt: skip
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    return plot


def _hover(plot: Any, renderers: list[Any], told: list[tuple[str, str]]) -> None:
    plot.add_tools(models.HoverTool(renderers=renderers, tooltips=told, visible=False))


def _scale_figure(mapper: Any) -> Any:
    """Return a slim figure that is the colour bar of all maps, as wide as they are together."""
    plot = _new(
        "", ("power in dB, 0 dB: strongest cell as recorded", ""), height=62, name="colour scale",
        toolbar=None, x_range=models.Range1d(-80, 0), y_range=models.Range1d(0, 1), tools="",
    )  # fmt: skip
    plot.title = None
    plot.yaxis.visible = plot.grid.visible = False
    steps = np.linspace(-300, 100, 4001, dtype=np.float32)[None, :]
    plot.image(image=[steps], x=-300, y=0, dw=400, dh=1, color_mapper=mapper)
    return plot


def _range(axis: Axis) -> Any:
    return _fixed(*axis.edges)


def _fixed(start: float, end: float) -> Any:
    return models.Range1d(start, end, bounds=(start, end))


def _cells(picture: Picture | None) -> dict[str, list[Any]]:
    if picture is None:
        nothing = np.full((1, 1), np.nan, np.float32)
        return {"image": [nothing], "x": [0], "y": [0], "dw": [1], "dh": [1]}
    (x, y), (width, height) = picture.corner, picture.size
    return {"image": [picture.levels], "x": [x], "y": [y], "dw": [width], "dh": [height]}

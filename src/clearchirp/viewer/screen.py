"""All figures of the page, and how a view comes onto them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from bokeh.layouts import column, row
from numpy.typing import NDArray

from clearchirp.disturbed.chirp_segments import Segment
from clearchirp.io.capture import Capture
from clearchirp.report.scales import range_axis, time_axis
from clearchirp.viewer import pictures, style
from clearchirp.viewer.plots import (
    Curves,
    Maps,
    Shares,
    Traces,
    fractional_panel,
    time_frequency_panel,
)
from clearchirp.viewer.session import View
from clearchirp.viewer.strip import Bars, Strip

_QUIETEST_DB = -120.0


class Screen:
    """The figures of one page.

    Parameters
    ----------
    capture
        The recording, whose sizes and units they have.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._real = not capture.is_complex
        frames, _, chirps, samples = capture.frames.shape
        radar = capture.waveform
        known = not math.isnan(radar.sample_rate)
        columns = samples // 2 + 1 if self._real else max(samples // 2, 1)
        self.maps = Maps(radar, bins=(chirps // len(radar.transmit_order), columns))
        of = " of the frame" if frames > 1 else ""
        self.frame_strip = Shares(
            f"Disturbed share of every chirp{of}", chirps, "chirp", name="frame strip"
        )
        self.whole_strip = Shares(
            "Disturbed share of every chirp of the recording", frames * chirps, "frame",
            name="recording strip", chirps_a_unit=chirps,
        )  # fmt: skip
        self.whole_strip.plot.visible = frames > 1
        self.beat = Curves(
            "Beat signal", time_axis(radar, samples), "", name="beat",
            unit="µs" if known else "", what="time" if known else "sample",
        )  # fmt: skip
        self.profile = Curves(
            "Range profile, mean over Doppler", range_axis(radar, columns), "power in dB",
            name="profile", unit="m" if radar.knows_range else "", what="range",
        )  # fmt: skip
        self.short_time = time_frequency_panel(radar, samples, real=self._real)
        self.angles = fractional_panel(samples)
        self.traces = Traces(self.short_time, self.angles)
        self._angles_title = ""

    def roots(self) -> dict[str, Any]:
        """Return what the template places, by name."""
        wide: dict[str, Any] = {"sizing_mode": "stretch_width"}
        return {
            "strips": column(self.whole_strip.plot, self.frame_strip.plot, **wide),
            "maps": row(*(panel.plot for panel in self.maps.panels), **wide),
            "scale": column(self.maps.scale, **wide),
            "profile_figure": column(self.profile.plot, **wide),
            "beat_figure": column(self.beat.plot, **wide),
            "short_time": column(self.short_time.plot, **wide),
            "angles": column(self.angles.plot, **wide),
        }

    def dress(self, colours: style.Colours) -> None:
        """Give all figures the colours of the page."""
        plots = [panel.plot for panel in self.maps.panels]
        plots += [self.maps.scale, self.frame_strip.plot, self.whole_strip.plot]
        plots += [self.short_time.plot, self.angles.plot, self.beat.plot, self.profile.plot]
        for plot in plots:
            style.dress(plot, colours)
        for curves in (self.beat, self.profile):
            curves.colour(colours)

    def draw(self, view: View, rx: int) -> float:
        """Draw maps, profile and strip of a receiver; return the floor of the colour scale."""
        maps, found = maps_of(view, rx)
        radar, real = self._capture.waveform, self._real
        shown = pictures.maps_in_view(maps, found, radar, real=real)
        names = list(shown.pictures)
        for index in range(len(self.maps.panels)):
            name = names[index] if index < len(names) else ""
            picture, marks = shown.pictures.get(name), shown.detections.get(name)
            cells = int(found[name].sum()) if name else 0
            self.maps.show(index, f"{name}: {cells:,} detected", picture, marks)
        axis, lines = pictures.profiles(maps, radar, real=real)
        self.profile.show(axis.values, lines)
        finite = [line[line > pictures.NOTHING_DB] for line in lines.values()]
        low = min((float(line.min()) for line in finite if line.size), default=-100.0)
        high = max((float(line.max()) for line in finite if line.size), default=0.0)
        self.profile.scale(max(low, _QUIETEST_DB) - 3, high + 8)
        share = view.masked.mask[0].mean(axis=(0, 2))
        count = np.arange(share.size)
        self.frame_strip.show(Bars(count - 0.5, count + 0.5, share.astype(np.float32)))
        return shown.floor

    def draw_chirp(
        self, view: View, rx: int, chirp: int, *, part: pictures.Part, close: bool, state: int
    ) -> None:
        """Draw the beat signal of a chirp, and the pictures of one of its states."""
        radar = self._capture.waveform
        chirps = {"recorded": view.frame.beat[0, rx, chirp]}
        treated = view.masked.mask[0, rx, chirp]
        for index, (name, outcome) in enumerate(view.outcomes.items()):
            chirps[name] = outcome.cleaned.beat[0, rx, chirp]
            if index == 0:
                treated = outcome.cleaned.disturbed[0, rx, chirp] | treated
        lines = pictures.beat_lines(chirps, treated, radar, part)
        self.beat.show(lines.x.values, lines.lines)
        self.beat.show_runs(lines, treated)
        largest = max(float(np.abs(line).max()) for line in lines.lines.values())
        limit = 1.3 * (lines.calm if close else largest) or 1.0
        self.beat.scale(0.0 if part == "modulus" else -limit, limit)
        self.beat.title(f"Beat, chirp {chirp}: {int(treated.sum())} of {treated.size} disturbed")
        which = list(chirps)[min(state, len(chirps) - 1)]
        self.short_time.title(f"Time and frequency, {which}")
        self.short_time.show(pictures.time_frequency(chirps[which], radar))
        self._angles_title = f"Fractional angles, {which}"
        self.angles.title(self._angles_title)
        self.angles.show(pictures.fractional_angles(chirps[which]))
        self.mark_chirps(None)
        self.frame_strip.mark(chirp, chirp)
        frames, _, count, _ = self._capture.frames.shape
        if frames > 1:
            first = view.frame.number * count
            self.whole_strip.mark(first, first + count - 1)

    def mark_chirps(self, found: list[Segment] | None) -> None:
        """Mark the chirps that were found in the chirp in view; None while they are looked for."""
        samples, radar = self._capture.frames.shape[3], self._capture.waveform
        segments = found or []
        self.traces.show(
            pictures.chirp_traces(segments, samples, radar, real=self._real),
            pictures.fractional_marks(segments, samples, radar),
        )
        if found is not None:
            self.angles.title(f"{self._angles_title}: {_pieces(len(found))} found")

    def grow(self, strip: Strip) -> None:
        """Draw the strip of the recording as far as it is known."""
        frames = strip.shares.shape[0]
        if frames > 1:
            self.whole_strip.show(strip.bars())
            done = "" if strip.complete else f" ({strip.done:,} of {frames:,} frames so far)"
            self.whole_strip.title(f"Disturbed share of every chirp of the recording{done}")

    def show_detections(self, shown: bool) -> None:
        """Show the detections on the maps, or not."""
        for ring in self.maps.rings:
            ring.visible = shown


def _pieces(count: int) -> str:
    return f"{count} piece{'' if count == 1 else 's'}"


def maps_of(
    view: View | None, rx: int
) -> tuple[dict[str, NDArray[Any]], Mapping[str, NDArray[np.bool_]]]:
    """Return the maps (doppler, range) of a receiver by name, and the detections on them."""
    if view is None:
        return {}, {}
    maps = {"recorded": view.frame.before[0, rx]}
    found = {"recorded": view.frame.found[0, rx]}
    for name, outcome in view.outcomes.items():
        maps[name] = outcome.cleaned.range_doppler[0, rx]
        found[name] = outcome.found[0, rx]
    return maps, found

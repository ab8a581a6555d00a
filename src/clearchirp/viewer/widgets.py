"""The widgets of the page besides its figures, and their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bokeh.models as bokeh_models
from bokeh.layouts import column, row

from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.io.capture import Capture
from clearchirp.mitigation.catalogue import DEFAULT_METHOD
from clearchirp.viewer import style
from clearchirp.viewer.choices import offered_detectors, offered_methods
from clearchirp.viewer.controls import Picker

# Its stubs take properties for plain attributes.
models: Any = bokeh_models

_TABLE = """
:host { color: var(--text); overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; width: 100%;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); font-size: 12px; padding: 2px 0; }
th, td { padding: 3px 8px; text-align: right; border-bottom: 1px solid var(--edge); }
thead th { color: var(--faint); font-weight: 500; font-size: 12px; vertical-align: bottom; }
tbody th { text-align: left; font-weight: 600; white-space: nowrap; }
td.best { font-weight: 700; }
"""


class Widgets:
    """All widgets but the buttons that save.

    Parameters
    ----------
    capture
        The recording.
    asked
        Called when detector, method or a setting is another.
    """

    def __init__(self, capture: Capture, asked: Callable[[], object]) -> None:
        frames, _, chirps, _ = capture.frames.shape
        self.frame = _counter("Frame", frames, "frame")
        self.chirp = _counter("Chirp", chirps, "chirp")
        self.rx = models.Select(
            title="Receiver", options=_receivers(capture), value="0", name="receiver", **_wide()
        )
        self.detector = Picker(
            "Detector", of="detector", names=offered_detectors(capture), name=DEFAULT_DETECTOR,
            changed=asked,
        )  # fmt: skip
        names = offered_methods(capture)
        self.first = Picker("Method", of="method", names=names, name=DEFAULT_METHOD, changed=asked)
        self.compare = models.Toggle(
            label="Compare with a second method", name="compare", **_wide()
        )
        self.second = Picker("Method B", of="method", names=names, name="zeroing", changed=asked)
        self.second.root.visible = False
        parts = ["real part", "imaginary part", "modulus"]
        self.part = models.Select(
            title="Part of the signal", options=parts if capture.is_complex else parts[:1],
            value="real part", name="part", width=140, **_plain(),
        )  # fmt: skip
        self.close = _tick("close up on the undisturbed samples", "close-up")
        self.state = models.RadioButtonGroup(
            labels=["recorded", "after"], active=0, name="state", margin=(18, 5, 2, 5), **_plain()
        )
        self.marks = _tick("detections", "detections")
        self.auto = _tick("automatic scale", "automatic")
        self.levels = models.RangeSlider(
            title="Colours from .. to, dB", start=-120, end=10, step=1, value=(-80, 0),
            name="levels", margin=(0, 14, 0, 14), sizing_mode="stretch_width", **_plain(),
        )  # fmt: skip
        self.dark = models.Toggle(label="Dark", name="dark", **_plain())
        self.status = models.Div(name="status", sizing_mode="stretch_width", **_plain())
        self.error = models.Div(name="error", sizing_mode="stretch_width", **_plain())
        self.table = models.Div(
            name="scores", sizing_mode="stretch_width",
            stylesheets=[models.InlineStyleSheet(css=_TABLE)],
        )  # fmt: skip

    def roots(self) -> dict[str, Any]:
        """Return what the template places, by name."""
        return {
            "select": column(row(self.frame, self.chirp), self.rx, sizing_mode="stretch_width"),
            "detector": self.detector.root,
            "first": self.first.root,
            "comparing": column(self.compare, self.second.root, sizing_mode="stretch_width"),
            "chirp_controls": row(self.part, self.close, self.state),
            "levels_controls": row(self.levels, self.auto, self.marks, sizing_mode="stretch_width"),
            "dark": self.dark,
            "status": self.status,
            "error": self.error,
            "scores": self.table,
        }

    def name_states(self, names: list[str]) -> None:
        """Name what the pictures of a chirp can show."""
        self.state.labels = names
        self.state.active = min(self.state.active or 0, len(names) - 1)


def number(counter: Any) -> int:
    """Return the number in a counter within its bounds; an emptied field counts as its least."""
    return min(max(int(counter.value or 0), int(counter.low)), int(counter.high))


def _counter(label: str, count: int, name: str) -> Any:
    return models.Spinner(
        title=f"{label}, 0 to {count - 1:,}", low=0, high=count - 1, value=0, step=1, mode="int",
        name=name, width=104, margin=(2, 5, 2, 5), **_plain(),
    )  # fmt: skip


def _tick(label: str, name: str) -> Any:
    return models.Checkbox(label=label, active=True, name=name, margin=(22, 5, 2, 5), **_plain())


def _plain() -> dict[str, Any]:
    return {"stylesheets": [style.sheet()]}


def _wide() -> dict[str, Any]:
    return {**_plain(), "sizing_mode": "stretch_width", "margin": (2, 5, 2, 5)}


def _receivers(capture: Capture) -> list[tuple[str, str]]:
    _, receivers, _, _ = capture.frames.shape
    order = capture.waveform.transmit_order
    return [
        (
            str(index * receivers + rx),
            f"{rx + 1} of {receivers}"
            + (f", transmitter {transmitter + 1}" if len(order) > 1 else ""),
        )
        for index, transmitter in enumerate(order)
        for rx in range(receivers)
    ]

"""Widgets: a choice with its settings, and what belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import bokeh.models as bokeh_models
from bokeh.layouts import column, row

from clearchirp.disturbed.catalogue import find_detector
from clearchirp.mitigation.catalogue import find_method
from clearchirp.viewer.choices import Choice, Setting, chosen, settings_of
from clearchirp.viewer.style import sheet
from clearchirp.viewer.text import escaped

# Its stubs take properties for plain attributes.
models: Any = bokeh_models


class Picker:
    """A detector or a method with its settings as controls.

    Parameters
    ----------
    label
        Of the select.
    of
        What it chooses.
    names
        What there is.
    name
        Chosen at first.
    changed
        Called after each change.
    """

    def __init__(
        self,
        label: str,
        *,
        of: Literal["method", "detector"],
        names: list[str],
        name: str,
        changed: Callable[[], object],
    ) -> None:
        self._of: Literal["method", "detector"] = of
        self._changed = changed
        self._label = label
        self.select = models.Select(
            title=label, options=list(names), value=name, name=label, stylesheets=[sheet()],
            sizing_mode="stretch_width", margin=(2, 5, 2, 5),
        )  # fmt: skip
        self._about = models.Div(
            stylesheets=[sheet()], sizing_mode="stretch_width", margin=(0, 5, 2, 5)
        )
        self._settings = row(
            sizing_mode="stretch_width", stylesheets=[":host { flex-wrap: wrap; }"]
        )
        self._widgets: dict[str, Any] = {}
        self.root = column(
            self.select, self._about, self._settings, sizing_mode="stretch_width", name=label
        )
        self._rebuild()
        self.select.on_change("value", self._other)

    @property
    def choice(self) -> Choice:
        """What is chosen."""
        values = {name: _value(widget) for name, widget in self._widgets.items()}
        return chosen(self.select.value, values, of=self._of)

    def _other(self, attribute: str, old: object, new: object) -> None:
        self._rebuild()
        self._changed()

    def _rebuild(self) -> None:
        name = self.select.value
        entry = find_method(name) if self._of == "method" else find_detector(name)
        self._about.text = (
            f'<span style="color:var(--faint);font-size:12px">{escaped(entry.summary)}'
            f" ({escaped(entry.source)})</span>"
        )
        self._widgets = {
            one.name: _widget(one, f"{self._label} {one.name}")
            for one in settings_of(name, of=self._of)
        }
        for widget in self._widgets.values():
            watched = "active" if isinstance(widget, models.Checkbox) else "value"
            widget.on_change(watched, lambda attribute, old, new: self._changed())
        self._settings.children = list(self._widgets.values())


def _widget(setting: Setting, name: str) -> Any:
    label = setting.name
    usual: dict[str, Any] = {
        "name": name, "stylesheets": [sheet()], "width": 101, "margin": (2, 5, 2, 5),
    }  # fmt: skip
    if setting.kind == "truth":
        return models.Checkbox(label=label, active=bool(setting.default), **usual)
    if setting.meaning:
        usual["description"] = setting.meaning
    if setting.kind == "one of":
        return models.Select(
            title=label, options=list(setting.values), value=str(setting.default).lower(), **usual
        )
    if setting.kind == "text":
        text = "" if setting.default is None else str(setting.default)
        hint = "left to the method" if setting.optional else ""
        return models.TextInput(title=label, value=text, placeholder=hint, **usual)
    mode: Any = "int" if setting.kind == "whole" else "float"
    default: Any = setting.default
    if setting.optional or (setting.kind == "number" and abs(default) < 1e-3):
        hint = "left to the method" if setting.optional else ""
        return models.NumericInput(title=label, value=default, mode=mode, placeholder=hint, **usual)
    step = 1 if setting.kind == "whole" else _step(float(default))
    return models.Spinner(title=label, value=default, mode=mode, step=step, **usual)


def _step(default: float) -> float:
    """Return a step of a setting: a tenth of it, roughly.

    >>> _step(2.5), _step(20.0), _step(0.25)
    (0.1, 1.0, 0.01)
    """
    if default == 0:
        return 0.1
    size = abs(default)
    return 1.0 if size >= 10 else 0.1 if size >= 1 else 0.01


def _value(widget: Any) -> object:
    if isinstance(widget, models.Checkbox):
        return widget.active
    value = widget.value
    if isinstance(widget, models.Select):
        return {"none": None, "true": True, "false": False}.get(value, value)
    if isinstance(widget, models.TextInput):
        return value.strip() or None
    return value

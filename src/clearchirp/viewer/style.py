"""Colours of the page's figures in light and dark, and the sheet of its widgets."""

from __future__ import annotations

from typing import Any, NamedTuple

import bokeh.models as bokeh_models

# Its stubs take properties for plain attributes.
models: Any = bokeh_models


class Colours(NamedTuple):
    """Of everything about a figure that is not data."""

    text: str
    line: str
    grid: str
    field: str
    recorded: str
    first: str
    second: str


LIGHT = Colours("#1b1f24", "#8b949e", "#e4e7eb", "#ffffff", "#8a8a8a", "#0b62a8", "#c24e00")
DARK = Colours("#e6e9ee", "#768390", "#2f363f", "#14181d", "#9aa4af", "#6cb6ff", "#ff9d5c")

DISTURBED = "#d4472b"
MARK = "#ffffff"
CHIRP = "#ff5fa2"
PALETTE = "Viridis256"

FONT = "system-ui, sans-serif"

# Widgets live in shadow trees: only what they are told to inherit reaches them.
WIDGETS = """
:host {
  color: var(--text); font-family: inherit; font-size: 13px;
  --color: var(--text); --border-color: var(--edge); --placeholder-color: var(--faint);
  --surface-background-color: var(--raised); --disabled-background-color: var(--raised);
  --background-color: var(--field);
}
.bk-input { background-color: var(--field); color: var(--text); border-color: var(--edge);
  min-height: 28px; padding-top: 2px; padding-bottom: 2px; font-size: 13px; }
select.bk-input { appearance: auto !important; background-image: none !important;
  padding-right: 2px; }
select.bk-input option { background: var(--field); color: var(--text); }
.bk-input:focus-visible, .bk-btn:focus-visible, input:focus-visible, .noUi-handle:focus-visible {
  outline: 2px solid var(--focus); outline-offset: 1px; }
.bk-input-group > label, label { color: var(--faint); font-size: 12px; }
.bk-btn { background: var(--raised); color: var(--text); border-color: var(--edge);
  min-height: 28px; padding: 3px 10px; font-size: 13px; }
.bk-btn:hover { background: var(--field); }
.bk-btn.bk-active { background: var(--accent); color: var(--on-accent); border-color: var(--accent);
  box-shadow: none; }
.bk-btn-primary, .bk-btn-primary:hover { background: var(--accent); color: var(--on-accent);
  border-color: var(--accent); }
.bk-btn[disabled] { opacity: 0.5; }
.bk-spin-btn { background: var(--raised); border-color: var(--edge); }
.noUi-target { background: var(--raised); border-color: var(--edge); }
.noUi-connect { background: var(--accent); }
.bk-slider-title { color: var(--faint); font-size: 12px; }
"""


def sheet() -> Any:
    """Return the sheet of widgets."""
    return models.InlineStyleSheet(css=WIDGETS)


def dress(plot: Any, colours: Colours) -> None:
    """Give a figure the colours of the page."""
    plot.background_fill_color = colours.field
    plot.border_fill_color = None
    plot.outline_line_color = colours.line
    for axis in plot.select({"type": models.Axis}):
        axis.axis_label_text_color = axis.major_label_text_color = colours.text
        axis.axis_line_color = axis.major_tick_line_color = colours.line
        axis.minor_tick_line_color = None
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = "12px"
        axis.major_label_text_font_size = "11px"
        axis.axis_label_standoff = 4
    for grid in plot.select({"type": models.Grid}):
        grid.grid_line_color = colours.grid
    for title in plot.select({"type": models.Title}):
        title.text_color = colours.text
        title.text_font, title.text_font_size = FONT, "13px"
    for legend in plot.select({"type": models.Legend}):
        legend.background_fill_color, legend.background_fill_alpha = colours.field, 0.75
        legend.border_line_color = None
        legend.label_text_color, legend.label_text_font = colours.text, FONT
        legend.label_text_font_size = "11px"
    for bar in plot.select({"type": models.ColorBar}):
        bar.background_fill_color = None
        bar.major_label_text_color = colours.text

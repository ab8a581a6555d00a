"""The look of the figures: colours, sizes, text; nothing here touches Matplotlib's global state."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

DPI = 150
COLOUR_MAP = "viridis"
GREY = "#8a8a8a"
SHADE = "#f3b6a6"
DISTURBED = "#b3321b"
MARK = "#ffffff"
TITLE_SIZE, PANEL_SIZE, LABEL_SIZE, TICK_SIZE = 12.0, 10.5, 10.0, 9.0

# Colours that people with any colour vision tell apart (Okabe and Ito, 2008), the light yellow left
# out; the dashes tell the lines apart without any colour.
LINES = (
    ("#000000", "-"),
    ("#0072b2", "-"),
    ("#d55e00", "--"),
    ("#009e73", "-."),
    ("#cc79a7", ":"),
    ("#56b4e9", (0, (5, 1, 1, 1, 1, 1))),
    ("#e69f00", (0, (8, 2))),
    ("#5a3e8e", (0, (2, 1))),
)


def line(index: int) -> tuple[str, Any]:
    """Return (colour, dashes) of the line `index`, different for the first 24."""
    turn, place = divmod(index, len(LINES))
    colour = LINES[place][0]
    return colour, LINES[(place + 3 * turn) % len(LINES)][1]


def new_figure(width: float, height: float, title: str) -> Figure:
    """Return an empty figure of `width` x `height` inches with its own canvas, without pyplot."""
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
    figure = Figure(figsize=(width, height), layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    if title:
        text = wrapped(title, columns=int(width * 8.5))
        figure.suptitle(text, fontsize=TITLE_SIZE, parse_math=False)
    return figure


def wrapped(text: str, *, columns: int, lines: int = 3) -> str:
    """Return `text` broken into at most `lines` lines of `columns` characters.

    >>> wrapped("before and after", columns=8)
    'before\\nand\\nafter'
    """
    parts = textwrap.wrap(" ".join(text.split()), max(columns, 4))
    if len(parts) > lines:
        parts = [*parts[: lines - 1], parts[lines - 1][: columns - 1] + "…"]
    return "\n".join(parts)


def dress(axes: Axes, *, x: str = "", y: str = "", title: str = "", columns: int = 44) -> None:
    """Label the axes of one panel; numbers get thousands separators."""
    if title:
        text = wrapped(title, columns=columns)
        axes.set_title(text, fontsize=PANEL_SIZE, parse_math=False)
    if x:
        axes.set_xlabel(x, fontsize=LABEL_SIZE)
    if y:
        axes.set_ylabel(y, fontsize=LABEL_SIZE)
    axes.tick_params(labelsize=TICK_SIZE)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(_tick_text))


def whole_ticks(axes: Axes, which: str) -> None:
    """Put the ticks of the axis `which` ("x" or "y") at whole numbers: bins, chirps, samples."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))


def legend_below(figure: Figure, handles: Sequence[Line2D | Patch], labels: Sequence[str]) -> None:
    """Draw a legend of exactly these entries under the panels, whatever characters they hold."""
    # Matplotlib leaves out a label that starts with an underscore.
    shown = [" " + t if t.startswith("_") else t for t in map(shorten, labels)]
    lengths = [6 + len(t) for t in shown]
    room = figure.get_figwidth() * 11
    columns = len(shown) if sum(lengths) <= room else max(1, int(room / max(lengths)))
    legend = figure.legend(
        handles, shown, fontsize=TICK_SIZE, loc="outside lower center", ncols=columns
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def shorten(text: str, limit: int = 36) -> str:
    """Return `text` on one line of at most `limit` characters.

    >>> shorten("before", 4)
    'bef…'
    """
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def grid_shape(panels: int) -> tuple[int, int]:
    """Return (rows, columns) for so many panels.

    >>> [grid_shape(n) for n in (1, 3, 4, 5, 8)]
    [(1, 1), (1, 3), (2, 2), (2, 3), (2, 4)]
    """
    columns = panels if panels <= 3 else 2 if panels == 4 else 3 if panels <= 6 else 4
    return math.ceil(panels / columns), columns


def _tick_text(value: float, _position: int | None = None) -> str:
    """Return a number as a tick shows it: thousands separated, a true minus sign.

    >>> [_tick_text(v) for v in (0.1 + 0.2, -12500.0, 3e-7, 2e7)]
    ['0.3', '−12,500', '3e−07', '2e+07']
    """
    if value == 0 or not np.isfinite(value):
        return f"{value:g}".replace("-", "−")
    form = ",.7g" if 1e-4 <= abs(value) < 1e7 else ".4g"
    return f"{value:{form}}".replace("-", "−")

"""Helpers of the tests: what a figure shows, and a signal with a burst."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_images()]


def drawn(axes: Axes) -> np.ndarray:
    return np.ma.filled(axes.get_images()[0].get_array(), math.nan)


def brightest(axes: Axes) -> tuple[float, float]:
    """Return the place (x, y) of the strongest drawn cell."""
    cells = drawn(axes)
    left, right, bottom, top = axes.get_images()[0].get_extent()
    row, column = np.unravel_index(np.nanargmax(cells), cells.shape)
    height, width = cells.shape
    return (
        left + (column + 0.5) * (right - left) / width,
        bottom + (row + 0.5) * (top - bottom) / height,
    )


def burst(noise):
    beat = noise.copy()
    beat[2, 30:34] += 200
    mask = np.zeros(beat.shape, bool)
    mask[2, 30:34] = True
    mask[2, 50] = True
    return beat, mask

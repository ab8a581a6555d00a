"""The short-time transform window by window, and what its methods do cell by cell."""

from __future__ import annotations

import numpy as np

from tests.oracles.burg import fill_chirp


def _windows(samples: int, length: int, hop: int) -> np.ndarray:
    """Row k: the k-th window at every sample, scaled so that the squares add up to one."""
    hann = np.sin(np.pi * np.arange(1, length + 1) / (length + 1)) ** 2
    rows = []
    centre = 0
    while centre < samples - 1 + hop:
        row = np.zeros(samples)
        for i in range(length):
            if 0 <= centre - length // 2 + i < samples:
                row[centre - length // 2 + i] = hann[i]
        rows.append(row)
        centre += hop
    table = np.array(rows)
    return table / np.sqrt((table**2).sum(axis=0))


def plain_stft(x: np.ndarray, length: int, hop: int) -> np.ndarray:
    """Cells (frequency, time) of one chirp, by the sum that defines them."""
    n = np.arange(x.size)
    lines = length // 2 + 1 if np.isrealobj(x) else length
    cells = np.zeros((lines, len(_windows(x.size, length, hop))), complex)
    for k, window in enumerate(_windows(x.size, length, hop)):
        start = k * hop - length // 2
        for f in range(lines):
            turn = np.exp(-2j * np.pi * f * (n - start) / length)
            cells[f, k] = np.sum(window * x * turn) / np.sqrt(length)
            if np.isrealobj(x) and 0 < f < length // 2:
                cells[f, k] *= np.sqrt(2)
    return cells


def plain_inverse(cells: np.ndarray, samples: int, length: int, hop: int) -> np.ndarray:
    """The signal of the cells: each windowed tone times its cell, added up; real from real."""
    n = np.arange(samples)
    real = cells.shape[0] != length
    x = np.zeros(samples, complex)
    for k, window in enumerate(_windows(samples, length, hop)):
        start = k * hop - length // 2
        for f in range(cells.shape[0]):
            tone = np.exp(2j * np.pi * f * (n - start) / length) / np.sqrt(length)
            if real and 0 < f < length // 2:
                tone = tone * np.sqrt(2)
            x += cells[f, k] * window * tone
    return x.real if real else x


def signal_under_window(samples: int, length: int, hop: int, chosen: int) -> np.ndarray:
    """The samples at which one window is not zero."""
    return _windows(samples, length, hop)[chosen] > 0


def plain_marks(cells, flags, *, length, hop, threshold_db, rank, dilation, lines, wrap):
    """Which cells (frequency, time) of one chirp are replaced; `flags` (sample,) is its mask."""
    power = np.abs(cells) ** 2
    high, wide = power.shape
    found = np.zeros(power.shape, bool)
    for f in range(high):
        level = np.sort(power[f])[min(int(rank * wide), wide - 1)]
        found[f] = power[f] > level * 10 ** (threshold_db / 10)
    windows = _windows(flags.size, length, hop)
    steps = -(-dilation // hop)
    marks = np.zeros(power.shape, bool)
    for f in range(high):
        for k in range(wide):
            if not flags[windows[k] > 0].any():
                continue
            for g in range(f - lines, f + lines + 1):
                line = g % high if wrap else g
                if 0 <= line < high:
                    marks[f, k] |= found[line, max(k - steps, 0) : k + steps + 1].any()
    return marks


def plain_fill(cells, marks, kind, order=4):
    """New cells (frequency, time): "zeroing", "amplitude" or "burg"."""
    new = cells.copy()
    for f, line in enumerate(cells):
        gaps = marks[f]
        if kind == "zeroing" or gaps.all():
            new[f, gaps] = 0
        elif kind == "amplitude":
            new[f, gaps] = np.abs(line[~gaps]).mean() * np.exp(1j * np.angle(line[gaps]))
        elif gaps.any():
            new[f] = np.where(gaps, fill_chirp(line, gaps, order, line.size), line)
    return new

"""What Chen 2022 says of its Figures 6 to 12, and its 1-D column, as rows of published.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from . import curves

_PERCENT = ("mrae-undetected", "mrae-faint", "concordance")


def measure(
    setup: Any, size: Any, folder: Path, workers: Any, progress: Callable[[str, int, int], object]
) -> Mapping[str, Callable[[], float]]:
    """Return how to come by each row; a part is measured once, when its first row is asked for."""
    repeats = int(size.repeats)

    @cache
    def part(name: str) -> Mapping[str, float]:
        progress(name, 0, 1)
        if name == "delta":
            return curves.against_delta(repeats, (0.3, 0.9))
        if name == "undetected":
            return curves.against_undetected(repeats, (0.1, 15.0))
        if name == "rho":
            return curves.against_rho(repeats, (0.1,))
        if name == "weak":
            return curves.weak_target(max(repeats, 10))
        return curves.one_dimensional(((64, 64),))

    def row(name: str, key: str) -> Callable[[], float]:
        scale = 100 if key.startswith(_PERCENT) else 1
        return lambda: scale * part(name)[key]

    def ratio(one: str, other: str) -> Callable[[], float]:
        return lambda: part("delta")[one] / part("delta")[other]

    rows: dict[str, Callable[[], float]] = {}
    for solver in ("iht", "ist", "pm-iht", "pm-ist"):
        rows[f"time-delta-{solver}-0.9"] = row("delta", f"time-delta-{solver}-0.9")
    for solver in ("iht", "ist"):
        for delta in (0.3, 0.9):
            keys = (f"mrae-delta-{kind}{solver}-{delta}" for kind in ("pm-", ""))
            rows[f"prior-delta-{solver}-{delta}"] = ratio(*keys)
    for solver in ("iht", "ist", "pm-iht", "pm-ist", "cosamp", "amp"):
        keys = (f"mrae-delta-{solver}-{delta}" for delta in (0.9, 0.3))
        rows[f"fall-delta-{solver}"] = ratio(*keys)
    for solver in ("iht", "pm-iht", "pm-ist", "cosamp"):
        for key in (f"mrae-undetected-{solver}-15.0", f"mrae-faint-{solver}-0.1"):
            rows[key] = row("undetected", key)
    for solver in ("pm-iht", "pm-ist", "iht", "ist", "cosamp", "amp", "yall1-bp"):
        key = f"concordance-rho-{solver}-0.1"
        rows[key] = row("rho", key)
    for key in ("weak-kept-iht", "weak-kept-pm-iht"):
        rows[key] = row("weak", key)
    for solver in ("pm-iht", "pm-ist", "yall1"):
        key = f"time-ratio-{solver}-64x64"
        rows[key] = row("one-dimensional", key)
    return rows

"""What each figure of a method is called, in which unit, what it means, and which way is better."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Column(NamedTuple):
    """A metric as a report names it."""

    name: str
    unit: str
    meaning: str
    better: Literal["higher", "lower"] | None
    """None where neither is: a method that erased everything would win."""
    decimals: int = 2


COLUMNS = {
    "floor_db": Column(
        "noise floor",
        "dB",
        "Median of the range-Doppler map's power, in dB of the unscaled transform.",
        None,
    ),
    "floor_change_db": Column("floor change", "dB", "Against the recording as it came.", None),
    "detections": Column("detections", "per frame", "Cells that 2-D CA-CFAR finds (12 dB).", None),
    "peak_change_db": Column(
        "peak change",
        "dB",
        "Power at target cells against the clean map; without truth, against the recording as it "
        "came, at the cells where every method shows a target.",
        None,
    ),
    "outside_db": Column("floor outside", "dB", "Mean power outside of the detections.", None),
    "empty_half_db": Column(
        "empty half",
        "dB",
        "Median power at negative beat frequencies, where an I/Q receiver sees no target.",
        None,
    ),
    "agreement": Column(
        "agreement",
        "",
        "Share of the other receivers that detect what one detects: targets are common to all.",
        "higher",
        3,
    ),
    "mse_db": Column("MSE", "dB", "Mean squared error of the map.", "lower"),
    "map_sinr_db": Column(
        "map SINR", "dB", "Power at true target cells over power elsewhere.", "higher"
    ),
    "evm": Column("EVM", "", "Mean relative error of the map at true target cells.", "lower", 3),
    "f1": Column(
        "F1", "", "Of the detections, cell by cell, against those on the clean map.", "higher", 3
    ),
    "tpr": Column("TPR", "", "Share of the true target cells that are detected.", "higher", 3),
    "far": Column("FAR", "", "Share of the cells without a target that are detected.", "lower", 5),
    "beat_sinr_db": Column(
        "beat SINR",
        "dB",
        "Noise-free targets over what the cleaned beat signal has besides; none where a window "
        "remains on it.",
        "higher",
    ),
    "ms": Column(
        "time",
        "ms/frame",
        "Median over frames, on this machine, detector not included.",
        "lower",
    ),
}
"""Column -> what it is. A metric that is not here is shown under its own name, without ranking."""


def column(key: str) -> Column:
    """Return what a column is; of one that is not known, its own name.

    >>> column("evm").better, column("my_score").name
    ('lower', 'my_score')
    """
    return COLUMNS.get(key) or Column(key, "", "", None)


def heading(key: str) -> str:
    """Return the heading of a column with its unit.

    >>> heading("map_sinr_db"), heading("f1")
    ('map SINR (dB)', 'F1')
    """
    known = column(key)
    return f"{known.name} ({known.unit})" if known.unit else known.name


def axis_label(key: str) -> str:
    """Return the label of an axis: the heading and which way is better.

    >>> axis_label("evm"), axis_label("floor_db")
    ('EVM (lower is better)', 'noise floor (dB)')
    """
    better = column(key).better
    if better is None:
        return heading(key)
    known = column(key)
    unit = f"{known.unit}, " if known.unit else ""
    return f"{known.name} ({unit}{better} is better)"

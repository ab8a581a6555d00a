"""What methods scored, frame by frame, as a report takes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What methods scored on the same frames of one scene with one detector.

    Attributes
    ----------
    name
        Of scene and detector, as a heading.
    values
        Method -> metric -> one value a frame (the mean over its receivers), the same frames for
        all; NaN where a metric had nothing to work on or the method failed. A metric that a method
        lacks is unknown on every frame.
    seconds
        Method -> time of each frame; methods without stay out of the Pareto figure.
    errors
        Method -> on how many frames it failed.
    absent
        Method -> why it has no values: it has not landed yet, does not take this receiver ...

    Raises
    ------
    InputError
        Where the numbers of frames differ.
    """

    name: str
    values: Mapping[str, Mapping[str, NDArray]]
    seconds: Mapping[str, NDArray] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes = {
            np.asarray(values).shape for known in self.values.values() for values in known.values()
        }
        if len(sizes) > 1 or any(len(shape) != 1 for shape in sizes):
            raise InputError(
                f"samples {self.name!r}: each metric of each method must have one value for each "
                f"of the same frames, got the shapes {sorted(sizes)}"
            )

    @property
    def frames(self) -> int:
        """How many frames there are."""
        sizes = [len(values) for known in self.values.values() for values in known.values()]
        return sizes[0] if sizes else 0

    def metric(self, name: str) -> dict[str, NDArray]:
        """Return method -> values of one metric."""
        nothing = np.full(self.frames, math.nan)
        return {method: known.get(name, nothing) for method, known in self.values.items()}


def samples_of_rows(folder: Path) -> list[Samples]:
    """Return the rows of an experiment as samples, one a scene and detector, in their order.

    Takes about 250 bytes of memory a row.

    Raises
    ------
    InputError
        Where there are no rows, or a file of them is damaged.
    """
    from clearchirp.evaluate.rows import METRICS, read_rows

    groups = ("scene", "detector", "method")
    table = read_rows(folder, [*groups, "frame", *METRICS, "seconds", "error"])
    columns: dict[str, NDArray[Any]] = {
        name: table[name].to_numpy().astype(np.float64) for name in (*METRICS, "seconds")
    }
    columns["frame"] = table["frame"].to_numpy()
    columns["failed"] = table["error"].is_valid().to_numpy()
    names: list[list[str]] = []
    code = np.zeros(table.num_rows, dtype=np.int64)
    for name in groups:
        encoded = table[name].combine_chunks().dictionary_encode()
        names.append(encoded.dictionary.to_pylist())
        code = code * len(names[-1]) + encoded.indices.to_numpy()
    found: dict[tuple[str, str], dict[str, NDArray[np.intp]]] = {}
    distinct, first = np.unique(code, return_index=True)
    for one in distinct[np.argsort(first)].tolist():
        rest, method = divmod(one, len(names[2]))
        scene, detector = divmod(rest, len(names[1]))
        methods = found.setdefault((names[0][scene], names[1][detector]), {})
        methods[names[2][method]] = np.flatnonzero(code == one)
    return [
        _group(f"{scene}, mask by {detector}", methods, columns, METRICS)
        for (scene, detector), methods in found.items()
    ]


def _group(
    name: str,
    methods: Mapping[str, NDArray[np.intp]],
    columns: Mapping[str, NDArray[Any]],
    metrics: tuple[str, ...],
) -> Samples:
    frames = np.unique(np.concatenate([columns["frame"][rows] for rows in methods.values()]))
    values: dict[str, dict[str, NDArray]] = {}
    for method, rows in methods.items():
        place = np.searchsorted(frames, columns["frame"][rows])
        values[method] = {}
        for metric in metrics:
            values[method][metric] = np.full(frames.size, math.nan)
            values[method][metric][place] = columns[metric][rows]
    return Samples(
        name=name,
        values=values,
        seconds={method: columns["seconds"][rows] for method, rows in methods.items()},
        errors={method: int(columns["failed"][rows].sum()) for method, rows in methods.items()},
    )

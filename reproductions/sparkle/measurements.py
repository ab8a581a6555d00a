"""Figure 6 of Wang 2022a: iterations over the weights of the three terms.

There the method is Algorithm 1 with beta = l0 / 10^(SNR/10), tau = l1 / sqrt(longer side) and
mu = 100 l2 / largest singular value; see docs/errata.md for what the paper calls them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.metrics.beats import sinr_db
from clearchirp.operators.hankel import Hankel
from clearchirp.report.style import dress, new_figure
from clearchirp.solvers.hankel_admm import HankelAdmm
from clearchirp.solvers.solve import solve

Factors = tuple[float, float, float]
"""l0, l1 and l2, which beta, tau and mu are multiples of."""

NAMES = ("l0", "l1", "l2")
DECADES = (0.1, 1.0, 10.0, 100.0)


def combinations(values: Mapping[str, Sequence[float]], *, few: bool) -> list[Factors]:
    """Return all combinations; of `few`, those in which two of the three are 1."""
    every = list(product(values["l0"], values["l1"], values["l2"]))
    if not few:
        return every
    return [one for one in every if sum(v == 1 for v in one) >= 2 and set(one) <= set(DECADES)]


def iterations(
    y: NDArray[Any], snr_db: float, l0: float, l1: float, l2: float, *, most: int = 200
) -> int:
    """Return how many iterations a chirp takes to a relative error of 1e-6, IV-D."""
    return _separated(y, snr_db, (l0, l1, l2), most).iterations


def run(
    y: NDArray[Any], targets: NDArray[Any], snr_db: float, factors: Factors, most: int
) -> dict[str, float]:
    """Return the iterations that a chirp takes, at most `most`, and the SINR after them in dB."""
    found = _separated(y, snr_db, factors, most)
    return {
        "iterations": found.iterations,
        "sinr": float(sinr_db(found.x[None], targets[None])),
    }


def by_factor(found: Mapping[Factors, float], name: str) -> dict[str, list[float]]:
    """Return what was found for each decade of a factor, over the same values of the others."""
    at = NAMES.index(name)
    others = sorted({one[:at] + one[at + 1 :] for one in found})
    full = [
        other
        for other in others
        if all((*other[:at], value, *other[at:]) in found for value in DECADES)
    ]
    return {
        f"{name} = {value:g}": [found[_factors(other, at, value)] for other in full]
        for value in DECADES
    }


def largest_singular_value(y: NDArray[Any], *, steps: int = 50) -> float:
    """Return the largest singular value of the Hankel matrix, by power steps."""
    lifting = Hankel(samples=y.size)
    right = np.random.default_rng(0).standard_normal((1, lifting.columns)) + 0j
    value = 0.0
    for _ in range(steps):
        left = lifting.times(y, right)
        left /= np.linalg.norm(left)
        right = lifting.adjoint_times(y, left)
        value = float(np.linalg.norm(right))
        right /= value
    return value


def panels(found: Mapping[Factors, Mapping[str, float]], title: str) -> Any:
    """Return figure 6: iterations, and below them the SINR, over l1 and l2, a panel each l0."""
    l0, l1, l2 = (sorted({one[k] for one in found}) for k in range(3))
    figure = new_figure(3.1 * len(l0) + 1, 6.4, title)
    axes = figure.subplots(2, len(l0), squeeze=False)
    for row, (key, label) in enumerate((("iterations", "iterations"), ("sinr", "SINR in dB"))):
        values = np.full((len(l0), len(l1), len(l2)), np.nan)
        for (a, b, c), told in found.items():
            values[l0.index(a), l1.index(b), l2.index(c)] = told[key]
        low, high = np.nanmin(values), np.nanmax(values)
        shown = None
        for panel, factor in enumerate(l0):
            place = axes[row, panel]
            shown = place.imshow(values[panel], vmin=low, vmax=high, origin="lower", aspect="auto")
            dress(
                place,
                title=f"l0 = {factor:g}" if row == 0 else "",
                x="l2 (mu)" if row == 1 else "",
                y="l1 (tau)" if panel == 0 else "",
            )
            place.set_xticks(range(len(l2)), [f"{v:g}" for v in l2])
            place.set_yticks(range(len(l1)), [f"{v:g}" for v in l1])
        if shown is not None:
            figure.colorbar(shown, ax=list(axes[row]), label=label)
    return figure


def _separated(y: NDArray[Any], snr_db: float, factors: Factors, most: int) -> Any:
    lifting = Hankel(samples=y.size)
    rows = y.size - lifting.columns + 1
    solver = HankelAdmm(
        beta=factors[0] / 10 ** (snr_db / 10),
        tau=factors[1] / max(rows, lifting.columns) ** 0.5,
        mu=100 * factors[2] / largest_singular_value(y),
        mu_growth=1.2,
    )
    return solve(solver.splits(lifting, y), tol=1e-6, max_iter=most)


def _factors(other: tuple[float, ...], at: int, value: float) -> Factors:
    a, b, c = (*other[:at], value, *other[at:])
    return a, b, c

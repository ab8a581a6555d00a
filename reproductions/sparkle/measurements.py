"""Figure 6 of Wang 2022a: iterations over the hyper-parameters.

Tables II and III and figures 4 and 5 are measured by ``experiment.py`` beside this file. There the
method of the paper is ``sparkle`` with the settings of `PAPER` (the automatic one solves another
problem, docs/decisions/0006), and all but ANC with ``blind=True``, since the mask is the truth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.operators.hankel import Hankel
from clearchirp.solvers.hankel_admm import HankelAdmm
from clearchirp.solvers.separation import separate

PAPER = {"solver": "admm", "tau": 0.02, "beta": 0.1, "mu": 0.02, "mu_growth": 1.2, "blind": True}
"""Settings of section IV-B by name; the others are defaults."""

FACTORS = (0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0)
"""l1 and l2 of figure 6."""


def iterations(
    y: NDArray[Any], snr_db: float, l0: float, l1: float, l2: float, *, most: int = 200
) -> int:
    """Return how many iterations a chirp takes to a relative error of 1e-6, IV-D.

    beta = l0 / 10^(SNR/10), tau = l1 / sqrt(longer side), mu = 100 l2 / largest singular value.
    """
    lifting = Hankel(samples=y.size)
    rows = y.size - lifting.columns + 1
    solver = HankelAdmm(
        tau=l1 / max(rows, lifting.columns) ** 0.5,
        beta=l0 / 10 ** (snr_db / 10),
        mu=100 * l2 / largest_singular_value(y),
        mu_growth=1.2,
    )
    return separate(solver.splits(lifting, y), tol=1e-6, max_iter=most).iterations


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


def figure_6(y: NDArray[Any], snr_db: float, l0: float, *, most: int = 200) -> NDArray[np.intp]:
    """Return the iterations over (l1, l2), both `FACTORS`, of one panel."""
    return np.array(
        [[iterations(y, snr_db, l0, a, b, most=most) for b in FACTORS] for a in FACTORS]
    )

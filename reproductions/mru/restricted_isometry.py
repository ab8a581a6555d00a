"""How near the masked Fourier operator is to an isometry on sparse spectra, by simulation.

``python reproductions/mru/restricted_isometry.py [--draws 2000] [--out docs/studies]`` prints the
table of ``docs/studies/restricted_isometry.md`` and writes its figure.

delta_k is the least number such that (1 - delta) ||x||^2 <= ||A x||^2 MN/q <= (1 + delta) ||x||^2
for every x with k bins. No one can go through all supports: the largest over random supports is a
lower bound for it. Supports are drawn as bins anywhere, and as bins side by side along Doppler or
range (what a target between two bins looks like).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from clearchirp.operators.fourier import MaskedFourier

SHAPE = (256, 128)
SPARSITIES = (2, 4, 8, 16, 32)


def masks(share: float, seed: int = 0) -> dict[str, NDArray[np.bool_]]:
    """Return masks, True = measured, with about the same share of samples missing."""
    rng = np.random.default_rng(seed)
    chirps, samples = SHAPE
    burst = max(1, round(share * samples))
    random = rng.random(SHAPE) >= share
    wandering = np.ones(SHAPE, bool)
    for m in range(chirps):
        start = rng.integers(0, samples)
        wandering[m, (start + np.arange(burst)) % samples] = False
    # An interferer with nearly the victim's interval crosses at a place that drifts slowly.
    drifting = np.ones(SHAPE, bool)
    for m in range(chirps):
        drifting[m, (round(0.37 * m) + np.arange(burst)) % samples] = False
    fixed = np.ones(SHAPE, bool)
    fixed[:, 40 : 40 + burst] = False
    whole = np.ones(SHAPE, bool)
    whole[100 : 100 + round(share * chirps)] = False
    return {
        "random samples": random,
        "bursts, anywhere in each chirp": wandering,
        "bursts, drifting": drifting,
        "bursts, always at the same place": fixed,
        "whole chirps in a row": whole,
    }


def supports(k: int, kind: str, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the flat indices of k bins."""
    chirps, samples = SHAPE
    if kind == "anywhere":
        return rng.choice(chirps * samples, k, replace=False)
    row, column = rng.integers(0, chirps), rng.integers(0, samples)
    if kind == "along range":
        return row * samples + (column + np.arange(k)) % samples
    return (row + np.arange(k)) % chirps * samples + column


def deviation(operator: MaskedFourier, k: int, kind: str, draws: int, seed: int = 1) -> float:
    """Return the largest deviation of the eigenvalues of A_S^H A_S MN/q from 1."""
    rng = np.random.default_rng(seed)
    scale = operator.size / operator.measurements
    # Only the distances of the bins count: a run of bins is the same everywhere.
    count = draws if kind == "anywhere" else 1
    worst = 0.0
    for _ in range(count):
        bins = supports(k, kind, rng)
        values = np.linalg.eigvalsh(operator.gram(bins, bins)) * scale
        worst = max(worst, float(np.abs(values - 1).max()))
    return worst


def main() -> None:
    """Print the table and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("docs/studies"))
    given = parser.parse_args()
    kinds = ("anywhere", "along range", "along Doppler")
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True)
    for share in (0.1, 0.3, 0.5):
        print(
            f"\n{round(100 * share)} % missing\n\n| mask | support | "
            + " | ".join(f"k = {k}" for k in SPARSITIES)
            + " |"
        )
        print("| --- | --- |" + " ---: |" * len(SPARSITIES))
        for name, measured in masks(share).items():
            operator = MaskedFourier(measured)
            for axis, kind in zip(axes, kinds, strict=True):
                values = [deviation(operator, k, kind, given.draws) for k in SPARSITIES]
                print(f"| {name} | {kind} | " + " | ".join(f"{v:.3f}" for v in values) + " |")
                if share == 0.1:
                    axis.loglog(SPARSITIES, values, marker="o", label=name)
    for axis, kind in zip(axes, kinds, strict=True):
        axis.set_title(f"bins {kind}", fontsize=10)
        axis.set_xlabel("bins k")
        axis.set_xticks(SPARSITIES, [str(k) for k in SPARSITIES])
        axis.minorticks_off()
        axis.axhline(1, color="0.6", linewidth=0.8)
    axes[0].set_ylabel("largest deviation found, 10 % missing")
    lines, labels = axes[0].get_legend_handles_labels()
    figure.tight_layout(rect=(0, 0.09, 1, 1))
    figure.legend(lines, labels, fontsize=8, loc="lower center", ncols=5)
    given.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(given.out / "restricted_isometry.png", dpi=110)


if __name__ == "__main__":
    main()

"""Figures 6 to 12 of Chen 2022 and the 1-D column of its Table 2: measurements as rows of figures.

Each function returns ``{id: value}`` and takes how many repeats to average over.

``python reproductions/mru/curves.py [--repeats 50] [--only delta ...]`` prints all.

What the paper does not say, and what is done here. Targets lie on bins of the spectrum, at random
positions with random phases. The paper's maps show peaks of 7 to 37 dB over an unknown zero, and a
SINR of about 32 dB: noise is put 5 dB below that zero, which gives 33.6 dB, has hard thresholding
keep the weakest of the others (7 dB) and lose the weak target of Figure 12 (5 dB). Disturbed
samples that stay undetected carry noise: once as strong as lowers the SINR by 7 to 25 dB, which the
paper says, once as strong as the targets, which a detector may well miss. CoSaMP is given the
number of targets. Maps are those under no window, as in the paper; the solvers are those of the
package with their default settings. Times are processor times of one thread: set
``OPENBLAS_NUM_THREADS=1``.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.metrics import maps
from clearchirp.operators.fourier import DenseFourier, MaskedFourier
from clearchirp.operators.sampling import measured_samples
from clearchirp.solvers.amp import Amp
from clearchirp.solvers.cosamp import CoSaMP
from clearchirp.solvers.iht import Iht
from clearchirp.solvers.ist import Ist
from clearchirp.solvers.pm_iht import PmIht
from clearchirp.solvers.pm_ist import PmIst
from clearchirp.solvers.solve import Solution, solve
from clearchirp.solvers.yall1 import Yall1

SHAPE = (256, 128)
FLOOR_DB = -5.0
SOLVERS: Mapping[str, Any] = {
    "iht": Iht(),
    "ist": Ist(),
    "pm-iht": PmIht(),
    "pm-ist": PmIst(),
    "yall1": Yall1(),
    "yall1-bp": Yall1(penalty=0.0),
    "cosamp": CoSaMP(),
    "amp": Amp(),
}
"""`yall1` with its noise level, `yall1-bp` as basis pursuit."""

DELTAS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
UNDETECTED = (0.1, 1.0, 2.0, 5.0, 10.0, 15.0)  # per cent of the samples used
RHOS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True)
class Problem:
    """Spectra (chirp, sample) and which bins are targets."""

    clean: NDArray[Any]
    targets: NDArray[np.bool_]
    before: NDArray[Any]


def problem(rho: float, seed: int) -> Problem:
    """Targets on bins, noise of power 1 a bin, and the frame before, its targets a bin away."""
    rng = np.random.default_rng(seed)
    size = SHAPE[0] * SHAPE[1]
    at = rng.choice(size, max(1, round(rho * size)), replace=False)
    values = 10 ** ((rng.uniform(7, 37, at.size) - FLOOR_DB) / 20)
    values = values * np.exp(2j * np.pi * rng.random(at.size))

    def noise() -> NDArray[Any]:
        return (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE)) / np.sqrt(2)

    truth = np.zeros(SHAPE, complex)
    truth.flat[at] = values
    rows, columns = np.unravel_index(at, SHAPE)
    step = rng.integers(-1, 2, (2, at.size))
    earlier = np.zeros(SHAPE, complex)
    moved = (rows + step[0]) % SHAPE[0], (columns + step[1]) % SHAPE[1]
    earlier[moved] = values
    return Problem(truth + noise(), truth != 0, earlier + noise())


def recover(name: str, operator: Any, y: NDArray[Any], given: Problem) -> Solution:
    """Run a solver; those with a prior know the spectrum of the frame before."""
    solver = SOLVERS[name]
    if name == "cosamp":
        solver = CoSaMP(sparsity=int(given.targets.sum()))
    if isinstance(solver, PmIht | PmIst):
        weight = solver.prior.weight(solver.prior.remember(None, given.before))
        iterates = solver.iterates(operator, y, weight=weight)
    else:
        iterates = solver.iterates(operator, y)
    return solve(iterates, tol=1e-3, max_iter=solver.max_iter)


def mrae(spectrum: NDArray[Any], given: Problem) -> float:
    """Mean relative error of the targets' bins, (21)."""
    return float(
        np.mean(np.abs(given.clean - spectrum)[given.targets] / np.abs(given.clean)[given.targets])
    )


def against_delta(repeats: int, deltas: Sequence[float] = DELTAS) -> dict[str, float]:
    """Figures 6 and 7: time in s and MRAE against the share of samples used, rho 0.005."""
    rows: dict[str, float] = {}
    for delta in deltas:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in SOLVERS}
        for repeat in range(repeats):
            given = problem(0.005, repeat)
            count = max(1, round(delta * SHAPE[1]))
            operator = MaskedFourier(measured_samples(np.zeros(SHAPE, bool), count, seed=repeat))
            y = operator.forward(given.clean)
            for name in SOLVERS:
                begin = time.thread_time()
                solution = recover(name, operator, y, given)
                seconds = time.thread_time() - begin
                found[name].append((seconds, mrae(solution.x, given)))
        for name, values in found.items():
            rows[f"time-delta-{name}-{delta}"] = float(np.median([v[0] for v in values]))
            rows[f"mrae-delta-{name}-{delta}"] = float(np.mean([v[1] for v in values]))
    return rows


def against_undetected(repeats: int, shares: Sequence[float] = UNDETECTED) -> dict[str, float]:
    """Figures 8 and 9: iterations and MRAE against the share of used samples that are disturbed."""
    rows: dict[str, float] = {}
    for kind in ("undetected", "faint"):
        for share in shares:
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in SOLVERS}
            for repeat in range(repeats):
                given = problem(0.005, repeat)
                operator, y = _left_in(given, share, kind, 10_000 + repeat)
                for name in SOLVERS:
                    solution = recover(name, operator, y, given)
                    found[name].append((solution.iterations, mrae(solution.x, given)))
            for name, values in found.items():
                rows[f"iterations-{kind}-{name}-{share}"] = float(np.mean([v[0] for v in values]))
                rows[f"mrae-{kind}-{name}-{share}"] = float(np.mean([v[1] for v in values]))
    return rows


def _left_in(
    given: Problem, share: float, kind: str, seed: int
) -> tuple[MaskedFourier, NDArray[Any]]:
    """Return operator and samples, 10 % missing, of the others `share` per cent disturbed."""
    rng = np.random.default_rng(seed)
    operator = MaskedFourier(rng.random(SHAPE) > 0.1)
    hit = (rng.random(SHAPE) < share / 100) & operator.measured
    if kind == "undetected":
        # The noise of the map grows by 7 dB at 0.1 % to 25 dB at 15 %.
        drop = 7 + 18 * np.log(share / 0.1) / np.log(150)
        power = (10 ** (drop / 10) - 1) * hit.size / max(1, hit.sum())
    else:
        power = float(np.mean(np.abs(given.clean) ** 2))
    noise = rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE)
    return operator, operator.forward(given.clean) + np.where(hit, np.sqrt(power / 2) * noise, 0)


def against_rho(repeats: int, rhos: Sequence[float] = RHOS) -> dict[str, float]:
    """Figures 10 and 11: MRAE and concordance of local maxima against the sparsity, delta 0.5."""
    rows: dict[str, float] = {}
    for rho in rhos:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in SOLVERS}
        for repeat in range(repeats):
            given = problem(rho, repeat)
            measured = measured_samples(np.zeros(SHAPE, bool), SHAPE[1] // 2, seed=repeat)
            operator = MaskedFourier(measured)
            y = operator.forward(given.clean)
            for name in SOLVERS:
                solution = recover(name, operator, y, given)
                agree = maps.concordance(solution.x, given.clean, objects=given.targets)
                found[name].append((mrae(solution.x, given), float(agree)))
        for name, values in found.items():
            rows[f"mrae-rho-{name}-{rho}"] = float(np.mean([v[0] for v in values]))
            rows[f"concordance-rho-{name}-{rho}"] = float(np.nanmean([v[1] for v in values]))
    return rows


def weak_target(repeats: int) -> dict[str, float]:
    """Figure 12: a target of 9 dB in the frame before, 5 dB and a bin away now.

    In how many frames `iht` and `pm-iht` keep it, the mean error of its bin, and what the lower
    thresholds cost: bins without a target that are not zero, per frame.
    """
    solver = PmIht()
    kept: dict[str, list[tuple[float, float, float]]] = {"iht": [], "pm-iht": []}
    for repeat in range(repeats):
        rng = np.random.default_rng(repeat)
        strong = rng.choice(SHAPE[0] * SHAPE[1], 5, replace=False)
        phases = np.exp(2j * np.pi * rng.random((2, 6)))
        spectra = []
        for frame, (weak_db, shift) in enumerate(((9.0, 0), (5.0, 1))):
            noise = (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE)) / np.sqrt(2)
            truth = np.zeros(SHAPE, complex)
            levels = np.array([7, 15, 22, 30, 37]) - FLOOR_DB
            truth.flat[strong] = 10 ** (levels / 20) * phases[frame, :5]
            # The map shows signal and noise: the target's bin is at 9 and 5 dB with its noise.
            at = (100, 60 + shift)
            noise[at] = 0
            truth[at] = 10 ** ((weak_db - FLOOR_DB) / 20) * phases[frame, 5]
            spectra.append((truth, noise))
        (before, now) = spectra
        operator = MaskedFourier(rng.random(SHAPE) > 0.1)
        y = operator.forward(now[0] + now[1])
        history = solver.prior.remember(None, before[0] + before[1])
        weights = {"iht": None, "pm-iht": solver.prior.weight(history)}
        for name, weight in weights.items():
            iterates = solver.iterates(operator, y, weight=weight)
            x = solve(iterates, tol=1e-3, max_iter=200).x
            at = (100, 61)
            error = abs(x[at] - now[0][at]) / abs(now[0][at])
            false = np.count_nonzero(x[now[0] == 0])
            kept[name].append((float(x[at] != 0), float(error), float(false)))
    rows = {}
    for name, values in kept.items():
        share, error, false = np.mean(values, axis=0)
        rows[f"weak-kept-{name}"] = 100 * float(share)
        rows[f"weak-mrae-{name}"] = float(error)
        rows[f"weak-false-bins-{name}"] = float(false)
    return rows


def one_dimensional(
    shapes: tuple[tuple[int, int], ...] = ((32, 64), (64, 64), (64, 128)),
) -> dict[str, float]:
    """Table 2, 1-D beside 2-D: ratios of run time and memory, 10 % of the samples missing.

    The dense matrix is formed before the clock starts.
    """
    rows: dict[str, float] = {}
    for shape in shapes:
        rng = np.random.default_rng(0)
        x = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)
        x.flat[rng.choice(x.size, 20, replace=False)] += 30
        measured = rng.random(shape) > 0.1
        masked, dense = MaskedFourier(measured), DenseFourier(measured)
        y = masked.forward(x)
        for name in ("pm-iht", "pm-ist", "yall1"):
            quick = _run(SOLVERS[name], masked, y, 15)
            slow = _run(SOLVERS[name], dense, y[measured], 3)
            label = f"{name}-{shape[0]}x{shape[1]}"
            rows[f"time-2d-{label}"], rows[f"time-1d-{label}"] = quick[0], slow[0]
            rows[f"time-ratio-{label}"] = slow[0] / quick[0]
            matrices = 2 * dense.matrix.nbytes  # A and its adjoint
            rows[f"memory-ratio-{label}"] = (slow[1] + matrices) / quick[1]
            apart = np.abs(quick[2] - slow[2]).max() / np.abs(quick[2]).max()
            rows[f"difference-{label}"] = float(apart)
    return rows


def _run(
    solver: Any, operator: Any, y: NDArray[Any], repeats: int
) -> tuple[float, float, NDArray[Any]]:
    """Return the median time in s, the peak memory in bytes, and the spectrum, flat."""

    def once() -> Solution:
        return solve(solver.iterates(operator, y), tol=1e-3, max_iter=solver.max_iter)

    spectrum = once().x.ravel().copy()
    times = []
    for _ in range(repeats):
        begin = time.thread_time()
        once()
        times.append(time.thread_time() - begin)
    tracemalloc.start()
    once()
    peak = float(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    return float(np.median(times)), peak, spectrum


PARTS: Mapping[str, Callable[[int], dict[str, float]]] = {
    "delta": against_delta,
    "undetected": against_undetected,
    "rho": against_rho,
    "weak": lambda repeats: weak_target(max(repeats, 20)),
    "one-dimensional": lambda repeats: one_dimensional(),
}


def main() -> None:
    """Print all rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    given = parser.parse_args()
    for part in given.only:
        for row, value in PARTS[part](given.repeats).items():
            print(f"{row:44} {value:.6g}", flush=True)


if __name__ == "__main__":
    main()

"""The metrics of ARIM on chirps that are drawn by its rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray
from scipy.stats import rankdata

from clearchirp.chain import pipeline
from clearchirp.evaluate.published import Setup, SetupCase, Size
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.evaluate.studies import column, kept
from clearchirp.evaluate.verdicts import Measured, mean_of
from clearchirp.report import Table
from clearchirp.simulate import simulate_frame
from clearchirp.simulate.arim import LABEL_BINS, ArimSet
from clearchirp.workers import Workers, run_tasks

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

BLOCK = 100
COLUMNS = {"AUC": "auc", "SNR gained (dB)": "snr", "amplitude error (dB)": "amplitude"}


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return how to measure each row of published.toml."""
    chirps = partial(_chirps, setup, size, folder, workers, progress)
    return {
        "zeroing-phase": lambda: mean_of(column(chirps("zeroing"), "phase")),
        "fcn-phase": lambda: mean_of(column(chirps("arim-fcn"), "phase")),
        "fcn-ahead-phase": lambda: _each(chirps, "phase"),
        "fcn-ahead-auc": lambda: _each(chirps, "auc"),
    }


def tables(setup: Setup, size: Size, folder: Path) -> list[Table]:
    """Return every metric of every method, published or not."""
    rows = []
    for label in setup.landed():
        found = _chirps(setup, size, folder, Workers(), lambda *_: None, label)
        names = (*COLUMNS.values(), "phase")
        rows.append([label, *(mean_of(column(found, name)).value for name in names)])
    heads = ["case", *COLUMNS, "phase error (deg)"]
    return [Table(f"Ours on {size.frames} test chirps, no published figure at hand", heads, rows)]


def _each(chirps: Any, name: str) -> Measured:
    return Measured(each={one: column(chirps(one), name) for one in ("arim-fcn", "zeroing")})


def _chirps(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress, label: str
) -> list[dict[str, Any]]:
    """Return the scores of the test chirps, a block at a time from the folder."""
    case, chosen = setup.cases[label], chosen_chirps(size.frames, size.seed)
    told = {"what": "chirps", "case": label, "method": case.method, "seed": size.seed}
    key = {**told, "settings": dict(case.settings), "detector": setup.detector}
    starts = range(0, len(chosen), BLOCK)

    def block(start: int) -> list[dict[str, float]]:
        own = chosen[start : start + BLOCK]
        many = partial(_scores, setup, case, own, size.seed)
        return kept(folder, {**key, "chirps": own}, many)

    found: dict[int, list[dict[str, Any]]] = {}
    for start, rows in run_tasks(block, starts, Workers(kind="threads", count=workers.count)):
        found[start] = rows
        progress(label, len(found), len(starts))
    return [row for start in starts for row in found[start]]


def chosen_chirps(count: int, seed: int) -> list[tuple[Any, int]]:
    """Return (set, number) of test chirps, evenly over both sets: every set's share is kept."""
    both = [(which, int(k)) for which in (1, 2) for k in ArimSet(number=which).split(seed)[1]]
    return [both[k] for k in np.linspace(0, len(both) - 1, count).round().astype(int)]


def _scores(
    setup: Setup, case: SetupCase, chirps: list[tuple[Any, int]], seed: int
) -> list[dict[str, float]]:
    detector = None if case.method == "zeroing-oracle" else setup.detector
    work = pipeline(case.method, detector, settings=case.settings)
    rows = []
    for which, number in chirps:
        plan = ArimSet(number=which)
        made = simulate_frame(plan, number, seed)
        mask = made.disturbed if work.oracle else None
        amplitudes, _ = plan.chirp(number, seed).labels()
        cleaned = work(made.beat, mask).beat[0, 0]
        rows.append(scores(cleaned, made.beat[0, 0], made.targets[0, 0], amplitudes != 0))
    return rows


def scores(
    cleaned: NDArray[Any], beat: NDArray[Any], targets: NDArray[Any], labels: NDArray[np.bool_]
) -> dict[str, float]:
    """Return ARIM's metrics of one chirp, (sample,).

    AUC is that of the spectrum's modulus over its bins against the labels; the gain in SNR is that
    of mean power at the targets over mean power elsewhere; errors of amplitude and phase are those
    at the labelled bins against the noise-free targets.
    """
    after, before, true = (fft.fft(x, LABEL_BINS) for x in (cleaned, beat, targets))
    error = np.angle(after[labels] * np.conj(true[labels]))
    floor = 1e-12 * np.abs(true).max()
    ratio = np.maximum(np.abs(after[labels]), floor) / np.abs(true[labels])
    return {
        "auc": _auc(np.abs(after), labels),
        "snr": _snr_db(after, labels) - _snr_db(before, labels),
        "amplitude": float(np.mean(np.abs(20 * np.log10(ratio)))),
        "phase": float(np.degrees(np.mean(np.abs(error)))),
    }


def _auc(values: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """Area under the ROC curve by the rank sum of Mann and Whitney; ties count half."""
    positive = int(labels.sum())
    ranks = rankdata(values)[labels].sum() - positive * (positive + 1) / 2
    return float(ranks / (positive * (labels.size - positive)))


def _snr_db(spectrum: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    power = np.abs(spectrum) ** 2
    if not power[~labels].any() or not power[labels].any():
        return math.nan  # everything was zeroed
    return 10 * math.log10(power[labels].mean() / power[~labels].mean())

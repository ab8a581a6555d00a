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

from clearchirp.chain import pipeline
from clearchirp.evaluate.models import check_there, waits_for
from clearchirp.evaluate.published import Setup, SetupCase, Size
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.evaluate.studies import column, kept
from clearchirp.evaluate.verdicts import Measured, mean_of
from clearchirp.metrics import profiles
from clearchirp.report import Table
from clearchirp.simulate import simulate_frame
from clearchirp.simulate.arim import LABEL_BINS, ArimSet
from clearchirp.spectrum.windows import hann
from clearchirp.workers import Workers, run_tasks

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

BLOCK = 100
SETS = {"": "both sets", "-1": "set 1"}
METRICS = ("snr", "auc", "amplitude", "phase")
HEADS = ["SNR gained (dB)", "AUC", "amplitude error (dB)", "phase error (deg)"]
CLEAN = "without interference"


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return how to measure each row of published.toml."""
    chirps = partial(_chirps, setup, size, folder, workers, progress)

    def of(label: str, name: str, only: str) -> Outcome:
        return lambda: mean_of(column(_of(only, chirps(label)), name))

    rows: dict[str, Outcome] = {
        f"{label}{only}-{name}": of(label, name, only)
        for label in ("zeroing", "arim-fcn")
        for only in SETS
        for name in METRICS
    }
    for only in SETS:
        for name in ("snr", "auc"):
            rows[f"oracle{only}-{name}"] = of(CLEAN, name, only)
            rows[f"ahead{only}-{name}"] = partial(_each, chirps, name, only)
    return {
        **rows,
        **{f"ahead{only}-phase": partial(_each, chirps, "phase", only) for only in SETS},
    }


def tables(setup: Setup, size: Size, folder: Path) -> list[Table]:
    """Return every metric of every method, on both sets and on set 1 alone."""
    made = []
    for only, name in SETS.items():
        rows = []
        for label in (CLEAN, *(k for k, case in setup.landed().items() if not waits_for(case))):
            found = _chirps(setup, size, folder, Workers(), lambda *_: None, label)
            own = _of(only, found)
            rows.append([label, *(mean_of(column(own, each)).value for each in METRICS)])
        made.append(
            Table(f"Ours, {name}, {size.frames} test chirps of both", ["case", *HEADS], rows)
        )
    return made


def _of(only: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if not only or row["set"] == 1]


def _each(chirps: Any, name: str, only: str) -> Measured:
    both = ("arim-fcn", "zeroing")
    return Measured(each={one: column(_of(only, chirps(one)), name) for one in both})


def _chirps(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress, label: str
) -> list[dict[str, Any]]:
    """Return the scores of the test chirps, a block at a time from the folder."""
    case = None if label == CLEAN else setup.cases[label]
    if case is not None:
        check_there(case)
    chosen = chosen_chirps(size.frames, size.seed)
    told = {
        "what": "spectra of chirps",
        "case": label,
        "method": case.method if case else "",
        "seed": size.seed,
    }
    key = {**told, "settings": dict(case.settings) if case else {}, "detector": setup.detector}
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
    setup: Setup, case: SetupCase | None, chirps: list[tuple[Any, int]], seed: int
) -> list[dict[str, float]]:
    detector = None if case and case.method == "zeroing-oracle" else setup.detector
    work = pipeline(case.method, detector, settings=case.settings) if case else None
    rows = []
    for which, number in chirps:
        plan = ArimSet(number=which)
        made = simulate_frame(plan, number, seed)
        cleaned = made.clean[0, 0]
        if work is not None:
            result = work(made.beat, made.disturbed if work.oracle else None)
            cleaned = _unfaded(result.beat[0, 0]) if result.windowed else result.beat[0, 0]
        amplitudes, _ = plan.chirp(number, seed).labels()
        own = scores(cleaned, made.beat[0, 0], made.clean[0, 0], amplitudes)
        rows.append({"set": which, **own})
    return rows


def _unfaded(beat: NDArray[Any]) -> NDArray[Any]:
    """Undo the window of range spectra: ARIM's have none. Ends that it took away stay away."""
    window = hann(beat.shape[-1])
    return np.divide(beat, window, out=np.zeros_like(beat), where=window > 1e-4)


def scores(
    cleaned: NDArray[Any], beat: NDArray[Any], clean: NDArray[Any], amplitudes: NDArray[Any]
) -> dict[str, float]:
    """Return ARIM's metrics of one chirp, (sample,), from spectra of 2048 bins without a window.

    Errors of amplitude and phase are those against the chirp without interference, noise and all:
    the papers' label. `amplitudes` are those of the targets in their bins.
    """
    after, before, true = (fft.fft(x, LABEL_BINS) for x in (cleaned, beat, clean))
    labels = amplitudes != 0
    return {
        "snr": profiles.snr_gain_db(after, before, amplitudes),
        "auc": profiles.auc(after, labels),
        "amplitude": profiles.amplitude_error_db(after, true, labels),
        "phase": math.degrees(profiles.phase_error(after, true, labels)),
    }

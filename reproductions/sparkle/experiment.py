"""Tables II and III and figures 4 to 6 of Wang 2022a, and what the transformed l1 norm adds."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.evaluate.published import Setup, SetupCase, Size
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.evaluate.studies import case_of, column, kept, over_frames
from clearchirp.evaluate.verdicts import Measured, mean_of
from clearchirp.metrics import beats
from clearchirp.mitigation.catalogue import find_method
from clearchirp.report.reproduced import line_figure
from clearchirp.simulate import simulate_frame
from clearchirp.spectrum import hann
from clearchirp.workers import Workers

from .measurements import Factors, by_factor, combinations, panels, run
from .sweeps import authors_sweep, scene_at

ORDERS = {
    -20: ("sparkle", "mca", "rpca", "anc"),
    -10: ("sparkle", "rpca", "mca", "anc"),
    0: ("sparkle", "rpca", "mca", "anc"),
}


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return how to measure each row of published.toml."""
    told = setup.parameters
    outcomes: dict[str, Outcome] = {}
    landed = setup.landed()
    for label, case in ((name, landed[name]) for name in told["compared"] if name in landed):
        single = partial(_on_sweep, setup, size, folder, case)
        outcomes[f"ii-{label}-sinr"] = partial(_value, single, "sinr")
        outcomes[f"ii-{label}-rho"] = partial(_value, single, "rho")
        outcomes[f"ii-{label}-time"] = partial(_value, single, "seconds")
        for level in told["sinr_db"]:
            many = partial(_runs, setup, size, folder, case, told["share"], level)
            outcomes[f"iii-{label}-sinr{level}"] = partial(_mean, many, "sinr")
            outcomes[f"iii-{label}-rho{level}"] = partial(_mean, many, "rho")
    for level, names in ORDERS.items():
        outcomes[f"iii-order{level or '-0'}"] = partial(
            _each, setup, size, folder, names, told["share"], level
        )
    at, level = partial(_duration, setup, size, folder), told["duration_sinr_db"]
    outcomes["duration-rpca"] = lambda: mean_of(_minus(at("sparkle", 30), at("rpca", 30)))
    outcomes["duration-anc"] = lambda: mean_of(_minus(at("anc", 10), at("anc", 70)))
    outcomes["duration-below"] = partial(
        _each, setup, size, folder, ("sparkle", "rpca", "mca", "anc"), 30, level
    )
    outcomes["duration-decline"] = lambda: Measured(
        each={f"{share} %": at("sparkle", share) for share in (20, 60, 70)}
    )
    for name, one in told["beyond"].items():
        outcomes[name] = partial(
            _each, setup, size, folder, tuple(one["cases"]), one["share"], level
        )
    for name in ("l0", "l1", "l2"):
        outcomes[f"weights-{name}"] = partial(
            _weights, setup, size, folder, workers, progress, name
        )
    outcomes["convergence"] = partial(_convergence, setup, size)
    outcomes["starts"] = partial(_starts, setup, size, folder)
    return outcomes


def figures(setup: Setup, size: Size, folder: Path) -> dict[str, tuple[str, Any]]:
    """Return figures 4 and 6: SINR over the share of the sweep that is hit, and the weights."""
    shares = setup.parameters["durations"][:: 3 if size.name == "quick" else 1]
    lines = {
        label: (shares, [float(np.mean(_duration(setup, size, folder, label, s))) for s in shares])
        for label in setup.landed()
    }
    drawn = line_figure(
        lines,
        title=f"Wang 2022a, figure 4 (a): mean of {size.frames} runs",
        x="share of the sweep that is hit in %",
        y="SINR in dB",
    )
    found = {"figure-4": ("SINR after mitigation over the interference's duration.", drawn)}
    if size.name != "quick":
        told = _grid(setup, size, folder, Workers(count=1), lambda what, done, total: None)
        title = "Wang 2022a, figure 6: iterations to a relative error of 1e-6, and SINR after them"
        found["figure-6"] = ("Iterations over the weights.", panels(told, title))
    return found


def scores(signal: NDArray[Any], targets: NDArray[Any]) -> dict[str, float]:
    """Return SINR and |rho| of a beat signal against the noise-free targets, (chirp, sample)."""
    signal = signal.astype(targets.dtype)
    return {
        "sinr": float(beats.sinr_db(signal, targets)),
        "rho": float(abs(beats.correlation(signal, targets))),
    }


def _score(case: SetupCase, beat: NDArray[Any], targets: NDArray[Any], mask: Any) -> dict[str, Any]:
    method, spectra = case_of(case), find_method(case.method).domain == "range"
    given = _unwindowed(beat) if spectra else beat
    start = time.perf_counter()
    result = method(given, mask)
    seconds = time.perf_counter() - start
    signal = _positive_half(result.signal) if spectra else result.signal
    return {**scores(signal, targets), "seconds": seconds}


def _unwindowed(beat: NDArray[Any]) -> NDArray[Any]:
    """Divide by the window that is to come: the paper transforms without one.

    The first and the last sample, where the window is zero, are lost.
    """
    window = hann(beat.shape[-1], like=np.real(beat))
    return np.divide(beat, window, out=np.zeros_like(beat), where=window > 0)


def _positive_half(spectra: NDArray[Any]) -> NDArray[Any]:
    """Back to the beat signal, without the negative half, which the paper filters out."""
    kept_bins = np.arange(spectra.shape[-1]) < spectra.shape[-1] // 2
    return np.fft.ifft(spectra * kept_bins, axis=-1)


def _on_sweep(setup: Setup, size: Size, folder: Path, case: SetupCase) -> dict[str, Any]:
    beat, targets, mask, name = authors_sweep(setup.scene, size.seed)
    key = {"what": "Table II", "sweep": name, "case": case.label, "settings": dict(case.settings)}

    def score() -> dict[str, Any]:
        _score(case, beat, targets, mask)  # the first call compiles
        return {**_score(case, beat, targets, mask), "sweep": name}

    return kept(folder, key, score)


def _runs(
    setup: Setup, size: Size, folder: Path, case: SetupCase, share: float, level: float
) -> list[dict[str, Any]]:
    scene = scene_at(setup.scene, share, level, setup.parameters["share"])
    key = {"what": "runs", "case": case.label, "settings": dict(case.settings), "share": share}
    rows = []
    for frame in range(size.frames):

        def score(frame: int = frame) -> dict[str, Any]:
            made = simulate_frame(scene, frame, size.seed, dtype=np.complex128)
            return _score(case, made.beat[0], made.targets[0], made.disturbed[0])

        own = {**key, "level": level, "frame": frame, "seed": size.seed}
        rows.append(kept(folder, own, score))
    return rows


def _value(single: Any, name: str) -> Measured:
    found = single()
    return Measured(value=found[name], note=found["sweep"])


def _mean(many: Any, name: str) -> Measured:
    return mean_of(column(many(), name))


def _each(
    setup: Setup, size: Size, folder: Path, names: tuple[str, ...], share: float, level: float
) -> Measured:
    found = {n: _runs(setup, size, folder, setup.cases[n], share, level) for n in names}
    return Measured(each={name: column(rows, "sinr") for name, rows in found.items()})


def _duration(setup: Setup, size: Size, folder: Path, label: str, share: float) -> list[float]:
    level = setup.parameters["duration_sinr_db"]
    return column(_runs(setup, size, folder, setup.cases[label], share, level), "sinr")


def _minus(first: list[float], second: list[float]) -> list[float]:
    return [a - b for a, b in zip(first, second, strict=True)]


def _weights(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress, name: str
) -> Measured:
    found = _grid(setup, size, folder, workers, progress)
    most = setup.parameters["weights_most"]
    unfinished = sum(one["iterations"] >= most for one in found.values())
    return Measured(
        each=by_factor({key: one["iterations"] for key, one in found.items()}, name),
        note=f"{unfinished} of {len(found)} combinations not done after {most}" * bool(unfinished),
    )


def _grid(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> dict[Factors, dict[str, float]]:
    told = setup.parameters
    beat, targets, _, name = authors_sweep(setup.scene, size.seed)
    chosen = combinations(told["weights"], few=size.name == "quick")
    most, snr = told["weights_most"], told["weights_snr_db"]
    key = {"what": "figure 6", "sweep": name, "combinations": chosen, "most": most, "snr": snr}
    results = over_frames(
        folder,
        key,
        lambda k: run(beat[0], targets[0], snr, chosen[k], most),
        len(chosen),
        workers,
        progress,
    )
    return dict(zip(chosen, results, strict=True))


def _convergence(setup: Setup, size: Size) -> Measured:
    beat, _, mask, name = authors_sweep(setup.scene, size.seed)
    result = find_method("sparkle")(**setup.cases["sparkle"].settings, max_iter=40)(beat, mask)
    return Measured(value=result.stats["relative_error"], note=name)


def _starts(setup: Setup, size: Size, folder: Path) -> Measured:
    beat, targets, mask, name = authors_sweep("sparkle", size.seed)
    found = []
    for seed in range(size.repeats):
        own = {**setup.cases["sparkle"].settings, "seed": seed}
        case = SetupCase(label="sparkle", method="sparkle", settings=own)
        key = {"what": "starts", "seed": seed, "sweep": name}
        score = partial(_score, case, beat, targets, mask)
        found.append(kept(folder, key, score)["sinr"])
    assert not math.isnan(sum(found))
    return mean_of(found, name)

"""Tables 1 to 3 of Oswald 2023a on the scene `e2e` with weaker interference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.cfar import Cfar
from clearchirp.chain import pipeline
from clearchirp.evaluate.models import check_there, count_parameters, waits_for
from clearchirp.evaluate.published import Setup, SetupCase, Size, read_paper
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.evaluate.studies import column, over_frames
from clearchirp.evaluate.verdicts import Measured, mean_of
from clearchirp.metrics import detections, maps
from clearchirp.report import Table
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.simulate.sampling import Distribution, PartRecipe
from clearchirp.spectrum import range_doppler
from clearchirp.workers import Workers

COLUMNS = {"F1": "f1", "EVM": "evm", "PPMSE": "ppmse"}
ORDERS = {
    "order-f1": ("F1", ("ramp-filter", "imat", "zeroing", "none")),
    "order-evm": ("EVM", ("ramp-filter", "zeroing", "imat", "none")),
    "networks-f1": ("F1", ("s", "2d", "zeroing", "ramp-filter", "imat")),
    "angles-f1": ("F1", ("s-45", "2d-45")),
}
SIZES = ("l", "m", "s", "xs", "2d")


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return how to measure each row of published.toml."""
    frames = partial(_frames, setup, size, folder, workers, progress)
    outcomes: dict[str, Outcome] = {}
    for label, case in setup.landed().items():
        for name in COLUMNS.values():
            outcomes[f"{label}-{name}"] = partial(_mean, partial(frames, case), name)
        if label in SIZES:
            network = "ccnn-2d" if label == "2d" else label
            outcomes[f"params-{label}"] = partial(count_parameters, network)
    for row, (metric, labels) in ORDERS.items():
        outcomes[row] = partial(_each, setup, frames, labels, COLUMNS[metric])
    published = {row.id for row in read_paper(Path(__file__).parent).rows}
    return {row: how for row, how in outcomes.items() if row in published}


def tables(setup: Setup, size: Size, folder: Path) -> list[Table]:
    """Return what there is of every case, with the true mask, too: what the detector costs."""
    rows = []
    for label, case in setup.landed().items():
        if waits_for(case):
            continue
        found = _frames(setup, size, folder, Workers(), lambda *_: None, case)
        rows.append([label, *(mean_of(column(found, name)).value for name in COLUMNS.values())])
    return [Table(f"Means over {size.frames} maps", ["case", *COLUMNS], rows)]


def _mean(frames: Any, name: str) -> Measured:
    return mean_of(column(frames(), name))


def _each(setup: Setup, frames: Any, labels: tuple[str, ...], name: str) -> Measured:
    return Measured(each={one: column(frames(setup.cases[one]), name) for one in labels})


def _frames(
    setup: Setup,
    size: Size,
    folder: Path,
    workers: Workers,
    progress: Progress,
    case: SetupCase,
) -> list[dict[str, Any]]:
    check_there(case)
    levels = setup.parameters["snir_db"]
    scene, first = scene_at(setup.scene, levels), setup.parameters["first_frame"]

    def score(frame: int) -> dict[str, float]:
        made = simulate_frame(scene, first + frame, size.seed)
        clean = _positive(range_doppler(made.clean))
        work = pipeline(case.method, setup.detector, settings=case.settings)
        mitigated = work(made.beat, made.disturbed if work.oracle else None).range_doppler
        estimate = _positive(mitigated)
        objects, found = peaks(clean), peaks(estimate)
        here = np.broadcast_to(objects, clean.shape)
        return {
            "f1": float(detections.f1(found, objects, tolerance=0)),
            "evm": float(np.nanmean(maps.evm(estimate, clean, here))) if here.any() else np.nan,
            "ppmse": float(np.nanmean(maps.ppmse(estimate, clean, here))) if here.any() else np.nan,
        }

    key = {"what": case.label, "scene": setup.scene, "seed": size.seed, "first": first}
    more = {"method": case.method, "settings": dict(case.settings), "detector": setup.detector}
    return over_frames(
        folder, {**key, **more, "levels": levels}, score, size.frames, workers, progress
    )


def scene_at(name: str, snir_db: list[float]) -> Any:
    """Return the scene with signal and noise so far above the interference, drawn between two."""
    recipe: Any = load_scene(name)
    part: PartRecipe = recipe.levels
    drawn = Distribution("uniform", tuple(snir_db))
    return replace(recipe, levels=replace(part, values={**part.values, "snir_db": drawn}))


def _positive(antennas: NDArray[Any]) -> NDArray[Any]:
    return antennas[..., : antennas.shape[-1] // 2]


def peaks(antennas: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the peaks of clusters (doppler, range) on the sum of the antennas' powers."""
    modulus = np.sqrt(np.sum(np.abs(antennas) ** 2, axis=0))
    return detections.cluster_peaks(modulus, Cfar()(modulus))

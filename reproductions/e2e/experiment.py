"""Tables I and II of Oswald 2023 on the scene `e2e`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

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
from clearchirp.spectrum import angle_map, range_doppler
from clearchirp.workers import Workers

COLUMNS = {"F1": "f1", "MAGMSE": "magmse", "MSE": "mse"}
ORDERS = {
    "order-f1": ("F1", ("zeroing", "ramp-filter", "imat", "none")),
    "order-magmse": ("MAGMSE", ("zeroing", "imat", "ramp-filter", "none")),
    "order-mse": ("MSE", ("zeroing", "imat", "ramp-filter", "none")),
    "losses": ("F1", ("bce-s7", "magmse-s5", "mse-g3")),
    "separable-bce": ("F1", ("bce-s3", "bce-g3")),
    "separable-mse": ("F1", ("mse-g3", "mse-s3")),
}


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return how to measure each row of published.toml."""
    frames = partial(_frames, setup, size, folder, workers, progress)
    outcomes: dict[str, Outcome] = {}
    for label, case in setup.landed().items():
        for name in COLUMNS.values():
            outcomes[f"{label}-{name}"] = partial(_mean, partial(frames, case), name)
        if case.method == "aenn" and label.startswith("bce-"):
            size_name = label.removeprefix("bce-")
            outcomes[f"params-{size_name}"] = partial(count_parameters, size_name)
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
    scene, first = load_scene(setup.scene), setup.parameters["first_frame"]

    def score(frame: int) -> dict[str, float]:
        made = simulate_frame(scene, first + frame, size.seed)
        clean = angle_map(range_doppler(made.clean))
        work = pipeline(case.method, setup.detector, settings=case.settings)
        mitigated = work(made.beat, made.disturbed if work.oracle else None).range_doppler
        estimate = angle_map(mitigated)
        detect = Cfar(axes=3)
        return {
            "f1": float(detections.f1(detect(estimate), detect(clean), axes=3)),
            "magmse": float(maps.magmse(estimate, clean, axes=3)),
            "mse": float(maps.mse(estimate, clean, axes=3)),
        }

    key = {"what": case.label, "scene": setup.scene, "seed": size.seed, "first": first}
    more = {"method": case.method, "settings": dict(case.settings), "detector": setup.detector}
    return over_frames(folder, {**key, **more}, score, size.frames, workers, progress)

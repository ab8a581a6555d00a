"""Table 1 of Chen 2022: how well detectors find the disturbed samples of the scene `mru`.

The truth is the oracle's: samples on which the interference is stronger than targets and noise
together. The paper does not say what its truth is. The steep interferer leaves long faint skirts
behind a real filter's edge; the oracle counts those that exceed the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from clearchirp.disturbed.catalogue import detectors
from clearchirp.evaluate.published import Setup, Size
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.evaluate.studies import column, over_frames
from clearchirp.evaluate.verdicts import Measured, mean_of
from clearchirp.metrics import masks
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.workers import Workers

NAMES = ("laplacian", "adaptive-threshold", "combined")


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return F-measure and recall of each detector in per cent."""
    scene = load_scene(setup.scene)

    def one(frame: int) -> dict[str, float]:
        made = simulate_frame(scene, frame, size.seed)
        scores = {}
        for name in NAMES:
            found = detectors[name]()(made.beat)
            scores[f"{name}-f"] = 100 * float(np.mean(masks.f_measure(found, made.disturbed)))
            scores[f"{name}-recall"] = 100 * float(np.mean(masks.recall(found, made.disturbed)))
        return scores

    key = {"what": "Table 1", "scene": setup.scene, "seed": size.seed}
    rows = over_frames(folder, key, one, size.frames, workers, progress)
    outcomes: dict[str, Outcome] = {name: mean_of(column(rows, name)) for name in rows[0]}
    outcomes["recall-order"] = Measured(
        each={name: column(rows, f"{name}-recall") for name in NAMES}
    )
    return outcomes

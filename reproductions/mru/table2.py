"""Table 2 of Chen 2022: map SINR and run time by the share of discarded samples.

The paper meets other shares by other interference. Here the interferer's ramps come as often as it
takes for 7 and 10 %, and two or three such interferers for 20 and 30 %. Discarded are those samples
that the combined detector flags and then those that deviate most, or of the flagged the strongest,
until the share is met: exactly P % in every frame and the same for each method.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.chain import detections, pipeline
from clearchirp.disturbed.catalogue import find_detector
from clearchirp.disturbed.deviation import deviation
from clearchirp.evaluate.published import Setup, SetupCase, Size
from clearchirp.evaluate.reproduction import Outcome, Progress
from clearchirp.evaluate.studies import column, kept
from clearchirp.evaluate.verdicts import Measured, mean_of
from clearchirp.metrics import maps
from clearchirp.simulate import Scene, load_scene, simulate_frame
from clearchirp.spectrum import range_doppler
from clearchirp.workers import Workers

MOST_DB = 300.0
"""What the infinite SINR of a map counts as that is zero outside of the objects: it has no mean."""


def measure(
    setup: Setup, size: Size, folder: Path, workers: Workers, progress: Progress
) -> Mapping[str, Outcome]:
    """Return the rows of Table 2; a method that fails takes its own rows with it alone."""
    outcomes: dict[str, Outcome] = {}
    for share in setup.parameters["shares"]:
        for label, case in setup.landed().items():
            found = partial(_frames, setup, size, folder, case, share)
            outcomes[f"{label}-sinr-{share}"] = partial(_mean, found, "sinr")
            outcomes[f"{label}-time-{share}"] = partial(_mean, found, "seconds")
        for row, names in (
            ("order", ("pm-iht-map", "pm-ist-map", "imat-2d")),
            ("ar-ahead", ("ar", "zeroing")),
            ("imat-ahead", ("imat-2d", "ar", "zeroing")),
        ):
            outcomes[f"{row}-{share}"] = partial(_each, setup, size, folder, names, share)
    outcomes["before"] = outcomes.pop("none-sinr-10")
    for name in [name for name in outcomes if name.startswith(("none-", "zeroing-time"))]:
        del outcomes[name]
    return outcomes


def _each(setup: Setup, size: Size, folder: Path, names: tuple[str, ...], share: int) -> Measured:
    cases = setup.cases
    rows = {name: _frames(setup, size, folder, cases[name], share) for name in names}
    return Measured(each={name: column(found, "sinr") for name, found in rows.items()})


def _mean(found: Any, name: str) -> Measured:
    rows = found()
    evm, f1, clean = (np.nanmean(column(rows, each)) for each in ("evm", "f1", "clean"))
    beside = f"EVM {evm:.3f}, F1 {f1:.3f}; the clean map has {clean:.1f} dB"
    empty = sum(value == MOST_DB for value in column(rows, name))
    if empty:
        beside += f"; {empty} of {len(rows)} maps are zero outside of the objects: {MOST_DB:g} dB"
    return mean_of(column(rows, name), beside)


def _frames(
    setup: Setup, size: Size, folder: Path, case: SetupCase, share: int
) -> list[dict[str, Any]]:
    """Return the scores of a case, one a frame, from the folder where they are there."""
    scene = scene_of(setup.scene, share)
    told = {
        "what": "Table 2 with the clean map and a greatest SINR",
        "case": case.label,
        "method": case.method,
        "share": share,
    }
    key = {**told, "settings": dict(case.settings), "seed": size.seed, "scene": setup.scene}
    return [
        kept(folder, {**key, "frame": k}, partial(_score, scene, setup, size, case, share, k))
        for k in range(size.frames)
    ]


def _score(
    scene: Any, setup: Setup, size: Size, case: SetupCase, share: int, frame: int
) -> dict[str, float]:
    made = simulate_frame(scene, frame, size.seed)
    mask = discarded(made.beat, setup.detector, share / 100)
    work = pipeline(case.method, None, settings=case.settings)
    if frame == 0:
        work(made.beat, mask)  # the first call compiles
    start = time.perf_counter()
    result = work(made.beat, mask)
    seconds = time.perf_counter() - start
    clean, estimate = range_doppler(made.clean), result.range_doppler
    objects = detections(clean, real=False)
    found = detections(estimate, real=False)
    return {
        "seconds": seconds,
        "sinr": float(np.mean(np.minimum(maps.sinr_db(estimate, objects), MOST_DB))),
        "clean": float(np.mean(maps.sinr_db(clean, objects))),
        "evm": float(np.mean(maps.evm(estimate, clean, objects))),
        "f1": float(np.mean(maps.f1(found, objects))),
    }


def discarded(beat: NDArray[Any], detector: str, share: float) -> NDArray[np.bool_]:
    """Return the mask that gives up exactly this share of the samples of a frame."""
    flagged = find_detector(detector)()(beat)
    score = np.abs(deviation(beat, detector=detector).scaled)
    rank = np.argsort(-(score + flagged * (1 + score.max())), axis=None, kind="stable")
    mask = np.zeros(beat.size, dtype=bool)
    mask[rank[: round(share * beat.size)]] = True
    return mask.reshape(beat.shape)


def scene_of(name: str, share: int) -> Any:
    """Return the scene with interference on about this share of the samples, in per cent."""
    return _Scaled(load_scene(name), share)


class _Scaled:
    """A recipe whose interferer comes as often as a share asks for."""

    def __init__(self, recipe: Any, share: int) -> None:
        self._recipe, self._share = recipe, share
        self.waveform, self.receiver = recipe.waveform, recipe.receiver
        self.frames, self.name = recipe.frames, recipe.name

    def draw(self, frame: int, seed: int = 0) -> Scene:
        """Draw the scene of a frame."""
        scene = self._recipe.draw(frame, seed)
        (one,) = scene.interferers
        count = max(1, round(self._share / 10))
        interval = one.chirp_interval * 10 * count / self._share
        interferers = tuple(
            replace(
                one,
                chirp_interval=interval,
                time_offset=one.time_offset * interval / one.chirp_interval + k * interval / count,
            )
            for k in range(count)
        )
        return replace(scene, interferers=interferers)

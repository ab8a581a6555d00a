"""Networks of Oswald 2023a with interference from 45 degrees alone, to be tested at all angles.

    python reproductions/aenn/train_networks.py FOLDER [NAME...]

Each lies in a folder of its own, and an interrupted run goes on where it was. The names are those
of the models in setup.toml. Not the paper's size: 400 of 2500 training maps, a tile of each, 12
epochs; 24 of 250 validation maps. The window in angle is ours, Taylor; the
paper has none. The paper trains on MSE; ours, for which 600 steps on MSE are too few (they give
maps that are all but empty), are trained through the detector.
"""

from __future__ import annotations

import gc
import sys
import tomllib
from pathlib import Path

import torch

from clearchirp.neural.config import DataConfig, RunConfig, TrainConfig
from clearchirp.neural.training import train
from clearchirp.simulate import scene_text

NETWORKS = {"ccnn-3d-s-45": "s", "ccnn-2d-45": "ccnn-2d", "ccnn-3d-s": "s", "ccnn-2d": "ccnn-2d"}
EVERYWHERE = "angle = { uniform = [-1.570796327, 1.570796327] }"


def scene(name: str, folder: Path) -> Path:
    """Write the scene that a network is trained on: all angles, or 45 degrees."""
    setup = tomllib.loads(Path(__file__).with_name("setup.toml").read_text(encoding="utf-8"))
    low, high = setup["parameters"]["snir_db"]
    text = scene_text("e2e")
    text = text.replace("uniform = [-20, 0]", f"uniform = [{low}, {high}]")
    if name.endswith("-45"):
        text = text.replace(EVERYWHERE, "angle = 0.785398163")
    path = folder / ("scene-45.toml" if name.endswith("-45") else "scene.toml")
    path.write_text(text, encoding="utf-8")
    return path


def plan(name: str, folder: Path) -> TrainConfig:
    """Return what is trained under a name."""
    source = scene(name, folder)
    return TrainConfig(
        name=name,
        network=NETWORKS[name],
        loss="bce",
        data=DataConfig(
            source=str(source),
            store=str(source.with_suffix(".zarr")),
            training=(0, 400),
            validation=(2500, 2524),
            tile=(16, 48, 48),
            per_map=1,
        ),
        training=RunConfig(epochs=12, rate=0.01, decay=0.85, patience=12),
    )


def main(folder: Path, names: tuple[str, ...]) -> None:
    """Train one after the other, and print a line each."""
    torch.set_num_threads(1)  # on a busy machine two wait for each other
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        done = train(plan(name, folder), folder / name)
        print(
            f"{name}: F1 {done.f1:.3f}, MSE {done.mse:.0f} in epoch {done.best_epoch + 1} of "
            f"{done.epochs}; {done.seconds:.0f} s",
            flush=True,
        )
        gc.collect()  # a trainer's circles hold its maps


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(sys.argv[2:]) or tuple(NETWORKS))

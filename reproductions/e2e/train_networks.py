"""The networks of Table I of Oswald 2023, trained at a size that two cores can train.

    python reproductions/e2e/train_networks.py FOLDER [NAME...]

Each lies in a folder of its own, and an interrupted run goes on where it was. The names are those
of setup.toml; NAME-1, NAME-2 are further seeds, NAME-long has three times the epochs. Not the
paper's size: 400 of 2500 training maps, a tile of each, 12 epochs; 24 of 250 validation maps.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import torch

from clearchirp.neural.config import DataConfig, RunConfig, TrainConfig
from clearchirp.neural.training import train

NAMES = tuple(
    f"{loss}-{size}" for size in ("s7", "g3", "s3", "s5", "s9") for loss in ("bce", "magmse", "mse")
)


def plan(name: str, folder: Path) -> TrainConfig:
    """Return what is trained under a name."""
    loss, size, *more = name.split("-")
    longer = more == ["long"]
    seed = int(more[0]) if more and not longer else 0
    return TrainConfig(
        name=name,
        network=size,
        loss=loss,
        data=DataConfig(
            source="e2e",
            store=str(folder / "maps.zarr"),
            training=(0, 400),
            validation=(2500, 2524),
            tile=(16, 48, 48),
            per_map=1,
        ),
        training=RunConfig(
            epochs=36 if longer else 12,
            rate=0.01,
            decay=0.85 ** (1 / 3) if longer else 0.85,
            patience=36,
            seed=seed,
        ),
    )


def main(folder: Path, names: tuple[str, ...]) -> None:
    """Train one after the other, and print a line each."""
    torch.set_num_threads(1)  # on a busy machine two wait for each other
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        done = train(plan(name, folder), folder / name)
        print(
            f"{name}: F1 {done.f1:.3f}, MAGMSE {done.magmse:.0f}, MSE {done.mse:.0f} in epoch "
            f"{done.best_epoch + 1} of {done.epochs}; {done.seconds:.0f} s",
            flush=True,
        )
        gc.collect()  # a trainer's circles hold its maps


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(sys.argv[2:]) or NAMES)

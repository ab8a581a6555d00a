"""Training by Lightning: through the detector or on the maps, resumable to the bit.

A training lives in a folder. After each epoch `last.ckpt` (Lightning's own: weights, optimiser,
counters) and `log.csv` are replaced whole; a killed run goes on from there, and since the order of
the maps depends on seed and epoch only, it ends where an undisturbed run does.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import shutil
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, EarlyStopping
from lightning.pytorch.loggers import TensorBoardLogger
from torch.utils.data import DataLoader

from clearchirp.io import write_json
from clearchirp.neural.checkpoint import load_network, save_network
from clearchirp.neural.config import TrainConfig
from clearchirp.neural.data import EpochShuffle, MapDataset, Pairs
from clearchirp.neural.module import MapTraining
from clearchirp.neural.networks import find_network
from clearchirp.neural.sources import facts_of, is_of_antennas, pairs_of
from clearchirp.neural.whitening import Whitening
from clearchirp.types import InputError

COLUMNS = ("epoch", "loss", "f1", "magmse", "mse", "rate", "seconds")
"""Of `log.csv`: mean loss over the epoch's steps, scores of the validation maps, s of the epoch."""

_IN_MEMORY = 2 * 2**30
"""Bytes of maps of a split that are kept in memory; of larger ones none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training came to.

    Attributes
    ----------
    network
        File of the weights of the best epoch.
    epochs
        How many were run in all.
    best_epoch
        Number from 0 of the one with the best F1 score of the validation maps.
    f1, magmse, mse
        Scores of that epoch on the validation maps, MAGMSE and MSE in the units of the maps.
    seconds
        Spent in epochs.
    """

    network: Path
    epochs: int
    best_epoch: int
    f1: float
    magmse: float
    mse: float
    seconds: float


class _Log(Callback):
    """Keeps a line an epoch, replaces log.csv and last.ckpt whole, keeps the best weights."""

    def __init__(
        self,
        folder: Path,
        on_epoch: Callable[[int, float], None],
        facts: Callable[[Mapping[str, float]], Mapping[str, Any]],
    ) -> None:
        self._folder, self._on_epoch, self._facts = folder, on_epoch, facts
        self.rows: list[dict[str, float]] = []
        self._began = self._rate = 0.0

    def state_dict(self) -> dict[str, Any]:
        return {"rows": [dict(row) for row in self.rows]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = state_dict["rows"]

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        self._began = time.perf_counter()
        self._rate = float(trainer.optimizers[0].param_groups[0]["lr"])

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        told = {name: float(trainer.callback_metrics[name]) for name in COLUMNS[1:5]}
        spent = time.perf_counter() - self._began
        row = {"epoch": trainer.current_epoch, **told, "rate": self._rate, "seconds": spent}
        better = not self.rows or row["f1"] > max(each["f1"] for each in self.rows)
        self.rows.append(row)
        if trainer.is_global_zero:
            if better:
                self._keep_best(pl_module)
            self._write()
        part = self._folder / ".last.ckpt.part"
        trainer.save_checkpoint(part)
        if trainer.is_global_zero:
            part.replace(self._folder / "last.ckpt")
        self._on_epoch(len(self.rows), row["f1"])

    def _keep_best(self, module: MapTraining) -> None:
        part = self._folder / ".best.part.safetensors"
        save_network(part, module.network, self._facts(self.rows[-1]))
        part.replace(best_file(self._folder, module.config))

    def _write(self) -> None:
        text = io.StringIO()
        table = csv.DictWriter(text, list[str](COLUMNS), lineterminator="\n")
        table.writeheader()
        table.writerows(self.rows)
        part = self._folder / ".log.csv.part"
        part.write_text(text.getvalue(), encoding="utf-8")
        part.replace(self._folder / "log.csv")


def best_file(folder: Path, config: TrainConfig) -> Path:
    """Return where the weights of the best epoch lie."""
    return folder / f"{config.name}.safetensors"


def train(
    config: TrainConfig,
    folder: str | Path,
    *,
    restart: bool = False,
    on_epoch: Callable[[int, float], None] = lambda epochs, f1: None,
) -> Trained:
    """Train a network, or go on with it where an earlier run was cut short.

    Parameters
    ----------
    config
        What to train.
    folder
        Where it lives; made where there is none.
    restart
        True begins anew.
    on_epoch
        Called after each epoch with how many are done and the F1 score of the last.

    Returns
    -------
    Trained
        The best epoch. A training that is over is not run again.

    Raises
    ------
    InputError
        For a configuration that cannot be, and a folder that holds another training.
    """
    place, run = Path(folder), config.training
    find_network(config.network)
    source = pairs_of(config.data)
    for name in ("training", "validation"):
        if getattr(config.data, name)[1] > len(source):
            raise InputError(
                f"data.{name}: goes to frame {getattr(config.data, name)[1]}, but "
                f"{config.data.source} has {len(source)}"
            )
    _claim(place, config, restart)
    finished = _finished(place, config)
    if finished is not None:
        return finished
    facts = facts_of(config, source)
    whitening = facts["whitening"]
    log = _Log(place, on_epoch, lambda row: {**facts, **_progress_of(row)})
    last = place / "last.ckpt"
    with _quiet():
        trainer = pl.Trainer(
            max_epochs=run.epochs,
            accelerator=run.accelerator,
            devices=run.devices,
            strategy=run.strategy,
            precision=run.precision,  # pyright: ignore[reportArgumentType]
            logger=_tensorboard(place) if run.tensorboard else False,
            callbacks=[EarlyStopping("f1", mode="max", patience=run.patience or run.epochs), log],
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            default_root_dir=place,
        )
        module = MapTraining(config, whitening)
        training, validation = _loaders(config, source, whitening)
        with _interrupts():
            trainer.fit(module, training, validation, ckpt_path=last if last.exists() else None)
    if trainer.is_global_zero:
        _finish(best_file(place, config), module, validation)
    best = max(log.rows, key=lambda row: row["f1"])
    done = Trained(
        network=best_file(place, config),
        epochs=len(log.rows),
        best_epoch=int(best["epoch"]),
        f1=best["f1"],
        magmse=best["magmse"],
        mse=best["mse"],
        seconds=sum(row["seconds"] for row in log.rows),
    )
    write_json(place / "result.json", {**asdict(done), "network": done.network.name})
    return done


def _finish(path: Path, module: MapTraining, validation: DataLoader[Any]) -> None:
    """Put the amplitudes of the best network right, from the validation maps."""
    network, facts = load_network(path)
    module.network = network
    pairs: Any = validation.dataset
    gain = module.gain(pairs[k] for k in range(len(pairs)))
    save_network(path, network, {**facts, "gain": gain})


def _claim(place: Path, config: TrainConfig, restart: bool) -> None:
    """Make the folder this training's own."""
    told = json.dumps(asdict(config), indent=1)
    mark = place / "config.json"
    if place.exists() and not place.is_dir():
        raise InputError(f"{place}: is a file; a training needs a folder")
    if mark.exists() and restart:
        for name in ("last.ckpt", "log.csv", "result.json", best_file(place, config).name):
            (place / name).unlink(missing_ok=True)
        shutil.rmtree(place / "tensorboard", ignore_errors=True)
        mark.unlink()
    if mark.exists():
        if mark.read_text(encoding="utf-8") != told:
            raise InputError(
                f"{place}: holds a training of another configuration; name another folder, or "
                "begin anew with --restart"
            )
        return
    if place.exists() and any(place.iterdir()):
        raise InputError(f"{place}: is not empty and holds no training; name another folder")
    place.mkdir(parents=True, exist_ok=True)
    mark.write_text(told, encoding="utf-8")


def _finished(place: Path, config: TrainConfig) -> Trained | None:
    try:
        stored = json.loads((place / "result.json").read_text(encoding="utf-8"))
        done = Trained(**{**stored, "network": best_file(place, config)})
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return done if done.network.exists() else None


def _loaders(
    config: TrainConfig, source: Pairs, whitening: Whitening
) -> tuple[DataLoader[Any], DataLoader[Any]]:
    data, run = config.data, config.training
    one = source[data.training[0]]
    how = {"antennas": is_of_antennas(config), "prepare": whitening.apply}
    sets = []
    for frames, cut in (
        (range(*data.training), {"tile": data.tile, "per_map": data.per_map}),
        (range(*data.validation), {}),
    ):
        keep = len(frames) * 2 * one.clean.nbytes <= _IN_MEMORY
        try:
            sets.append(MapDataset(source, frames, **cut, **how, keep=keep))
        except InputError as error:
            raise InputError(f"data.{error}") from None
    training, validation = sets
    order = EpochShuffle(len(training), run.seed)
    # A last batch of a few maps would have moments of its own.
    whole = len(training) >= run.batch
    return (
        DataLoader(training, batch_size=run.batch, sampler=order, drop_last=whole),
        DataLoader(validation, batch_size=1),
    )


def _progress_of(row: Mapping[str, float]) -> dict[str, Any]:
    scores = {name: row[name] for name in ("f1", "magmse", "mse")}
    return {"epoch": int(row["epoch"]), "validation": scores}


def _tensorboard(place: Path) -> TensorBoardLogger:
    try:
        return TensorBoardLogger(place, name="tensorboard", version="")
    except ModuleNotFoundError:
        raise InputError(
            "training.tensorboard: TensorBoard is not installed; install it with: pip install "
            "tensorboard, or leave it out: log.csv has the same"
        ) from None


@contextmanager
def _interrupts() -> Iterator[None]:
    """Let Ctrl-C be what it is elsewhere: Lightning makes an exit of it and ignores the next."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as leaving:
        if isinstance(leaving.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    finally:
        if main:
            signal.signal(signal.SIGINT, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning's greetings, tips and advice to itself; its errors are raised anyway."""
    names = ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

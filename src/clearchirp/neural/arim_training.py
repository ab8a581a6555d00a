"""Training of the network on spectrograms, with chirps drawn by ARIM's rules."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clearchirp._version import __version__
from clearchirp.io.writer import waveform_scalars
from clearchirp.neural.spectrogram import SpectrogramNetwork
from clearchirp.simulate import simulate_frame
from clearchirp.simulate.arim import ArimSet
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ArimTraining:
    """What to train on, and how long.

    Attributes
    ----------
    channels
        Of the hidden layers of `SpectrogramNetwork`.
    chirps
        To train on, a third of set 1 and two thirds of set 2, as in the sets themselves.
    validation
        Chirps to choose the best epoch by; none of them is trained on.
    epochs
        At most.
    minutes
        After which no further epoch begins.
    batch
        Chirps a step.
    rate
        Of ADAM at first; it falls to nothing along half a cosine over the epochs.
    seed
        Of the draw, the first weights and the order.
    """

    channels: tuple[int, ...] = (8, 8)
    chirps: int = 20_000
    validation: int = 100
    epochs: int = 4
    minutes: float = 30.0
    batch: int = 8
    rate: float = 4e-3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("chirps", "validation", "epochs", "minutes", "batch", "rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name}: must be positive, got {getattr(self, name)!r}")


def arim_chirps(
    count: int, seed: int, *, skip: int = 0
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """Return (with interference, without, disturbed) of chirps of the training splits.

    Each is (count, 1024); a third is of set 1, two thirds of set 2.

    `skip` leaves out so many: those that another call has drawn.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 70]))
    splits = {which: rng.permutation(ArimSet(number=which).split(seed)[0]) for which in (1, 2)}
    most = 3 * len(splits[1])
    if skip + count > most:
        raise InputError(f"chirps: there are {most} for training, got {skip + count}")
    made = []
    for k in range(skip, skip + count):
        which, number = (1, k // 3) if k % 3 == 0 else (2, k - k // 3 - 1)
        made.append(simulate_frame(ArimSet(number=which), int(splits[which][number]), seed))
    beat, clean = (np.stack([getattr(m, name)[0, 0] for m in made]) for name in ("beat", "clean"))
    return beat, clean, np.stack([m.disturbed[0, 0] for m in made])


def spectrum_loss(estimate: Tensor, clean: Tensor) -> Tensor:
    """Return the logarithm of the squared error over the power, mean over bins and over peaks.

    Both complex (batch, range). Each bin counts relative to its own power plus the median power of
    its chirp; bins of more than 30 times that median are targets and count once more, together as
    much as all. Not the papers' mean squared error, in which chirps of strong noise are all.
    """
    power = clean.abs().square()
    usual = power.median(-1, keepdim=True).values
    error = torch.log1p((estimate - clean).abs().square() / (power + usual))
    peaks = (power > 30 * usual).to(error.dtype)
    return error.mean() + (error * peaks).sum() / peaks.sum().clamp_min(1)


def train_arim(
    plan: ArimTraining, on_epoch: Callable[[Mapping[str, float]], None] = lambda row: None
) -> tuple[SpectrogramNetwork, dict[str, Any]]:
    """Train a network; return that of the best epoch and the facts to save with it.

    Unlike ``clearchirp train`` it cannot be resumed: it takes minutes. `on_epoch` is given the
    figures of each epoch.
    """
    start = time.perf_counter()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        network = SpectrogramNetwork(channels=plan.channels, dilation=_dilation(plan.channels))
    held, held_clean = _tensors(*arim_chirps(plan.validation, plan.seed)[:2])
    beat, without, masks = arim_chirps(plan.chirps, plan.seed, skip=plan.validation)
    seen, clean = _tensors(beat, without)
    adam = torch.optim.Adam(network.parameters(), lr=plan.rate)
    steps = max(1, plan.chirps // plan.batch)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, plan.epochs * steps)
    order = torch.Generator().manual_seed(plan.seed)
    rows = [{"epoch": 0, "loss": float("nan"), "validation": _validate(network, held, held_clean)}]
    on_epoch(rows[0])
    best = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for epoch in range(1, plan.epochs + 1):
        if time.perf_counter() - start > 60 * plan.minutes:
            break
        total, shuffled = 0.0, torch.randperm(plan.chirps, generator=order)
        for some in shuffled[: steps * plan.batch].reshape(steps, -1):
            adam.zero_grad()
            loss = spectrum_loss(network(seen[some]), torch.fft.fft(clean[some]))
            loss.backward()
            adam.step()
            falling.step()
            total += float(loss.detach())
        row = {
            "epoch": epoch,
            "loss": total / steps,
            "validation": _validate(network, held, held_clean),
            "seconds": time.perf_counter() - start,
        }
        if row["validation"] < min(one["validation"] for one in rows):
            best = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        rows.append(row)
        on_epoch(row)
    network.load_state_dict(best)
    told = waveform_scalars(ArimSet(number=1).waveform)
    facts = {
        "name": "arim",
        "network": "arim-fcn",
        "config": asdict(plan),
        "version": __version__,
        "map_shape": [1, 1, seen.shape[-1]],
        # The carrier and the pause between chirps are no part of ARIM's signals.
        "waveform": {name: told[name] for name in ("slope", "sample_rate")},
        "interference_db": _interference_db(beat, masks),
        "log": rows,
    }
    return network.eval(), facts


def _dilation(channels: tuple[int, ...]) -> tuple[int, ...]:
    return (1, *(2,) * (len(channels) - 1), 1)


def _tensors(*pairs: NDArray[Any]) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(each.astype(np.complex64)) for each in pairs)


def _interference_db(beat: NDArray[Any], masks: NDArray[np.bool_]) -> list[float] | None:
    """Least and greatest power of disturbed samples over that of the others."""
    found = []
    for chirp, mask in zip(np.abs(beat) ** 2, masks, strict=True):
        if mask.any() and not mask.all():
            found.append(10 * math.log10(chirp[mask].mean() / chirp[~mask].mean()))
    return [min(found), max(found)] if found else None


def _validate(network: SpectrogramNetwork, disturbed: Tensor, clean: Tensor) -> float:
    with torch.inference_mode():
        parts = [
            (float(spectrum_loss(network(x), torch.fft.fft(y))), len(x))
            for x, y in zip(disturbed.split(50), clean.split(50), strict=True)
        ]
    return sum(value * count for value, count in parts) / len(disturbed)

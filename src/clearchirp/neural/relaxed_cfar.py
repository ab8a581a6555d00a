"""CA-CFAR that gradients pass through, over two to four axes.

Source: Oswald 2023, II and (1): the comparison of a cell's SINR with the threshold becomes the
logistic function of their difference; everything else in the detector is differentiable already.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import torch
from torch import Tensor

from clearchirp import _cfar_kernels, _cfar_windows
from clearchirp._cfar_windows import Window, leaves_a_cell_alone, wrapped_window
from clearchirp.neural.convolution import in_parallel
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxedCfar:
    """The detector of `clearchirp.cfar.Cfar` (kind "ca", wrapped edges), hard or relaxed.

    Parameters
    ----------
    axes
        How many of the last axes are scanned: 2 (Doppler, range), 3 (angle before them) or 4
        (elevation before those).
    guard, training
        Cells on each side; one number for all scanned axes, or one for each in their order.
    threshold_db
        The threshold beta.
    temperature
        tau, in the unit of `sinr`; towards 0 the hard detector comes back.
    sinr
        ``"ratio"`` compares powers as the detector computes them: beta is
        ``10 ** (threshold_db / 10)``. ``"db"`` compares decibels. The paper says neither in (1);
        its detector has no logarithm, hence the default.

    Raises
    ------
    InputError
        For a setting out of range, and on use for a map too small for the window.

    Notes
    -----
    With wrapped edges every cell is in the ring of as many cells as its own ring holds, the same
    ones mirrored: the averaging is its own adjoint, and the backward pass costs one more averaging.
    """

    axes: int = 3
    guard: int | tuple[int, ...] = 2
    training: int | tuple[int, ...] = 8
    threshold_db: float = 12.0
    temperature: float = 10.0
    sinr: Literal["ratio", "db"] = "ratio"

    def __post_init__(self) -> None:
        if self.axes not in (2, 3, 4):
            raise InputError(f"cfar: axes must be 2, 3 or 4, got {self.axes!r}")
        for name in ("guard", "training"):
            cells = _per_axis(getattr(self, name), self.axes)
            if len(cells) != self.axes or any(not isinstance(n, int) or n < 0 for n in cells):
                raise InputError(
                    f"cfar: {name} must be a whole number from 0, or a tuple of {self.axes}; "
                    f"got {getattr(self, name)!r}"
                )
        if not any(_per_axis(self.training, self.axes)):
            raise InputError("cfar: training is 0 on every axis; give at least one axis some cells")
        if not math.isfinite(self.threshold_db):
            raise InputError(f"cfar: threshold_db must be finite, got {self.threshold_db!r}")
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise InputError(f"cfar: temperature must be above 0, got {self.temperature!r}")
        if self.sinr not in ("ratio", "db"):
            raise InputError(f"cfar: sinr must be 'ratio' or 'db', got {self.sinr!r}")

    def __call__(self, maps: Tensor) -> Tensor:
        """Return sigmoid((SINR - beta) / tau), real, of the shape of complex (..., scanned axes).

        A cell is detected by the hard form where this exceeds one half.
        """
        return torch.sigmoid(self.logits(maps))

    def logits(self, maps: Tensor) -> Tensor:
        """Return (SINR - beta) / tau: what the logistic function is taken of.

        A loss that needs logarithms of the result computes them from this without overflow.
        """
        sinr = self.ratio(maps)
        if self.sinr == "ratio":
            return (sinr - 10 ** (self.threshold_db / 10)) / self.temperature
        in_db = 10 * torch.log10(sinr.clamp_min(torch.finfo(sinr.dtype).tiny))
        return (in_db - self.threshold_db) / self.temperature

    def hard(self, maps: Tensor) -> Tensor:
        """Return the detections, boolean: bit for bit those of `clearchirp.cfar.Cfar`."""
        power = _power(maps.detach())
        return power > self._level(power) * 10 ** (self.threshold_db / 10)

    def ratio(self, maps: Tensor) -> Tensor:
        """Return the local SINR: the power of each cell over the mean of its training cells."""
        power = _power(maps)
        return power / self._level(power).clamp_min(torch.finfo(power.dtype).tiny)

    def _level(self, power: Tensor) -> Tensor:
        windows = _windows(self, tuple(power.shape[-self.axes :]))
        if power.device.type == "cpu":
            return _Level.apply(power, windows)
        return _cfar_windows.mean(power, windows)


def _power(maps: Tensor) -> Tensor:
    if not maps.is_complex():
        return maps * maps
    real, imag = maps.real, maps.imag
    return real * real + imag * imag


@lru_cache(maxsize=64)
def _windows(cfar: RelaxedCfar, shape: tuple[int, ...]) -> tuple[Window, ...]:
    sizes = zip(
        shape, _per_axis(cfar.guard, cfar.axes), _per_axis(cfar.training, cfar.axes), strict=True
    )
    windows = tuple(wrapped_window(n - cfar.axes, *each, "map") for n, each in enumerate(sizes))
    if leaves_a_cell_alone(windows):
        raise InputError(
            f"map: of {' x '.join(map(str, shape))} cells leaves some cell without a training "
            "cell; use fewer guard cells or a larger map"
        )
    return windows


def _per_axis(cells: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    return cells if isinstance(cells, tuple) else (cells,) * axes


class _Level(torch.autograd.Function):
    """The mean over the ring, which is a symmetric map of the powers."""

    @staticmethod
    def forward(ctx: Any, power: Tensor, windows: tuple[Window, ...]) -> Tensor:
        ctx.windows = windows
        return _mean(power, windows)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _mean(grad, ctx.windows), None


def _mean(power: Tensor, windows: tuple[Window, ...]) -> Tensor:
    maps = power.detach().contiguous().numpy().reshape(-1, *(w.cells for w in windows))
    level = torch.empty(power.shape, dtype=power.dtype)
    out = level.numpy().reshape(maps.shape)

    def job(n: int) -> None:
        out[n] = _cfar_kernels.mean(maps[n], windows)

    in_parallel(job, len(maps))
    return level

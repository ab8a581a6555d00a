"""What a network is trained on: detections through the relaxed detector, or the maps themselves.

A loss takes prediction and target, complex (batch, 1, angle, doppler, range), and returns a scalar
to be made small. Source: Oswald 2023, (2), (4), (5).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import softplus

from clearchirp.neural.relaxed_cfar import RelaxedCfar
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryCrossEntropy:
    """Balanced cross-entropy between the relaxed detections in prediction and target, in mean.

    Parameters
    ----------
    alpha
        Weight of the cells with an object; 1 - alpha is that of the others.
    cfar
        The detector that both maps go through.

    Notes
    -----
    With y = the target's detection and z = `RelaxedCfar.logits` of the prediction, the paper's (2)
    is alpha y log(1 + exp(-z)) + (1 - alpha) (1 - y) log(1 + exp(z)).

    The paper's (3), that the loss is least where prediction and target agree, holds for alpha = 0.5
    or targets of 0 and 1 only: for others it is least at
    alpha y / (alpha y + (1 - alpha) (1 - y)), which is above y for alpha > 0.5.
    """

    alpha: float = 0.75
    cfar: RelaxedCfar = field(default_factory=RelaxedCfar)

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise InputError(f"alpha: must be between 0 and 1, got {self.alpha!r}")

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the loss; no gradient reaches the target."""
        with torch.no_grad():
            y = self.cfar(target)
        z = self.cfar.logits(prediction)
        here, elsewhere = self.alpha * y, (1 - self.alpha) * (1 - y)
        return (here * softplus(-z) + elsewhere * softplus(z)).mean()


@dataclass(frozen=True, slots=True)
class Mse:
    """Mean of |S - S^|^2 over all cells."""

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        parts = torch.view_as_real(prediction - target)
        return 2 * (parts * parts).mean()


@dataclass(frozen=True, slots=True)
class Magmse:
    """Mean of (|S| - |S^|)^2 over all cells: phases do not count."""

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        error = prediction.abs() - target.abs()
        return (error * error).mean()

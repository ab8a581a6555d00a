"""The step of a training and the scores of an epoch, as Lightning runs them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clearchirp.cfar import Cfar
from clearchirp.metrics import detections, maps
from clearchirp.neural.config import TrainConfig
from clearchirp.neural.losses import BinaryCrossEntropy, Magmse, Mse
from clearchirp.neural.networks import find_network
from clearchirp.neural.relaxed_cfar import RelaxedCfar
from clearchirp.neural.whitening import Whitening
from clearchirp.spectrum import angle_map


def angles(maps: Tensor) -> Tensor:
    """Return maps (batch, 1, angle, doppler, range) of the antennas', as `angle_map` has them."""
    from scipy.signal.windows import taylor  # here, since it takes long to import

    weights = torch.from_numpy(taylor(maps.shape[1], sym=True)).to(maps.device, maps.real.dtype)
    spectrum = torch.fft.fft(maps * weights[:, None, None], dim=1)
    return torch.fft.fftshift(spectrum, dim=1).unsqueeze(1)


class MapTraining(pl.LightningModule):
    """A network that is trained on maps.

    Parameters
    ----------
    config
        All there is to know.
    whitening
        Of the maps; the network sees and gives whitened ones.
    """

    def __init__(self, config: TrainConfig, whitening: Whitening) -> None:
        super().__init__()
        self.config, self.whitening = config, whitening
        self.network = find_network(config.network).build(config.training.seed)
        d = config.detector
        cells = {"guard": d.guard, "training": d.training, "threshold_db": d.threshold_db}
        if config.loss == "bce":
            relaxed = RelaxedCfar(axes=3, temperature=config.temperature, **cells)
            self.loss: Any = BinaryCrossEntropy(alpha=config.weight, cfar=relaxed)
        else:
            self.loss = Mse() if config.loss == "mse" else Magmse()
        self.detect = Cfar(axes=3, **cells)

    def training_step(self, batch: Any, number: int) -> Tensor:
        """Return the loss of a batch."""
        disturbed, clean = batch
        prediction = self.network(disturbed)
        if self.config.loss == "bce" and self.network.kind == "ccnn-2d":
            # Objects are detected in angle, too; a transform of white maps is as good as any.
            prediction, clean = angles(prediction), angles(clean)
        value = self.loss(prediction, clean)
        self.log("loss", value, on_step=False, on_epoch=True, batch_size=len(disturbed))
        return value

    def validation_step(self, batch: Any, number: int) -> None:
        """Score whole maps in the units they came in."""
        estimate, clean = map(self._maps, (self.network(batch[0]), batch[1]))
        found, true = self.detect(estimate), self.detect(clean)
        f1 = np.asarray(detections.f1(found, true, axes=3))
        # Where nothing is and nothing is found, the score is not a number: nothing is wrong.
        scores = {
            "f1": np.where(np.isnan(f1), 1.0, f1),
            "magmse": maps.magmse(estimate, clean, axes=3),
            "mse": maps.mse(estimate, clean, axes=3),
        }
        for name, values in scores.items():
            self.log(name, float(np.mean(values)), batch_size=len(clean), sync_dist=True)

    def _maps(self, white: Tensor) -> NDArray[Any]:
        """Return maps (batch, angle, doppler, range) of whitened ones, or of the antennas'."""
        maps = self.whitening.undo(white).cpu().numpy()
        if self.network.kind == "ccnn-2d":
            return angle_map(maps, positive=False)
        return maps.squeeze(1)

    def gain(self, pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
        """Return what to multiply the result with, so that objects have their amplitudes.

        1 for a network that was trained on maps. A detector does not see the scale of a map: one
        that was trained through it leaves it open, and gets the factor of least squares between
        the moduli at the objects of whitened pairs (disturbed, clean), each (1, angle, ...).
        """
        if self.config.loss != "bce":
            return 1.0
        both = own = 0.0
        network = self.network.eval()
        with torch.no_grad():
            for disturbed, clean in pairs:
                estimate = np.abs(self._maps(network(disturbed[None]))).astype(np.float64)
                true = self._maps(clean[None])
                here = self.detect(true)
                both += float((estimate * np.abs(true))[here].sum())
                own += float((estimate**2)[here].sum())
        return both / own if own > 0 else 1.0

    def configure_optimizers(self) -> Any:
        """Return ADAM with the decay of its rate."""
        run = self.config.training
        adam = torch.optim.Adam(self.network.parameters(), lr=run.rate)
        return [adam], [torch.optim.lr_scheduler.ExponentialLR(adam, run.decay)]

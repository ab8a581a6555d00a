"""A trained network as ONNX, checked against torch."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from clearchirp.neural.checkpoint import load_network
from clearchirp.neural.convolution import block_weight, outer_product
from clearchirp.neural.layers import ComplexBatchNorm, ComplexConv, ComplexRelu
from clearchirp.neural.whitening import Whitening
from clearchirp.types import InputError

_OPSET = 18
_TOLERANCE = 1e-4
"""Of the largest value of the output, by which ONNX Runtime may differ from torch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written, and how well it agrees.

    Attributes
    ----------
    bytes
        Size of the file.
    difference
        Greatest difference from torch over the largest value of torch's output.
    sizes
        How many sizes of maps were compared.
    """

    bytes: int
    difference: float
    sizes: int


class RealNetwork(nn.Module):
    """The same network on real numbers: channels are all real parts, then all imaginary ones.

    A complex convolution is one real convolution by block weights, separable kernels multiplied
    out; batch normalisation is a 2 x 2 matrix and an offset a channel.

    Parameters
    ----------
    network
        Complex, trained.
    whitening
        Of what comes in, undone on what goes out.
    """

    def __init__(self, network: nn.Module, whitening: Whitening) -> None:
        super().__init__()
        layers: Any = network.layers
        axes = len(layers[0].kernel)
        inside, outside = layers[0].in_channels, layers[-1].out_channels
        matrix, mean = (torch.tensor(part) for part in (whitening.matrix, whitening.mean))
        inverse, offset = torch.linalg.inv(matrix), -matrix @ mean
        steps = [
            _Mix(matrix.expand(inside, 2, 2), offset.expand(inside, 2), axes),
            *(_real(layer, axes) for layer in layers),
            _Mix(inverse.expand(outside, 2, 2), mean.expand(outside, 2), axes),
        ]
        self.steps = nn.Sequential(*steps)

    def forward(self, maps: Tensor) -> Tensor:
        """Return real (batch, 2 * channel, *axes) of the same shape."""
        return self.steps(maps)


class _Convolution(nn.Module):
    def __init__(self, layer: ComplexConv) -> None:
        super().__init__()
        if layer.separable:
            kernel = outer_product([torch.view_as_complex(v) for v in layer.vectors])
        else:
            kernel = torch.view_as_complex(layer.weight)
        self.register_buffer("weight", block_weight(kernel).detach())
        bias = torch.zeros(layer.out_channels, 2) if layer.bias is None else layer.bias.detach()
        self.register_buffer("bias", torch.cat([bias[:, 0], bias[:, 1]]))
        self.padding = tuple(n // 2 for n in layer.kernel)
        self.convolve: Any = {2: functional.conv2d, 3: functional.conv3d}[len(layer.kernel)]

    def forward(self, maps: Tensor) -> Tensor:
        return self.convolve(maps, self.weight, self.bias, padding=self.padding)


class _Mix(nn.Module):
    """A 2 x 2 matrix and an offset a complex channel, as a convolution of one tap."""

    def __init__(self, matrix: Tensor, offset: Tensor, axes: int) -> None:
        super().__init__()
        matrix = matrix.detach().float()
        blocks = [[torch.diag(matrix[:, i, j]) for j in (0, 1)] for i in (0, 1)]
        weight = torch.cat([torch.cat(row, 1) for row in blocks], 0)
        self.register_buffer("weight", weight.reshape(*weight.shape, *(1,) * axes))
        self.register_buffer("bias", torch.cat([offset[:, 0], offset[:, 1]]).detach().float())
        self.convolve: Any = {2: functional.conv2d, 3: functional.conv3d}[axes]

    def forward(self, maps: Tensor) -> Tensor:
        return self.convolve(maps, self.weight, self.bias)


def _real(layer: nn.Module, axes: int) -> nn.Module:
    if isinstance(layer, ComplexConv):
        return _Convolution(layer)
    if isinstance(layer, ComplexRelu):
        return nn.ReLU()
    if isinstance(layer, ComplexBatchNorm):
        return _Mix(*layer.affine(layer.mean, layer.covariance), axes)
    raise InputError(f"export: a network with {type(layer).__name__} cannot be written as ONNX")


def export_onnx(checkpoint: str | Path, output: str | Path) -> Exported:
    """Write a trained network as ONNX, and compare it with torch on maps of two sizes.

    Parameters
    ----------
    checkpoint
        Its .safetensors.
    output
        The .onnx; replaced if all went well.

    Returns
    -------
    Exported
        How well they agree.

    Raises
    ------
    InputError
        For a network that cannot be written, and where ONNX Runtime computes something else.
    """
    import onnxruntime

    target = Path(output)
    network, facts = load_network(checkpoint)
    if network.kind == "arim-fcn":
        raise InputError("export: a network on spectrograms cannot be written as ONNX")
    whitening: Whitening = facts["whitening"]
    layers: Any = network.layers
    axes, channels = len(layers[0].kernel), layers[0].in_channels
    real = RealNetwork(network, whitening).eval()
    free = {0: "batch"} | dict(enumerate(("angle", "doppler", "range")[-axes:], 2))
    part = target.with_name(f".{target.stem}.part.onnx")
    try:
        with _quiet(), torch.no_grad():
            torch.onnx.export(
                real,
                (torch.zeros(2, 2 * channels, *(8, 12, 16)[-axes:]),),
                part,
                input_names=["disturbed"],
                output_names=["cleaned"],
                dynamic_shapes=({k: torch.export.Dim(name) for k, name in free.items()},),
                opset_version=_OPSET,
                dynamo=True,
                external_data=False,
            )
        session = onnxruntime.InferenceSession(str(part), providers=["CPUExecutionProvider"])
        sizes = ((1, 16, 24, 32), (3, 4, 20, 12))
        difference = max(
            _difference(session, network, whitening, (batch, channels, *size[-axes:]))
            for batch, *size in sizes
        )
        if not difference <= _TOLERANCE:
            raise InputError(
                f"{target}: ONNX Runtime differs from torch by {difference:.1e} of the largest "
                "value; nothing was written"
            )
        part.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return Exported(bytes=target.stat().st_size, difference=difference, sizes=len(sizes))


def _difference(
    session: Any, network: nn.Module, whitening: Whitening, shape: tuple[int, ...]
) -> float:
    rng = np.random.default_rng(0)
    white = torch.complex(*torch.from_numpy(rng.standard_normal((2, *shape), dtype=np.float32)))
    maps: Any = whitening.undo(white)
    (found,) = session.run(None, {"disturbed": torch.cat([maps.real, maps.imag], 1).numpy()})
    with torch.no_grad():
        cleaned: Any = whitening.undo(network(whitening.apply(maps)))
    expected = torch.cat([cleaned.real, cleaned.imag], 1).numpy()
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's progress and advice to itself."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

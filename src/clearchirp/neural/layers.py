"""Complex layers: convolution, ReLU, batch normalisation.

Maps are complex (batch, channel, *axes). Parameters are stored as pairs of reals, so that counting
them, optimisers and files need to know nothing of complex numbers.

Sources: Oswald 2023, III, for separable kernels; Trabelsi et al., "Deep complex networks", ICLR
2018, 3.2 and 3.5, for the normalisation.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from clearchirp.neural.convolution import convolve, convolve_separable
from clearchirp.neural.normalisation import apply_widely_linear, channel_moments, inverse_root
from clearchirp.types import InputError


class ComplexConv(nn.Module):
    """A convolution with complex weights over one to three axes; zeros around, same size.

    Parameters
    ----------
    in_channels, out_channels
        Complex channels.
    kernel
        Taps along each axis, odd.
    separable
        One vector an axis for every pair of an input and an output channel, applied one after the
        other, in place of a full kernel (Oswald 2023, III).
    bias
        A complex number for each output channel.

    Weights begin as complex normal numbers for which the power of the output is that of the input
    (separable ones: the product of the vectors has that power); the bias begins at zero.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: tuple[int, ...],
        *,
        separable: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if not 1 <= len(kernel) <= 3 or any(k < 1 or k % 2 == 0 for k in kernel):
            raise InputError(f"kernel: must be one to three odd numbers, got {kernel!r}")
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel, self.separable = tuple(kernel), separable
        pairs = (out_channels, in_channels)
        if separable:
            # Each axis has its share of the fan-in.
            share = in_channels ** (1 / len(kernel))
            self.vectors = nn.ParameterList(
                nn.Parameter(torch.randn(*pairs, k, 2) / math.sqrt(2 * k * share)) for k in kernel
            )
        else:
            fan_in = in_channels * math.prod(kernel)
            self.weight = nn.Parameter(torch.randn(*pairs, *kernel, 2) / math.sqrt(2 * fan_in))
        self.bias = nn.Parameter(torch.zeros(out_channels, 2)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, out, *axes) of complex (batch, in, *axes)."""
        if self.separable:
            y = convolve_separable(x, [torch.view_as_complex(v) for v in self.vectors])
        else:
            y = convolve(x, torch.view_as_complex(self.weight))
        if self.bias is None:
            return y
        return y + torch.view_as_complex(self.bias).reshape(-1, *(1,) * len(self.kernel))

    def extra_repr(self) -> str:
        """Describe the layer as print(network) shows it."""
        how = ", separable" if self.separable else ""
        return f"{self.in_channels}, {self.out_channels}, kernel={self.kernel}{how}"


class ComplexRelu(nn.Module):
    """The ReLU of the real and of the imaginary part."""

    def forward(self, x: Tensor) -> Tensor:
        """Return a complex map of the same shape."""
        return torch.view_as_complex(torch.relu(torch.view_as_real(x)))


class ComplexBatchNorm(nn.Module):
    """Batch normalisation by whitening: real and imaginary part get the covariance identity.

    Then a trainable symmetric 2 x 2 matrix (rr, ri, ii) scales and a trainable complex number is
    added: five parameters a channel. In training the moments are those of the batch, and running
    means of them are kept for later use.

    Parameters
    ----------
    channels
        Complex channels.
    momentum
        Share of a new batch in the running moments.
    eps
        Added to both variances.
    """

    mean: Tensor
    covariance: Tensor

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels, self.momentum, self.eps = channels, momentum, eps
        one = torch.tensor([1.0, 0.0, 1.0])
        self.scale = nn.Parameter(one.repeat(channels, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 2))
        self.register_buffer("mean", torch.zeros(channels, 2))
        self.register_buffer("covariance", one.repeat(channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return a complex map of the same shape."""
        if self.training:
            moments = channel_moments(x)
            mean = moments[:, :2]
            products = torch.stack([mean[:, 0] ** 2, mean[:, 0] * mean[:, 1], mean[:, 1] ** 2], -1)
            covariance = moments[:, 2:] - products
            with torch.no_grad():
                self.mean.lerp_(mean.detach().to(self.mean.dtype), self.momentum)
                self.covariance.lerp_(covariance.detach().to(self.covariance.dtype), self.momentum)
        else:
            mean, covariance = self.mean, self.covariance
        return apply_widely_linear(x, *self.affine(mean, covariance))

    def affine(self, mean: Tensor, covariance: Tensor) -> tuple[Tensor, Tensor]:
        """Return matrix (channel, 2, 2) and offset (channel, 2) that the layer comes down to."""
        jitter = covariance.new_tensor([self.eps, 0.0, self.eps])
        rr, ri, ii = self.scale.unbind(-1)
        scale = torch.stack([rr, ri, ri, ii], -1).reshape(-1, 2, 2)
        matrix = scale @ inverse_root(covariance + jitter)
        return matrix, self.bias - (matrix @ mean[:, :, None])[..., 0]

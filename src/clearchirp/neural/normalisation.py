"""Moments of complex channels and widely linear maps of them, that torch can differentiate."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from clearchirp.neural import normalisation_kernels as kernels
from clearchirp.neural.convolution import floats, in_parallel


def channel_moments(x: Tensor) -> Tensor:
    """Return the means over a batch of re, im, re^2, re*im, im^2.

    Parameters
    ----------
    x
        Complex (batch, channel, *axes).

    Returns
    -------
    Tensor
        Real (channel, 5).
    """
    if x.device.type == "cpu":
        return _Moments.apply(x)
    real, imag = x.real, x.imag
    axes = (0, *range(2, x.ndim))
    products = (real, imag, real * real, real * imag, imag * imag)
    return torch.stack([p.mean(axes) for p in products], -1)


def apply_widely_linear(x: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """Return matrix (channel, 2, 2) times real and imaginary part, plus offset (channel, 2)."""
    if x.device.type == "cpu":
        return _WidelyLinear.apply(x, matrix, offset)
    shape = (-1, *(1,) * (x.ndim - 2))
    m, b = (matrix[:, i, j].reshape(shape) for i, j in ((0, 0), (0, 1)))
    n, c = (matrix[:, i, j].reshape(shape) for i, j in ((1, 0), (1, 1)))
    real = m * x.real + b * x.imag + offset[:, 0].reshape(shape)
    imag = n * x.real + c * x.imag + offset[:, 1].reshape(shape)
    return torch.complex(real, imag)


def inverse_root(covariance: Tensor) -> Tensor:
    """Return the symmetric inverse square roots (..., 2, 2) of covariances (..., 3): rr, ri, ii.

    With s^2 the determinant and t^2 = trace + 2 s, the root of a positive 2 x 2 matrix V is
    (V + s) / t, and the inverse of that has a closed form, too.
    """
    rr, ri, ii = covariance.unbind(-1)
    s = torch.sqrt(rr * ii - ri * ri)
    t = torch.sqrt(rr + ii + 2 * s)
    factor = 1 / (s * t)
    entries = torch.stack([ii + s, -ri, -ri, rr + s], -1) * factor[..., None]
    return entries.reshape(*entries.shape[:-1], 2, 2)


class _Moments(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        values = floats(x).reshape(*x.shape[:2], -1)
        sums = np.zeros((*x.shape[:2], 5))
        in_parallel(lambda n: _each(kernels.moments, values[n], sums[n]), x.shape[0])
        ctx.count = x.numel() // x.shape[1]
        return torch.from_numpy(sums.sum(0) / ctx.count).to(x.real.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (x,) = ctx.saved_tensors
        g = grad / ctx.count
        matrix = torch.stack([2 * g[:, 2], g[:, 3], g[:, 3], 2 * g[:, 4]], -1).reshape(-1, 2, 2)
        return _apply(x, matrix, g[:, :2])


class _WidelyLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
        ctx.save_for_backward(x, matrix)
        return _apply(x, matrix, offset)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride]
        x, matrix = ctx.saved_tensors
        to_x = _apply(grad, matrix.transpose(-1, -2), torch.zeros_like(matrix[:, 0]))
        values = floats(x).reshape(*x.shape[:2], -1)
        grads = floats(grad).reshape(*x.shape[:2], -1)
        sums = np.zeros((*x.shape[:2], 6))
        in_parallel(lambda n: _each(kernels.gradient, values[n], grads[n], sums[n]), x.shape[0])
        total = torch.from_numpy(sums.sum(0)).to(matrix.dtype)
        return to_x, total[:, :4].reshape(-1, 2, 2), total[:, 4:]


def _each(kernel: Any, *arrays: Any) -> None:
    for parts in zip(*arrays, strict=True):
        kernel(*parts)


def _apply(x: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    values = floats(x).reshape(*x.shape[:2], -1)
    result = floats(out).reshape(*x.shape[:2], -1)
    m, b = matrix.detach().contiguous().numpy(), offset.detach().contiguous().numpy()
    in_parallel(lambda n: _each(kernels.apply, values[n], m, b, result[n]), x.shape[0])
    return out

"""Complex convolutions that torch can differentiate: kernels on a processor, torch elsewhere.

Torch's own convolutions on a processor are laid out for tens of channels; with the one to eight of
these networks they reach a few percent of what the processor can do (see
``benchmarks/bench_neural.py``). On a processor the work is done by `convolution_kernels`, the maps
of a batch spread over ``torch.get_num_threads()`` threads; on other devices a complex convolution
becomes one real convolution by block weights, the one product of
[[real, -imaginary], [imaginary, real]] with the parts side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clearchirp.neural import convolution_kernels as kernels
from clearchirp.neural import separable_kernels

_PLAIN = {1: torch.conv1d, 2: torch.conv2d, 3: torch.conv3d}


def convolve(x: Tensor, weight: Tensor) -> Tensor:
    """Return the sum over input channels of the maps convolved with a kernel each.

    Parameters
    ----------
    x
        Complex (batch, in, *axes), one to three axes; zeros around.
    weight
        Complex (out, in, *taps), taps odd; applied as a correlation, as in all networks.

    Returns
    -------
    Tensor
        Complex (batch, out, *axes).
    """
    if not _on_kernels(x):
        return _block_product(x, weight)
    axes = x.ndim - 2
    lead = (1,) * (3 - axes)
    maps = x.reshape(*x.shape[:2], *lead, *x.shape[2:])
    taps = weight.reshape(*weight.shape[:2], *lead, *weight.shape[2:])
    return _Generic.apply(maps, taps).reshape(x.shape[0], weight.shape[0], *x.shape[2:])


def convolve_separable(x: Tensor, vectors: Sequence[Tensor]) -> Tensor:
    """Return the same for kernels that are outer products of a vector an axis.

    Parameters
    ----------
    x
        Complex (batch, in, *axes).
    vectors
        For each axis in turn complex (out, in, taps): every pair of an output and an input
        channel has vectors of its own, which are applied one after the other.
    """
    if not _on_kernels(x):
        return _block_product(x, outer_product(vectors))
    # An axis that is not there is one of a single cell, whose tap is 1.
    missing = 3 - len(vectors)
    one = torch.ones(*vectors[0].shape[:2], 1, dtype=x.dtype)
    maps = x.reshape(*x.shape[:2], *(1,) * missing, *x.shape[2:])
    result = _Separable.apply(maps, *(one,) * missing, *vectors)
    return result.reshape(x.shape[0], -1, *x.shape[2:])


def outer_product(vectors: Sequence[Tensor]) -> Tensor:
    """Return the generic kernels (out, in, *taps) of separable ones."""
    kernel = vectors[0]
    for vector in vectors[1:]:
        lead = vector.shape[:2]
        ones = (1,) * (kernel.ndim - 2)
        kernel = kernel[..., None] * vector.reshape(*lead, *ones, vector.shape[-1])
    return kernel


def block_weight(weight: Tensor) -> Tensor:
    """Return real weights (2 * out, 2 * in, *taps) for channels that are real parts, then
    imaginary parts.
    """
    real, imag = weight.real, weight.imag
    return torch.cat([torch.cat([real, -imag], 1), torch.cat([imag, real], 1)], 0)


def _block_product(x: Tensor, weight: Tensor) -> Tensor:
    axes = x.ndim - 2
    padding = tuple(n // 2 for n in weight.shape[2:])
    parts = torch.cat([x.real, x.imag], 1)
    real, imag = _PLAIN[axes](parts, block_weight(weight), padding=padding).chunk(2, 1)
    return torch.complex(real, imag)


def _on_kernels(x: Tensor) -> bool:
    return x.device.type == "cpu"


def floats(x: Tensor) -> NDArray[Any]:
    """View a complex tensor as floats, the last axis twice as long."""
    array = x.detach().resolve_conj().contiguous().numpy()
    return array.view(np.float32 if array.dtype == np.complex64 else np.float64)


def _parts(weight: Tensor) -> tuple[NDArray[Any], NDArray[Any]]:
    array = weight.detach().resolve_conj().numpy()
    return np.ascontiguousarray(np.real(array)), np.ascontiguousarray(np.imag(array))


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def in_parallel(job: Callable[[int], object], count: int) -> None:
    """Run job(0) to job(count - 1) on as many threads as torch may use."""
    threads = torch.get_num_threads()
    if threads == 1 or count == 1:
        for n in range(count):
            job(n)
    else:
        list(_pool(threads).map(job, range(count)))


class _Generic(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _generic(x, weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight = ctx.saved_tensors
        to_x = to_weight = None
        if ctx.needs_input_grad[0]:
            turned = weight.transpose(0, 1).flip((2, 3, 4)).conj()
            to_x = _generic(grad, turned)
        if ctx.needs_input_grad[1]:
            maps, grads = floats(x), floats(grad)
            shape = (x.shape[0], *weight.shape)
            u, v = np.zeros(shape), np.zeros(shape)
            in_parallel(
                lambda n: kernels.weights_of_maps(maps[n], grads[n], u[n], v[n]), x.shape[0]
            )
            to_weight = _joined(u.sum(0), v.sum(0), weight)
        return to_x, to_weight


def _generic(x: Tensor, weight: Tensor) -> Tensor:
    maps, (u, v) = floats(x), _parts(weight)
    out = torch.empty(x.shape[0], weight.shape[0], *x.shape[2:], dtype=x.dtype)
    result = floats(out)
    _by_planes(
        lambda n, begin, end: kernels.convolve_maps(maps[n], u, v, begin, end, result[n]), x.shape
    )
    return out


class _Separable(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *vectors: Tensor) -> Tensor:
        ctx.save_for_backward(x, *vectors)
        maps, weights = floats(x), _vectors(vectors)
        out = torch.empty(x.shape[0], vectors[0].shape[0], *x.shape[2:], dtype=x.dtype)
        result = floats(out)
        _by_planes(
            lambda n, begin, end: separable_kernels.convolve_maps(
                maps[n], weights, begin, end, result[n]
            ),
            x.shape,
        )
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        x, *vectors = ctx.saved_tensors
        maps, grads, weights = floats(x), floats(grad), _vectors(vectors)
        sums = [
            tuple(np.zeros(part.shape, np.float64) for part in weights) for _ in range(x.shape[0])
        ]
        wanted = ctx.needs_input_grad[0]
        to_x = torch.zeros_like(x, memory_format=torch.contiguous_format) if wanted else None
        result = maps if to_x is None else floats(to_x)
        in_parallel(
            lambda n: separable_kernels.gradients(
                maps[n], grads[n], weights, sums[n], result[n], wanted
            ),
            x.shape[0],
        )
        total = [np.sum(parts, axis=0) for parts in zip(*sums, strict=True)]
        to_vectors = [
            _joined(total[2 * k], total[2 * k + 1], vector) for k, vector in enumerate(vectors)
        ]
        return to_x, *to_vectors


def _vectors(vectors: Sequence[Tensor]) -> tuple[NDArray[Any], ...]:
    return tuple(part for vector in vectors for part in _parts(vector))


def _by_planes(job: Callable[[int, int, int], object], shape: Sequence[int]) -> None:
    """Run job(map, first plane, one past the last) in parallel, over maps or, of few, planes."""
    batch, planes = shape[0], shape[2]
    threads = torch.get_num_threads()
    if batch >= threads or planes == 1:
        in_parallel(lambda n: job(n, 0, planes), batch)
        return
    edges = np.linspace(0, planes, min(threads, planes) + 1).astype(int).tolist()
    cuts = [(n, *cut) for n in range(batch) for cut in pairwise(edges)]
    in_parallel(lambda k: job(*cuts[k]), len(cuts))


def _joined(real: NDArray[Any], imag: NDArray[Any], like: Tensor) -> Tensor:
    return torch.from_numpy(real + 1j * imag).to(like.dtype)

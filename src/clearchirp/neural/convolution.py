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
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clearchirp.neural import convolution_kernels as kernels

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
    targets, sources = vectors[0].shape[:2]
    if not _on_kernels(x):
        return _block_product(x, outer_product(vectors))
    pairs = targets * sources
    # Pair by pair, the inputs of a target next to each other; the last axis adds them up.
    fan_out = np.tile(np.arange(sources), targets).reshape(pairs, 1)
    alone = np.arange(pairs).reshape(pairs, 1)
    add_up = np.arange(pairs).reshape(targets, sources)
    last = len(vectors) - 1
    for axis, vector in enumerate(vectors):
        route = fan_out if axis == 0 else alone
        if axis == last:
            route = fan_out.reshape(targets, sources) if last == 0 else add_up
        x = _AlongAxis.apply(x, vector.reshape(pairs, -1), route, axis - len(vectors))
    return x


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
    in_parallel(lambda n: kernels.convolve_maps(maps[n], u, v, result[n]), x.shape[0])
    return out


class _AlongAxis(torch.autograd.Function):
    """Convolutions along one axis; `route` (target, term) names the input channel of each weight.

    The weights (target * term, tap) stand in the order of the route.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, route: NDArray[np.intp], axis: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.route, ctx.axis = route, axis
        return _along_axis(x, weight.reshape(*route.shape, -1), route, axis)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight = ctx.saved_tensors
        route, axis = ctx.route, ctx.axis
        to_x = to_weight = None
        if ctx.needs_input_grad[0]:
            targets = np.repeat(np.arange(route.shape[0]), route.shape[1])
            # Every input channel goes into as many terms.
            back = np.argsort(route.ravel(), kind="stable").reshape(x.shape[1], -1)
            turned = weight.flip(-1).conj()[torch.from_numpy(back)]
            to_x = _along_axis(grad, turned, targets[back], axis)
        if ctx.needs_input_grad[1]:
            to_weight = _axis_weights(x, grad, weight, route, axis)
        return to_x, to_weight, None, None


def _shape_along(shape: Sequence[int], axis: int) -> tuple[int, ...]:
    """Shape of the floats of a map: (row, 2 * length) or (outer, axis, row)."""
    *outer, last = shape
    if axis == -1:
        return int(np.prod(outer, dtype=int)), 2 * last
    cut = len(shape) + axis
    inner = 2 * int(np.prod(shape[cut + 1 :], dtype=int))
    return int(np.prod(shape[:cut], dtype=int)), shape[cut], inner


def _along_axis(x: Tensor, weight: Tensor, route: NDArray[np.intp], axis: int) -> Tensor:
    out = torch.empty(x.shape[0], route.shape[0], *x.shape[2:], dtype=x.dtype)
    shape = _shape_along(x.shape[2:], axis)
    maps = floats(x).reshape(*x.shape[:2], *shape)
    result = floats(out).reshape(*out.shape[:2], *shape)
    u, v = _parts(weight)
    kernel = kernels.convolve_along_rows if axis == -1 else kernels.convolve_across_rows

    def job(n: int) -> None:
        for target, source in enumerate(route):
            kernel(maps[n], source, u[target], v[target], result[n, target])

    in_parallel(job, x.shape[0])
    return out


def _axis_weights(
    x: Tensor, grad: Tensor, weight: Tensor, route: NDArray[np.intp], axis: int
) -> Tensor:
    shape = _shape_along(x.shape[2:], axis)
    maps = floats(x).reshape(*x.shape[:2], *shape)
    grads = floats(grad).reshape(*grad.shape[:2], *shape)
    u = np.zeros((x.shape[0], *weight.shape))
    v = np.zeros_like(u)
    kernel = kernels.weights_along_rows if axis == -1 else kernels.weights_across_rows
    terms = route.shape[1]

    def job(n: int) -> None:
        for term, source in enumerate(route.ravel()):
            kernel(maps[n, source], grads[n, term // terms], u[n, term], v[n, term])

    in_parallel(job, x.shape[0])
    return _joined(u.sum(0), v.sum(0), weight)


def _joined(real: NDArray[Any], imag: NDArray[Any], like: Tensor) -> Tensor:
    return torch.from_numpy(real + 1j * imag).to(like.dtype)

"""The networks on a map of 96 x 96 x 16, beside NumPy's FFT of the map and torch's convolutions.

Run it as it is: ``python benchmarks/bench_neural.py [NETWORK...]``. One thread; medians of the
processor time of several runs, taken in turn, so that ratios hold on a machine whose speed drifts.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from clearchirp.cfar import Cfar
from clearchirp.metrics import detections
from clearchirp.neural.checkpoint import load_network
from clearchirp.neural.convolution import block_weight, outer_product
from clearchirp.neural.layers import ComplexConv
from clearchirp.neural.losses import BinaryCrossEntropy, Magmse, Mse
from clearchirp.neural.mitigators import SHIPPED, shipped_models
from clearchirp.neural.networks import NETWORKS, find_network
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.spectrum import angle_map, range_doppler

CONV = {2: functional.conv2d, 3: functional.conv3d}
LAST = {2: torch.channels_last, 3: torch.channels_last_3d}


def medians(runs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median processor time in ms of each, run in turn."""
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.process_time()
            run()
            times[name].append(time.process_time() - start)
    return {name: 1e3 * statistics.median(values) for name, values in times.items()}


def show(title: str, figures: Mapping[str, float], reference: str) -> None:
    """Print the medians and their ratio to the reference."""
    print(f"\n{title}")
    print(f"  {'':44s} {'ms':>9s} {'ratio':>8s}")
    for name, ms in figures.items():
        print(f"  {name:44s} {ms:9.2f} {ms / figures[reference]:8.2f}")


def map_for(network: nn.Module) -> Tensor:
    """Return a batch of one map."""
    shape = (16, 96, 96) if network.kind == "ccnn-2d" else (1, 16, 96, 96)
    return torch.randn(1, *shape, dtype=torch.complex64)


def generic(layer: ComplexConv) -> Tensor:
    """Return the full complex kernels of a layer."""
    if layer.separable:
        return outer_product([torch.view_as_complex(v) for v in layer.vectors])
    return torch.view_as_complex(layer.weight)


def block(layer: ComplexConv, x: Tensor, dtype: torch.dtype, last: bool) -> Tensor:
    """One real product with block weights."""
    axes = len(layer.kernel)
    parts, weight = torch.cat([x.real, x.imag], 1).to(dtype), block_weight(generic(layer)).to(dtype)
    if last:
        parts = parts.contiguous(memory_format=LAST[axes])
        weight = weight.contiguous(memory_format=LAST[axes])
    out = CONV[axes](parts, weight, padding=tuple(k // 2 for k in layer.kernel))
    return torch.complex(*out.float().contiguous().chunk(2, 1))


def three_products(layer: ComplexConv, x: Tensor) -> Tensor:
    """Gauss: three real products in place of four."""
    axes, padding = len(layer.kernel), tuple(k // 2 for k in layer.kernel)
    weight = generic(layer)
    real, imag = x.real.contiguous(), x.imag.contiguous()
    u, v = weight.real.contiguous(), weight.imag.contiguous()
    both = CONV[axes](real + imag, u, padding=padding)
    one = CONV[axes](real, v - u, padding=padding)
    two = CONV[axes](imag, u + v, padding=padding)
    return torch.complex(both - two, both + one)


def by_axes(layer: ComplexConv, x: Tensor) -> Tensor:
    """The vectors of a separable layer one after the other, in groups of a pair each."""
    axes = len(layer.kernel)
    outs, ins = layer.out_channels, layer.in_channels
    pairs = outs * ins
    y = x.repeat(1, outs, *(1,) * axes)
    parts = torch.stack([y.real, y.imag], 2).flatten(1, 2)
    for n, vector in enumerate(layer.vectors):
        u, v = vector[..., 0].reshape(pairs, 1, 1, -1), vector[..., 1].reshape(pairs, 1, 1, -1)
        weight = torch.cat([torch.cat([u, -v], 2), torch.cat([v, u], 2)], 1).flatten(0, 1)
        shape, padding = [1] * axes, [0] * axes
        shape[n], padding[n] = vector.shape[2], vector.shape[2] // 2
        weight = weight.reshape(2 * pairs, 2, *shape)
        parts = CONV[axes](parts, weight, padding=tuple(padding), groups=pairs)
    out = parts.unflatten(1, (outs, ins, 2)).sum(2)
    return torch.complex(out[:, :, 0].contiguous(), out[:, :, 1].contiguous())


def forward(network: nn.Module, x: Tensor, convolve: Callable[[ComplexConv, Tensor], Tensor]):
    """Run a network with another convolution."""
    for layer in network.layers:
        if isinstance(layer, ComplexConv):
            bias = torch.view_as_complex(layer.bias).reshape(-1, *(1,) * len(layer.kernel))
            x = convolve(layer, x) + bias
        else:
            x = layer(x)
    return x


def ways(network: nn.Module) -> dict[str, Callable[[ComplexConv, Tensor], Tensor]]:
    """Return the ways to convolve that are compared."""
    found: dict[str, Callable[[ComplexConv, Tensor], Tensor]] = {
        "torch, one block product": lambda a, x: block(a, x, torch.float32, False),
        "torch, one block product, channels last": lambda a, x: block(a, x, torch.float32, True),
        "torch, one block product, bfloat16": lambda a, x: block(a, x, torch.bfloat16, True),
        "torch, three products": three_products,
    }
    if network.layers[0].separable:
        found["torch, axis by axis"] = by_axes
    return found


def inference(names: list[str], repeats: int) -> None:
    """Time each network against NumPy's FFT of the map."""
    x = map_for(find_network("s3").build(seed=0))
    cube = x[0, 0].numpy()
    runs: dict[str, Callable[[], object]] = {"numpy.fft.fftn of the map": lambda: np.fft.fftn(cube)}
    for name in names:
        network = find_network(name).build(seed=0).eval()
        runs[name] = lambda network=network, x=map_for(network): network(x)
    with torch.inference_mode():
        show("Inference, one map of 96 x 96 x 16", medians(runs, repeats), next(iter(runs)))


def layers(name: str, repeats: int) -> None:
    """Time each layer of a network."""
    network = find_network(name).build(seed=0).eval()
    x, runs = map_for(network), {}
    with torch.inference_mode():
        for n, layer in enumerate(network.layers):
            runs[f"{n} {type(layer).__name__}({layer.extra_repr()})"[:44]] = (
                lambda layer=layer, x=x: layer(x)
            )
            x = layer(x)
        first = map_for(network)
        runs["all"] = lambda: network(first)
        show(f"{name}, layer by layer", medians(runs, repeats), "all")


def convolutions(name: str, repeats: int, training: bool) -> None:
    """Time the ways to convolve, forward alone or with the gradients of all weights."""
    network = find_network(name).build(seed=0).train(training)
    x = map_for(network)

    def run(convolve: Callable[[ComplexConv, Tensor], Tensor]) -> None:
        if not training:
            with torch.inference_mode():
                forward(network, x, convolve)
            return
        network.zero_grad()
        y = forward(network, x, convolve)
        torch.view_as_real(y).square().mean().backward()

    def ours(layer: ComplexConv, x: Tensor) -> Tensor:
        y = layer(x)
        return y - torch.view_as_complex(layer.bias).reshape(-1, *(1,) * len(layer.kernel))

    runs = {"clearchirp": lambda: run(ours)}
    for label, convolve in ways(network).items():
        runs[label] = lambda convolve=convolve: run(convolve)
    what = "forward and backward" if training else "forward"
    show(f"{name}, {what}", medians(runs, repeats), "clearchirp")


def losses(repeats: int) -> None:
    """Time what a training step costs beside the network."""
    x, y = (torch.randn(1, 1, 16, 96, 96, dtype=torch.complex64) for _ in range(2))
    network = find_network("s7").build(seed=0)

    def step(loss, model) -> None:
        guess = model(x) if model else x.clone().requires_grad_()
        loss(guess, y).backward()

    runs = {"s7 alone": lambda: step(lambda p, _: torch.view_as_real(p).square().mean(), network)}
    for loss in (BinaryCrossEntropy(), Magmse(), Mse()):
        runs[type(loss).__name__] = lambda loss=loss: step(loss, None)
    show(
        "A training step of one map: the loss beside the network",
        medians(runs, repeats),
        "s7 alone",
    )


def half_precision(frames: int) -> None:
    """Print what bfloat16 costs in F1, on maps of the test split of the scene `e2e`."""
    scene, cfar = load_scene("e2e"), Cfar(axes=3)
    model = shipped_models()
    scores: dict[str, list[float]] = {}
    for frame in range(2750, 2750 + frames):
        made = simulate_frame(scene, frame, 0)
        clean, given = (angle_map(range_doppler(x)) for x in (made.clean, made.beat))
        objects = cfar(clean)
        for name in model:
            network, facts = load_network(SHIPPED / f"{name}.safetensors")
            if network.kind != "aenn":
                continue
            white = facts["whitening"].apply(torch.from_numpy(given)[None, None])
            with torch.inference_mode():
                for label, result in (
                    ("float32", network(white)),
                    (
                        "bfloat16",
                        forward(network, white, lambda a, x: block(a, x, torch.bfloat16, True)),
                    ),
                ):
                    found = cfar(facts["whitening"].undo(result)[0, 0].numpy())
                    score = float(detections.f1(found, objects, axes=3))
                    scores.setdefault(f"{name} {label}", []).append(score)
    print(f"\nF1 on {frames} maps")
    for name, values in scores.items():
        print(f"  {name:44s} {np.mean(values):9.4f}")


def main() -> None:
    """Time everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--compare", nargs="*", default=["g3", "s3", "s7", "s", "ccnn-2d"])
    parser.add_argument("--frames", type=int, default=10)
    given = parser.parse_args()
    torch.set_num_threads(1)
    inference(given.networks, given.repeats)
    for name in given.compare:
        layers(name, given.repeats)
        convolutions(name, max(2, given.repeats // 2), training=False)
        convolutions(name, max(2, given.repeats // 3), training=True)
    losses(given.repeats)
    if given.frames:
        half_precision(given.frames)


if __name__ == "__main__":
    main()

"""Untrained models for tests of what surrounds a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def untrained(folder: Path, architecture: str = "s3", **facts: Any) -> str:
    """Write a model whose weights are random and whose running moments have settled."""
    import torch

    from clearchirp.neural.checkpoint import save_network
    from clearchirp.neural.networks import Architecture, find_network
    from clearchirp.neural.whitening import Whitening

    path = folder / f"{architecture}.safetensors"
    generator = torch.Generator().manual_seed(1)
    if architecture == "arim-fcn":
        network = Architecture(kind=architecture, settings={"window": 32}, source="").build(seed=1)
        last = network.layers[-1].weight
        last.data = torch.randn(last.shape, generator=generator)
        save_network(path, network, facts)
        return str(path)
    network = find_network(architecture).build(seed=1)
    lead = (16,) if architecture == "ccnn-2d" else (1, 4)
    for _ in range(20):
        network(torch.randn(2, *lead, 12, 12, dtype=torch.complex64, generator=generator))
    whitening = Whitening(mean=(0.01, 0.02), matrix=((0.05, 0.01), (0.01, 0.06)))
    save_network(path, network, {"whitening": whitening, "level": 0.5, **facts})
    return str(path)

"""Untrained models for tests of what surrounds a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def untrained(folder: Path, architecture: str = "s3", **facts: Any) -> str:
    """Write a model whose weights are random and whose running moments have settled."""
    import torch

    from clearchirp.neural.checkpoint import save_network
    from clearchirp.neural.networks import find_network
    from clearchirp.neural.whitening import Whitening

    path = folder / f"{architecture}.safetensors"
    network = find_network(architecture).build(seed=1)
    generator = torch.Generator().manual_seed(1)
    lead = (16,) if architecture == "ccnn-2d" else (1, 4)
    for _ in range(20):
        network(torch.randn(2, *lead, 12, 12, dtype=torch.complex64, generator=generator))
    whitening = Whitening(mean=(0.01, 0.02), matrix=((0.05, 0.01), (0.01, 0.06)))
    save_network(path, network, {"whitening": whitening, "level": 0.5, **facts})
    return str(path)

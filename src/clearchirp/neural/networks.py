"""The networks, and the table of those that have a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from clearchirp.neural.layers import ComplexBatchNorm, ComplexConv, ComplexRelu
from clearchirp.neural.spectrogram import SpectrogramNetwork
from clearchirp.types import InputError


class _Stack(nn.Module):
    """Convolutions with ReLU and, where said, batch normalisation between them."""

    kind: str
    settings: Mapping[str, Any]

    def __init__(
        self,
        inputs: int,
        channels: tuple[int, ...],
        kernel: tuple[int, ...],
        separable: bool,
        normalise_after: tuple[int, ...],
    ) -> None:
        super().__init__()
        last = len(channels)
        if not channels or any(not 1 <= n < last for n in normalise_after):
            raise InputError(
                f"normalise_after: names layers 1 to {last - 1}, the last has none; "
                f"got {normalise_after!r}"
            )
        layers: list[nn.Module] = []
        for n, outputs in enumerate(channels, 1):
            layers.append(ComplexConv(inputs, outputs, kernel, separable=separable))
            if n < last:
                layers.append(ComplexRelu())
            if n in normalise_after:
                layers.append(ComplexBatchNorm(outputs))
            inputs = outputs
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Aenn(_Stack):
    """The angle-equivariant network: 3-D complex convolutions on a range-Doppler-angle map.

    Input and output are complex (batch, 1, angle, doppler, range), of any size.

    Parameters
    ----------
    channels
        Output channels of each layer, the last 1.
    kernel
        Taps in angle, Doppler and range.
    separable
        Kernels of a vector an axis (Oswald 2023, III); generic otherwise.
    normalise_after
        Layers, counted from 1, that batch normalisation follows, after their ReLU.

    Sources: Oswald 2023a, II and Table 1, where it is called CCNN-3D; Oswald 2023, IV-A. They name
    ReLU and normalisation in this order without saying which comes first.
    """

    def __init__(
        self,
        channels: tuple[int, ...] = (4, 2, 1),
        kernel: tuple[int, int, int] = (3, 3, 3),
        separable: bool = True,
        normalise_after: tuple[int, ...] = (1, 2),
    ) -> None:
        if channels[-1:] != (1,):
            raise InputError(f"channels: the last must be 1, the map itself; got {channels!r}")
        super().__init__(1, channels, kernel, separable, normalise_after)
        self.kind = "aenn"
        self.settings = {
            "channels": tuple(channels),
            "kernel": tuple(kernel),
            "separable": separable,
            "normalise_after": tuple(normalise_after),
        }


class Ccnn2d(_Stack):
    """The network that the 3-D ones are compared with: 2-D, one channel an antenna.

    Input and output are complex (batch, antenna, doppler, range): range-Doppler maps.

    Parameters
    ----------
    antennas
        Receivers of the radar; the last of `channels` must be as many.
    channels, kernel, normalise_after
        As for `Aenn`; by default normalisation after every layer but the first and the last.

    Source: Oswald 2023a, Table 1, after Fuchs et al.
    """

    def __init__(
        self,
        antennas: int = 16,
        channels: tuple[int, ...] = (32, 16, 16),
        kernel: tuple[int, int] = (3, 3),
        normalise_after: tuple[int, ...] | None = None,
    ) -> None:
        if channels[-1:] != (antennas,):
            raise InputError(
                f"channels: the last must be the number of antennas, {antennas}; got {channels!r}"
            )
        between = tuple(range(2, len(channels))) if normalise_after is None else normalise_after
        super().__init__(antennas, channels, kernel, False, between)
        self.kind = "ccnn-2d"
        self.settings = {
            "antennas": antennas,
            "channels": tuple(channels),
            "kernel": tuple(kernel),
            "normalise_after": between,
        }


Network = Aenn | Ccnn2d | SpectrogramNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A network by name.

    Attributes
    ----------
    kind
        "aenn", "ccnn-2d" or "arim-fcn".
    settings
        Arguments of `Aenn`, `Ccnn2d` or `SpectrogramNetwork`.
    source
        Where it comes from.
    """

    kind: str
    settings: Mapping[str, Any]
    source: str

    def build(self, seed: int | None = None) -> Network:
        """Return the network, untrained; with a seed its first weights are always the same.

        The global state of torch's random numbers is left as it is where a seed is given.
        """
        kind = _KINDS[self.kind]
        if seed is None:
            return kind(**self.settings)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return kind(**self.settings)


_KINDS: Mapping[str, Any] = {
    "aenn": Aenn,
    "ccnn-2d": Ccnn2d,
    "arim-fcn": SpectrogramNetwork,
}


def _end_to_end(taps: int, separable: bool) -> Architecture:
    settings = {"kernel": (taps,) * 3, "separable": separable}
    return Architecture(kind="aenn", settings=settings, source="Oswald 2023, Table I")


def _angles(*channels: int) -> Architecture:
    between = tuple(range(2, len(channels)))
    settings = {"channels": channels, "separable": False, "normalise_after": between}
    return Architecture(kind="aenn", settings=settings, source="Oswald 2023a, Table 1")


NETWORKS: Mapping[str, Architecture] = MappingProxyType(
    {
        "g3": _end_to_end(3, separable=False),
        "s3": _end_to_end(3, separable=True),
        "s5": _end_to_end(5, separable=True),
        "s7": _end_to_end(7, separable=True),
        "s9": _end_to_end(9, separable=True),
        "l": _angles(32, 16, 8, 4, 1),
        "m": _angles(16, 8, 4, 2, 1),
        "s": _angles(8, 4, 2, 1),
        "xs": _angles(4, 2, 1),
        "ccnn-2d": Architecture(kind="ccnn-2d", settings={}, source="Oswald 2023a, Table 1"),
    }
)
"""Name -> architecture: g3 to s9 of the end-to-end training, l to xs and ccnn-2d before it."""


def find_network(name: str) -> Architecture:
    """Return the architecture of that name; `InputError` lists the names there are."""
    if name not in NETWORKS:
        raise InputError(f"network: none is called {name!r}; there are {', '.join(NETWORKS)}")
    return NETWORKS[name]


def parameter_count(network: nn.Module) -> int:
    """Return how many real numbers are trained: two a complex one, five a normalised channel.

    >>> parameter_count(find_network("s7").build())
    632
    """
    return sum(p.numel() for p in network.parameters())

"""The network that reads the spectrogram of a chirp and gives its range spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from clearchirp.types import InputError


class SpectrogramNetwork(nn.Module):
    """A fully convolutional network on the magnitude of a chirp's spectrogram.

    What it gives are weights between 0 and 1, one a cell of the spectrogram: how much of each
    moment to believe at each frequency. The range spectrum is the mean over time of the complex
    spectrogram with these weights, times the number of samples. Magnitude and phase both come from
    that mean. Equal weights give the Fourier transform of the chirp, and the unit of the samples
    does not matter.

    Input is complex (batch, sample), output complex (batch, range) with as many bins.

    Parameters
    ----------
    channels
        Of the hidden layers; a last one gives the weights.
    kernel
        Taps in time and in frequency, both odd.
    dilation
        In time, of each layer, the last included.
    window
        Samples of the Hann window, a multiple of 4; it moves on by a quarter of them.

    Notes
    -----
    After Ristea 2020 and 2020a, whose networks are fully convolutional in the same sense: from the
    spectrogram to the range spectrum, with padding that goes round in frequency. Theirs give the
    values of the spectrum themselves, the first its magnitude only, the second also its real and
    imaginary part, which it must learn; here the phase is that of the samples that are believed.
    """

    def __init__(
        self,
        channels: tuple[int, ...] = (8, 8, 8),
        kernel: tuple[int, int] = (5, 5),
        dilation: tuple[int, ...] = (1, 2, 2, 1),
        window: int = 128,
    ) -> None:
        super().__init__()
        if not channels or len(dilation) != len(channels) + 1:
            raise InputError(f"dilation: must be one a layer, {len(channels) + 1}; got {dilation}")
        if any(n < 1 or n % 2 == 0 for n in kernel):
            raise InputError(f"kernel: must be odd in time and frequency, got {kernel}")
        if window < 8 or window % 4:
            raise InputError(f"window: must be a multiple of 4 samples from 8 on, got {window}")
        self.kind = "arim-fcn"
        self.settings: Mapping[str, Any] = {
            "channels": tuple(channels),
            "kernel": tuple(kernel),
            "dilation": tuple(dilation),
            "window": window,
        }
        inputs, layers = 2, []
        for outputs, step in zip((*channels, 1), dilation, strict=True):
            layers.append(nn.Conv2d(inputs, outputs, kernel, dilation=(step, 1)))
            inputs = outputs
        # Nothing learned, nothing changed: at first all weights are equal.
        nn.init.zeros_(layers[-1].weight)
        nn.init.constant_(layers[-1].bias, 2.0)
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return the range spectra (batch, range) of chirps (batch, sample)."""
        windows = _windows(self.settings["window"], x.shape[-1])
        parts = x[:, None, :] * windows.to(x.real.dtype)
        spectra = torch.fft.fft(parts)
        weights = _to_bins(self.weights(parts), x.shape[-1])
        shares = windows.sum(-1, keepdim=True).to(weights.dtype)
        believed = (weights * shares).sum(-2)
        return x.shape[-1] * (weights * spectra).sum(-2) / believed

    def weights(self, parts: Tensor) -> Tensor:
        """Return the weights (batch, time, frequency) of windowed samples (batch, time, sample)."""
        coarse = _features(parts, self.settings["window"])
        taps = self.settings["kernel"]
        for number, layer in enumerate(self.layers):
            if number:
                coarse = functional.relu(coarse)
            time = taps[0] // 2 * self.settings["dilation"][number]
            round_ = functional.pad(coarse, (taps[1] // 2, taps[1] // 2, 0, 0), mode="circular")
            coarse = layer(functional.pad(round_, (0, 0, time, time), mode="replicate"))
        # A little of everything: where nothing is believed, all is believed alike.
        return torch.sigmoid(coarse[:, 0]).clamp_min(1e-4)


@lru_cache(maxsize=8)
def _windows(length: int, samples: int) -> Tensor:
    """Hann windows (time, sample) a quarter of their length apart; together they are 2."""
    step = length // 4
    starts = torch.arange(step - length, samples, step)
    place = torch.arange(samples) - starts[:, None]
    shape = 0.5 - 0.5 * torch.cos(2 * torch.pi * place.double() / length)
    return torch.where((place >= 0) & (place < length), shape, 0.0)


def _features(parts: Tensor, length: int) -> Tensor:
    """Logarithms of the magnitude, over its median, and of its median over time; two channels."""
    samples = parts.shape[-1]
    folded = functional.pad(parts, (0, -samples % length))
    # To fold a signal is to take every so many of its frequencies: `length` of them are left.
    folded = folded.reshape(*parts.shape[:-1], -1, length).sum(-2)
    power = torch.fft.fft(folded).abs().square()
    own = _windows(length, samples).square().sum(-1, keepdim=True).to(power.dtype)
    power = power / own.clamp_min(1e-3)
    scale = power.flatten(1).median(-1).values[:, None, None]
    most = power.flatten(1).amax(-1)[:, None, None]
    scale = torch.where(scale > 1e-12 * most, scale, 1e-12 * most)
    power = torch.log((power / torch.where(scale > 0, scale, 1.0)).clamp(1e-3, 1e12)) / 2
    usual = power.median(-2, keepdim=True).values.expand_as(power)
    return torch.stack([power, usual], 1)


def _to_bins(coarse: Tensor, bins: int) -> Tensor:
    """Interpolate linearly from the frequencies of the windows to those of the chirp."""
    count = coarse.shape[-1]
    place = torch.arange(bins, dtype=torch.float64) * (count / bins)
    low = place.floor().long()
    share = (place - low).to(coarse.dtype)
    return (1 - share) * coarse[..., low % count] + share * coarse[..., (low + 1) % count]

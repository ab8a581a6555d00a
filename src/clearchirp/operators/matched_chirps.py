"""Fractional domains of a few given chirp rates: a chirp of such a rate becomes a pulse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.operators.chirp_bank import centred_dft
from clearchirp.settings import check_number
from clearchirp.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedChirps:
    """Signals (..., sample) in the fractional domain of each of some chirp rates.

    Parameters
    ----------
    samples
        Length N of the signals, from 1.
    rates
        Chirp rates in cycles a sample squared, none of them 0.

    Notes
    -----
    Each row is exactly unitary. Its modulus is that of the fractional Fourier transform at the
    angle ``arccot(-N rate)``: rates up to 1/N in modulus are undone on the samples and the DFT
    taken, steeper ones on the DFT and the inverse taken, as in `ChirpBank`, whose rates are a grid.

    Examples
    --------
    >>> n = np.arange(65) - 32
    >>> chirp = np.exp(1j * np.pi * 0.01 * n**2)
    >>> row = MatchedChirps(samples=65, rates=(0.01,)).forward(chirp)
    >>> round(float(np.abs(row).max() ** 2 / np.sum(np.abs(chirp) ** 2)), 6)
    1.0
    """

    samples: int
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        whole = isinstance(self.samples, int) and not isinstance(self.samples, bool)
        if not whole or self.samples < 1:
            raise InputError(f"samples: must be a whole number from 1, got {self.samples!r}")
        for rate in self.rates:
            check_number("rates", rate)
            if rate == 0:
                raise InputError("rates: a chirp of rate 0 is a tone")

    def forward(self, x: NDArray[Any], /) -> NDArray[Any]:
        """Return the rows (..., rate, sample) of a complex signal (..., sample)."""
        rows = [self.row(k, x) for k in range(len(self.rates))]
        return np.stack(rows, axis=-2) if rows else np.zeros((*x.shape[:-1], 0, self.samples))

    def adjoint(self, y: NDArray[Any], /) -> NDArray[Any]:
        """Return the sum (..., sample) of the inverses of all rows (..., rate, sample)."""
        inverses = (self.row_adjoint(k, y[..., k, :]) for k in range(len(self.rates)))
        return sum(inverses, np.zeros((*y.shape[:-2], self.samples), y.dtype))

    def row(self, k: int, x: NDArray[Any], /) -> NDArray[Any]:
        """Return the domain (..., sample) of the rate k."""
        steep, chirp = _chirp(self.samples, self.rates[k])
        if steep:
            return np.conj(centred_dft(np.conj(centred_dft(x) * chirp)))
        return centred_dft(x * chirp)

    def row_adjoint(self, k: int, y: NDArray[Any], /) -> NDArray[Any]:
        """Return the signal (..., sample) of the domain of the rate k: the inverse of `row`."""
        steep, chirp = _chirp(self.samples, self.rates[k])
        if steep:
            return np.conj(centred_dft(np.conj(centred_dft(y) * np.conj(chirp))))
        return np.conj(centred_dft(np.conj(y))) * np.conj(chirp)


@lru_cache(maxsize=64)
def _chirp(samples: int, rate: float) -> tuple[bool, NDArray[np.complex128]]:
    """Return whether a rate is undone on the DFT, and the chirp that undoes it (sample,)."""
    steep = abs(rate) * samples > 1
    middle = np.arange(samples) - (samples - 1) / 2
    bend = 1 / (rate * samples**2) if steep else -rate
    chirp = np.exp(1j * np.pi * bend * middle**2)
    chirp.flags.writeable = False  # it is shared by all calls
    return steep, chirp

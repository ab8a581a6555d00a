"""The rates of the chirps in a signal, told by how few cells of a fractional domain hold it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import median_filter

from clearchirp.operators.matched_chirps import MatchedChirps

_STEP = 1.03
_SLOWEST = 0.25
"""Share of the band that the slowest chirp crosses in the whole signal; slower ones are tones."""

_SHORTEST = 16.0
"""Samples in which the fastest chirp crosses the whole band."""

_CLIP = 4.0
"""Lines of the spectrum so many times its median are the targets'."""

_NEIGHBOURS = 25
_STANDS_OUT = 1.6
_APART = 1.1
_FEW = 0.1
"""Cells of a domain above this share of the largest are its own chirps', not spread ones."""

_ROUNDS = 12


def chirp_rates(y: NDArray[Any], *, most: int = 6) -> tuple[float, ...]:
    """Return the rates (cycles a sample squared) of the chirps that stand out of a signal.

    Parameters
    ----------
    y
        Complex signal (sample,).
    most
        Most rates, from 1.

    Returns
    -------
    tuple of float
        The most concentrated first; empty where no chirp stands out.

    Notes
    -----
    Concentration is the sum of the fourth powers of a domain's moduli over that of noise of the
    same power. It is looked at for rates of either sign 3 % apart, of a spectrum whose strong lines
    are cut to four times its median; its highest peak is refined by ever smaller steps. What that
    domain holds in few cells is taken away, and the next rate is sought in what is left.
    """
    samples = y.size
    spectrum = np.asarray(fft.fft(y))
    modulus = np.abs(spectrum)
    limit = _CLIP * float(np.median(modulus))
    spectrum *= np.minimum(1, limit / np.where(modulus > 0, modulus, 1))
    rest = np.asarray(fft.ifft(spectrum))
    grid = _grid(samples)
    found: list[float] = []
    free = np.ones(grid.size, bool)
    while len(found) < most and rest.any():
        values = np.array([_concentration(rest, rate) for rate in grid])
        usual = median_filter(values.reshape(2, -1), size=(1, _NEIGHBOURS), mode="nearest").ravel()
        best = int(np.argmax(np.where(free, values / usual, 0)))
        if not free[best] or values[best] < _STANDS_OUT * usual[best]:
            break
        rate = _refined(rest, float(grid[best]), float(values[best]))
        found.append(rate)
        # All chirps of one rate share a domain.
        free &= ~((grid / rate > 1 / _APART) & (grid / rate < _APART))
        domain = MatchedChirps(samples=samples, rates=(rate,))
        cells = domain.row(0, rest)
        modulus = np.abs(cells)
        cells[modulus > _FEW * float(modulus.max())] = 0
        rest = domain.row_adjoint(0, cells)
    return tuple(found)


def _grid(samples: int) -> NDArray[Any]:
    slowest, fastest = _SLOWEST / samples, 1 / min(_SHORTEST, samples)
    count = max(math.ceil(math.log(fastest / slowest) / math.log(_STEP)), 1)
    one = slowest * _STEP ** np.arange(count + 1)
    return np.concatenate([one, -one])


def _concentration(x: NDArray[Any], rate: float) -> float:
    domain = MatchedChirps(samples=x.size, rates=(rate,))
    power = np.abs(domain.row(0, x)) ** 2
    return float(np.sum(power**2) / np.sum(power) ** 2) * x.size / 2


def _refined(x: NDArray[Any], rate: float, value: float) -> float:
    step = (_STEP - 1) / 2
    for _ in range(_ROUNDS):
        for trial in (rate * (1 - step), rate * (1 + step)):
            other = _concentration(x, trial)
            if other > value:
                rate, value = trial, other
        step /= 2
    return rate

"""The short-time Fourier transform as a tight frame: its adjoint is its inverse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.arrays import is_complex, namespace
from clearchirp.types import Array, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortTimeFourier:
    """Short-time Fourier transform of signals (..., sample) to cells (..., frequency, time).

    The windows are centred on the samples 0, hop, 2 hop ... up to the last sample; the signal is
    zero beyond its ends. Each window is divided by the root of the summed squares of all windows at
    each sample, so that analysis followed by overlap-add of the same windows (the adjoint) returns
    the signal exactly, ends included, and the transform keeps its energy.

    Parameters
    ----------
    samples
        Length of the signals.
    length
        Samples of the Hann window (without the zeros at its ends), an even number; 32 by default.
    hop
        Samples from one window to the next, a divisor of `length`; 4 by default.
    real
        Whether the signals are real. There are then length/2 + 1 lines instead of `length`, and
        those with a negative twin stand for both: they are larger by sqrt(2).

    Notes
    -----
    The spectrum of `clearchirp.spectrum.short_time_spectrum` is for looking at: it is unscaled, and
    its windows do not add up to one.

    Frequencies are counted from the start of each window: a tone's phase advances along its line by
    its frequency times the hop.

    Examples
    --------
    >>> transform = ShortTimeFourier(samples=100, length=16, hop=4)
    >>> x = np.exp(0.3j * np.arange(100))
    >>> cells = transform.forward(x)
    >>> cells.shape
    (16, 26)
    >>> bool(np.allclose(transform.adjoint(cells), x, atol=1e-14))
    True
    """

    samples: int
    length: int = 32
    hop: int = 4
    real: bool = False

    def __post_init__(self) -> None:
        _check_count("samples", self.samples, 1)
        _check_count("length", self.length, 2)
        _check_count("hop", self.hop, 1)
        if self.length % 2:
            raise InputError(f"length: must be an even number, got {self.length}")
        if self.length % self.hop:
            raise InputError(f"hop: must divide the length {self.length}, got {self.hop}")

    @property
    def times(self) -> int:
        """How many windows there are."""
        return -(-(self.samples - 1) // self.hop) + 1

    @property
    def frequencies(self) -> int:
        """How many lines there are."""
        return self.length // 2 + 1 if self.real else self.length

    def forward(self, x: Array, /) -> Array:
        """Return the cells (..., frequency, time) of a signal (..., sample)."""
        if x.shape[-1] != self.samples or is_complex(x) == self.real:
            raise InputError(
                f"x: expected a {'real' if self.real else 'complex'} signal of {self.samples} "
                f"samples, got {x.dtype} of shape {tuple(x.shape)}"
            )
        xp = namespace(x)
        before, behind = self._padding()
        lead = tuple(x.shape[:-1])
        ends = [xp.zeros((*lead, n), dtype=x.dtype) for n in (before, behind)]
        blocks = xp.reshape(xp.concat([ends[0], x, ends[1]], axis=-1), (*lead, -1, self.hop))
        blocks = xp.matrix_transpose(blocks)
        # Row r * hop + i of the windows is sample i of the blocks from the r-th on.
        rows = [blocks[..., r : r + self.times] for r in range(self.length // self.hop)]
        windows = xp.concat(rows, axis=-2) * self._weights(x)
        if not self.real:
            return xp.fft.fft(windows, axis=-2, norm="ortho")
        return xp.fft.rfft(windows, axis=-2, norm="ortho") * self._twins(x)

    def adjoint(self, y: Array, /) -> Array:
        """Return the signal (..., sample) that windows of the cells (..., frequency, time) add to.

        For real signals this is the adjoint over the reals: with respect to the real part of the
        inner product.
        """
        if tuple(y.shape[-2:]) != (self.frequencies, self.times) or not is_complex(y):
            raise InputError(
                f"y: expected complex cells (..., {self.frequencies}, {self.times}), got {y.dtype} "
                f"of shape {tuple(y.shape)}"
            )
        xp = namespace(y)
        if self.real:
            windows = xp.fft.irfft(y / self._twins(y), n=self.length, axis=-2, norm="ortho")
        else:
            windows = xp.fft.ifft(y, axis=-2, norm="ortho")
        windows = windows * self._weights(windows)
        lead, hop = tuple(y.shape[:-2]), self.hop
        parts = self.length // hop
        blocks = xp.zeros((*lead, hop, self.times + parts - 1), dtype=windows.dtype)
        for r in range(parts):
            blocks[..., r : r + self.times] += windows[..., r * hop : (r + 1) * hop, :]
        padded = xp.reshape(xp.matrix_transpose(blocks), (*lead, -1))
        before, _ = self._padding()
        return padded[..., before : before + self.samples]

    def samples_under(self, times: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which samples (..., sample) lie under any of the windows `times` (..., time)."""
        before, behind = self._padding()
        under = np.zeros((*times.shape[:-1], before + self.samples + behind), dtype=bool)
        blocks = under.reshape(*times.shape[:-1], -1, self.hop)
        for r in range(self.length // self.hop):
            blocks[..., r : r + self.times, :] |= times[..., None]
        return under[..., before : before + self.samples]

    def windows_over(self, samples: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which windows (..., time) lie over any of the `samples` (..., sample)."""
        ends = [(0, 0)] * (samples.ndim - 1) + [self._padding()]
        padded = np.pad(samples, ends).reshape(*samples.shape[:-1], -1, self.hop)
        blocks = np.asarray(padded.any(axis=-1))
        over = np.zeros((*samples.shape[:-1], self.times), dtype=bool)
        for r in range(self.length // self.hop):
            over |= blocks[..., r : r + self.times]
        return over

    def _padding(self) -> tuple[int, int]:
        """Zeros before and behind the signal, so that it is a whole number of hops."""
        before = self.length // 2
        return before, (self.times - 1) * self.hop + self.length - before - self.samples

    def _weights(self, like: Array) -> Any:
        """Windows (length, time) in the precision of an array."""
        xp = namespace(like)
        single = like.dtype in (xp.float32, xp.complex64)
        weights = _tight_windows(self.samples, self.length, self.hop, self.times, single)
        return xp.asarray(weights)

    def _twins(self, like: Array) -> Any:
        """Weights (frequency, 1) of the lines of a real signal."""
        xp = namespace(like)
        single = like.dtype in (xp.float32, xp.complex64)
        twins = np.full((self.frequencies, 1), np.sqrt(2), np.float32 if single else np.float64)
        twins[[0, -1]] = 1
        return xp.asarray(twins)


@lru_cache(maxsize=16)
def _tight_windows(
    samples: int, length: int, hop: int, times: int, single: bool
) -> NDArray[np.floating]:
    """Return the windows (length, time), the squares of which add up to one at each sample."""
    window = np.hanning(length + 2)[1:-1]
    first = hop * np.arange(times) - length // 2
    place = first + np.arange(length)[:, None]  # (length, time), counted from sample 0
    inside = (place >= 0) & (place < samples)
    total = np.zeros(samples)
    squares = np.broadcast_to(window[:, None] ** 2, place.shape)
    np.add.at(total, place[inside], squares[inside])
    weights = np.zeros(place.shape)
    weights[inside] = np.broadcast_to(window[:, None], place.shape)[inside]
    weights[inside] /= np.sqrt(total[place[inside]])
    weights = weights.astype(np.float32) if single else weights
    weights.flags.writeable = False  # it is shared by all calls
    return weights


def _check_count(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(f"{name}: must be a whole number from {least}, got {value!r}")

"""Interference removed cell by cell from the short-time Fourier transform of each chirp.

A target stays on its frequency line for the whole chirp, an interferer crosses every line in a
short time. The three methods share how they find the cells of the interferer (Wang 2022b) and
differ in what they put there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.cfar import squared_magnitude
from clearchirp.operators.stft import ShortTimeFourier
from clearchirp.settings import check_number
from clearchirp.types import InputError, Mitigated

_AT_ONCE = 16
"""Chirps worked on at a time: their cells take several times the memory of their samples."""

_SHORTEST = 8
"""A line of fewer cells has no usual level; windows that overlap are hardly independent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _CellMethod(ABC):
    """What the three methods share: settings, the search for cells, analysis and synthesis."""

    length: int = 32
    hop: int = 8
    threshold_db: float = 10.0
    rank: float = 0.35
    dilation: int = 8
    lines: int = 1

    name: ClassVar[str]

    def __post_init__(self) -> None:
        ShortTimeFourier(samples=1, length=self.length, hop=self.hop)
        check_number("threshold_db", self.threshold_db)
        check_number("rank", self.rank)
        if self.threshold_db < 0:
            raise InputError(f"threshold_db: must not be negative, got {self.threshold_db}")
        if not 0 <= self.rank <= 1:
            raise InputError(f"rank: must be from 0 to 1, got {self.rank}")
        for name in ("dilation", "lines"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 0:
                raise InputError(f"{name}: must be a whole number from 0, got {value!r}")

    def __call__(
        self, beat: NDArray[Any], disturbed: NDArray[np.bool_] | None = None, /
    ) -> Mitigated:
        """Return the beat signal (..., chirp, sample) with the interferer's cells replaced.

        Parameters
        ----------
        beat
            Real or complex NumPy array (..., sample), any number of leading axes.
        disturbed
            Boolean array of the same shape, True = disturbed.

        Returns
        -------
        Mitigated
            `signal` of the shape and type of `beat`, equal to it at every sample that no window
            with a replaced cell reaches; `disturbed` as given; `stats` counts the chirps that
            changed and the cells replaced in them.

        Raises
        ------
        InputError
            If `beat` is not a beat signal in NumPy or `disturbed` not a mask for it.
        """
        require_numpy(beat, method=self.name)
        mask = check_mask(disturbed, check_beat(beat))
        signal = np.array(beat, order="C")
        rows, flags = (a.reshape(-1, beat.shape[-1]) for a in (signal, mask))
        hit = np.flatnonzero(flags.any(axis=-1))
        cells_replaced = chirps_changed = 0
        for first in range(0, hit.size, _AT_ONCE):
            some = hit[first : first + _AT_ONCE]
            rows[some], marked = self._clean(rows[some], flags[some])
            cells_replaced += int(np.sum(marked))
            chirps_changed += int(np.sum(marked.any(axis=(-2, -1))))
        stats = {"chirps_changed": chirps_changed, "cells_replaced": cells_replaced}
        return Mitigated(signal, mask, stats={k: float(v) for k, v in stats.items()})

    def _clean(
        self, chirps: NDArray[Any], flags: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return chirps (chirp, sample) after mitigation, and which cells were replaced."""
        real = np.isrealobj(chirps)
        transform = ShortTimeFourier(
            samples=chirps.shape[-1], length=self.length, hop=self.hop, real=real
        )
        cells = transform.forward(chirps.astype(np.float64 if real else np.complex128))
        marked = self._interfered(cells, wrap=not real)
        marked &= transform.windows_over(flags)[:, None, :]
        # Only the difference is synthesised: where no window changes, no rounding gets in.
        change = transform.adjoint(np.where(marked, self._replace(cells, marked) - cells, 0))
        under = transform.samples_under(np.asarray(marked.any(axis=-2)))
        return np.where(under, (chirps + change).astype(chirps.dtype), chirps), marked

    def _interfered(self, cells: NDArray[Any], *, wrap: bool) -> NDArray[np.bool_]:
        """Return which cells (chirp, frequency, time) stand out of their line, dilated."""
        power = squared_magnitude(cells)
        times = cells.shape[-1]
        if times < _SHORTEST:
            return np.zeros(cells.shape, dtype=bool)
        chosen = min(int(self.rank * times), times - 1)
        level = np.partition(power, chosen, axis=-1)[..., chosen, None]
        marked = power > 10 ** (self.threshold_db / 10) * level
        marked = _dilated(marked, -(-self.dilation // self.hop), axis=-1, wrap=False)
        return _dilated(marked, self.lines, axis=-2, wrap=wrap)

    @abstractmethod
    def _replace(self, cells: NDArray[Any], marked: NDArray[np.bool_]) -> NDArray[Any]:
        """Return cells (chirp, frequency, time) with new values where `marked`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StftZeroing(_CellMethod):
    """Set the cells of the short-time Fourier transform that the interferer crosses to zero.

    Unlike zeroing in time it spares the targets on the lines that the interferer is not on at the
    moment, which pays where it crosses slowly. Takes real and complex NumPy arrays.

    Parameters
    ----------
    length, hop
        Window of the transform and step from one to the next in samples, the hop a divisor of the
        length; 32 and 8 by default.
    threshold_db
        Least power of an interfered cell over the level of its line; 10 dB by default.
    rank
        The level of a line is the power that this share of its cells lies below; 0.35 by default.
        It follows the interference where that fills more than the rest of a line.
    dilation, lines
        Cells by which the interfered ones grow, along time in samples (rounded up to whole hops)
        and across frequency in lines; 0 and 1 by default.

    Source
    ------
    "CFAR-Z" of Wang 2022b (section III, Algorithm 1, (3) to (6)).

    Deviations
    ----------
    - Only chirps with a disturbed sample in the mask are treated, and in them only the windows
      over such a sample: so a start-up transient stays as it is in all chirps alike.
    - The level is an order statistic of the whole line instead of the mean of training cells
      around the tested one. Bursts in the training cells raise a mean, so that several bursts of a
      chirp hide each other: on the scene "demo" zeroing stays below -9 dB of beat SINR with the
      mean (guard 32, training 128 samples, 12 dB) and comes to 8 dB with the order statistic.
    - The cells grow by a rectangle instead of an octagon.
    - Samples that no window with a zeroed cell reaches are returned bit for bit.

    Examples
    --------
    >>> n = np.arange(256)
    >>> tone = np.exp(2j * np.pi * 5 / 32 * n)[None]
    >>> burst = (n >= 100) & (n < 130)
    >>> beat = tone + np.where(burst, 30 * np.exp(0.05j * (n - 115.0) ** 2), 0)
    >>> clean = StftZeroing()(beat, burst[None]).signal
    >>> np.flatnonzero(clean != beat)[[0, -1]]
    array([ 72, 159])
    >>> bool(np.abs(clean - tone).max() < 1.1)  # the gap in the tone; the burst was 30
    True
    """

    dilation: int = 0

    name: ClassVar[str] = "stft-zeroing"

    def _replace(self, cells: NDArray[Any], marked: NDArray[np.bool_]) -> NDArray[Any]:
        return np.where(marked, 0, cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class StftAmplitude(_CellMethod):
    """Bring the cells that the interferer crosses to the amplitude of their line's clean cells.

    The phase stays, and is the interferer's. The mean amplitude of the clean cells is the target's
    where there is one, otherwise the noise's. Takes real and complex NumPy arrays.

    Parameters
    ----------
    length, hop, threshold_db, rank
        As in `StftZeroing`.
    dilation, lines
        As in `StftZeroing`; 8 samples and 1 line by default.

    Source
    ------
    "CFAR-AC" of Wang 2022b (section III, (7)).

    Deviations
    ----------
    As in `StftZeroing`. Where a line has no clean cell its cells are set to zero.

    Examples
    --------
    >>> n = np.arange(256)
    >>> tone = np.exp(2j * np.pi * 5 / 32 * n)[None]
    >>> burst = (n >= 100) & (n < 130)
    >>> beat = tone + np.where(burst, 30 * np.exp(0.05j * (n - 115.0) ** 2), 0)
    >>> clean = StftAmplitude()(beat, burst[None]).signal
    >>> bool(np.abs(clean - tone).max() < 2.1)
    True
    """

    name: ClassVar[str] = "stft-amplitude"

    def _replace(self, cells: NDArray[Any], marked: NDArray[np.bool_]) -> NDArray[Any]:
        modulus = np.abs(cells)
        clean = np.maximum(np.sum(~marked, axis=-1, keepdims=True), 1)
        mean = np.sum(modulus, axis=-1, keepdims=True, where=~marked) / clean
        gain = np.divide(mean, modulus, out=np.zeros_like(modulus), where=modulus > 0)
        return np.where(marked, gain * cells, cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class StftBurg(_CellMethod):
    """Refill the cells that the interferer crosses by linear prediction along their lines.

    A target's cells on its line turn by a constant phase from one to the next: Burg's coefficients
    continue them from both sides. Takes real and complex NumPy arrays.

    Parameters
    ----------
    length, hop, threshold_db, rank
        As in `StftZeroing`.
    dilation, lines
        As in `StftZeroing`; 8 samples and 2 lines by default: a cell too many costs little here.
    order
        Order of the predictor, from 1; 4 by default.

    Source
    ------
    Wang 2022b for the cells; Neemat 2019 for prediction along the lines of the transform. The paper
    of Wang 2022b ends with the other two ways, the code published with it has this third one.

    Deviations
    ----------
    As in `StftZeroing`. The filling is that of the method "ar" (`Autoregressive`): one fit over all
    clean segments of a line and a second round through the filled gaps. Neemat 2019 was not at
    hand. Where a line has no clean cell its cells are set to zero.

    Examples
    --------
    >>> n = np.arange(256)
    >>> tone = np.exp(2j * np.pi * 5 / 32 * n)[None]
    >>> burst = (n >= 100) & (n < 130)
    >>> beat = tone + np.where(burst, 30 * np.exp(0.05j * (n - 115.0) ** 2), 0)
    >>> clean = StftBurg()(beat, burst[None]).signal
    >>> bool(np.abs(clean - tone).max() < 0.7)
    True
    """

    lines: int = 2
    order: int = 4

    name: ClassVar[str] = "stft-burg"

    def __post_init__(self) -> None:
        _CellMethod.__post_init__(self)
        if not isinstance(self.order, int) or self.order < 1:
            raise InputError(f"order: must be a whole number from 1, got {self.order!r}")

    def _replace(self, cells: NDArray[Any], marked: NDArray[np.bool_]) -> NDArray[Any]:
        # Numba takes a second to load, which `import clearchirp` must not.
        from clearchirp.mitigation.burg import fill

        filled = cells.copy()
        rows, flags = filled.reshape(-1, cells.shape[-1]), marked.reshape(-1, cells.shape[-1])
        hit = np.flatnonzero(flags.any(axis=-1))
        if hit.size:
            work = np.stack([np.real(rows[hit]), np.imag(rows[hit])], axis=1)
            # 3/5 of the order and a support of the whole line, as in the method "ar".
            fill(work, flags[hit], -(-3 * self.order // 5), self.order, cells.shape[-1])
            rows[hit] = work[:, 0] + 1j * work[:, 1]
        return filled


def _dilated(marked: NDArray[np.bool_], cells: int, *, axis: int, wrap: bool) -> NDArray[np.bool_]:
    """Return the marked cells grown by `cells` on both sides along an axis."""
    grown = marked.copy()
    source, target = np.moveaxis(marked, axis, 0), np.moveaxis(grown, axis, 0)
    for step in range(1, min(cells, len(source) - 1) + 1):
        target[step:] |= source[:-step]
        target[:-step] |= source[step:]
        if wrap:
            target[:step] |= source[-step:]
            target[-step:] |= source[:step]
    return grown

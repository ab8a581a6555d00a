"""Morphological components: few spectral lines are targets, few short-time cells interference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clearchirp.mitigation.separating import (
    OnIterate,
    Separated,
    check_choice,
    check_flag,
    check_run,
    facts,
    gathered,
    separated,
    watched,
)
from clearchirp.operators.stft import ShortTimeFourier
from clearchirp.settings import check_number
from clearchirp.solvers.outliers import interference_in
from clearchirp.solvers.separation import Split
from clearchirp.solvers.solve import solve
from clearchirp.types import Array, InputError, Mitigated

_AT_ONCE = 16
"""Chirps that are worked on at once, whose cells are what takes the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MorphologicalComponents:
    """Split each chirp into few lines of its spectrum and few cells of its short-time spectrum.

    min ||a_x||_1 + balance ||a_i||_1 with y = F a_x + S a_i, by the split augmented Lagrangian
    shrinkage algorithm.

    Parameters
    ----------
    balance
        Weight of the interference's cells, above 0; 0.5 by default (the paper: 0.85, whose cells
        are not scaled to a tight frame; here it gives 7.5 dB on the sweep of its authors, 0.5
        gives 12.2, and the paper has 11.7).
    length, hop
        Window of the short-time transform in samples, an even number, and its step, a divisor of
        it; None (default) for the paper's 128, or the power of two up to a quarter of the chirp
        where that is less, and a sixteenth of it.
    keep_noise, per, blind
        As for `clearchirp.mitigation.sparkle.Sparkle`.
    tol
        Relative change of the signal at which to stop; 1e-3.
    max_iter
        Most iterations; 200.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Notes
    -----
    Both dictionaries are tight frames, so that the least-squares step is a halving of the rest. Its
    penalty is one over the median modulus of the chirp: it sets the speed, not the result.

    Source
    ------
    Wang 2022a (4) and IV-B for Uysal 2019, which was not at hand.

    Deviations
    ----------
    The paper's window moves by 6 samples, ours by 8, a divisor of 128; its window is Hann here.
    """

    balance: float = 0.5
    length: int | None = None
    hop: int | None = None
    keep_noise: bool | None = None
    per: str = "chirp"
    blind: bool = False
    tol: float = 1e-3
    max_iter: int = 200

    def __post_init__(self) -> None:
        check_choice("per", self.per, ("chirp", "doppler"))
        check_flag("blind", self.blind)
        if self.keep_noise is not None:
            check_flag("keep_noise", self.keep_noise)
        check_run(self.tol, self.max_iter)
        check_number("balance", self.balance)
        if self.balance <= 0:
            raise InputError(f"balance: must be above 0, got {self.balance!r}")
        length = 128 if self.length is None else self.length
        ShortTimeFourier(samples=1, length=length, hop=length if self.hop is None else self.hop)

    def __call__(
        self,
        beat: Array,
        disturbed: Array | None = None,
        /,
        on_iterate: OnIterate | None = None,
    ) -> Mitigated:
        """Return `beat` without interference; as `clearchirp.mitigation.sparkle.Sparkle` does."""
        return separated(beat, disturbed, self._find, self, name="mca", on_iterate=on_iterate)

    def splits(self, y: NDArray[Any], /, *, tol: float = 0.0) -> Iterator[Split]:
        """Yield the splits of complex chirps y (chirp, sample), until all have come to an end.

        A chirp ends where its signal changes by less than `tol`, relative to its norm, and stays.
        """
        samples = y.shape[-1]
        length = self.length or min(128, 2 ** max(int(np.log2(max(samples // 4, 2))), 1))
        frame = ShortTimeFourier(
            samples=samples, length=length, hop=self.hop or max(length // 16, 1)
        )
        level = np.median(np.abs(y), axis=-1)
        level = np.where(level > 0, level, np.max(np.abs(y), axis=-1))
        lines, line_steps = np.zeros_like(y), np.zeros_like(y)
        cells = np.zeros((*y.shape[:-1], frame.frequencies, frame.times), dtype=y.dtype)
        cell_steps = np.zeros_like(cells)
        x, i = np.zeros_like(y), np.zeros_like(y)
        going = np.flatnonzero(level > 0)
        if not going.size:
            yield Split(x, 0.0, interference=i, going=0)
        while going.size:
            some, low = going, level[going, None]
            shrunk_lines = _soft(lines[some] + line_steps[some], low)
            high = self.balance * low[..., None]
            shrunk_cells = _soft(cells[some] + cell_steps[some], high)
            before = x[some]
            x[some] = fft.ifft(shrunk_lines, axis=-1, norm="ortho")
            i[some] = frame.adjoint(shrunk_cells)
            # Without the steps of before, and with the rest halved between the two.
            free_lines, free_cells = (
                shrunk_lines - line_steps[some],
                shrunk_cells - cell_steps[some],
            )
            rest = y[some] - np.asarray(fft.ifft(free_lines, axis=-1, norm="ortho"))
            rest = (rest - frame.adjoint(free_cells)) / 2
            line_steps[some] = fft.fft(rest, axis=-1, norm="ortho")
            cell_steps[some] = frame.forward(rest)
            lines[some], cells[some] = free_lines + line_steps[some], free_cells + cell_steps[some]
            moved = np.linalg.norm(x[some] - before, axis=-1)
            size = np.linalg.norm(x[some], axis=-1)
            going = some[(moved > tol * size) | (size == 0)]
            change = float(np.max(np.where(size > 0, moved / np.where(size > 0, size, 1), 1)))
            yield Split(x, change, interference=i, going=len(going))

    def _find(
        self,
        chirps: NDArray[Any],
        known: NDArray[np.bool_],
        real: bool,
        on_iterate: OnIterate | None,
    ) -> Separated:
        signal, interference = np.empty_like(chirps), np.empty_like(chirps)
        told = []
        for some in np.array_split(np.arange(len(chirps)), -(-len(chirps) // _AT_ONCE)):
            splits = self.splits(chirps[some], tol=self.tol)
            seen = watched(on_iterate, some)
            found = solve(splits, tol=0.0, max_iter=self.max_iter, on_iterate=seen)
            signal[some] = found.x
            told.append(facts(found, found.last.going))
        for c, y in enumerate(chirps):
            interference[c] = interference_in(y - signal[c], known[c], real)
        return signal, interference, gathered(told)


def _soft(x: NDArray[Any], threshold: NDArray[np.float64]) -> NDArray[Any]:
    modulus = np.abs(x)
    return x * (np.maximum(modulus - threshold, 0) / np.where(modulus > 0, modulus, 1))

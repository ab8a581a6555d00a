"""Few tones and few outliers: the unrelaxed problem of Hankel separation, solved by pursuit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clearchirp.settings import check_number
from clearchirp.solvers.outliers import bulk, extreme
from clearchirp.solvers.separation import Split
from clearchirp.types import InputError

_PADDING = 2
_EXCESS = 3.7
_MARGIN = 4.0
_ROUNDING = 1e-7
_ADDITIONS = 3
_SAMPLES_A_TONE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TonePursuit:
    """min rank H(x) + tau ||i||_0 such that ||y - x - i||^2 is that of the noise, with no settings.

    A Hankel matrix of rank r that belongs to undamped signals is r tones of any frequency. So x is
    a sum of tones, fitted by least squares to the samples that are not in the support of i, and
    the support is where y - x stands out of its noise. The two take turns: the limit above which
    samples stand out falls from the largest by `fall` in each iteration, down to `threshold`
    times the noise, and one tone is added where the spectrum of the rest stands out of it.

    Parameters
    ----------
    rank
        Most tones of a chirp, from 1; 32 by default (a real signal counts each tone twice).
    threshold
        A sample stands out above so many times the noise's rms, from 1; 3 by default. For real
        samples, times 1.2: as rarely as for complex ones.
    width
        Samples over which the mean power may stand out where none does alone; 9 by default, 1 not
        to look at it. Rounded down to an odd number.
    fall
        Factor of the limit from one iteration to the next, above 0 and below 1; 0.8 by default.

    Notes
    -----
    The level of the noise is that of the bulk of the moduli of y - x, and starts from their lower
    fifth: up to about 70 % of the samples may be hit. A tone is added where its power is
    ln(samples) + 4 times the noise's in the spectrum of the kept samples, once in fifty
    chirps of nothing but noise. Frequencies are refined by Gauss-Newton steps, all at once;
    tones that no longer explain their share are dropped.

    A chirp whose largest sample of y - x is one that noise may have has no interference.

    All chirps are worked on at once, each with its own order, noise and end; one FFT of twice the
    samples and some least-squares problems of twice the order a chirp and iteration.

    Source
    ------
    The problem is (6) of Wang 2022a, which relaxes it to (15). The way to solve it is our own; it
    has its parts from Newtonised orthogonal matching pursuit (Mamandipoor 2016) and from
    alternating projections with a falling threshold (Netrapalli 2014).
    """

    rank: int = 32
    threshold: float = 3.0
    width: int = 9
    fall: float = 0.8

    def __post_init__(self) -> None:
        for name in ("rank", "width"):
            value = getattr(self, name)
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            if not whole or value < 1:
                raise InputError(f"{name}: must be a whole number from 1, got {value!r}")
        check_number("threshold", self.threshold)
        if self.threshold < 1:
            raise InputError(f"threshold: must be 1 or more, got {self.threshold!r}")
        check_number("fall", self.fall)
        if not 0 < self.fall < 1:
            raise InputError(f"fall: must be between 0 and 1, got {self.fall!r}")

    def splits(
        self,
        y: NDArray[Any],
        /,
        *,
        known: NDArray[np.bool_] | None = None,
        real: bool = False,
        tol: float = 1e-4,
    ) -> Iterator[Split]:
        """Yield the splits of chirps y (chirp, sample), complex128, until all have come to an end.

        A chirp ends where no tone was added or dropped, the limit stays, and the tones change by
        less than `tol`, relative to their norm. Samples that are `known` to be disturbed, boolean
        of the shape of y, are never fitted, and others are sought besides. `real` tells that the
        samples are real, so that tones come in pairs.
        """
        state = _State(y, self, real, known)
        while True:
            state.advance(tol)
            going = int(np.sum(~state.done))
            outside = state.keep | ~state.hit[:, None]
            interference = np.where(outside, 0, y - state.signal)
            change = float(state.change.max(initial=0))
            yield Split(state.signal, change, interference=interference, going=going)
            if going == 0:
                return


class _State:
    """Where the pursuit is, of each chirp."""

    def __init__(
        self,
        y: NDArray[Any],
        settings: TonePursuit,
        real: bool,
        known: NDArray[np.bool_] | None = None,
    ) -> None:
        self.y, self.settings, self.real = y, settings, real
        chirps, samples = y.shape
        self.signal = np.zeros_like(y)
        self.keep = np.ones(y.shape, dtype=bool)
        self.omega = [np.zeros(0) for _ in range(chirps)]
        self.amplitudes = [np.zeros(0, dtype=complex) for _ in range(chirps)]
        self.limit = np.full(chirps, np.inf)
        self.additions = np.zeros(chirps, dtype=int)
        self.done: NDArray[np.bool_] = np.zeros(chirps, dtype=bool)
        self.change = np.full(chirps, np.inf)
        self.known = np.zeros(y.shape, dtype=bool) if known is None else known
        self.hit: NDArray[np.bool_] = np.asarray(self.known.any(axis=-1))
        self.threshold = settings.threshold * (1.2 if real else 1.0)
        self.length = int(fft.next_fast_len(_PADDING * samples) or _PADDING * samples)
        self.bar = math.log(samples) + _MARGIN
        self.extreme = extreme(samples, real)
        self.rank = min(settings.rank, max(samples // 4, 1))
        self.start, self.share = bulk(real)
        self.floor = _ROUNDING * np.median(np.abs(y), axis=-1)

    def advance(self, tol: float) -> None:
        """Do an iteration of the chirps that have not ended."""
        going = np.flatnonzero(~self.done)
        final = self._find_outliers(going)
        self._seek_again(going[~final])
        rest = np.where(self.keep[going], self.y[going] - self.signal[going], 0)
        power = np.sum(np.abs(rest) ** 2, axis=-1)
        spectrum = np.abs(np.asarray(fft.fft(rest, n=self.length, axis=-1))) ** 2
        peak = np.argmax(spectrum, axis=-1)
        height = np.take_along_axis(spectrum, peak[:, None], axis=-1)[:, 0]
        for at, c in enumerate(going):
            add = height[at] > power[at] * self.bar and power[at] > 0
            self._refit(int(c), peak[at] if add else None, bool(final[at]), tol)

    def _find_outliers(self, going: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Lower the limits; return which have come down to the noise."""
        # Numba takes a second to load, which importing a solver must not.
        from clearchirp.solvers.tones_kernels import noise_level, outliers

        final = np.zeros(going.size, dtype=bool)
        for at, c in enumerate(going):
            moduli = np.abs(self.y[c] - self.signal[c])
            unknown = moduli[~self.known[c]]
            if not unknown.size:
                self.keep[c], final[at] = False, True
                continue
            noise = noise_level(unknown, 5, self.start, self.share, self.floor[c])
            top = min(float(self.limit[c]), float(unknown.max()))
            lowest = self.threshold * noise
            self.limit[c] = max(lowest, self.settings.fall * top)
            final[at] = self.limit[c] <= 1.001 * lowest
            self.hit[c] = self.known[c].any() or unknown.max() > self.extreme * noise
            half = self.settings.width // 2
            excess = _EXCESS * (math.sqrt(2) if self.real else 1)
            found = outliers(moduli, self.limit[c], self.threshold, half, excess)
            self.keep[c] = ~(found | self.known[c])
        return final

    def _seek_again(self, going: NDArray[np.intp]) -> None:
        """Seek each tone anew in the spectrum of what the others leave.

        A tone that was found among interference may sit on a side lobe, from which the steps of
        `refit` do not come down.
        """
        from clearchirp.solvers.tones_kernels import waves

        samples = self.y.shape[1]
        most = max((self.omega[c].size for c in going), default=0)
        for r in range(most):
            some = np.array([c for c in going if self.omega[c].size > r])
            omega = np.array([self.omega[c][r] for c in some])
            one = np.array([self.amplitudes[c][r] for c in some])[:, None] * waves(omega, samples)
            rest = np.where(self.keep[some], self.y[some] - self.signal[some] + one, 0)
            spectrum = np.abs(np.asarray(fft.fft(rest, n=self.length, axis=-1)))
            found = 2 * math.pi / self.length * np.argmax(spectrum, axis=-1)
            away = np.abs(np.angle(np.exp(1j * (found - omega)))) > 0.75 * 2 * math.pi / samples
            for at in np.flatnonzero(away):
                c = some[at]
                new = waves(found[at : at + 1], samples)[0]
                weight = np.vdot(new, rest[at]) / max(np.sum(self.keep[c]), 1)
                self.omega[c] = self.omega[c].copy()
                self.omega[c][r], self.amplitudes[c][r] = found[at], weight
                self.signal[c] += weight * new - one[at]

    def _refit(self, c: int, peak: int | None, final: bool, tol: float) -> None:
        """Add a tone at a bin of the padded spectrum, if any, and fit the tones of a chirp."""
        from clearchirp.solvers.tones_kernels import refit

        omega = self.omega[c]
        added = (
            peak is not None
            and omega.size < min(self.rank, np.sum(self.keep[c]) // _SAMPLES_A_TONE)
            and self.additions[c] < _ADDITIONS * self.rank
        )
        if added and peak is not None:
            new = 2 * math.pi * peak / self.length
            pair = self.real and 0 < peak < self.length and 2 * peak != self.length
            omega = np.append(omega, [new, 2 * math.pi - new] if pair else [new])
            self.additions[c] += 1
        fitted, self.amplitudes[c], signal = refit(
            self.y[c], self.keep[c], omega, self.bar, final, self.limit[c] / self.threshold
        )
        if self.real:
            signal = signal.real + 0j
        before = self.signal[c]
        self.omega[c], self.signal[c] = fitted, signal
        step, size = np.linalg.norm(signal - before), np.linalg.norm(signal)
        settled = fitted.size == omega.size and not added and step <= tol * size
        self.change[c] = step / size if size else 0.0
        self.done[c] = final and settled

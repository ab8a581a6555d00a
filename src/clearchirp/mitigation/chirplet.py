"""Orthogonal matching pursuit of the interference on chirplets, which are subtracted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clearchirp.arrays import check_beat, check_mask, require_numpy
from clearchirp.mitigation.separating import OnIterate, watched
from clearchirp.settings import check_number
from clearchirp.solvers.separation import Split
from clearchirp.solvers.solve import solve
from clearchirp.types import Array, InputError, Mitigated

_SHORTEST = 6.0
_STEP = 1.12
_ROUNDS = 10
_CERTAIN = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChirpletPursuit:
    """Subtract the chirps that explain what lies under the mask.

    Parameters
    ----------
    atoms
        Most chirplets of a chirp, from 1; 6 by default.
    band
        Share of the spectrum that the receiver's filter lets through, above 0 and to 1; 1 by
        default. A chirplet lasts as long as its frequency is in this band.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Notes
    -----
    Mixed with the victim's chirp an interferer is a chirp that sweeps the whole band of the
    receiver: it is told by the moment at which it crosses zero frequency and its rate, two numbers
    instead of a chirplet's four, and that is the reduced dictionary. All moments are tried at once
    by an FFT, for rates of either sign 12 % apart; the best is refined between the grid's points.
    Amplitudes of all chirplets so far are fitted anew each time, to the disturbed samples, until
    the best explains no more than noise would. A real chirp is a chirplet and its conjugate.

    Only disturbed samples change. Their targets and noise stay; so does what of the interference
    is no chirp of even amplitude, such as the slopes of the filter.

    Source
    ------
    "Chirplet OMP" of the comparisons in Oswald 2026 and Chen 2022, which give neither equations nor
    settings; the pursuit is Pati 1993.
    """

    atoms: int = 6
    band: float = 1.0

    def __post_init__(self) -> None:
        whole = isinstance(self.atoms, int | np.integer) and not isinstance(self.atoms, bool)
        if not whole or self.atoms < 1:
            raise InputError(f"atoms: must be a whole number from 1, got {self.atoms!r}")
        check_number("band", self.band)
        if not 0 < self.band <= 1:
            raise InputError(f"band: must be above 0 and at most 1, got {self.band!r}")

    def __call__(
        self,
        beat: Array,
        disturbed: Array | None = None,
        /,
        on_iterate: OnIterate | None = None,
    ) -> Mitigated:
        """Return `beat` without the chirplets that were found.

        Parameters
        ----------
        beat
            Real or complex NumPy array (..., sample), any number of leading axes.
        disturbed
            Boolean array of the same shape, True = disturbed.
        on_iterate
            Called after each chirplet: see `clearchirp.mitigation.separating.OnIterate`. The change
            of a split is that of all chirplets so far.

        Returns
        -------
        Mitigated
            `signal` of the shape and type of `beat`, undisturbed samples as they were; `stats`
            counts the chirps changed, the chirplets subtracted, the most of a chirp, and the chirps
            at which `atoms` ran out.
        """
        require_numpy(check_beat(beat), method="chirplet-omp")
        mask = np.asarray(check_mask(disturbed, beat))
        signal = np.array(beat, order="C")
        rows, flags = (a.reshape(-1, beat.shape[-1]) for a in (signal, mask))
        counts = []
        for c in np.flatnonzero(flags.any(axis=-1)):
            level = float(np.abs(rows[c]).max())
            if level == 0:
                continue
            y = rows[c].astype(complex)
            splits = self._splits(y, level, flags[c], np.isrealobj(beat))
            seen = watched(on_iterate, np.array([c]))
            found = solve(splits, tol=0.0, max_iter=self.atoms + 1, on_iterate=seen)
            count = found.iterations - 1
            clean = found.x if np.iscomplexobj(rows) else np.real(found.x)
            rows[c] = np.where(flags[c] & (count > 0), clean.astype(rows.dtype), rows[c])
            counts.append(count)
        stats = {
            "chirps_changed": float(np.count_nonzero(counts)),
            "chirplets": float(sum(counts)),
            "iterations": float(max(counts, default=0)),
            "chirps_unfinished": float(sum(count == self.atoms for count in counts)),
        }
        return Mitigated(signal, mask, stats=stats)

    def _splits(
        self, whole: NDArray[Any], level: float, flags: NDArray[np.bool_], real: bool
    ) -> Iterator[Split]:
        """Yield the chirp (sample,) as it is, then without one chirplet more each time."""
        y = whole / level
        samples, count = y.size, int(flags.sum())
        noise = float(np.mean(np.abs(y[~flags]) ** 2)) if count < samples else 0.0
        target = np.where(flags, y, 0)
        chosen: list[NDArray[Any]] = []
        fit = np.zeros_like(y)
        yield Split(whole, math.inf, interference=fit)
        while True:
            found = self._best(target - fit, flags)
            if found is None:
                return
            atom, gain = found
            if gain <= noise * (math.log(samples) + _CERTAIN) * 2:
                return
            chosen += [atom, atom.conj()] if real else [atom]
            under = np.array([a * flags for a in chosen])
            weights = np.linalg.lstsq(under.T, target, rcond=1e-6)[0]
            before, fit = fit, weights @ np.array(chosen)
            size = float(np.linalg.norm(fit))
            change = float(np.linalg.norm(fit - before)) / size if size else 0.0
            yield Split(whole - level * fit, change, interference=level * fit)

    def _best(
        self, rest: NDArray[Any], flags: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], float] | None:
        """Return the chirplet that explains most of the rest, and the power that it explains."""
        samples = rest.size
        length = int(fft.next_fast_len(2 * samples) or 2 * samples)
        rates, atoms_hat, boxes_hat = _dictionary(samples, self.band, length)
        matched = np.abs(_correlations(rest, atoms_hat, length)[:, :samples]) ** 2
        energy = np.real(_correlations(flags.astype(complex), boxes_hat, length)[:, :samples])
        gain = np.where(energy > 3, matched / np.maximum(energy, 1), 0)
        at = np.unravel_index(int(np.argmax(gain)), gain.shape)
        if gain[at] <= 0:
            return None
        rate, moment = float(rates[at[0]]), float(at[1])
        best, atom = 0.0, np.zeros_like(rest)
        step_rate, step_moment = (_STEP - 1) / 2, 1.0
        for _ in range(_ROUNDS):
            centre = rate, moment
            for a in (-1, 0, 1):
                for b in (-1, 0, 1):
                    # Along the rate the crossing stays, along the crossing the rate.
                    trial = centre[0] * (1 + a * step_rate), centre[1] + b * step_moment
                    wave = _chirplet(samples, *trial, self.band)
                    size = float(np.sum(np.abs(wave[flags]) ** 2))
                    value = abs(np.vdot(wave, rest)) ** 2 / size if size > 3 else 0.0
                    if value > best:
                        best, atom, (rate, moment) = value, wave, trial
            step_rate, step_moment = step_rate / 1.7, step_moment / 1.7
        return atom, best


def _chirplet(samples: int, rate: float, moment: float, band: float) -> NDArray[Any]:
    """Return a chirp of a rate (cycles a sample squared) about a moment, cut to the band."""
    n = np.arange(samples) - moment
    inside = np.abs(rate * n) <= band / 2
    return np.where(inside, np.exp(1j * np.pi * rate * n * n), 0)


@lru_cache(maxsize=4)
def _dictionary(
    samples: int, band: float, length: int
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[Any]]:
    """Return the rates, and the transforms of their chirplets and of the time these last."""
    durations = [_SHORTEST]
    while durations[-1] < 2 * samples:
        durations.append(durations[-1] * _STEP)
    rates = band / np.array(durations)
    rates = np.concatenate([rates, -rates])
    n = np.arange(length)
    lag = np.where(n < length // 2, n, n - length)
    inside = (np.abs(rates[:, None] * lag) <= band / 2) & (np.abs(lag) < samples)
    atoms = np.where(inside, np.exp(1j * np.pi * rates[:, None] * lag * lag), 0)
    atoms_hat, boxes_hat = (np.asarray(fft.fft(a, axis=-1)) for a in (atoms, inside + 0j))
    for shared in (rates, atoms_hat, boxes_hat):
        shared.flags.writeable = False
    return rates, atoms_hat, boxes_hat


def _correlations(x: NDArray[Any], atoms_hat: NDArray[Any], length: int) -> NDArray[Any]:
    return np.asarray(fft.ifft(fft.fft(x, n=length) * atoms_hat.conj(), axis=-1))

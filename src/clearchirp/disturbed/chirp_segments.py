"""Interferers as pieces of chirps: rate, frequency, and from which sample to which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from clearchirp.arrays import squared_magnitude
from clearchirp.disturbed.deviation import column_medians
from clearchirp.operators.chirp_bank import ChirpBank, bank_chirps, centred_dft

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_SHORTEST = 4
_ORDERS = 12
_SIGNIFICANT = 9.0
_MOST = 6
_GUARD = 20 / 512
_STEEPEST = 0.02
_REPEATED = 1e-4
_BESIDE, _LONG = 2, 16
_MANY = 32


class Segment(NamedTuple):
    """A piece of a chirp, ``exp(2 pi j (frequency t + rate t^2 / 2))``, t from the middle sample.

    Attributes
    ----------
    start, stop
        First sample, and one behind the last.
    rate
        In cycles a sample squared.
    frequency
        In cycles a sample at the middle of the signal.
    orders
        Polynomials of its envelope that stand out of the noise.
    """

    start: int
    stop: int
    rate: float
    frequency: float
    orders: int = 1


@dataclass(frozen=True, slots=True)
class Bank:
    """The rows that are searched, of `ChirpBank`.

    Attributes
    ----------
    turns
        Angles in rad, (row,).
    chirps
        What is multiplied on the samples, or their DFT, (row, sample).
    steep
        Rows that work on the DFT.
    table
        The same, conjugated where they are multiplied on the DFT.
    slow
        Rows beyond the largest angle at which targets are no pulses.
    scale
        Powers of a unitary transform from the rows' moduli squared.
    window
        Hann over the samples, which the signals are under.
    """

    turns: NDArray[Any]
    chirps: NDArray[np.complex64]
    steep: NDArray[np.bool_]
    table: NDArray[np.complex64]
    slow: NDArray[np.bool_]
    scale: NDArray[np.float64]
    window: NDArray[np.float64]

    def rows(self, signal: NDArray[Any], chosen: NDArray[np.intp] | None = None) -> NDArray[Any]:
        """Return all rows of one signal, or those chosen, ascending: (row, sample).

        Each is to be scaled by the root of `scale`. Those that work on the DFT are conjugated, with
        which their inverse FFT is an FFT like that of the others.
        """
        single = signal.astype(np.complex64)
        spectrum = np.conj(centred_dft(single))
        table, steep = self.table, self.steep
        if chosen is not None:
            table, steep = table[chosen], steep[chosen]
        first = int(np.argmax(steep)) if steep.any() else 0
        stop = first + int(steep.sum())
        out = np.empty(table.shape, np.complex64)
        np.multiply(table[:first], single, out=out[:first])
        np.multiply(table[first:stop], spectrum, out=out[first:stop])
        np.multiply(table[stop:], single, out=out[stop:])
        return fft.fft(out, axis=-1, overwrite_x=True)

    def near(self, pieces: Iterable[Segment]) -> NDArray[np.intp] | None:
        """Return the rows within two of those in which pieces recur; None if half of all, or none.

        Of very short pieces the angle is not known.
        """
        rates = [piece.rate for piece in pieces if piece.stop - piece.start >= _LONG]
        # From -180 degrees to 0: half a turn is the same.
        turns = np.arctan2(-1.0, np.array(rates) * self.window.size)
        count = len(self.turns)
        rows = np.rint((turns - self.turns[0]) / (self.turns[1] - self.turns[0])).astype(np.intp)
        seen = np.bincount(rows % count, minlength=count)
        recur = np.flatnonzero((seen > 0) & (seen + np.roll(seen, 1) + np.roll(seen, -1) > 1))
        near = np.unique((recur[:, None] + np.arange(-_BESIDE, _BESIDE + 1)) % count)
        return near if 0 < 2 * near.size < count else None


@lru_cache(maxsize=8)
def bank(samples: int, angles: int, max_angle_deg: float) -> Bank:
    """Return the search bank for signals of a length."""
    turns = ChirpBank(samples=samples, angles=angles).turns[:-1]
    steep, chirps = bank_chirps(samples, angles)
    steep, chirps = steep[:-1], chirps[:-1].astype(np.complex64)
    return Bank(
        turns=turns,
        chirps=chirps,
        steep=steep,
        table=np.where(steep[:, None], np.conj(chirps), chirps),
        slow=np.abs(turns) >= np.deg2rad(max_angle_deg),
        scale=np.full(len(turns), 1 / samples),
        window=np.hanning(samples),
    )


@dataclass(frozen=True)
class Recurring:
    """What recurs from chirp to chirp in signals (chirp, sample), for a search of them.

    A target has the same power in each chirp, an interferer that hits fewer than half of them does
    not raise the median. Few rows are asked for: each is computed when it is.
    """

    searched: Bank
    signals: NDArray[Any]
    known: dict[int, NDArray[Any]] = field(default_factory=dict)

    def powers(self, row: int) -> NDArray[Any]:
        """Return what recurs in the cells of a row (sample,), in units of the mean of noise.

        It is the largest within three cells.
        """
        if row not in self.known:
            single = self.signals.astype(np.complex64)
            line = fft.fft(self.searched.chirps[row] * single, axis=-1, overwrite_x=True)
            middle = column_medians(squared_magnitude(line))
            middle = middle * (self.searched.scale[row] / np.log(2))
            self.known[row] = maximum_filter1d(middle, 7, mode="wrap")
        return self.known[row]


@dataclass(frozen=True)
class Limits:
    """From when on a cell is a chirp.

    Attributes
    ----------
    floor
        Least power of a cell.
    ratio
        Least ratio to the row's own floor, and to what recurs.
    recurring
        What recurs from chirp to chirp; None leaves slow rows out.
    noise
        Power of the noise of a sample without window.
    """

    floor: float
    ratio: float
    recurring: Recurring | None
    noise: float


class Segments(NamedTuple):
    """What was found in one signal: the pieces, an orthonormal basis (sample, vector), the rest."""

    pieces: list[Segment]
    basis: NDArray[Any] | None
    rest: NDArray[np.complex128]


def find_segments(
    signal: NDArray[Any],
    searched: Bank,
    limits: Limits,
    known: list[Segment] | None = None,
    *,
    near: NDArray[np.intp] | None = None,
    real: bool = False,
) -> Segments:
    """Find pieces of chirps in one windowed signal (sample,), the strongest first.

    `known` pieces are taken to be there and only refined. `near` are the rows that are searched,
    all by default. `real` makes a basis over the reals.
    """
    signal = signal.astype(np.complex128)
    pieces: list[Segment] = []
    basis, rest = None, signal
    for guess in known or []:
        piece = _refined(rest, guess, searched, coarse=False)
        basis, rest = _without(rest, basis, piece, searched, limits, pieces, real)
    while len(pieces) < _MOST:
        guess = _strongest(rest, searched, limits, near)
        if guess is None:
            break
        piece = _refined(rest, guess, searched, coarse=True)
        before = float(np.vdot(rest, rest).real)
        basis, rest = _without(rest, basis, piece, searched, limits, pieces, real)
        if before - float(np.vdot(rest, rest).real) <= _REPEATED * before:
            break
    return Segments(pieces, basis, rest)


def _strongest(
    rest: NDArray[Any], searched: Bank, limits: Limits, near: NDArray[np.intp] | None = None
) -> Segment | None:
    """Return the strongest pulse as a chirp over the whole signal, None where none stands out."""
    from clearchirp.disturbed import segment_kernels as kernels

    samples = rest.size
    chosen = np.arange(len(searched.turns)) if near is None else near
    slow, scale = searched.slow[chosen], searched.scale[chosen]
    rows = searched.rows(rest, near)
    parts = rows.view(np.float32).reshape(*rows.shape, 2)
    slow_floor = np.empty((0, 0))
    if limits.recurring is not None:
        above = kernels.exceeding(parts, scale, limits.floor, slow)
        if above.any():
            # Rows of which no cell exceeds the plain floor need no other.
            slow_floor = np.full((int(slow.sum()), samples), np.inf)
            for k in np.flatnonzero(above):
                powers = limits.recurring.powers(int(chosen[k]))
                slow_floor[np.count_nonzero(slow[:k])] = powers * limits.ratio
    row, column, power = kernels.strongest_cell(parts, scale, limits.floor, slow, slow_floor)
    if row < 0:
        return None
    line = squared_magnitude(rows[row]).astype(np.float64) * scale[row]
    row = int(chosen[row])
    if not searched.slow[row]:
        if power < limits.ratio * _least_of(line, column):
            return None
        if _is_flank(rest, searched, row, column, power, samples):
            return None
    turn = searched.turns[row]
    if searched.steep[row]:
        sine = np.sin(turn) if abs(np.sin(turn)) > _STEEPEST else _STEEPEST
        place = (column - (samples - 1) / 2) * np.cos(turn)
        return Segment(0, samples, -np.cos(turn) / sine / samples, place / sine / samples)
    frequency = column / samples - (column >= samples / 2)
    return Segment(0, samples, -np.cos(turn) / np.sin(turn) / samples, float(frequency))


def _least_of(line: NDArray[Any], place: int) -> float:
    """Return the lesser of the means on either side of a place, as `imfrac` takes it."""
    samples = line.size
    guard = round(_GUARD * samples)
    window = max(samples // 2 - guard - 1, 1)
    around = np.roll(line, -place)
    right = around[guard + 1 : guard + 1 + window]
    left = around[samples - guard - window : samples - guard]
    return float(min(right.mean(), left.mean()))


def _is_flank(
    rest: NDArray[Any], searched: Bank, row: int, column: int, power: float, samples: int
) -> bool:
    """Whether a pulse in the last row before the slow ones is still stronger two rows on."""
    beyond = [k for k in (row - 2, row + 2) if 0 <= k < len(searched.turns) and searched.slow[k]]
    for k in beyond or ([0] if row + 2 >= len(searched.turns) else []):
        line = fft.fft(rest.astype(np.complex64) * searched.chirps[k])
        near = np.abs(line[(column + np.arange(-3, 4)) % samples]) ** 2 * searched.scale[k]
        if near.max() > power:
            return True
    return False


def _refined(rest: Any, guess: Segment, searched: Bank, *, coarse: bool) -> Segment:
    """Return the piece of a chirp near a guess: rate and frequency to a fraction of a turn."""
    from clearchirp.disturbed import segment_kernels as kernels

    samples, window = rest.size, searched.window
    rate, frequency = guess.rate, guess.frequency
    shortest = min(_SHORTEST, samples)
    if coarse:
        step = 2 * abs(searched.turns[1] - searched.turns[0])
        span = 0.75 * step / 2 * (1 + (rate * samples) ** 2) / samples
        start, stop, rates = 0, samples, np.linspace(-span, span, 17)
        for turn in range(2):
            undone = kernels.undo(rest, rate, frequency)
            if turn:
                start, stop = kernels.stretch(undone, window, shortest)
                rates = np.linspace(-2, 2, 9) / (stop - start) ** 2
            more = _peak(undone[start:stop], rates)
            middle = (start + stop - samples) / 2
            rate, frequency = rate + more[0], frequency + more[1] - more[0] * middle
    return Segment(*kernels.refine(rest, window, rate, frequency, shortest, 2))


def _peak(values: NDArray[Any], rates: NDArray[Any]) -> tuple[float, float]:
    """Return rate and frequency that leave the tallest peak, refined by parabolas.

    In single precision: it only starts the fit of the phase. The rates are equally spaced.
    """
    from clearchirp.disturbed import segment_kernels as kernels

    bins = int(fft.next_fast_len(2 * values.size))
    fan = kernels.fan(values, rates[0], rates[1] - rates[0], rates.size, bins)
    power = squared_magnitude(fft.fft(fan, axis=-1, overwrite_x=True))
    i, j = (int(k) for k in np.unravel_index(np.argmax(power), power.shape))
    rate, frequency = rates[i], (j - bins * (j > bins // 2)) / bins
    if 0 < i < len(rates) - 1:
        rate += _vertex(power[i - 1 : i + 2, j]) * (rates[1] - rates[0])
    frequency += _vertex(power[i, [j - 1, j, (j + 1) % bins]]) / bins
    return float(rate), float(frequency)


def _vertex(three: NDArray[Any]) -> float:
    bend = three[0] - 2 * three[1] + three[2]
    return float(0.5 * (three[0] - three[2]) / bend) if bend < 0 else 0.0


def _without(
    rest: NDArray[Any],
    basis: NDArray[Any] | None,
    piece: Segment,
    searched: Bank,
    limits: Limits,
    pieces: list[Segment],
    real: bool,
) -> tuple[NDArray[Any], NDArray[np.complex128]]:
    """Add a piece and return the basis of all, and the signal without them.

    Its vectors are the chirp under the window times polynomials: three of them, so that a slightly
    wrong rate or frequency does not matter, and up to ten more where they stand out of the noise
    (the receiver's filter shapes the envelope).
    """
    from clearchirp.disturbed import segment_kernels as kernels

    length = piece.stop - piece.start
    most = min(_ORDERS, length // 3) + 1
    vectors = kernels.piece_vectors(
        rest, searched.window, tuple(piece[:4]), most, _SIGNIFICANT * limits.noise
    )
    orders = len(vectors)
    whole: Any = vectors.T
    if real:
        whole = np.concatenate([whole.real, whole.imag], axis=1)
    new = whole if basis is None and not real else orthonormal(whole, basis)
    pieces.append(piece._replace(orders=orders))
    grown = new if basis is None else np.concatenate([basis, new], axis=1)
    return grown, rest - new @ (new.conj().T @ rest)


def orthonormal(vectors: NDArray[Any], basis: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return an orthonormal basis of what the columns span beyond a basis.

    Columns that depend on others are left out.
    """
    from clearchirp.disturbed import segment_kernels as kernels

    length = np.linalg.norm(vectors, axis=0)
    kept = length > 1e-9 * max(float(length.max(initial=0)), 1e-300)
    vectors = vectors[:, kept] / length[kept]
    if vectors.shape[1] > _MANY:
        if basis is not None:
            for _ in range(2):  # twice is enough for rounding
                vectors = vectors - basis @ (basis.conj().T @ vectors)
        new, upper = np.linalg.qr(vectors)
        return new[:, np.abs(np.diag(upper)) > _REPEATED]
    # What is small once the basis is taken out of it grows, and what is left of the basis with it.
    for _ in range(1 if basis is None else 2):
        if basis is not None:
            vectors = vectors - basis @ (basis.conj().T @ vectors)
        vectors = kernels.orthonormal_rows(np.ascontiguousarray(vectors.T), _REPEATED).T
    return vectors

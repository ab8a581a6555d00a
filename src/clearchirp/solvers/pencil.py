"""Poles of a signal from the signal subspace of its Hankel matrix, found by FFT products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.operators.hankel import Hankel

Runs = list[tuple[int, int]]
"""First and last + 1 sample of each stretch without a gap."""

_EXTRA = 4
_ROUNDS = 60
_SETTLED = 1e-11
_OUT_OF_NOISE = 1.5
_ROUNDING = 1e-7
_RIDGE = 1e-10
_MEDIAN_OF_REAL = 0.4549364


def clean_runs(keep: NDArray[np.bool_], shortest: int = 1) -> Runs:
    """Return the runs of True, those shorter than `shortest` left out."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], keep, [False]]).astype(np.int8)))
    pairs = edges.reshape(-1, 2)
    return [(int(a), int(b)) for a, b in pairs if b - a >= shortest]


def signal_subspace(
    y: NDArray[Any], runs: Runs, window: int, rank: int, *, seed: int = 0
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the strongest left singular vectors (rank, window) of the windows of a signal.

    The matrix has one column a window of `window` samples that lies in one of the runs, and its
    mirror, reversed and conjugated: forward and backward, as undamped signals allow. It is a row of
    Hankel matrices, one a run, and never formed: a block of vectors is multiplied with it and its
    adjoint by FFTs until the singular values settle.

    Returns
    -------
    vectors
        Orthonormal, strongest first.
    values
        Singular values, (rank,).
    """
    some = [(a, b) for a, b in runs if b - a >= window]
    columns = sum(b - a - window + 1 for a, b in some)
    width = min(rank + _EXTRA, window, max(2 * columns, 1))
    rng = np.random.default_rng(seed)
    vectors = _orthonormal(_start(y, some, window, width, rng))
    blocks = [_Block(y[a:b], window) for a, b in some]
    if not blocks:
        return vectors[:0], np.zeros(0)
    values = np.zeros(width)
    for _ in range(_ROUNDS):
        # What the reversed and conjugated windows add is the mirror of the same.
        both = np.concatenate([vectors, vectors[:, ::-1].conj()])
        there = np.sum([block.gram(both) for block in blocks], axis=0)
        image = there[:width] + there[width:, ::-1].conj()
        small = vectors.conj() @ image.T
        power, turn = np.linalg.eigh((small + small.conj().T) / 2)
        order = np.argsort(power)[::-1]
        now = np.sqrt(np.maximum(power[order], 0))
        # The value of a vector is off by the square of what the vector is off by. Those of the
        # noise, which are near each other, take long to settle and need not.
        signals = now > max(_OUT_OF_NOISE * now[-1], _ROUNDING * now[0])
        settled = np.all(np.abs(now - values)[signals] <= _SETTLED * now[signals])
        values = now
        vectors = _orthonormal((turn[:, order].T) @ image)
        if settled:
            break
    count = min(rank, width)
    return vectors[:count], values[:count]


def _start(
    y: NDArray[Any], runs: Runs, window: int, width: int, rng: np.random.Generator
) -> NDArray[Any]:
    """Return vectors to begin with: waves of the spectrum's strongest peaks, a bit of noise."""
    inside = np.zeros_like(y)
    for a, b in runs:
        inside[a:b] = y[a:b]
    spectrum = np.abs(np.fft.fft(inside, 2 * y.size))
    peak = (spectrum >= np.roll(spectrum, 1)) & (spectrum >= np.roll(spectrum, -1))
    strongest = np.argsort(np.where(peak, spectrum, -1))[::-1][:width]
    waves = np.exp(1j * np.pi / y.size * strongest[:, None] * np.arange(window))
    noise = rng.standard_normal((2, width, window))
    return waves + 0.01 * (noise[0] + 1j * noise[1])


class _Block:
    """The Hankel matrix of a run, with its transform at hand."""

    def __init__(self, run: NDArray[Any], window: int) -> None:
        self.lifting = Hankel(samples=run.size, rows=window)
        self.hat = self.lifting.transform(run)

    def gram(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """Return H H^H times vectors (rank, row)."""
        lifting = self.lifting
        # H^T times conj(vectors) is the conjugate of H^H times vectors.
        back = lifting.adjoint_times_transformed(self.hat, lifting.transform(vectors))
        return lifting.times_transformed(self.hat, lifting.transform(back))


def _orthonormal(rows: NDArray[Any]) -> NDArray[Any]:
    return np.linalg.qr(rows.T)[0].T


def poles(vectors: NDArray[Any]) -> NDArray[np.complex128]:
    """Return the poles of a signal subspace (rank, window), by its shift invariance.

    The pencil of the vectors without their last and without their first sample, by least squares.
    """
    if len(vectors) == 0 or vectors.shape[1] <= len(vectors):
        return np.zeros(0, dtype=complex)
    shift = np.linalg.lstsq(vectors[:, :-1].T, vectors[:, 1:].T, rcond=None)[0]
    return np.linalg.eigvals(shift).astype(complex)


def fit(
    z: NDArray[Any], y: NDArray[Any], keep: NDArray[np.bool_]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the least-squares fit of the kept samples by poles, and which poles stand out.

    A pole stands out where leaving it out would raise the sum of squares by more than ln(kept) + 4
    times the noise's power, as noise does once in fifty chirps. The noise is the
    median of the rest of the fit.

    Returns
    -------
    signal
        The fit, (sample,), in the gaps as well.
    significant
        Boolean, one a pole.
    """
    n = np.arange(y.size) - (y.size - 1) / 2
    waves = np.exp(np.log(z)[:, None] * n)
    kept = waves[:, keep]
    gram = kept.conj() @ kept.T
    gram[np.diag_indices(len(gram))] += _RIDGE * (1 + np.abs(np.diag(gram)))
    inverse = np.linalg.inv(gram)
    weights = inverse @ (kept.conj() @ y[keep])
    # Twice, since the ridge must not show in noise-free tones.
    weights = weights + inverse @ (kept.conj() @ (y[keep] - weights @ kept))
    signal = weights @ waves
    count = kept.shape[1]
    # By the median, since the start-up transient of a chirp is no noise.
    rest = float(np.median(np.abs((y - signal)[keep]) ** 2)) * count / max(count - 1.5 * len(z), 1)
    rest /= math.log(2) if np.imag(y).any() else _MEDIAN_OF_REAL
    gain = np.abs(weights) ** 2 / np.maximum(np.diag(inverse).real, 1e-300)
    return signal, gain > rest * (math.log(count) + 4)

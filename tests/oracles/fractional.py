"""The fractional Fourier transform as the sums that define it, nothing fast about them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def centred_dft_matrix(samples: int) -> np.ndarray:
    """Unitary DFT matrix with time and frequency counted from the middle."""
    n = np.arange(samples) - (samples - 1) / 2
    return np.exp(-2j * np.pi * np.outer(n, n) / samples) / np.sqrt(samples)


@lru_cache
def commuting_vectors(samples: int) -> np.ndarray:
    """Eigenvectors (sample, p) of the whole tridiagonal matrix, by a dense solver.

    Written with the diagonal as Gruenbaum gives it, -2 cos(pi N tau) sin(pi m tau) sin(pi (N-1-m)
    tau), tau = 1/N.
    """
    m, tau = np.arange(samples), 1 / samples
    diagonal = -2 * np.cos(np.pi * samples * tau) * np.sin(np.pi * m * tau)
    diagonal = diagonal * np.sin(np.pi * (samples - 1 - m) * tau)
    beside = np.sin(np.pi * m * tau) * np.sin(np.pi * (samples - m) * tau)
    matrix = np.diag(diagonal) + np.diag(beside[1:], 1) + np.diag(beside[1:], -1)
    return np.linalg.eigh(matrix)[1][:, ::-1]


@lru_cache(maxsize=64)
def fractional_matrix(samples: int, angle: float) -> np.ndarray:
    """Dense matrix of the transform by one angle in rad."""
    vectors = commuting_vectors(samples)
    turn = np.exp(-1j * angle * np.arange(samples))
    return (vectors * turn) @ vectors.T


def plain_imfrac(x: np.ndarray, angles: int, most: int, guard: int, factor: float) -> np.ndarray:
    """One windowed signal, cleaned chirp by chirp with dense matrices; Algorithm 1."""
    samples = x.size
    rows = range(-most, most + 1)
    turns = {
        r: fractional_matrix(samples, 2 * np.pi * r / angles) for r in range(-most - 1, most + 2)
    }
    window = max(samples // 2 - guard - 1, 1)
    while True:
        seen = np.array([np.abs(turns[r] @ x) ** 2 for r in rows])
        k, n = np.unravel_index(np.argmax(seen), seen.shape)
        sides = [
            np.mean(
                [seen[k, (n + side * i) % samples] for i in range(guard + 1, guard + 1 + window)]
            )
            for side in (-1, 1)
        ]
        if seen[k, n] <= factor * min(sides):
            return x
        if abs(rows[k]) == most:
            beyond = np.abs(turns[rows[k] + np.sign(rows[k])] @ x) ** 2
            if max(beyond[(n + i) % samples] for i in range(-3, 4)) > seen[k, n]:
                return x
        turned = turns[rows[k]] @ x
        turned[np.arange(n - guard, n + guard + 1) % samples] = 0
        x = np.conj(turns[rows[k]]).T @ turned

"""The fractional Fourier transform as the sums that define it, nothing fast about them."""

from __future__ import annotations

import numpy as np


def centred_dft_matrix(samples: int) -> np.ndarray:
    """Unitary DFT matrix with time and frequency counted from the middle."""
    n = np.arange(samples) - (samples - 1) / 2
    return np.exp(-2j * np.pi * np.outer(n, n) / samples) / np.sqrt(samples)


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


def fractional_matrix(samples: int, angle: float) -> np.ndarray:
    """Dense matrix of the transform by one angle in rad."""
    vectors = commuting_vectors(samples)
    turn = np.exp(-1j * angle * np.arange(samples))
    return (vectors * turn) @ vectors.T

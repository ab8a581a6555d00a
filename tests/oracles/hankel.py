"""The Hankel matrix and Wang 2022a's Algorithm 1 as they are written down, everything dense."""

from __future__ import annotations

import numpy as np


def hankel(x, rows):
    """H[i, j] = x[i + j], entry by entry."""
    columns = len(x) - rows + 1
    matrix = np.empty((rows, columns), dtype=np.asarray(x).dtype)
    for i in range(rows):
        for j in range(columns):
            matrix[i, j] = x[i + j]
    return matrix


def antidiagonal_sums(matrix):
    rows, columns = matrix.shape
    sums = np.zeros(rows + columns - 1, dtype=matrix.dtype)
    for i in range(rows):
        sums[i : i + columns] += matrix[i]
    return sums


def antidiagonal_means(matrix):
    return antidiagonal_sums(matrix) / antidiagonal_sums(np.ones(matrix.shape))


def soft(x, threshold):
    return np.exp(1j * np.angle(x)) * np.maximum(np.abs(x) - threshold, 0)


def admm(y, u, v, *, tau, beta, mu, beta_growth, beta_every, mu_growth, iterations):
    """Return the list of (x, i) of each iteration; U is (rows, rank), V (columns, rank)."""
    rows, rank = u.shape
    i, p = np.zeros(len(y), complex), np.zeros(len(y), complex)
    q = np.zeros((rows, len(v)), complex)
    found = []
    for k in range(1, iterations + 1):
        if k % beta_every == 0:
            beta = beta * beta_growth
        back = antidiagonal_means(u @ v.conj().T - q / mu)
        x = (beta * (y - i + p / beta) + mu * back) / (mu + beta)  # (24)
        i = soft(y - x + p / beta, tau / beta)  # (26)
        lifted = hankel(x, rows) + q / mu
        u = mu * lifted @ v @ np.linalg.inv(np.eye(rank) + mu * v.conj().T @ v)  # (28)
        v = mu * lifted.conj().T @ u @ np.linalg.inv(np.eye(rank) + mu * u.conj().T @ u)  # (29)
        p = p + beta * (y - x - i)  # (21)
        q = q + mu * (hankel(x, rows) - u @ v.conj().T)  # (22)
        mu = mu * mu_growth
        found.append((x, i))
    return found

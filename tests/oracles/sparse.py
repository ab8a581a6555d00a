"""Sparse solvers as they are written down: explicit matrices, one generator each, no FFT.

`matrix` is A with one row a measured sample, `y` the measured samples; each generator yields x.
"""

from __future__ import annotations

import numpy as np


def sensing_matrix(measured):
    """Rows of the Kronecker product of two inverse DFT matrices, those of measured samples."""
    chirps, samples = measured.shape
    one, other = (
        np.array([[np.exp(2j * np.pi * k * n / size) for k in range(size)] for n in range(size)])
        / np.sqrt(size)
        for size in (chirps, samples)
    )
    return np.kron(one, other)[measured.ravel()]


def _soft(x, threshold):
    modulus = np.abs(x)
    return np.exp(1j * np.angle(x)) * np.maximum(modulus - threshold, 0)


def _hard(x, threshold):
    return np.where(np.abs(x) < threshold, 0, x)


def _noise(spectrum):
    return np.sort(np.abs(spectrum) ** 2)[spectrum.size // 2] / np.log(2)


def thresholding(matrix, y, *, rule, beta=3.0, step=1.0, fixed=None, weight=1.0):
    """(11), (12), (13), (15) of Chen 2022."""
    shrink = {"soft": _soft, "hard": _hard}[rule]
    x = np.zeros(matrix.shape[1], complex)
    while True:
        gradient = matrix.conj().T @ (y - matrix @ x)
        threshold = beta * np.std(gradient) if fixed is None else fixed
        x = shrink(x + step * gradient, threshold * weight)
        yield x


def fista(matrix, y, *, beta):
    x = z = np.zeros(matrix.shape[1], complex)
    t = 1.0
    while True:
        gradient = matrix.conj().T @ (y - matrix @ z)
        new = _soft(z + gradient, beta * np.std(gradient))
        if np.vdot(new - x, z - new).real > 0:
            t = 1.0
        following = 0.5 + np.sqrt(0.25 + t * t)
        z = new + (t - 1) / following * (new - x)
        x, t = new, following
        yield x


def omp(matrix, y):
    support, x = [], np.zeros(matrix.shape[1], complex)
    yield x
    while True:
        support.append(int(np.argmax(np.abs(matrix.conj().T @ (y - matrix @ x)))))
        x = np.zeros(matrix.shape[1], complex)
        x[support] = np.linalg.lstsq(matrix[:, support], y)[0]
        yield x


def cosamp(matrix, y, *, k):
    x = np.zeros(matrix.shape[1], complex)
    while True:
        proxy = np.abs(matrix.conj().T @ (y - matrix @ x))
        merged = sorted(set(np.argsort(proxy)[-2 * k :]) | set(np.flatnonzero(x)))
        b = np.zeros_like(x)
        b[merged] = np.linalg.lstsq(matrix[:, merged], y)[0]
        x = np.zeros_like(b)
        best = np.argsort(np.abs(b))[-k:]
        x[best] = b[best]
        yield x


def amp(matrix, y, *, beta):
    """With columns of unit norm, as in the paper."""
    delta = matrix.shape[0] / matrix.shape[1]
    unit = matrix / np.sqrt(delta)
    x, z = np.zeros(matrix.shape[1], complex), y
    while True:
        noisy = x + unit.conj().T @ z
        threshold = beta * np.sqrt(np.mean(np.abs(z) ** 2))
        x = _soft(noisy, threshold)
        modulus = np.abs(noisy)
        slope = np.mean([1 - threshold / (2 * m) if m > threshold else 0.0 for m in modulus])
        z = y - unit @ x + z * slope / delta
        yield x / np.sqrt(delta)


def gamp(matrix, y, *, noise, share, strength):
    """With one variance for all entries of each vector."""
    q, size = matrix.shape
    frobenius = np.sum(np.abs(matrix) ** 2)
    x, s = np.zeros(size, complex), np.zeros(q, complex)
    tau_x = share * strength
    while True:
        tau_p = frobenius / q * tau_x
        p = matrix @ x - tau_p * s
        z_hat, tau_z = p + tau_p / (tau_p + noise) * (y - p), tau_p * noise / (tau_p + noise)
        s = (z_hat - p) / tau_p
        tau_s = (1 - tau_z / tau_p) / tau_p
        tau_r = 1 / (frobenius / size * tau_s)
        r = x + tau_r * (matrix.conj().T @ s)
        # Densities of r under target and no target.
        target = share * np.exp(-(np.abs(r) ** 2) / (strength + tau_r)) / (strength + tau_r)
        nothing = (1 - share) * np.exp(-(np.abs(r) ** 2) / tau_r) / tau_r
        chance = target / (target + nothing)
        mean, spread = r * strength / (strength + tau_r), strength * tau_r / (strength + tau_r)
        x = chance * mean
        second = chance * (np.abs(mean) ** 2 + spread)
        tau_x = np.mean(second - np.abs(x) ** 2)
        noise = np.mean(np.abs(y - z_hat) ** 2) + tau_z
        share, strength = np.mean(chance), np.sum(second) / np.sum(chance)
        yield x


def yall1(matrix, y, *, nu):
    """Alternating directions on the dual, one block after the other."""
    mu = np.mean(np.abs(y))
    x, z = np.zeros(matrix.shape[1], complex), np.zeros(matrix.shape[1], complex)
    system = nu * np.eye(matrix.shape[0]) + mu * matrix @ matrix.conj().T
    inverse = np.linalg.inv(system)
    while True:
        # Stationary point of -Re y^H u + nu/2 |u|^2 - Re x^H (z - A^H u) + mu/2 |z - A^H u|^2.
        u = inverse @ (y - matrix @ x + mu * matrix @ z)
        free = matrix.conj().T @ u + x / mu
        z = free / np.maximum(np.abs(free), 1)
        x = x - 1.618 * mu * (z - matrix.conj().T @ u)
        yield x


def sbl(matrix, y, *, beta):
    mean = np.zeros(matrix.shape[1], complex)
    moved = matrix.conj().T @ y
    alpha = 1 / np.abs(moved) ** 2
    while True:
        precision = 1 / (beta**2 * _noise(moved))
        covariance = 1 / (precision + alpha)
        mean = covariance * precision * moved
        yield mean
        # 1 - alpha covariance, without its cancellation.
        alpha = precision * covariance / np.abs(mean) ** 2
        moved = mean + matrix.conj().T @ (y - matrix @ mean)


def imat(matrix, y, *, alpha, beta):
    x = np.zeros(matrix.shape[1], complex)
    back = matrix.conj().T @ y
    start, noise = np.abs(back).max() * (1 - 1e-6), beta * np.sqrt(_noise(back))
    for k in range(10**6):
        gradient = matrix.conj().T @ (y - matrix @ x)
        fallen = start * np.exp(-alpha * k)
        least = min(beta * np.std(gradient), max(noise, fallen))
        x = _hard(x + gradient, max(fallen, least))
        yield x

"""ARIM's chirps by the formulas of their publication, one exponential after the other."""

import numpy as np

SLOPE = 1.6e9 / 25.6e-6
T = 25.6e-6
RATE = 40e6
TIMES = np.arange(1024) / RATE
LIGHT = 3e8


def targets(amplitudes, distances):
    """Transmitted baseband chirp times the conjugate of each delayed copy."""
    sent = np.exp(1j * np.pi * SLOPE * (TIMES - T / 2) ** 2)
    total = np.zeros(1024, complex)
    for amplitude, distance in zip(amplitudes, distances, strict=True):
        late = TIMES - T / 2 - 2 * distance / LIGHT
        total += amplitude * sent * np.exp(-1j * np.pi * SLOPE * late**2)
    return total


def interference_of_set_1(first, sir_db, alpha):
    """One interferer, 15 MHz above the victim in the middle of the ramp."""
    middle = TIMES - T / 2
    frequency = -15e6 + (1 - alpha) * SLOPE * middle
    level = abs(first) * 10 ** (-sir_db / 20) * np.sqrt(SLOPE * abs(1 - alpha)) * 1024 / RATE
    phase = np.pi * SLOPE * middle**2 - 2 * np.pi * (15e6 * TIMES + alpha * SLOPE * middle**2 / 2)
    return np.where(inside(frequency), level * np.exp(1j * phase), 0)


def interference_of_set_2(sir_db, alpha, delay):
    """One of several interferers, late by a delay."""
    middle, late = TIMES - T / 2, TIMES - delay - T / 2
    frequency = -SLOPE * delay - alpha * SLOPE * late + SLOPE * middle
    level = 10 ** (-sir_db / 20) * np.sqrt(SLOPE * abs(1 - alpha)) * 1024 / RATE
    phase = np.pi * SLOPE * middle**2
    phase = phase - 2 * np.pi * (SLOPE * delay * (TIMES - delay) + alpha * SLOPE * late**2 / 2)
    return np.where(inside(frequency), level * np.exp(1j * phase), 0)


def inside(frequency):
    """Within 20 MHz, a hair of rounding included."""
    return np.abs(frequency) <= RATE / 2 * (1 + 1e-9)


def noise(rng, first, snr_db):
    """Complex Gaussian noise of the variance 1024 |A1|^2 10^(-SNR/10)."""
    scale = abs(first) * 10 ** (-snr_db / 20) * np.sqrt(1024 / 2)
    return scale * (rng.standard_normal(1024) + 1j * rng.standard_normal(1024))


def labels(amplitudes, distances):
    """Amplitudes and distances at the nearest of 2048 bins of 0.046875 m."""
    shape, of_distance = np.zeros(2048, complex), np.zeros(2048)
    for amplitude, distance in zip(amplitudes, distances, strict=True):
        near = round(distance / 0.046875)
        shape[near], of_distance[near] = amplitude, distance
    return shape, of_distance


def draw_targets(rng):
    """Amplitudes and distances of one chirp."""
    count = rng.integers(1, 5)
    moduli = rng.integers(1, 101, count) / 100
    moduli[rng.integers(count)] = 1
    return moduli * np.exp(2j * np.pi * rng.random(count)), rng.integers(2, 96, count)


def grid_of_set_1():
    """SNR, SIR and alpha of all 48,000 chirps of set 1."""
    return [
        (snr, sir, tenth / 10)
        for _ in range(50)
        for snr in range(5, 45, 5)
        for sir in range(-5, snr + 10, 5)
        for tenth in range(16)
    ]


def draw_set_2(rng, snr, others):
    """SIR, alpha and delay of each interferer of one chirp of set 2."""
    return (
        rng.integers(-5, snr + 6, others),
        rng.integers(1, 151, others) / 100,
        rng.integers(-35, 36, others) / 100 * T,
    )

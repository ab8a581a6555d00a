"""Iterative thresholding with a falling threshold as it is written down: two FFTs an iteration."""

from __future__ import annotations

import numpy as np


def refill(beat, disturbed, *, alpha, margin_db, max_iter, tol, window):
    """Refill one chirp (sample,) or one frame (chirp, sample) of complex128; returns it."""
    weight = np.ones(beat.shape)
    if window == "hamming":
        for axis, length in enumerate(beat.shape):
            line = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(length) / (length - 1))
            weight = weight * np.expand_dims(line, [a for a in range(beat.ndim) if a != axis])
    y = np.where(disturbed, 0, beat) * weight
    x = y
    factor = np.log(x.size) * 10 ** (margin_db / 10)
    power = np.abs(np.fft.fftn(y)) ** 2
    median = np.sort(power, axis=None)[(power.size - 1) // 2]
    strongest, floor = np.sqrt(power.max()), factor * median / np.log(2)
    for k in range(max_iter):
        spectrum = np.fft.fftn(x)
        power = np.abs(spectrum) ** 2
        if k > 0:
            noise = power[power < floor]
            floor = factor * np.mean(noise) if noise.size else 0.0
        fallen = strongest * np.exp(-alpha * k)
        threshold = max(fallen, np.sqrt(floor))
        # The strongest line reaches the first threshold whatever its rounding.
        lines = np.where(np.abs(spectrum) >= threshold * (1 - 1e-12), spectrum, 0)
        estimate = np.fft.ifftn(lines)
        new = np.where(disturbed, estimate, y)
        change = np.linalg.norm(new - x)
        x = new
        if np.sqrt(floor) >= fallen and change <= tol * np.linalg.norm(estimate[disturbed]):
            break
    fill = (x / weight)[disturbed]
    largest = np.abs(beat[~disturbed]).max(initial=0)
    modulus = np.abs(fill)
    fill = np.where(modulus > largest, fill * largest / np.where(modulus > 0, modulus, 1), fill)
    out = beat.copy()
    out[disturbed] = fill
    return out

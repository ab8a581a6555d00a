"""The fill of `notch-refill` and its pieces of chirps in plain NumPy: every cell, every stretch."""

from __future__ import annotations

import numpy as np


def sparse_map(spectra, bases, chirps, least, steps):
    """Every column in every step, in double precision."""
    spectra, bases = spectra.astype(complex), bases.astype(complex)
    spectrum = np.fft.fft(spectra, axis=0)
    threshold = max(0.7 * np.abs(spectrum).max(), least)
    fall = (least / threshold) ** (1 / (0.8 * steps))
    for _ in range(steps):
        model = np.fft.ifft(np.where(np.abs(spectrum) > threshold, spectrum, 0), axis=0)
        filled = spectra.copy()
        for basis, m in zip(bases, chirps, strict=True):
            filled[m] += basis * np.vdot(basis, model[m])
        spectrum = np.fft.fft(filled, axis=0)
        threshold = max(threshold * fall, least)
    return np.where(np.abs(spectrum) > least, spectrum, 0)


def undo(values, rate, frequency):
    """Without the phase of a chirp, time from the middle sample."""
    time = np.arange(len(values)) - (len(values) - 1) / 2
    return values * np.exp(-2j * np.pi * (frequency * time + rate * time**2 / 2))


def stretch(values, window, shortest):
    """Of all stretches the one that holds most of a constant, and how much."""
    best = (-1.0, 0, 0)
    for a in range(len(values) - shortest + 1):
        for b in range(a + shortest, len(values) + 1):
            energy = np.sum(window[a:b] ** 2)
            if energy > 0:
                height = np.abs(np.sum(values[a:b] * window[a:b])) ** 2 / energy
                best = max(best, (height, a, b))
    return best


def piece_space(samples, window, piece, order):
    """Projection on the chirp under the window times polynomials up to an order, by an SVD."""
    start, stop, rate, frequency = piece
    wave = np.conj(undo(np.ones(samples), rate, frequency))[start:stop]
    shapes = np.polynomial.legendre.legvander(np.linspace(-1, 1, stop - start), order)
    whole = np.zeros((samples, order + 1), complex)
    whole[start:stop] = (wave * window[start:stop])[:, None] * shapes
    vectors = np.linalg.svd(whole, full_matrices=False)[0]
    return vectors @ vectors.conj().T

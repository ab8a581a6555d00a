"""Tones of any frequency, fitted to one windowed chirp through what was given up of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.mitigation.imfrac import power_of_two
from clearchirp.operators.missing import Missing

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_PADDING = 4
_MARGIN = 4.0
_STEPS = 4
_MOST = 40
_SETTLED = 1e-3
_ROUNDS = 3
_LEAST_SAMPLES = 16
_SAMPLES_A_TONE = 6
_LEAST_SHARE = 1e-3


def fill_with_tones(
    signals: NDArray[Any], missing: Missing, noise: float, window: NDArray[Any]
) -> NDArray[np.complex128]:
    """Return a model (chirp, sample) of windowed signals: tones through what each misses."""
    lines = [fitted_tones(x, missing.bases.get(m), noise, window) for m, x in enumerate(signals)]
    return window * np.array(lines)


def tones_alone(
    line: NDArray[Any], window: NDArray[Any], noise_of: Callable[[NDArray[Any]], float]
) -> NDArray[Any]:
    """Return the tones of a windowed signal (sample,), without the window.

    `noise_of` tells the power of the noise of windowed signals (chirp, sample).
    """
    scale = power_of_two(line)
    if scale == 0 or line.size < _LEAST_SAMPLES:
        return np.zeros_like(line)
    signal = line.astype(np.complex128) / scale
    model, quiet = np.zeros_like(signal), 1e-12 * float(np.mean(np.abs(signal) ** 2))
    for _ in range(_ROUNDS):
        # Tones that are not found yet count as noise.
        noise = max(noise_of((signal - window * model)[None]), quiet)
        model = fitted_tones(signal, None, noise, window)
    return scale * (model.real if np.isrealobj(line) else model)


def fitted_tones(
    signal: NDArray[Any],
    basis: NDArray[Any] | None,
    noise: float,
    window: NDArray[Any],
) -> NDArray[np.complex128]:
    """Return the tones (sample,) of one windowed chirp (sample,), without the window.

    Fitted to what lies outside of the orthonormal `basis` (sample, vector). `noise` is the power of
    a sample's noise without window. One tone is added after the other at the peak of the spectrum
    of what is left, as long as its power is ln(samples) + 4 times that of the noise there, and
    after each the frequencies of all are refined by Gauss-Newton steps: the order chooses itself.
    """
    samples = signal.size
    y = _outside(signal, basis)
    length = int(fft.next_fast_len(_PADDING * samples))
    bar = (math.log(samples) + _MARGIN) * noise * float(np.sum(window**2))
    omega = np.zeros(0)
    model = np.zeros(samples, np.complex128)
    left = y
    for _ in range(min(_MOST, samples // _SAMPLES_A_TONE)):
        power = np.abs(fft.fft(left, length)) ** 2
        peak = int(np.argmax(power))
        if power[peak] <= bar:
            break
        before = float(np.vdot(left, left).real)
        new = np.append(omega, 2 * math.pi * peak / length)
        new, waves, amplitudes = _refined(y, basis, new, window)
        now = waves @ amplitudes
        rest = y - _outside(now, basis)
        if before - float(np.vdot(rest, rest).real) < _LEAST_SHARE * before:
            break  # only what was given up of the chirp would still grow
        omega, model, left = new, _waves(new, samples) @ amplitudes, rest
    return model


def _outside(x: NDArray[Any], basis: NDArray[Any] | None) -> NDArray[np.complex128]:
    """Return what of signals (sample,) or (sample, tone) lies outside of a basis."""
    return x + 0j if basis is None else x - basis @ (basis.conj().T @ x)


def _refined(
    y: NDArray[Any], basis: NDArray[Any] | None, omega: NDArray[Any], window: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return frequencies, windowed waves (sample, tone) and amplitudes that leave the least."""
    time = _time(y.size)
    bin_width = 2 * math.pi / y.size
    waves, amplitudes = _amplitudes(y, basis, omega, window)
    for _ in range(_STEPS):
        slopes = _outside(1j * time[:, None] * waves * amplitudes, basis)
        seen = _outside(waves, basis)
        left = y - seen @ amplitudes
        # Steps of frequency are real; those of the amplitudes are any.
        whole = np.concatenate([seen, 1j * seen, slopes], axis=1)
        stacked = np.concatenate([whole.real, whole.imag])
        step = np.linalg.lstsq(stacked, np.concatenate([left.real, left.imag]), rcond=1e-10)[0]
        move = np.clip(step[2 * omega.size :], -bin_width / 2, bin_width / 2)
        omega = omega + move
        waves, amplitudes = _amplitudes(y, basis, omega, window)
        if np.abs(move).max() < _SETTLED * bin_width:
            break
    return omega, waves, amplitudes


def _amplitudes(
    y: NDArray[Any], basis: NDArray[Any] | None, omega: NDArray[Any], window: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    waves = window[:, None] * _waves(omega, y.size)
    return waves, np.linalg.lstsq(_outside(waves, basis), y, rcond=1e-6)[0]


def _waves(omega: NDArray[Any], samples: int) -> NDArray[np.complex128]:
    return np.exp(1j * np.multiply.outer(_time(samples), omega))


def _time(samples: int) -> NDArray[Any]:
    return np.arange(samples) - (samples - 1) / 2

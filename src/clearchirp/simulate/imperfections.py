"""What a real receiver adds to the beat signal: transient, I/Q imbalance, phase noise."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.receiver import Receiver
from clearchirp.waveform import Waveform

_INSTABILITY = 0.01
"""Standard deviation of the transient's amplitude from chirp to chirp, relative."""


def transient(
    receiver: Receiver, waveform: Waveform, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Start-up transient ``amplitude (1 + 0.01 w) exp(-t / decay)``; (rx, chirp, sample).

    t is the time from the chirp's first sample, w a standard normal number for each antenna and
    chirp.
    """
    wobble = 1 + _INSTABILITY * rng.standard_normal((receiver.receivers, waveform.chirps, 1))
    decay = np.exp(-waveform.sample_times() / receiver.transient_decay)
    return receiver.transient_amplitude * wobble * decay


def unbalance(x: NDArray[Any], gain_db: float, phase: float) -> NDArray[Any]:
    """Return the complex signal `x` as branches of unequal gain and not in quadrature see it.

    I = Re x and Q = G Im(x exp(j phase)), so ``I + j Q = a x + b conj(x)`` with
    ``a = (1 + G exp(j phase)) / 2`` and ``b = (1 - G exp(-j phase)) / 2``: each tone has an image
    at the negative frequency, |b / a| of its amplitude.
    """
    gain = 10 ** (gain_db / 20) * cmath.exp(1j * phase)
    return ((1 + gain) / 2 * x + (1 - gain.conjugate()) / 2 * x.conj()).astype(x.dtype)


def oscillator_phase(
    level_db: float,
    waveform: Waveform,
    delays: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Phase of the victim's noisy oscillator, now and as the echoes bring it back.

    Parameters
    ----------
    level_db
        Phase noise at 1 MHz from the carrier in dBc/Hz.
    waveform
        The victim's waveform.
    delays
        Delay in s of each target in each chirp; (target, chirp).
    rng
        Random numbers.

    Returns
    -------
    phase : ndarray
        In rad; (chirp, sample).
    remaining : ndarray
        That phase minus what it was a delay ago; (target, chirp, sample).

    Notes
    -----
    The phase is a random walk of variance ``D t``, whose power density ``D / (2 pi f)^2`` is the
    level at 1 MHz for ``D = (2 pi 1 MHz)^2 10^(level_db / 10)``. It starts anew in each chirp, as
    the oscillator settles on each ramp. Echoes bring the same walk back, so that of the density
    ``4 sin^2(pi f delay)`` remains (range correlation). The walk is drawn at exactly the times that
    are asked for, delays between samples included; a delay is taken as constant within a chirp.
    """
    spread = (2 * math.pi * 1e6) ** 2 * 10 ** (level_db / 10) / waveform.sample_rate
    now = np.empty((waveform.chirps, waveform.samples))
    remaining = np.empty((len(delays), *now.shape))
    steps = np.maximum(delays, 0.0) * waveform.sample_rate
    for m in range(waveform.chirps):
        now[m], remaining[:, m] = _walk(steps[:, m], waveform.samples, spread, rng)
    return now, remaining


def _walk(
    delays: NDArray[np.float64], samples: int, spread: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One chirp of `oscillator_phase`; delays in samples, (target,); `spread` for each sample."""
    whole = np.floor(delays).astype(np.intp)
    before = int(whole.max(initial=0))
    # Each step from sample to sample is cut where the echoes of some sample left the oscillator.
    cuts = 1 - (delays - whole)
    order = np.argsort(cuts)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    lengths = np.maximum(np.diff(cuts[order], prepend=0.0, append=1.0), 0.0)
    pieces = rng.standard_normal((samples + before, len(lengths))) * np.sqrt(spread * lengths)
    walk = np.cumsum(pieces.ravel()).reshape(pieces.shape)
    now = walk[before:, -1]
    sent = np.arange(samples) + (before - whole)[:, np.newaxis]
    return now, now - walk[sent, rank[:, np.newaxis]]

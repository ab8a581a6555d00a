"""The short-time spectrum of one chirp as pictures show it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT

from clearchirp.report.scales import Axis, decibels, frequency_scale, time_axis
from clearchirp.waveform import Waveform


def short_time_levels(
    chirp: NDArray, waveform: Waveform, *, real: bool
) -> tuple[NDArray[np.float64], Axis, Axis]:
    """Return levels in dB (frequency, time) of a beat signal (sample,), its time and frequency.

    Parameters
    ----------
    chirp
        Real or complex.
    waveform
        Gives the axes in us and MHz.
    real
        True for the frequencies from 0 up alone.

    Notes
    -----
    Hann window of about 1.5 times the square root of the samples (a power of two from 8 to 128), a
    hop of a sixteenth of it, spectra zero-padded fourfold (to an odd number of bins, so that their
    cells end at half the sample rate). Beyond the ends of the chirp the signal counts as zero.
    """
    samples = chirp.size
    length = int(min(128, max(8, 2 ** round(np.log2(1.5 * np.sqrt(samples))))))
    hop = max(1, length // 16)
    transform = ShortTimeFFT(
        np.hanning(length + 1)[:-1], hop, 1.0, mfft=4 * length + 1,
        fft_mode="onesided" if real else "centered",
    )  # fmt: skip
    slices = (samples - 1) // hop + 2  # to the last sample and beyond
    # The library wants a signal of half a window at least.
    padded = np.pad(chirp, (0, max(0, length - samples)))
    levels = decibels(transform.stft(padded, p0=0, p1=slices))
    scale, label = frequency_scale(waveform)
    one = time_axis(waveform, samples)
    time = Axis(np.arange(slices) * hop * one.step, hop * one.step, one.label, one.whole)
    frequency = Axis(transform.f * scale, float(transform.delta_f) * scale, label, False)
    return levels, time, frequency

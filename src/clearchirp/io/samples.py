"""From ADC words to samples (frame, rx, chirp, sample): one fused pass for each order of words.

The words of a chirp lie in the file as

===================  ==========================================================================
``paired``           DCA1000, 2 lanes, complex: each receiver in turn, I0 I1 Q0 Q1 I2 I3 Q2 Q3 ...
``planar``           DCA1000, 4 lanes, complex: each sample in turn, I of every rx, Q of every rx
``interleaved``      TSW1400, complex: each sample in turn, I Q of every rx
``rows``             DCA1000, 2 lanes, real: each receiver in turn, its samples
``columns``          DCA1000, 4 lanes, or TSW1400, real: each sample in turn, every rx
===================  ==========================================================================

A pass reads each word once and writes each float once. In NumPy the same takes a pass for the
conversion, one for the transposition and two for the complex arithmetic, each through memory.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from clearchirp.types import InputError

Layout = Literal["paired", "planar", "interleaved", "rows", "columns"]


def decode(
    words: NDArray[Any],
    shape: tuple[int, int, int, int],
    layout: Layout,
    *,
    q_first: bool = False,
    conjugate: bool = False,
) -> NDArray[Any]:
    """Return the samples of whole frames.

    Parameters
    ----------
    words
        The ADC words of the frames, shape (n,): int16 in two's complement, or uint16 in offset
        binary, of which 2^15 is subtracted.
    shape
        (frame, rx, chirp, sample) of the result; its words must be exactly those given.
    layout
        Order of the words, as in the table at the top of this module.
    q_first
        True where Q takes the place of I and the reverse.
    conjugate
        True to negate Q.

    Returns
    -------
    numpy.ndarray
        complex64, or float32 for the layouts ``rows`` and ``columns``, in counts; C-contiguous.
    """
    offset = np.float32(32768 if words.dtype == np.uint16 else 0)
    frames, receivers, chirps, samples = shape
    if layout in ("rows", "columns"):
        real = np.empty(shape, np.float32)
        if layout == "rows":
            _rows(words.reshape(frames, chirps, receivers, samples), real, offset)
        else:
            _columns(words.reshape(frames, chirps, samples, receivers), real, offset)
        return real
    beat = np.empty(shape, np.complex64)
    parts = beat.view(np.float32)
    sign = np.float32(-1 if conjugate else 1)
    if layout == "paired":
        source = words.reshape(frames, chirps, receivers, samples * 2)
        _paired(source, parts, offset, sign, q_first)
    elif layout == "planar":
        source = words.reshape(frames, chirps, samples, 2 * receivers)
        _strided(source, parts, offset, sign, q_first, 1, receivers)
    else:
        source = words.reshape(frames, chirps, samples, 2 * receivers)
        _strided(source, parts, offset, sign, q_first, 2, 1)
    return beat


def encode(beat: NDArray[Any], layout: Layout) -> NDArray[np.int16]:
    """Return the ADC words of whole frames, int16: what `decode` undoes.

    Parameters
    ----------
    beat
        (frame, rx, chirp, sample) in counts, complex for the layouts of complex samples.
    layout
        Order of the words; those of a TSW1400 are in two's complement here.

    Raises
    ------
    InputError
        For counts beyond -32768 to 32767, which nothing may clip unseen, and for an odd number of
        samples in the layout ``paired``, which has them in pairs.
    """
    frames, receivers, chirps, samples = beat.shape
    if layout == "paired" and samples % 2:
        raise InputError(f"beat: complex DCA1000 data come in pairs, got {samples} samples a chirp")
    parts = np.stack([np.real(beat), np.imag(beat)], axis=-1) if np.iscomplexobj(beat) else beat
    counts = np.rint(parts)
    if not (counts.min() >= -32768 and counts.max() <= 32767):
        raise InputError(
            f"beat: its values reach from {counts.min():g} to {counts.max():g}, an ADC word from "
            "-32768 to 32767; scale them"
        )
    words = counts.astype("<i2")
    if layout == "paired":
        words = words.reshape(frames, receivers, chirps, samples // 2, 2, 2)
        words = words.transpose(0, 2, 1, 3, 5, 4)
    elif layout == "planar":
        words = words.transpose(0, 2, 3, 4, 1)
    elif layout == "interleaved":
        words = words.transpose(0, 2, 3, 1, 4)
    elif layout == "rows":
        words = words.transpose(0, 2, 1, 3)
    else:
        words = words.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(words).reshape(-1)


@njit(cache=True, nogil=True)
def _paired(words: Any, parts: Any, offset: Any, sign: Any, q_first: bool) -> None:
    """2 lanes: two I, then two Q, for each pair of samples of a receiver."""
    for frame in range(words.shape[0]):
        for chirp in range(words.shape[1]):
            for rx in range(words.shape[2]):
                source = words[frame, chirp, rx]
                target = parts[frame, rx, chirp]
                if q_first:
                    for k in range(0, source.size, 4):
                        target[k] = np.float32(source[k + 2]) - offset
                        target[k + 1] = sign * (np.float32(source[k]) - offset)
                        target[k + 2] = np.float32(source[k + 3]) - offset
                        target[k + 3] = sign * (np.float32(source[k + 1]) - offset)
                else:
                    for k in range(0, source.size, 4):
                        target[k] = np.float32(source[k]) - offset
                        target[k + 1] = sign * (np.float32(source[k + 2]) - offset)
                        target[k + 2] = np.float32(source[k + 1]) - offset
                        target[k + 3] = sign * (np.float32(source[k + 3]) - offset)


@njit(cache=True, nogil=True)
def _strided(
    words: Any, parts: Any, offset: Any, sign: Any, q_first: bool, step: int, quadrature: int
) -> None:
    """Each sample in turn: receiver r has I at word step * r and Q `quadrature` words later."""
    for frame in range(words.shape[0]):
        for chirp in range(words.shape[1]):
            source = words[frame, chirp]
            for rx in range(parts.shape[1]):
                target = parts[frame, rx, chirp]
                i = step * rx + (quadrature if q_first else 0)
                q = step * rx + (0 if q_first else quadrature)
                for n in range(source.shape[0]):
                    target[2 * n] = np.float32(source[n, i]) - offset
                    target[2 * n + 1] = sign * (np.float32(source[n, q]) - offset)


@njit(cache=True, nogil=True)
def _rows(words: Any, beat: Any, offset: Any) -> None:
    for frame in range(words.shape[0]):
        for chirp in range(words.shape[1]):
            for rx in range(words.shape[2]):
                for n in range(words.shape[3]):
                    beat[frame, rx, chirp, n] = np.float32(words[frame, chirp, rx, n]) - offset


@njit(cache=True, nogil=True)
def _columns(words: Any, beat: Any, offset: Any) -> None:
    for frame in range(words.shape[0]):
        for chirp in range(words.shape[1]):
            for rx in range(words.shape[3]):
                for n in range(words.shape[2]):
                    beat[frame, rx, chirp, n] = np.float32(words[frame, chirp, n, rx]) - offset

"""Synthetic interference on a real recording, so that truth exists for real backgrounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clearchirp.simulate.checks import check_count, check_number
from clearchirp.simulate.crossings import Crossing
from clearchirp.simulate.frames import Simulated, simulate_frame
from clearchirp.simulate.interferers import Interferer
from clearchirp.simulate.levels import sounding
from clearchirp.simulate.receiver import Receiver
from clearchirp.simulate.scene import Recipe, Scene
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

_MIN_CHIRPS = 4
"""With fewer the mean over the chirps would follow the signal itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaid:
    """A frame of a recording with synthetic interference, and the truth about it.

    All arrays are (rx, chirp, sample), of the type of the recording.

    Attributes
    ----------
    beat
        `clean` + `interference`.
    clean
        The recording, its own noise and targets in it.
    interference
        What was added: where the converter clipped or rounded, what it left of it.
    disturbed
        Boolean, True where the interference is stronger than what the recording holds beside its
        recurring part (DC, start-up transient, static targets: the mean over the chirps).
    noise_power
        Noise power a sample, E|n|^2, as it was estimated.
    crossings
        Every meeting of a chirp and an interferer's ramp, with the scaled amplitude.
    """

    beat: NDArray[np.inexact]
    clean: NDArray[np.inexact]
    interference: NDArray[np.inexact]
    disturbed: NDArray[np.bool_]
    noise_power: float
    crossings: tuple[Crossing, ...]


def interference_onto(
    beat: NDArray[np.inexact],
    waveform: Waveform,
    source: Scene | Recipe | Sequence[Interferer],
    *,
    inr_db: float | None = None,
    frame: int = 0,
    seed: int = 0,
    counts: tuple[int, int] | None = None,
) -> Overlaid:
    """Add synthetic interference to one frame of a recording that has none.

    Parameters
    ----------
    beat
        The frame, (rx, chirp, sample), real or complex.
    waveform
        The recording's; `start_frequency` may be NaN where `source` is a scene.
    source
        The interferers, or a scene that has them: its targets and its noise are left out, its
        receiver's filter is kept. Interferers of a scene keep their frequency relative to the start
        of the victim's ramp where the recording's start frequency is another than the scene's.
    inr_db
        Interference-to-noise ratio: the mean power of the interference, over the samples in which
        it beats inside of the filter's band, over the recording's noise power. None, the default,
        leaves the amplitudes of `source` as they are, in the units of the recording.
    frame
        Number of the frame from 0: a scene runs on from frame to frame, a recipe draws anew.
    seed
        Seed of what is drawn, 0 by default. Scene, seed and frame give the same interference in
        any order of frames.
    counts
        Least and greatest count of the converter; real and imaginary parts of the sum are rounded
        to whole counts and clipped there. None, the default, does neither.

    Returns
    -------
    Overlaid
        The frame and its truth. A frame that no interferer crosses comes back as it was.

    Raises
    ------
    InputError
        For a recording that is no frame, or whose waveform is not known well enough; for a level
        where the recording has no noise.
    """
    clean = _frame(beat)
    _check(clean, waveform, inr_db, frame, counts)
    scene, number = _scene(source, clean, waveform, frame, seed)
    seen = simulate_frame(scene, number, seed)
    gain, noise = 1.0, noise_power(clean)
    if inr_db is not None:
        gain = _gain(seen, noise, inr_db)
    interference = (gain * seen.interference).astype(clean.dtype)
    floor = np.abs(clean - _recurring(clean))
    disturbed = np.abs(interference) > floor
    if counts is not None:
        added = _to_counts(clean + interference, counts)
        interference = added - clean
    return Overlaid(
        beat=clean + interference,
        clean=clean,
        interference=interference,
        disturbed=disturbed,
        noise_power=noise,
        crossings=tuple(
            replace(one, frame=frame, amplitude=gain * one.amplitude) for one in seen.crossings
        ),
    )


def noise_power(beat: NDArray[np.inexact]) -> float:
    """Estimate the noise power a sample of a frame, E|n|^2.

    Second differences along the chirps take away what stands still, a Fourier transform along the
    samples gathers what moves in a few bins, and the median over all bins passes these over. The
    median of the power of Gaussian noise is ln 2 of its mean.

    Parameters
    ----------
    beat
        (rx, chirp, sample), real or complex, without interference.

    Returns
    -------
    float
        The power; 0 for a recording that holds nothing.

    Examples
    --------
    >>> noise = np.random.default_rng(0).standard_normal((1, 64, 256))
    >>> round(noise_power(noise), 1)
    1.0
    """
    order = min(2, beat.shape[1] - 1)
    wide = np.complex128 if np.iscomplexobj(beat) else np.float64
    rest = np.diff(beat.astype(wide), n=order, axis=1)
    # A window whose sidelobes do not carry a strong target over the other bins.
    window = np.blackman(beat.shape[-1] + 2)[1:-1]
    if np.iscomplexobj(rest):
        spectrum = np.fft.fft(rest * window)
    else:
        # Zero and half the sample rate hold real values, whose power has another median.
        spectrum = np.fft.rfft(rest * window)[..., 1 : (beat.shape[-1] + 1) // 2]
    gain = math.comb(2 * order, order) * float(np.sum(window**2))
    if not spectrum.size:
        return float(np.mean(np.abs(rest) ** 2)) / math.comb(2 * order, order)
    return float(np.median(np.square(np.abs(spectrum)))) / math.log(2) / gain


def _gain(seen: Simulated, noise: float, inr_db: float) -> float:
    if noise == 0:
        raise InputError(
            "onto: the recording has no noise to set a level by; leave inr_db out, and the "
            "interferers keep their amplitudes"
        )
    bursts = np.abs(seen.interference[:, sounding(seen)].astype(np.complex128)) ** 2
    if not bursts.size or not bursts.any():
        return 1.0
    return math.sqrt(10 ** (inr_db / 10) * noise / float(bursts.mean()))


def _scene(
    source: Scene | Recipe | Sequence[Interferer],
    clean: NDArray[np.inexact],
    waveform: Waveform,
    frame: int,
    seed: int,
) -> tuple[Scene, int]:
    """Return the interferers before the recording's own radar, and the frame to simulate."""
    shape = {"receivers": len(clean), "real": not np.iscomplexobj(clean)}
    if isinstance(source, Sequence):
        parts = {"waveform": waveform, "interferers": tuple(source)}
        return Scene(**parts, receiver=Receiver(**shape)), frame
    number = frame
    if not isinstance(source, Scene):
        source, number = source.draw(frame, seed), 0
    # What the recording has already is not added once more.
    receiver = replace(
        source.receiver, **shape, noise_power=0.0, adc_bits=None, phase_noise_db=None,
        transient_amplitude=0.0, transient_decay=0.0, iq_gain_db=0.0, iq_phase=0.0,
    )  # fmt: skip
    if receiver.bandwidth is not None and receiver.bandwidth > waveform.sample_rate / 2:
        receiver = replace(receiver, bandwidth=None)
    victim = replace(waveform, start_frequency=source.waveform.start_frequency)
    long_enough = waveform.chirps * waveform.chirp_interval <= (source.frame_interval or 0.0)
    return (
        replace(
            source,
            waveform=victim,
            targets=(),
            receiver=receiver,
            frame_interval=source.frame_interval if long_enough else None,
        ),
        number,
    )


def _recurring(clean: NDArray[np.inexact]) -> NDArray[np.inexact]:
    axis = -2 if clean.shape[-2] >= _MIN_CHIRPS else -1
    return clean.mean(axis=axis, keepdims=True)


def _to_counts(beat: NDArray[np.inexact], counts: tuple[int, int]) -> NDArray[np.inexact]:
    if np.iscomplexobj(beat):
        out = np.empty_like(beat)
        out.real, out.imag = _to_counts(beat.real, counts), _to_counts(beat.imag, counts)
        return out
    return np.clip(np.rint(beat), *counts)


def _frame(beat: NDArray[np.inexact]) -> NDArray[np.inexact]:
    clean = np.asarray(beat)
    if not np.issubdtype(clean.dtype, np.inexact):
        raise InputError(f"beat: expected real or complex floating-point, got {clean.dtype}")
    if clean.ndim != 3 or not clean.size:
        raise InputError(f"beat: expected one frame (rx, chirp, sample), got shape {clean.shape}")
    if not np.isfinite(clean).all():
        raise InputError("beat: holds NaN or Inf; replace them first")
    return clean


def _check(
    clean: NDArray[np.inexact],
    waveform: Waveform,
    inr_db: float | None,
    frame: int,
    counts: tuple[int, int] | None,
) -> None:
    if clean.shape[1:] != (waveform.chirps, waveform.samples):
        raise InputError(
            f"waveform: has {waveform.chirps} chirps of {waveform.samples} samples, the frame "
            f"{clean.shape[1]} of {clean.shape[2]}"
        )
    check_count("onto", "frame", frame, least=0)
    if inr_db is not None:
        check_number("onto", "inr_db", inr_db)
    if counts is not None and not counts[0] < counts[1]:
        raise InputError(f"onto: counts go from least to greatest, got {counts!r}")
    for name in ("slope", "sample_rate", "chirp_interval"):
        if math.isnan(getattr(waveform, name)):
            raise InputError(
                f"waveform: {name} is unknown, and interference depends on it; give the "
                "recording's waveform"
            )

"""From a scene to frames of samples with their truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearchirp.simulate.checks import check_count
from clearchirp.simulate.interferers import interference_beat
from clearchirp.simulate.scene import Scene
from clearchirp.simulate.targets import target_beat
from clearchirp.types import InputError
from clearchirp.waveform import Waveform


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A recording and its truth.

    All arrays have the axes (frame, rx, chirp, sample) from `simulate` and (rx, chirp, sample)
    from `simulate_frame`; complex for an I/Q receiver, real for a real one.

    Attributes
    ----------
    beat
        What the receiver records: `clean` + `interference`.
    targets
        The targets alone, free of noise.
    clean
        `targets` + noise.
    interference
        The interferers alone; exactly 0 where none passes the filter.
    disturbed
        Boolean, True where ``|interference| > |clean|``: the samples that an oracle would give up.
        The samples that an interferer touches at all are ``interference != 0``.
    waveform
        The victim's waveform.
    """

    beat: NDArray[np.inexact]
    targets: NDArray[np.inexact]
    clean: NDArray[np.inexact]
    interference: NDArray[np.inexact]
    disturbed: NDArray[np.bool_]
    waveform: Waveform


def simulate(
    scene: Scene, *, frames: int | None = None, seed: int = 0, dtype: DTypeLike = np.complex64
) -> Simulated:
    """Simulate the frames 0, 1 ... of a scene.

    Parameters
    ----------
    scene
        What there is to see.
    frames
        How many frames; by default the scene's own number, which is 1 unless it says otherwise.
    seed
        Seed of the noise, 0 by default. A scene, a seed and a frame number give the same frame,
        whichever frames are simulated with it and in whatever order.
    dtype
        ``complex64`` (default) or ``complex128``; a real receiver gives the real type of the same
        precision. Phases are computed in double precision either way.

    Returns
    -------
    Simulated
        Arrays (frame, rx, chirp, sample).

    Raises
    ------
    InputError
        For frames, a seed or a dtype that cannot be.

    Examples
    --------
    >>> from clearchirp.simulate import load_scene
    >>> simulate(load_scene("demo"), frames=1).beat.shape
    (1, 2, 128, 512)
    """
    count = scene.frames if frames is None else frames
    check_count("simulate", "frames", count)
    parts = [simulate_frame(scene, frame, seed, dtype=dtype) for frame in range(count)]
    return Simulated(
        beat=np.stack([part.beat for part in parts]),
        targets=np.stack([part.targets for part in parts]),
        clean=np.stack([part.clean for part in parts]),
        interference=np.stack([part.interference for part in parts]),
        disturbed=np.stack([part.disturbed for part in parts]),
        waveform=scene.waveform,
    )


def simulate_frame(
    scene: Scene, frame: int, seed: int = 0, *, dtype: DTypeLike = np.complex64
) -> Simulated:
    """Simulate frame number `frame` (from 0) of a scene; arrays (rx, chirp, sample).

    Parameters, errors and truth are those of `simulate`.
    """
    check_count("simulate", "frame", frame, least=0)
    check_count("simulate", "seed", seed, least=0)
    kind = _sample_type(dtype, real=scene.receiver.real)
    # A generator of its own for each frame, so that frames come out the same in any order.
    rng = np.random.default_rng(np.random.SeedSequence([seed, frame]))
    waveform, receiver, ramp_starts = scene.waveform, scene.receiver, scene.ramp_starts(frame)
    exact = target_beat(scene.targets, waveform, receiver, ramp_starts)
    disturbance = interference_beat(scene.interferers, waveform, receiver, ramp_starts)
    if receiver.real:
        exact, disturbance = exact.real, disturbance.real
    targets, interference = exact.astype(kind), disturbance.astype(kind)
    clean = targets + receiver.noise(rng, waveform).astype(kind)
    return Simulated(
        beat=clean + interference,
        targets=targets,
        clean=clean,
        interference=interference,
        disturbed=np.abs(interference) > np.abs(clean),
        waveform=waveform,
    )


def _sample_type(dtype: DTypeLike, *, real: bool) -> np.dtype:
    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        raise InputError(f"simulate: dtype {dtype!r} is not a NumPy type") from error
    if kind not in (np.complex64, np.complex128):
        raise InputError(f"simulate: dtype must be complex64 or complex128, got {kind}")
    return np.empty(0, kind).real.dtype if real else kind

"""From a scene to frames of samples with their truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearchirp.simulate.adc import convert
from clearchirp.simulate.checks import check_count
from clearchirp.simulate.crossings import Crossing
from clearchirp.simulate.imperfections import oscillator_phase, transient, unbalance
from clearchirp.simulate.interference import interference_beat
from clearchirp.simulate.scene import Recipe, Scene
from clearchirp.simulate.streams import stream
from clearchirp.simulate.targets import Echoes, TargetState, find_echoes, target_beat
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

Complex: TypeAlias = NDArray[np.complexfloating[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A recording and its truth.

    All arrays have the axes (frame, rx, chirp, sample) from `simulate` and (rx, chirp, sample)
    from `simulate_frame`; complex for an I/Q receiver, real for a real one.

    Attributes
    ----------
    beat
        What the receiver records: `clean` + `interference`, clipped and rounded where it has
        `adc_bits`.
    targets
        The targets alone behind the filter, free of noise and of all other imperfections.
    clean
        What would be recorded without interferers, before the converter: `targets` + noise. The
        echoes in it have the oscillator's phase noise and the I/Q imbalance; the transient, like
        the noise, is added behind both.
    interference
        The interferers alone, before the converter: behind the filter, with the oscillator's phase
        noise and the I/Q imbalance. Exactly 0 where none passes the filter.
    disturbed
        Boolean, True where ``|interference| > |clean|``: the samples that an oracle would give up.
        The samples that an interferer touches at all are ``interference != 0``.
    waveform
        The victim's waveform.
    target_list
        Every target of every frame, as it was simulated.
    crossings
        Every meeting of a chirp and an interferer's ramp, in the order of frames, interferers,
        paths and chirps.
    """

    beat: NDArray[np.inexact]
    targets: NDArray[np.inexact]
    clean: NDArray[np.inexact]
    interference: NDArray[np.inexact]
    disturbed: NDArray[np.bool_]
    waveform: Waveform
    target_list: tuple[TargetState, ...] = ()
    crossings: tuple[Crossing, ...] = ()


def simulate(
    scene: Scene | Recipe,
    *,
    frames: int | None = None,
    seed: int = 0,
    dtype: DTypeLike = np.complex64,
) -> Simulated:
    """Simulate the frames 0, 1 ... of a scene.

    Parameters
    ----------
    scene
        What there is to see, or a recipe that draws it for each frame.
    frames
        How many frames; by default the scene's own number, which is 1 unless it says otherwise.
    seed
        Seed of noise and draws, 0 by default. A scene, a seed and a frame number give the same
        frame, whichever frames are simulated with it and in whatever order.
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
        target_list=tuple(state for part in parts for state in part.target_list),
        crossings=tuple(crossing for part in parts for crossing in part.crossings),
    )


def simulate_frame(
    scene: Scene | Recipe, frame: int, seed: int = 0, *, dtype: DTypeLike = np.complex64
) -> Simulated:
    """Simulate frame number `frame` (from 0) of a scene; arrays (rx, chirp, sample).

    Parameters, errors and truth are those of `simulate`.
    """
    check_count("simulate", "frame", frame, least=0)
    check_count("simulate", "seed", seed, least=0)
    kind = _sample_type(dtype)
    # Each frame of a recipe is the first of a scene of its own.
    scene, number = (scene, frame) if isinstance(scene, Scene) else (scene.draw(frame, seed), 0)
    starts, receiver = scene.ramp_starts(number), scene.receiver
    targets, clean, interference, crossings = _parts(scene, starts, frame, seed, kind)
    if receiver.real:
        # Copies: a view would keep the imaginary parts in memory.
        targets, clean, interference = targets.real.copy(), clean.real, interference.real.copy()
    clean = clean + _additions(scene, seed, frame).astype(targets.dtype, copy=False)
    beat = clean + interference
    if receiver.adc_bits is not None:
        beat = convert(beat, receiver.adc_bits, receiver.adc_full_scale)
    return Simulated(
        beat=beat,
        targets=targets,
        clean=clean,
        interference=interference,
        disturbed=np.abs(interference) > np.abs(clean),
        waveform=scene.waveform,
        target_list=tuple(
            TargetState.at(target, receiver, float(starts[0]), frame=frame, number=k)
            for k, target in enumerate(scene.targets)
        ),
        crossings=crossings,
    )


def _parts(
    scene: Scene, ramp_starts: NDArray[np.float64], frame: int, seed: int, kind: np.dtype
) -> tuple[Complex, Complex, Complex, tuple[Crossing, ...]]:
    """Targets, the same and interference with the mixer's imperfections, crossings; complex."""
    waveform, receiver = scene.waveform, scene.receiver
    echoes = find_echoes(scene.targets, waveform, receiver, ramp_starts)
    angles = [target.angle for target in scene.targets]
    steering = np.array([receiver.steering(a) for a in angles]).reshape(-1, receiver.receivers).T
    targets = clean = target_beat(echoes, steering, waveform, kind)
    disturbance, crossings = interference_beat(
        scene.interferers, waveform, receiver, ramp_starts, frame=frame
    )
    if receiver.phase_noise_db is not None:
        rng = stream(seed, frame, "phase noise")
        # What is not seen may be any distance away, and would ask for as long a walk.
        delays = np.where(echoes.amplitude != 0, echoes.delay, 0.0)
        now, remaining = oscillator_phase(receiver.phase_noise_db, waveform, delays, rng)
        clean = _with_phase(echoes, steering, remaining, waveform, kind)
        disturbance = disturbance * np.exp(1j * now)
    interference = disturbance.astype(kind, copy=False)
    if receiver.iq_gain_db or receiver.iq_phase:
        clean = unbalance(clean, receiver.iq_gain_db, receiver.iq_phase)
        interference = unbalance(interference, receiver.iq_gain_db, receiver.iq_phase)
    return targets, clean, interference, tuple(crossings)


def _with_phase(
    echoes: Echoes,
    steering: NDArray[np.complex128],
    phase: NDArray[np.float64],
    waveform: Waveform,
    kind: np.dtype,
) -> Complex:
    """Beat signal of the targets, each with a phase (target, chirp, sample) in rad added to it."""
    total = np.zeros((len(steering), *phase.shape[1:]), kind)
    for k, own in enumerate(phase):
        one = target_beat(echoes.only(k), np.ones((1, 1), np.complex128), waveform, kind)
        total += steering[:, k, np.newaxis, np.newaxis] * (one * np.exp(1j * own)).astype(kind)
    return total


def _additions(scene: Scene, seed: int, frame: int) -> NDArray[Any]:
    """Noise and transient of one frame; (rx, chirp, sample)."""
    waveform, receiver = scene.waveform, scene.receiver
    noise = receiver.noise(stream(seed, frame, "noise"), waveform)
    if receiver.transient_amplitude:
        noise += transient(receiver, waveform, stream(seed, frame, "transient"))
    return noise


def _sample_type(dtype: DTypeLike) -> np.dtype:
    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        raise InputError(f"simulate: dtype {dtype!r} is not a NumPy type") from error
    if kind not in (np.complex64, np.complex128):
        raise InputError(f"simulate: dtype must be complex64 or complex128, got {kind}")
    return kind

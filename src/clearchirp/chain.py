"""The main job, whole: beat signal -> disturbed samples -> clean beat signal -> range-Doppler map.

`mitigate` does it at once, `mitigate_frames` frame by frame in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask
from clearchirp.cfar import Cfar
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR, find_detector
from clearchirp.disturbed.oracle import Oracle
from clearchirp.mitigation.catalogue import DEFAULT_METHOD, find_method
from clearchirp.spectrum import (
    beat_from_range,
    beat_from_range_doppler,
    doppler_spectrum,
    merge_transmitters,
    range_doppler,
    receivers_of_angle_map,
    split_transmitters,
)
from clearchirp.types import Detector, InputError, Mitigated, Mitigator, Status
from clearchirp.waveform import Waveform

_DOPPLER = ("range-doppler", "range-doppler-angle")


@runtime_checkable
class Recording(Protocol):
    """What the chain needs of a recording: an open `clearchirp.io.Capture` is one."""

    @property
    def waveform(self) -> Waveform:
        """The victim's waveform."""
        ...

    @property
    def leading(self) -> tuple[int, ...]:
        """Leading axes of the beat signal as the file has it."""
        ...

    @property
    def truth(self) -> Mapping[str, Any]:
        """Those of targets, clean, interference and disturbed that are known, sliced by frame."""
        ...

    def __len__(self) -> int: ...

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Load frames, (n, rx, chirp, sample)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A method with the detector that serves it, both ready to be called.

    Attributes
    ----------
    mitigator
        The method.
    domain
        What the method returns: "beat", "range", "range-doppler" or "range-doppler-angle".
    detector
        Finds the disturbed samples; None where the method needs no mask.
    name
        The method's name.
    oracle
        True where the mask must come from the ground truth of the recording.
    transmit_order
        TDM-MIMO: which transmitter sends which chirp.
    """

    mitigator: Mitigator
    domain: str = "beat"
    detector: Detector | None = None
    name: str = "custom"
    oracle: bool = False
    transmit_order: tuple[int, ...] = (0,)

    def __call__(
        self,
        beat: NDArray[Any],
        disturbed: NDArray[np.bool_] | None = None,
        history: object = None,
    ) -> Cleaned:
        """Clean a beat signal (..., chirp, sample), with a mask that is known or is to be found.

        A method with memory takes the `history` of the result for the frame before; the others
        ignore it.
        """
        if disturbed is None and self.oracle:
            raise InputError(
                f"{self.name}: an oracle needs the ground truth; give the true mask as `disturbed`"
            )
        if disturbed is None and self.detector is not None:
            disturbed = self.detector(beat)
        given, mask = beat, disturbed
        if self.domain in _DOPPLER:
            # Only the chirps of one transmitter belong into one Doppler transform.
            given = split_transmitters(beat, self.transmit_order)
            mask = None if mask is None else split_transmitters(mask, self.transmit_order)
        if self.memory:
            result = self.mitigator(given, mask, history=history)  # pyright: ignore[reportCallIssue]
        else:
            result = self.mitigator(given, mask)
        return _finish(self, beat, disturbed, result)

    @property
    def memory(self) -> int:
        """How many frames before it a frame has a use for; 0 for most methods."""
        return int(getattr(self.mitigator, "memory", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A recording after mitigation.

    Attributes
    ----------
    beat
        The cleaned beat signal, shape and type of the input's.
    disturbed
        Boolean mask of the same shape: what was treated as interference.
    range_doppler
        Complex map (..., doppler, range) of `beat`, as the conventions define it. With several
        transmitters the receiver axis is that of the virtual receivers.
    method
        Name of the method.
    windowed
        True where `beat` came back from a windowed spectrum, its chirps faded at both ends.
    status, stats
        How the method ended, and its counts added over frames.
    history
        What a method with memory wants to be given with the next frame.
    """

    beat: NDArray[Any]
    disturbed: NDArray[np.bool_]
    range_doppler: NDArray[Any]
    method: str
    windowed: bool
    status: Status = Status.DIRECT
    stats: Mapping[str, float] = field(default_factory=dict)
    history: Any = None


def pipeline(
    method: str | Mitigator = DEFAULT_METHOD,
    detector: str | Detector | None = DEFAULT_DETECTOR,
    *,
    settings: Mapping[str, object] | None = None,
    detector_settings: Mapping[str, object] | None = None,
    waveform: Waveform | None = None,
) -> Pipeline:
    """Return the method and the detector, ready to be called on beat signals.

    Parameters
    ----------
    method
        A name of the catalogue, or a mitigator of your own: any callable (beat, disturbed) ->
        `Mitigated` with a beat signal (or with an attribute ``domain`` as `Pipeline` has it).
    detector
        A name of the catalogue, or a callable beat -> mask.
    settings, detector_settings
        Settings by name, for a method and a detector that are given by name.
    waveform
        Tells the transmit order of a TDM-MIMO frame.
    """
    order = waveform.transmit_order if waveform is not None else (0,)
    if settings and not isinstance(method, str):
        raise InputError("settings: are for a method given by name; set them on the object itself")
    if detector_settings and not isinstance(detector, str):
        raise InputError("detector_settings: are for a detector given by name")
    oracle = False
    if isinstance(detector, str):
        found = find_detector(detector)
        oracle = found.needs_truth
        detector = found(**(detector_settings or {}))
    if not isinstance(method, str):
        domain = getattr(method, "domain", "beat")
        name = getattr(method, "name", getattr(method, "__name__", type(method).__name__))
        return Pipeline(
            mitigator=method,
            domain=domain,
            detector=detector,
            name=name,
            oracle=oracle,
            transmit_order=order,
        )
    entry = find_method(method)
    mitigator: Any = entry(**(settings or {}))
    if waveform is not None and hasattr(mitigator, "check_radar"):
        mitigator.check_radar(waveform)
    return Pipeline(
        mitigator=mitigator,
        domain=entry.domain,
        detector=detector,
        name=method,
        oracle=oracle or entry.needs_truth,
        transmit_order=order,
    )


def mitigate(
    recording: Recording | NDArray[Any],
    method: str | Mitigator = DEFAULT_METHOD,
    detector: str | Detector | None = DEFAULT_DETECTOR,
    *,
    disturbed: NDArray[np.bool_] | None = None,
    settings: Mapping[str, object] | None = None,
    detector_settings: Mapping[str, object] | None = None,
) -> Cleaned:
    """Find and remove the interference of a recording.

    Parameters
    ----------
    recording
        An open recording, or a bare beat signal (..., chirp, sample), real or complex.
    method, detector, settings, detector_settings
        As for `pipeline`.
    disturbed
        The mask, where it is known already; no detector runs then.

    Returns
    -------
    Cleaned
        With the leading axes of the recording.

    Examples
    --------
    >>> beat = np.exp(0.5j * np.arange(8 * 64)).reshape(8, 64).astype(np.complex64)
    >>> beat += 0.1 * np.random.default_rng(1).standard_normal(beat.shape).astype(np.float32)
    >>> beat[3, 20:28] += 50
    >>> cleaned = mitigate(beat, method="zeroing", detector="adaptive-threshold")
    >>> np.flatnonzero(cleaned.disturbed[3])
    array([20, 21, 22, 23, 24, 25, 26, 27])
    """
    waveform = recording.waveform if isinstance(recording, Recording) else None
    work = pipeline(
        method,
        detector,
        settings=settings,
        detector_settings=detector_settings,
        waveform=waveform,
    )
    if not isinstance(recording, Recording):
        check_beat(recording, min_ndim=2)
        return work(recording, disturbed)
    if disturbed is None:
        parts = list(mitigate_frames(recording, work))
    else:
        beat = recording.read()
        # The mask may have the axes that the file has, or all four.
        like = (
            beat if np.ndim(disturbed) == 4 else beat.reshape(*recording.leading, *beat.shape[2:])
        )
        mask = check_mask(disturbed, like).reshape(beat.shape)
        parts = list(_in_turn(beat, mask, work)) if work.memory else [work(beat, mask)]
    return _joined(parts, recording.leading)


def mitigate_frames(recording: Recording, work: Pipeline) -> Iterator[Cleaned]:
    """Clean a recording frame by frame; each result is (1, rx, chirp, sample).

    A method with memory gets the history of the frames before.
    """
    history = None
    for frame in range(len(recording)):
        mask = true_mask(recording, frame) if work.oracle else None
        cleaned = work(recording.read(frame, frame + 1), mask, history)
        history = cleaned.history
        yield cleaned


def _in_turn(beat: NDArray[Any], disturbed: NDArray[np.bool_], work: Pipeline) -> Iterator[Cleaned]:
    history = None
    for frame in range(beat.shape[0]):
        cleaned = work(beat[frame : frame + 1], disturbed[frame : frame + 1], history)
        history = cleaned.history
        yield cleaned


def true_mask(recording: Recording, frame: int) -> NDArray[np.bool_]:
    """Return which samples of a frame are disturbed by the recording's own ground truth.

    Its `disturbed` where it has one, else where |interference| > |clean|; (1, rx, chirp, sample).
    """
    known = {name: recording.truth[name] for name in recording.truth}
    now = slice(frame, frame + 1)
    if "disturbed" in known:
        return np.asarray(known["disturbed"][now], dtype=bool)
    if "interference" in known and "clean" in known:
        return Oracle().flag(known["interference"][now], known["clean"][now])
    have = ", ".join(known) if known else "nothing of it"
    raise InputError(
        f"truth: an oracle needs `disturbed`, or `interference` and `clean`; the recording has "
        f"{have}"
    )


def detections(
    range_doppler_map: NDArray[Any],
    *,
    real: bool,
    waveform: Waveform | None = None,
    cfar: Cfar | None = None,
) -> NDArray[np.bool_]:
    """Return where the default object detector finds something, boolean like the map.

    2-D CA-CFAR on the last two axes. Of an I/Q receiver's map one half holds no targets, that of
    negative beat frequencies for an up-chirp and of positive ones for a down-chirp: nothing is
    detected there.

    Parameters
    ----------
    range_doppler_map
        Complex (..., doppler, range).
    real
        True for a real-valued receiver, whose map has no such half.
    waveform
        Tells a down-chirp by its negative slope; an up-chirp by default.
    cfar
        Another object detector.
    """
    found = (cfar or Cfar())(range_doppler_map)
    if not real:
        bins = found.shape[-1]
        down = waveform is not None and waveform.slope < 0
        empty = slice(1, bins // 2) if down else slice((bins + 1) // 2, None)
        found[..., empty] = False
    return found


def _finish(
    work: Pipeline, beat: NDArray[Any], disturbed: NDArray[np.bool_] | None, result: Mitigated
) -> Cleaned:
    if result.disturbed is not None and work.domain not in _DOPPLER:
        disturbed = result.disturbed
    if disturbed is None:
        disturbed = np.zeros(beat.shape, dtype=bool)
    if work.domain in _DOPPLER:
        doppler_map = result.signal
        if work.domain == "range-doppler-angle":
            doppler_map = receivers_of_angle_map(doppler_map)
        cleaned = beat_from_range_doppler(doppler_map, beat.shape[-1], real=np.isrealobj(beat))
        cleaned = merge_transmitters(cleaned, work.transmit_order).astype(beat.dtype, copy=False)
    elif work.domain == "range":
        spectra = split_transmitters(result.signal, work.transmit_order)
        doppler_map = doppler_spectrum(spectra)
        cleaned = beat_from_range(result.signal, beat.shape[-1], real=np.isrealobj(beat))
        cleaned = cleaned.astype(beat.dtype, copy=False)
    else:
        cleaned = result.signal
        doppler_map = range_doppler(split_transmitters(cleaned, work.transmit_order))
    return Cleaned(
        beat=cleaned,
        disturbed=disturbed,
        range_doppler=doppler_map,
        method=work.name,
        windowed=work.domain != "beat",
        status=result.status,
        stats=result.stats,
        history=result.history,
    )


def _joined(parts: list[Cleaned], leading: tuple[int, ...]) -> Cleaned:
    def whole(name: str) -> NDArray[Any]:
        blocks = [getattr(part, name) for part in parts]
        block = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        return block.reshape(_leading_of(block, leading) + block.shape[-2:])

    stats: dict[str, float] = {}
    for part in parts:
        for key, value in part.stats.items():
            old = stats.get(key, 0.0)  # counts add up, of a change the worst is told
            stats[key] = max(old, value) if key == "relative_change" else old + value
    worst = next((p.status for p in parts if p.status is Status.MAX_ITERATIONS), parts[0].status)
    return Cleaned(
        beat=whole("beat"),
        disturbed=whole("disturbed"),
        range_doppler=whole("range_doppler"),
        method=parts[0].method,
        windowed=parts[0].windowed,
        status=worst,
        stats=stats,
    )


def _leading_of(block: NDArray[Any], leading: tuple[int, ...]) -> tuple[int, ...]:
    """Leading axes for a (frame, rx, a, b) block, whose rx may be virtual receivers by now."""
    if np.prod(leading, dtype=int) == block.shape[0] * block.shape[1]:
        return leading
    return block.shape[:2]

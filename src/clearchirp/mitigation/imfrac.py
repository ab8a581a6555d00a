"""Chirps compressed by the fractional Fourier transform, found by their peak, and zeroed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.arrays import check_beat, check_mask, is_complex, require_numpy
from clearchirp.disturbed.deviation import column_medians
from clearchirp.disturbed.fractional_search import (
    Found,
    Search,
    check_search,
    chirp_samples,
    recurring_columns,
    search_of,
    take_out,
)
from clearchirp.mitigation.imfrac_targets import find_beside_targets
from clearchirp.operators.digital_iq import DigitalIq
from clearchirp.operators.fractional_fourier import (
    MultiAngleFourier,
    check_threads,
    from_eigenbasis,
    to_eigenbasis,
)
from clearchirp.operators.oversampling import Oversampling
from clearchirp.spectrum import hann, range_spectrum
from clearchirp.types import Array, InputError, Mitigated, Status

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft

_MAX_PASSES = 24
_AT_ONCE = 8
_MIN_CHIRPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Imfrac:
    """Turn each chirp of the victim to where an interferer is a pulse, zero the pulse, repeat.

    Parameters
    ----------
    angles
        Angles M to a full turn, an even number; 256 by default (113 within 80 degrees).
    max_angle_deg
        Largest angle that is searched, up to 90; 80 by default. Targets are pulses at 90 degrees.
    guard
        Cells G on either side of a peak that are zeroed with it and left out of the floor; 20 by
        default.
    threshold_db
        Least power of a peak over the lesser of the mean powers on either side; 20 dB by default.
    padded
        Whether chirps are oversampled by 1.32 and lie between zeros, which compresses what crosses
        the corners of the time-frequency plane; False by default. 512 samples become 896.
    taper
        Most cells, from 0 (default), over which the zeroing ends on either side in a raised
        cosine: as many where the pulse lies at the rim at 45 degrees, none in the middle or where
        time or frequency is zeroed. An alternative to `padded`.
    threads
        Threads over chirps; 1 by default.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Notes
    -----
    Algorithm 1 of Oswald 2026. A chirp of the victim under a Hann window is seen at all angles at
    once; where the largest value stands out of its row, 2 G + 1 cells around it are set to zero,
    and the search goes on from that row: angles add up. The floor of a row is the lesser of the
    means over N/2 - G - 1 cells on either side, wrapped at the ends.

    An interferer whose ramp, or whose stay in the victim's chirp, ends inside of the band is a
    pulse with a wider foot; of some the search finds the pulse and leaves the foot.

    Source
    ------
    Oswald 2026, Algorithm 1, (10)-(15); sections IV-C and VI-B.

    Deviations
    ----------
    - The paper reads the range spectrum off the row at 90 degrees. That row is the *centred* DFT,
      half a bin off for an even number of samples; here what was zeroed is taken back to time and
      subtracted from the range spectrum, whose bins stay where they are. Chirps without a peak are
      the range spectrum of the input, bit for bit.
    - The paper asks that M divides N; see `MultiAngleFourier`.
    - Padding interpolates the samples where the paper samples faster.
    - The smoothing kernel is drawn in the paper, not defined: see `taper`.
    - A peak at the largest angle that is still stronger in the row beyond it is the flank of a
      target and no chirp: without it, a strong target alone may be zeroed.
    - From 60 degrees on, a peak is none where the range spectrum holds a taller one at a range
      under it. Without it, strong targets that add up are zeroed: in 127 chirps of ten frames of
      the preset without interference.
    - A peak that is in every chirp is no chirp, either: without the slow-time median of the frame
      (of four chirps or more) it must stand out as well, and by a quarter of the power of what
      recurs there. Without it, the start-up transient of a real radar is zeroed.
    - Signals of fewer than 512 samples get as much smaller a guard: a target at the largest angle
      must stay wider than the guard.
    - At most 24 passes.
    """

    angles: int = 256
    max_angle_deg: float = 80.0
    guard: int = 20
    threshold_db: float = 20.0
    padded: bool = False
    taper: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        _check(self)

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return the range spectra (..., chirp, range) of a complex NumPy beat signal.

        `beat` is (..., chirp, sample). A mask is checked and ignored; the mask that is returned is
        where the chirps found lie inside of the band. The stats count chirps of interferers found,
        chirps of the victim changed, and passes: the most of any chirp, and the mean. `InputError`
        for what is no beat signal, and for real samples, which `imfrac2` takes.
        """
        require_numpy(check_beat(beat), method="imfrac")
        if not is_complex(beat):
            raise InputError(
                "beat: imfrac takes complex samples only; imfrac2 takes those of a real receiver"
            )
        return _mitigate(beat, disturbed, self, _algorithm_1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imfrac2:
    """The method of `Imfrac` in the eigenbasis of the DFT; real receivers by digital I/Q.

    Parameters
    ----------
    separable
        Whether chirps that do not cross each other are zeroed in one pass; True by default.
    angles, max_angle_deg, guard, threshold_db, padded, taper, threads
        As for `Imfrac`.

    Notes
    -----
    Zeroing takes ``Lambda_{-a} V^T gamma`` from the eigen-coefficients, gamma being the 2 G + 1
    cells: no other transform but that of the first pass is needed. One chirp at a time gives what
    `Imfrac` gives to rounding; several at once take out as much, in another order, as far as the
    floor of a row that holds other interferers hides no peak.

    A real signal of 2N samples becomes N complex ones, its sideband of positive frequencies, moved
    to the middle (`DigitalIq`). An interferer that crosses DC is then two chirps in a V, which are
    separable. Two bins at DC are left as they are.

    Source
    ------
    Oswald 2026a, (11), (12), Algorithm 1; section III.

    Deviations
    ----------
    Those of `Imfrac`. Which chirps are separable is computed from their lines in the
    time-frequency plane, guard cells included, in place of tables.
    """

    angles: int = 256
    max_angle_deg: float = 80.0
    guard: int = 20
    threshold_db: float = 20.0
    padded: bool = False
    taper: int = 0
    separable: bool = True
    threads: int = 1

    def __post_init__(self) -> None:
        _check(self)
        if not isinstance(self.separable, bool):
            raise InputError(f"separable: must be true or false, got {self.separable!r}")

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return the range spectra (..., chirp, range) of a real or complex NumPy beat signal.

        `beat` is (..., chirp, sample); otherwise as `Imfrac`.
        """
        require_numpy(check_beat(beat), method="imfrac2")
        return _mitigate(beat, disturbed, self, _in_the_eigenbasis)


def _check(settings: Imfrac | Imfrac2) -> None:
    check_search(settings)
    if not isinstance(settings.padded, bool):
        raise InputError(f"padded: must be true or false, got {settings.padded!r}")
    taper = settings.taper
    if not isinstance(taper, int) or isinstance(taper, bool) or taper < 0:
        raise InputError(f"taper: must be a whole number from 0, got {taper!r}")
    check_threads(settings.threads)


Remove = Callable[
    [NDArray[Any], Any, MultiAngleFourier, Search, NDArray[Any] | None],
    tuple[NDArray[Any], list[Found], int, int, int],
]
"""Signals (signal, sample) and what recurs in; what is removed of each, chirps found, most passes,
signals unfinished, passes of all signals together."""


def _mitigate(beat: Array, disturbed: Array | None, settings: Any, remove: Remove) -> Mitigated:
    """Clean frame by frame: what a frame becomes does not depend on the others."""
    if disturbed is not None:
        check_mask(disturbed, beat)
    beat = np.ascontiguousarray(beat)
    spectra = range_spectrum(beat)
    samples = beat.shape[-1]
    mask = np.zeros(beat.shape, dtype=bool)
    frames = beat.reshape(-1, *beat.shape[-2:] if beat.ndim > 1 else (1, samples))
    rows, masks = spectra.reshape(*frames.shape[:2], -1), mask.reshape(frames.shape)
    found, changed, passes, unfinished, searched = 0, 0, 0, 0, 0
    for frame, lines, flags in zip(frames, rows, masks, strict=True):
        one = clean_frame(frame, lines, flags, settings, remove)
        found, changed = found + one[0], changed + one[1]
        passes, unfinished = max(passes, one[2]), unfinished + one[3]
        searched += one[4]
    stats = {
        "interferers_found": float(found),
        "chirps_changed": float(changed),
        "passes": float(passes),
        "passes_mean": searched / max(frames.shape[0] * frames.shape[1], 1),
        "chirps_unfinished": float(unfinished),
    }
    status = Status.MAX_ITERATIONS if unfinished else Status.CONVERGED
    return Mitigated(spectra, mask, status, stats)


def clean_frame(
    frame: NDArray[Any],
    spectra: NDArray[Any],
    flags: NDArray[np.bool_],
    settings: Any,
    remove: Remove,
) -> tuple[int, int, int, int, int]:
    """Clean one frame (chirp, sample): change its `spectra` and set its `flags` in place.

    Returns the interferers' chirps found, the chirps changed, the most passes of a chirp, the
    chirps unfinished, and the passes of all chirps together.
    """
    samples, real = frame.shape[-1], np.finfo(frame.dtype).dtype.type
    scale = power_of_two(frame)
    if scale == 0 or samples < 16:  # nothing to see, or too short for a floor
        return 0, 0, 0, 0, 0
    windowed = frame * (hann(samples, like=frame) * real(1 / scale))
    iq = None if np.iscomplexobj(frame) else DigitalIq(samples=samples)
    signal = windowed if iq is None else iq.forward(windowed)
    length = signal.shape[-1]
    room = Oversampling(samples=length) if settings.padded else None
    inside = signal if room is None else room.forward(signal)
    band = length if room is None else room.oversampled
    padded = inside.shape[-1]
    reach = float(np.hypot(band / 2, length / band * padded / 2))
    bank = MultiAngleFourier(samples=padded, angles=settings.angles, threads=settings.threads)
    at_once = _AT_ONCE if getattr(settings, "separable", False) else 1
    search = search_of(settings, padded, at_once=at_once, reach=reach)
    recurring = None
    if len(signal) >= _MIN_CHIRPS:
        median = column_medians(signal.view(real)).view(signal.dtype)
        recurring = recurring_columns(bank, median if room is None else room.forward(median))
    removed, found, passes, unfinished, searched = remove(inside, settings, bank, search, recurring)
    signals = [part.signal for part in found]
    hit = np.unique(np.concatenate(signals)) if signals else np.empty(0, np.intp)
    if hit.size:
        removed = removed[hit] if room is None else room.adjoint(removed[hit])
        part = fft.fft(removed, axis=-1) if iq is None else iq.spectrum(removed)
        spectra[hit] -= part * real(scale)
    for part in found:
        where = chirp_samples(
            part.row, part.column, angles=settings.angles, padded=padded, band=band, samples=length
        )
        if iq is not None:
            where = np.repeat(where, 2, axis=-1)
        np.logical_or.at(flags[:, : where.shape[-1]], part.signal, where)
    return sum(len(s) for s in signals), int(hit.size), passes, unfinished, searched


def power_of_two(frame: NDArray[Any]) -> float:
    """Return a power of two near the largest sample, so that powers neither under- nor overflow."""
    largest = float(np.abs(frame).max())
    return 2.0 ** np.floor(np.log2(largest)) if largest > 0 else 0.0


def _algorithm_1(
    signals: NDArray[Any],
    settings: Any,
    bank: MultiAngleFourier,
    search: Search,
    recurring: NDArray[Any] | None,
) -> tuple[NDArray[Any], list[Found], int, int, int]:
    """Algorithm 1 of Oswald 2026: the signal turns with each chirp that is zeroed."""
    samples, angles = signals.shape[-1], search.angles
    now, turned = signals.copy(), np.zeros(len(signals), np.intp)
    left, found, passes, searched = np.arange(len(signals)), [], 0, 0
    while left.size and passes < _MAX_PASSES:
        passes, searched = passes + 1, searched + left.size
        rho = to_eigenbasis(now[left])
        new = find_beside_targets(bank, rho, search, turned[left], recurring)
        chosen = new.signal
        rows = new.row - turned[left[chosen]]
        lines = from_eigenbasis(rho[chosen] * turn_by(rows, angles, samples, rho.dtype))
        weight = notch_weight(new, settings, search, samples)
        columns = (new.column[:, None] + np.arange(-search.guard, search.guard + 1)) % samples
        kept = np.take_along_axis(lines, columns, axis=1) * (1 - weight)
        np.put_along_axis(lines, columns, kept, axis=1)
        now[left[chosen]], turned[left[chosen]] = lines, new.row
        found.append(_of(new, left))
        left = left[chosen]
    back = turn_by(-turned, angles, samples, now.dtype)
    return (
        signals - from_eigenbasis(to_eigenbasis(now) * back),
        found,
        passes,
        int(left.size),
        searched,
    )


def _in_the_eigenbasis(
    signals: NDArray[Any],
    settings: Any,
    bank: MultiAngleFourier,
    search: Search,
    recurring: NDArray[Any] | None,
) -> tuple[NDArray[Any], list[Found], int, int, int]:
    """Algorithm 1 of Oswald 2026a: (11) and (12)."""
    start = to_eigenbasis(signals)
    rho, left, found = start.copy(), np.arange(len(signals)), []
    passes, searched = 0, 0
    while left.size and passes < _MAX_PASSES:
        passes, searched = passes + 1, searched + left.size
        now = rho[left]
        new = find_beside_targets(bank, now, search, recurring=recurring)
        take_out(now, new, search, notch_weight(new, settings, search, signals.shape[-1]))
        rho[left] = now
        found.append(_of(new, left))
        left = left[np.unique(new.signal)]
    return from_eigenbasis(start - rho), found, passes, int(left.size), searched


def _of(found: Found, signals: NDArray[np.intp]) -> Found:
    """Return chirps found among some signals, numbered as among all."""
    return Found(signals[found.signal], found.row, found.column, found.ratio, found.cells)


def turn_by(rows: NDArray[np.intp], angles: int, samples: int, dtype: Any) -> NDArray[Any]:
    """Return what turns eigen-coefficients by rows of angles (signal, p)."""
    phase = rows[:, None] * np.arange(samples) % angles
    return np.exp(-2j * np.pi / angles * phase).astype(dtype)


def notch_weight(found: Found, settings: Any, search: Search, samples: int) -> NDArray[Any]:
    """Return how much of each cell is taken out, 0 to 1, (found, 2 guard + 1).

    All of it without a taper; else the outer cells of the guard fade in a raised cosine over
    ``taper |sin 2a| (2 |place| / samples)^2`` cells, which is the wider the nearer the pulse lies
    to the rim and the further its angle from those of time and frequency.
    """
    real = np.finfo(found.cells.dtype).dtype
    offset = np.abs(np.arange(-search.guard, search.guard + 1))
    if settings.taper == 0:
        return np.ones((len(found.signal), offset.size), real)
    turn = 2 * np.pi / search.angles * found.row
    place = np.abs(found.column - (samples - 1) / 2) * 2 / samples
    width = np.minimum(settings.taper * np.abs(np.sin(2 * turn)) * place**2, search.guard)
    into = (offset - (search.guard - width[:, None])) / (width[:, None] + 1)
    return (0.5 + 0.5 * np.cos(np.pi * np.clip(into, 0, 1))).astype(real)

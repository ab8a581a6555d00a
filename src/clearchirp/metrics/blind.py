"""Scores of recordings whose truth nobody knows.

Maps have the shape (..., doppler, range), targets at positive beat frequencies. None of these
scores can tell a weak target from what is left of interference; read them together, before and
after mitigation: the floors fall, the persistent targets keep their power and width, and what is
not a target stops to be common to receivers or frames.

Further scores without truth are in `clearchirp.metrics.maps`: the floor of the whole map
(`noise_floor_db`), the floor outside the detections (`floor_outside_db`), the number of detections
and the power kept at them. All definitions here are ours.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from clearchirp.arrays import is_complex, namespace, squared_magnitude
from clearchirp.metrics._parts import (
    check_maps,
    check_mask_axes,
    decibel,
    last,
    mean_at,
    per_map,
    ratio,
)
from clearchirp.metrics.detections import cluster_peaks
from clearchirp.metrics.maps import noise_floor_db
from clearchirp.types import Array, InputError

# Points a bin at which a peak is sampled: the power of a Hann window's main lobe is then known to
# 0.02 dB and its width to 0.01 bins.
_FINER = 16

# ------------------------------------------------------------------------------------- floors


def empty_half(range_doppler: Array, *, margin: int = 4) -> Array:
    """Return the bins of negative beat frequency, where an up-chirp has no targets.

    Parameters
    ----------
    range_doppler
        Map or maps (..., doppler, range) of an I/Q receiver, all N range bins of them; a real
        receiver has no such half. Conjugate the beat signal of a down-chirp first.
    margin
        Bins left out next to zero frequency and next to the greatest one, into which the windows
        spread what lies on the other side.

    Returns
    -------
    Array
        (..., doppler, fewer range bins), for `noise_floor_db` and the like.

    Raises
    ------
    InputError
        For arrays that are not such maps, and where the margins leave no bin.
    """
    check_maps(2, range_doppler=range_doppler)
    if not is_complex(range_doppler):
        raise InputError("range_doppler: expected the complex map of an I/Q receiver")
    bins = int(range_doppler.shape[-1])
    start, stop = (bins + 1) // 2 + margin, bins - margin
    if isinstance(margin, bool) or not isinstance(margin, int) or margin < 0 or start >= stop:
        raise InputError(
            f"margin: must be a whole number from 0 that leaves some of the {bins // 2} bins of "
            f"negative frequency, got {margin!r}"
        )
    return range_doppler[..., start:stop]


def empty_half_floor_db(range_doppler: Array, *, margin: int = 4) -> Array:
    """Return the median of |S|^2 in dB over the half without targets.

    The arguments are those of `empty_half`. No target can raise this floor and no method has a
    reason to lower it below that of the noise: lower than in a recording without interference, it
    says that noise was taken away, and maybe weak targets with it.
    """
    return noise_floor_db(empty_half(range_doppler, margin=margin))


# ------------------------------------------------------------------------- persistent targets


def persistent_targets(range_doppler: Array, detections: Array, *, share: float = 0.5) -> Array:
    """Return the bins of the targets that most frames or receivers show.

    A bin persists where more than `share` of the maps detect it. Of each cluster of such bins the
    one with the greatest mean modulus stands for the target (`detections.cluster_peaks`).

    Parameters
    ----------
    range_doppler, detections
        Maps and their detections, (..., doppler, range); all leading axes count as maps.
    share
        From 0 to less than 1.

    Returns
    -------
    Array
        Boolean (doppler, range), True at one bin of each target.

    Raises
    ------
    InputError
        For wrong maps or detections, a single map, or a share out of range.
    """
    check_maps(3, range_doppler=range_doppler)
    check_mask_axes(detections, "detections", 3, like=range_doppler)
    if not 0 <= share < 1:
        raise InputError(f"share: must be from 0 to less than 1, got {share!r}")
    xp = namespace(range_doppler, detections)
    maps = tuple(range(range_doppler.ndim - 2))
    most = xp.mean(xp.astype(detections, xp.float64), axis=maps) > share
    return cluster_peaks(xp.mean(xp.abs(range_doppler), axis=maps), most)


def target_power_db(range_doppler: Array, targets: Array) -> Array:
    """Return the mean over the targets of |S|^2 in dB.

    The mean is of decibels, so that a weak target counts as much as a strong one; minus infinity
    where one is gone altogether.

    Parameters
    ----------
    range_doppler
        Map or maps (..., doppler, range).
    targets
        Boolean (doppler, range), as from `persistent_targets`, the same for all maps.

    Returns
    -------
    float or Array
        One value a map; NaN where there is no target.
    """
    _check_targets(range_doppler, targets)
    return per_map(mean_at(decibel(squared_magnitude(range_doppler)), targets, 2))


def target_width_bins(
    range_doppler: Array,
    targets: Array,
    *,
    along: Literal["range", "doppler"] = "range",
    real: bool = False,
) -> Array:
    """Return the mean over the targets of the -3 dB width of their peaks, in bins.

    A target of one frequency under a long Hann window is 1.44 bins wide. Gaps in the signal widen
    it little and raise its sidelobes; amplitudes or phases that were put back wrongly widen it.

    Parameters
    ----------
    range_doppler
        Complex map or maps (..., doppler, range).
    targets
        Boolean (doppler, range), as from `persistent_targets`, the same for all maps. In each map
        the peak is looked for up to one bin from there along the axis.
    along
        The axis of the width.
    real
        Whether the receiver is real-valued, with N//2 + 1 range bins of an even number N of
        samples; only the width in range depends on it.

    Returns
    -------
    float or Array
        One value a map, at most the number of bins of the axis; NaN where there is no target, or
        where all about a target is zero.

    Notes
    -----
    The spectrum between the bins is not guessed but computed, by transforming back and forth with
    zeros added, at 16 points a bin; the half-power points lie on straight lines between these.
    """
    _check_targets(range_doppler, targets)
    if along not in ("range", "doppler"):
        raise InputError(f"along: must be 'range' or 'doppler', got {along!r}")
    if not is_complex(range_doppler):
        raise InputError("range_doppler: expected complex maps; the width needs their phase")
    xp = namespace(range_doppler, targets)
    widths = [
        _half_power_width(*_fine_power(range_doppler, doppler_bin, range_bin, along, real))
        for doppler_bin, range_bin in np.argwhere(np.asarray(targets)).tolist()
    ]
    if not widths:
        blank = xp.real(range_doppler[..., 0, 0])
        return per_map(xp.full_like(blank, math.nan))
    return per_map(xp.mean(xp.stack(widths), axis=0))


# -------------------------------------------------------------------- agreement of receivers


def receiver_correlation(range_doppler: Array) -> Array:
    """Return how alike the moduli of the maps of different receivers are.

    Parameters
    ----------
    range_doppler
        Maps (..., rx, doppler, range) of at least two receivers.

    Returns
    -------
    float or Array
        (...,): the mean over all pairs of receivers of Pearson's correlation coefficient of |S|
        over the bins; NaN where a map is constant.

    Notes
    -----
    Noise is not common to receivers, targets are, and so is interference: a single interferer gives
    all receivers the same modulus. Interference that is left raises this figure together with
    `empty_half_floor_db`; in the empty half, where only noise should be common, it tells directly
    how much is left (``receiver_correlation(empty_half(maps))``).
    """
    _check_receivers(range_doppler.ndim, tuple(range_doppler.shape), "range_doppler")
    check_maps(3, range_doppler=range_doppler)
    xp = namespace(range_doppler)
    modulus = xp.abs(range_doppler)
    away = modulus - xp.mean(modulus, axis=last(2), keepdims=True)
    norm = xp.sqrt(xp.sum(away * away, axis=last(2), keepdims=True))
    unit = ratio(away, norm)
    # |sum of R unit vectors|^2 = R + twice the sum of the correlations of the R (R - 1) / 2 pairs.
    receivers = range_doppler.shape[-3]
    together = xp.sum(xp.sum(unit, axis=-3) ** 2, axis=last(2))
    return per_map((together - receivers) / (receivers * (receivers - 1)))


def common_detections(detections: Array) -> Array:
    """Return the share of the other receivers that detect what one detects.

    Parameters
    ----------
    detections
        Boolean (..., rx, doppler, range) of at least two receivers.

    Returns
    -------
    float or Array
        (...,), from 0 to 1: the mean over the detections of all receivers of the share of the other
        receivers with a detection in the same bin. For two receivers it is the F1 score of one
        against the other. NaN where nothing is detected.
    """
    check_mask_axes(detections, "detections", 3)
    _check_receivers(detections.ndim, tuple(detections.shape), "detections")
    xp = namespace(detections)
    detecting = xp.sum(xp.astype(detections, xp.float64), axis=-3)
    shared = xp.sum(detecting * (detecting - 1), axis=last(2))
    others = detections.shape[-3] - 1
    return per_map(ratio(shared, others * xp.sum(detecting, axis=last(2))))


# ---------------------------------------------------------------------------------- the parts


def _check_receivers(axes: int, shape: tuple[int, ...], name: str) -> None:
    if axes < 3 or shape[-3] < 2:
        raise InputError(
            f"{name}: expected (..., rx, doppler, range) with at least two receivers, got shape "
            f"{shape}"
        )


def _check_targets(range_doppler: Array, targets: Array) -> None:
    check_maps(2, range_doppler=range_doppler)
    check_mask_axes(targets, "targets", 2)
    if tuple(targets.shape) != tuple(range_doppler.shape)[-2:]:
        raise InputError(
            f"targets: expected the shape of one map, {tuple(range_doppler.shape)[-2:]}, got "
            f"{tuple(targets.shape)}"
        )


def _fine_power(
    maps: Array, doppler_bin: int, range_bin: int, along: str, real: bool
) -> tuple[Array, int]:
    """Return the power along the axis through a bin, sampled finely, and the place of the bin."""
    xp: Any = namespace(maps)
    if along == "doppler":
        line, place = maps[..., :, range_bin], doppler_bin
    else:
        line, place = maps[..., doppler_bin, :], range_bin
        if real:
            # The negative frequencies are the conjugate of the opposite Doppler bin.
            chirps = int(maps.shape[-2])
            opposite = maps[..., (2 * (chirps // 2) - doppler_bin) % chirps, 1:-1]
            line = xp.concat([line, xp.conj(xp.flip(opposite, axis=-1))], axis=-1)
    beat = xp.fft.ifft(line, axis=-1)
    fine = xp.fft.fft(beat, n=_FINER * int(line.shape[-1]), axis=-1)
    return squared_magnitude(fine), place * _FINER


def _half_power_width(power: Array, place: int) -> Array:
    """Return the width in bins of the peak within a bin of `place` on the last, periodic axis."""
    xp: Any = namespace(power)
    points = int(power.shape[-1])
    near = xp.roll(power, _FINER - place, axis=-1)[..., : 2 * _FINER + 1]
    shift = xp.argmax(near, axis=-1, keepdims=True) + (place - _FINER)
    steps = xp.arange(points, dtype=shift.dtype)
    centred = xp.take_along_axis(power, (shift + steps) % points, axis=-1)
    backwards = xp.take_along_axis(power, (shift - steps) % points, axis=-1)
    width = _half_power_point(centred) + _half_power_point(backwards)
    bins = points // _FINER
    width = xp.where(width < points, width / _FINER, xp.full_like(width, bins))
    return xp.where(centred[..., 0] > 0, width, xp.full_like(width, math.nan))


def _half_power_point(power: Array) -> Array:
    """Return how many points from the first the power falls to half of it."""
    xp: Any = namespace(power)
    relative = ratio(power, power[..., :1])
    below = relative < 0.5
    after = xp.argmax(xp.astype(below, xp.int64), axis=-1, keepdims=True)
    low = xp.take_along_axis(relative, after, axis=-1)
    high = xp.take_along_axis(relative, xp.where(after > 0, after - 1, after), axis=-1)
    fall = xp.where(after > 0, high - low, xp.ones_like(high))
    place = xp.astype(after, power.dtype) - 1 + (high - 0.5) / fall
    # Where it never falls the peak is as wide as the axis.
    place = xp.where(xp.any(below, axis=-1, keepdims=True), place, float(power.shape[-1]))
    return place[..., 0]

"""Figures of range-Doppler maps, with and without the clean map to compare with.

Throughout, `cleaned` is the map after mitigation, `clean` the map without interference, `objects`
the bins where the CFAR detector (`clearchirp.cfar.Cfar` with its defaults) finds something in
`clean`, and `detections` the bins where it does in the map at hand. All have one shape
(..., doppler, range); with ``axes=3`` it is (..., angle, doppler, range). The axes before those are
a batch: each function returns a float for one map and an array of one value a map for a batch.
Amplitudes are those of the unscaled FFT unless the caller scales them.

Every function raises `InputError` for maps that are not floating-point, hold NaN or Inf or differ
in shape, and for detections that are not boolean.

Source: the equations of Oswald and Pernkopf, "FMCW Radar Interference Mitigation based on the
Fractional Fourier Transform", numbered as there. The figures without the clean map are ours.
"""

from __future__ import annotations

import math

from clearchirp.arrays import check_beat, namespace
from clearchirp.cfar import Cfar, squared_magnitude
from clearchirp.metrics import masks
from clearchirp.metrics.masks import cells_of, check_mask_axes, count, last, per_map, ratio
from clearchirp.types import Array, InputError

# ------------------------------------------------------------------------- with the clean map


def mse(cleaned: Array, clean: Array, *, axes: int = 2) -> Array:
    """Return the mean over the bins of |cleaned - clean|^2, equation (17)."""
    _check_maps(axes, cleaned=cleaned, clean=clean)
    error = squared_magnitude(cleaned - clean)
    return per_map(_sum(error, axes) / cells_of(clean, axes))


def sinr_db(cleaned: Array, objects: Array, *, axes: int = 2) -> Array:
    """Return the mean power at the objects over that elsewhere, equation (18).

    NaN where there is no object, or nothing else.
    """
    _check_maps(axes, cleaned=cleaned)
    check_mask_axes(objects, "objects", axes, like=cleaned)
    power = squared_magnitude(cleaned)
    return per_map(_decibel(ratio(_mean_at(power, objects, axes), _mean_at(power, ~objects, axes))))


def evm(cleaned: Array, clean: Array, objects: Array, *, axes: int = 2) -> Array:
    """Return the mean over the objects of |cleaned - clean| / |clean|, equation (19).

    NaN where there is no object.
    """
    _check_maps(axes, cleaned=cleaned, clean=clean)
    check_mask_axes(objects, "objects", axes, like=clean)
    xp = namespace(cleaned, clean)
    return per_map(_mean_at(ratio(xp.abs(cleaned - clean), xp.abs(clean)), objects, axes))


def false_alarm_rate(detections: Array, objects: Array, *, axes: int = 2) -> Array:
    """Return the share of the bins without object that are detected, equation (20)."""
    return masks.false_alarm_rate(detections, objects, axes=axes)


def true_positive_rate(detections: Array, objects: Array, *, axes: int = 2) -> Array:
    """Return the share of the objects' bins that are detected, equation (21).

    NaN where there is no object.
    """
    return masks.recall(detections, objects, axes=axes)


def f1(detections: Array, objects: Array, *, axes: int = 2) -> Array:
    """Return the F1 score of the detections, bin by bin without a tolerance, equation (22).

    NaN where there is neither an object nor a detection.
    """
    return masks.f_measure(detections, objects, axes=axes)


# ---------------------------------------------------------------------- without the clean map


def noise_floor_db(range_doppler: Array, *, axes: int = 2) -> Array:
    """Return the median over the bins of |S|^2 in dB.

    A few strong objects do not move it; interference, which spreads over the map, does. The median
    of exponential noise lies 1.6 dB below its mean.
    """
    _check_maps(axes, range_doppler=range_doppler)
    xp = namespace(range_doppler)
    cells, batch = cells_of(range_doppler, axes), tuple(range_doppler.shape)[:-axes]
    power = xp.sort(xp.reshape(squared_magnitude(range_doppler), (*batch, cells)), axis=-1)
    middle = (power[..., (cells - 1) // 2] + power[..., cells // 2]) / 2
    return per_map(_decibel(middle))


def floor_outside_db(range_doppler: Array, detections: Array, *, axes: int = 2) -> Array:
    """Return the mean of |S|^2 over the bins without a detection, in dB.

    NaN where every bin is a detection.
    """
    _check_maps(axes, range_doppler=range_doppler)
    check_mask_axes(detections, "detections", axes, like=range_doppler)
    return per_map(_decibel(_mean_at(squared_magnitude(range_doppler), ~detections, axes)))


def detection_count(detections: Array, *, axes: int = 2) -> Array:
    """Return the number of bins with a detection, a float like every figure."""
    check_mask_axes(detections, "detections", axes)
    return per_map(count(detections, axes))


def peak_to_surroundings_db(
    range_doppler: Array, doppler_bin: int, range_bin: int, guard: int = 2, training: int = 8
) -> Array:
    """Return the power of one bin over the mean power around it.

    Parameters
    ----------
    range_doppler
        Map or maps, (..., doppler, range).
    doppler_bin, range_bin
        The bin, counted from 0 along the axes of the map as it is.
    guard, training
        Cells on each side, as in `clearchirp.cfar.Cfar`; the map wraps around at its edges.

    Returns
    -------
    float or Array
        In dB. NaN where the bin and its surroundings are zero.
    """
    _check_maps(2, range_doppler=range_doppler)
    for name, index, cells in zip(
        ("doppler_bin", "range_bin"),
        (doppler_bin, range_bin),
        range_doppler.shape[-2:],
        strict=True,
    ):
        if not 0 <= index < cells:
            raise InputError(f"{name}: must be from 0 to {cells - 1} on this map, got {index}")
    power = squared_magnitude(range_doppler)
    level = Cfar(guard=guard, training=training).noise_level(power)
    at = (..., doppler_bin, range_bin)
    return per_map(_decibel(ratio(power[at], level[at])))


def power_kept_db(before: Array, after: Array, detections: Array, *, axes: int = 2) -> Array:
    """Return the power at the detections after mitigation over that before, in dB.

    0 dB: the objects are as strong as they were. NaN where nothing is detected.
    """
    _check_maps(axes, before=before, after=after)
    check_mask_axes(detections, "detections", axes, like=before)
    kept = (_mean_at(squared_magnitude(maps), detections, axes) for maps in (after, before))
    return per_map(_decibel(ratio(*kept)))


# ---------------------------------------------------------------------------------- the parts


def _check_maps(axes: int, **maps: Array) -> None:
    shapes = {}
    for name, each in maps.items():
        check_beat(each, name=name)
        if each.ndim < axes:
            raise InputError(
                f"{name}: expected at least {axes} axes (..., doppler, range), got shape "
                f"{tuple(each.shape)}"
            )
        shapes[name] = tuple(each.shape)
    if len(set(shapes.values())) > 1:
        told = " and ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise InputError(f"maps: their shapes differ: {told}")


def _sum(values: Array, axes: int) -> Array:
    xp = namespace(values)
    return xp.sum(values, axis=last(axes))


def _mean_at(values: Array, mask: Array, axes: int) -> Array:
    """Return the mean of the values where the mask is True, NaN where it nowhere is."""
    xp = namespace(values)
    total = _sum(xp.where(mask, values, xp.zeros_like(values)), axes)
    cells = xp.astype(count(mask, axes), values.dtype)
    some = cells > 0
    mean = total / xp.where(some, cells, xp.ones_like(cells))
    return xp.where(some, mean, xp.full_like(mean, math.nan))


def _decibel(power: Array) -> Array:
    xp = namespace(power)
    some = power > 0
    level = 10 * xp.log10(xp.where(some, power, xp.ones_like(power)))
    nothing = xp.where(power == 0, xp.full_like(level, -math.inf), xp.full_like(level, math.nan))
    return xp.where(some, level, nothing)

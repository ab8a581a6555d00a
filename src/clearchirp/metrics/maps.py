"""Figures of range-Doppler maps, with and without the clean map to compare with.

Throughout, `cleaned` is the map after mitigation, `clean` the map without interference, `objects`
the bins where the CFAR detector (`clearchirp.cfar.Cfar` with its defaults) finds something in
`clean`, and `detections` the bins where it does in the map at hand. All have one shape
(..., doppler, range); with ``axes=3`` it is (..., angle, doppler, range). The axes before those are
a batch: each function returns a float for one map and an array of one value a map for a batch.
Amplitudes are those of the unscaled FFT unless the caller scales them.

Every function raises `InputError` for maps that are not floating-point, hold NaN or Inf or differ
in shape, and for detections that are not boolean.

Sources: Oswald 2026 for the equations (17) to (22), Oswald 2023 and its predecessor Oswald 2023a,
Chen 2022, where named. The figures without the clean map are ours; `blind` has more of them.
"""

from __future__ import annotations

import math

from clearchirp.arrays import is_complex, namespace, squared_magnitude
from clearchirp.cfar import Cfar
from clearchirp.metrics import masks
from clearchirp.metrics._parts import (
    cells_of,
    check_maps,
    check_mask_axes,
    count,
    decibel,
    mean_at,
    per_map,
    ratio,
    total,
)
from clearchirp.metrics.detections import local_maxima
from clearchirp.types import Array, InputError

# ------------------------------------------------------------------------- with the clean map


def mse(cleaned: Array, clean: Array, *, axes: int = 2) -> Array:
    """Return the mean over the bins of |cleaned - clean|^2, equation (17)."""
    check_maps(axes, cleaned=cleaned, clean=clean)
    error = squared_magnitude(cleaned - clean)
    return per_map(total(error, axes) / cells_of(clean, axes))


def sinr_db(cleaned: Array, objects: Array, *, axes: int = 2) -> Array:
    """Return the mean power at the objects over that elsewhere, equation (18).

    NaN where there is no object, or nothing else.
    """
    check_maps(axes, cleaned=cleaned)
    check_mask_axes(objects, "objects", axes, like=cleaned)
    power = squared_magnitude(cleaned)
    return per_map(decibel(ratio(mean_at(power, objects, axes), mean_at(power, ~objects, axes))))


def evm(cleaned: Array, clean: Array, objects: Array, *, axes: int = 2) -> Array:
    """Return the mean over the objects of |cleaned - clean| / |clean|, equation (19).

    NaN where there is no object.
    """
    check_maps(axes, cleaned=cleaned, clean=clean)
    check_mask_axes(objects, "objects", axes, like=clean)
    xp = namespace(cleaned, clean)
    return per_map(mean_at(ratio(xp.abs(cleaned - clean), xp.abs(clean)), objects, axes))


def magmse(cleaned: Array, clean: Array, *, axes: int = 2) -> Array:
    """Return the mean over the bins of (|cleaned| - |clean|)^2, Oswald 2023 (5).

    Unlike `mse` it ignores the phase, as a CFAR detector does.
    """
    check_maps(axes, cleaned=cleaned, clean=clean)
    xp = namespace(cleaned, clean)
    return per_map(total((xp.abs(cleaned) - xp.abs(clean)) ** 2, axes) / cells_of(clean, axes))


def ppmse(cleaned: Array, clean: Array, objects: Array, *, axes: int = 2) -> Array:
    """Return the mean over the objects of the squared phase error in rad^2, Oswald 2023a (3), (4).

    The phase error is wrapped, from 0 to pi; a uniformly random phase has a PPMSE of pi^2 / 3. The
    paper takes the peaks of clusters for objects (`detections.cluster_peaks`) and the mean over
    antennas too. A bin that is zero has no phase and is left out; NaN where no object is left.
    Complex maps only.
    """
    check_maps(axes, cleaned=cleaned, clean=clean)
    check_mask_axes(objects, "objects", axes, like=clean)
    for name, each in (("cleaned", cleaned), ("clean", clean)):
        if not is_complex(each):
            raise InputError(f"{name}: expected a complex map, since a real one has no phase")
    xp = namespace(cleaned, clean)
    # The difference of two angles, since the product of small bins would underflow.
    error = xp.abs(_phase(cleaned) - _phase(clean))
    wrapped = xp.where(error > math.pi, 2 * math.pi - error, error)
    known = objects & (cleaned != 0) & (clean != 0)
    return per_map(mean_at(wrapped**2, known, axes))


def mrae(cleaned: Array, clean: Array, objects: Array, *, axes: int = 2) -> Array:
    """Return the mean over the target peaks of |cleaned - clean| / |clean|, Chen 2022 (21).

    The formula of `evm` on fewer bins: the target peaks are the objects that are local maxima of
    the modulus of `clean` (`detections.local_maxima`). The paper detects them by CA-CFAR (section
    3.3.2) and does not say how a target that is detected in several bins is counted. NaN where
    there is no object.
    """
    check_maps(axes, cleaned=cleaned, clean=clean)
    check_mask_axes(objects, "objects", axes, like=clean)
    return evm(cleaned, clean, objects & local_maxima(clean, axes=axes), axes=axes)


def concordance(
    cleaned: Array, clean: Array, *, objects: Array | None = None, axes: int = 2
) -> Array:
    """Return the share of the local maxima of |clean| that are local maxima of |cleaned|.

    Chen 2022, section 5.2, where the maxima must agree to the bin. The paper names neither the
    neighbourhood nor a least level; here it is that of `detections.local_maxima`, 8 bins wrapped in
    Doppler, and any level. In a map with noise about every ninth bin is a local maximum: give
    `objects`, boolean like the map, to count only the maxima there. NaN where there is none.
    """
    check_maps(axes, cleaned=cleaned, clean=clean)
    true = local_maxima(clean, axes=axes)
    if objects is not None:
        check_mask_axes(objects, "objects", axes, like=clean)
        true = true & objects
    return masks.recall(local_maxima(cleaned, axes=axes), true, axes=axes)


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
    check_maps(axes, range_doppler=range_doppler)
    xp = namespace(range_doppler)
    cells, batch = cells_of(range_doppler, axes), tuple(range_doppler.shape)[:-axes]
    power = xp.sort(xp.reshape(squared_magnitude(range_doppler), (*batch, cells)), axis=-1)
    middle = (power[..., (cells - 1) // 2] + power[..., cells // 2]) / 2
    return per_map(decibel(middle))


def floor_outside_db(range_doppler: Array, detections: Array, *, axes: int = 2) -> Array:
    """Return the mean of |S|^2 over the bins without a detection, in dB.

    NaN where every bin is a detection.
    """
    check_maps(axes, range_doppler=range_doppler)
    check_mask_axes(detections, "detections", axes, like=range_doppler)
    return per_map(decibel(mean_at(squared_magnitude(range_doppler), ~detections, axes)))


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
    check_maps(2, range_doppler=range_doppler)
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
    return per_map(decibel(ratio(power[at], level[at])))


def power_kept_db(before: Array, after: Array, detections: Array, *, axes: int = 2) -> Array:
    """Return the power at the detections after mitigation over that before, in dB.

    0 dB: the objects are as strong as they were. NaN where nothing is detected.
    """
    check_maps(axes, before=before, after=after)
    check_mask_axes(detections, "detections", axes, like=before)
    kept = (mean_at(squared_magnitude(maps), detections, axes) for maps in (after, before))
    return per_map(decibel(ratio(*kept)))


def _phase(spectrum: Array) -> Array:
    xp = namespace(spectrum)
    return xp.atan2(xp.imag(spectrum), xp.real(spectrum))

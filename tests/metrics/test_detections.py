"""Scores with a tolerance and peaks of clusters, against hand-worked maps and SciPy."""

from __future__ import annotations

import math

import array_api_strict as strict
import numpy as np
import pytest
from scipy import ndimage
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from clearchirp.metrics import detections, masks
from clearchirp.types import InputError


def at(shape, *bins):
    mask = np.zeros(shape, bool)
    mask[tuple(np.transpose(bins))] = True
    return mask


# Worked example: 16 Doppler x 20 range bins, objects at (1, 5), (8, 10) and (8, 19).
#   (15, 5): 2 Doppler bins from (1, 5) around the edge: true
#   (1, 8):  3 range bins from (1, 5): true
#   (1, 9):  4 range bins from (1, 5): false
#   (12, 10): 4 Doppler bins from (8, 10): false
#   (8, 0):  1 range bin from (8, 19) if range wrapped, but it does not: false
# TP 2, FP 3. (8, 10) has no detection nearby and (8, 19) has none: FN 2.
TRUE = at((16, 20), (1, 5), (8, 10), (8, 19))
FOUND = at((16, 20), (15, 5), (1, 8), (1, 9), (12, 10), (8, 0))


def test_worked_example():
    assert detections.precision(FOUND, TRUE) == pytest.approx(2 / 5)
    assert detections.true_positive_rate(FOUND, TRUE) == pytest.approx(1 / 3)
    assert detections.f1(FOUND, TRUE) == pytest.approx(2 / (2 + (3 + 2) / 2))
    assert type(detections.f1(FOUND, TRUE)) is float


def test_tolerance_is_one_number_or_one_for_each_axis():
    # 4 Doppler bins: (12, 10) is true too, and (8, 10) is found.
    assert detections.precision(FOUND, TRUE, tolerance=(4, 3)) == pytest.approx(3 / 5)
    assert detections.true_positive_rate(FOUND, TRUE, tolerance=(4, 3)) == pytest.approx(2 / 3)
    # 4 of both: (1, 9) as well. Wider than the map: everything is.
    assert detections.precision(FOUND, TRUE, tolerance=4) == pytest.approx(4 / 5)
    assert detections.f1(FOUND, TRUE, tolerance=50) == 1
    # The first of three belongs to the angle.
    assert detections.precision(FOUND, TRUE, tolerance=(9, 4, 3)) == pytest.approx(3 / 5)


def test_three_axes():
    # Of 6 angles x 9 Doppler x 9 range bins: one angle off around the edge is true, two are not.
    true, found = at((6, 9, 9), (0, 4, 4)), at((6, 9, 9), (5, 7, 1), (4, 4, 4))
    assert detections.precision(found, true, axes=3) == pytest.approx(1 / 2)
    assert detections.true_positive_rate(found, true, axes=3) == 1
    assert detections.f1(found, true, axes=3) == pytest.approx(2 / 3)


def test_without_tolerance_as_bin_by_bin():
    rng = np.random.default_rng(0)
    found, true = rng.random((2, 3, 12, 15)) < 0.2
    for ours, plain in [
        (detections.precision, masks.precision),
        (detections.true_positive_rate, masks.recall),
        (detections.f1, masks.f_measure),
    ]:
        np.testing.assert_allclose(ours(found, true, tolerance=0), plain(found, true))


@pytest.mark.parametrize(
    ("shape", "tolerance"), [((30, 40), (2, 3)), ((5, 15, 16), (1, 2, 3)), ((1, 30, 24), (1, 1, 1))]
)
def test_matches_as_by_a_tree_of_neighbours(shape, tolerance):
    rng = np.random.default_rng(1)
    found, true = rng.random((2, *shape)) < 0.01
    # Divided by the tolerance, near is within a distance of 1 along every axis. A box so long that
    # the map's ends are far apart makes range, the last axis, an open one.
    box = np.array([*shape[:-1], 10 * shape[-1]]) / tolerance
    points = [np.argwhere(mask) / tolerance for mask in (found, true)]
    trees = [KDTree(p, boxsize=box) for p in points]
    near = [
        tree.query_ball_point(p, 1 + 1e-9, p=np.inf, return_length=True) > 0
        for tree, p in zip(trees[::-1], points, strict=True)
    ]
    axes = len(shape)
    hits, misses = near[0].sum(), (~near[1]).sum()
    assert 0 < hits < found.sum()
    settings = {"tolerance": tolerance, "axes": axes}
    assert detections.precision(found, true, **settings) == pytest.approx(near[0].mean())
    assert detections.true_positive_rate(found, true, **settings) == pytest.approx(near[1].mean())
    expected = hits / (hits + ((~near[0]).sum() + misses) / 2)
    assert detections.f1(found, true, **settings) == pytest.approx(expected)


def test_batch_and_nothing_to_average_over():
    none = np.zeros_like(TRUE)
    found, true = np.stack([FOUND, none, FOUND, none]), np.stack([TRUE, TRUE, none, none])
    np.testing.assert_allclose(detections.precision(found, true), [0.4, math.nan, 0, math.nan])
    np.testing.assert_allclose(
        detections.true_positive_rate(found, true), [1 / 3, 0, math.nan, math.nan]
    )
    np.testing.assert_allclose(detections.f1(found, true), [4 / 9, 0, 0, math.nan])


# Worked example: 4 Doppler x 6 range bins. Two clusters: around the edge of Doppler in the first
# three columns (6, 2, 9 and 9 linked over (3, 2)), and the pair 4, 4 in the last column; range does
# not link column 5 to column 0. Of equal peaks the first in memory stays.
SPECTRUM = np.array(
    [[6, 0, 9j, 0, 0, 0], [0, 0, 0, 0, 0, 4], [0, 9, 0, 0, 0, -4], [0, 0, 2, 0, 0, 0]]
)


def test_cluster_peaks_worked_example():
    found = SPECTRUM != 0
    found[3, 2] = True
    # (0, 0) touches none of (2, 1), (0, 2), (3, 2): a cluster of its own until (3, 1) joins them.
    peaks = detections.cluster_peaks(SPECTRUM, found)
    assert np.argwhere(peaks).tolist() == [[0, 0], [0, 2], [1, 5]]
    found[3, 1] = True  # a detection of modulus 0 links too, around the edge of Doppler
    peaks = detections.cluster_peaks(SPECTRUM, found)
    assert np.argwhere(peaks).tolist() == [[0, 2], [1, 5]]
    none = detections.cluster_peaks(SPECTRUM, np.zeros_like(found))
    assert not none.any()


@pytest.mark.parametrize("shape", [(14, 18), (3, 14, 18), (6, 10, 12)])
@pytest.mark.parametrize("density", [0.05, 0.2, 0.5])
def test_clusters_as_connected_components(shape, density):
    rng = np.random.default_rng(2)
    axes = min(len(shape), 3) if shape[0] != 3 else 2  # (3, 14, 18) is a batch of maps
    power = rng.random(shape)
    found = rng.random(shape) < density
    peaks = detections.cluster_peaks(power, found, axes=axes)
    maps = zip(*(a.reshape(-1, *shape[-axes:]) for a in (power, found, peaks)), strict=True)
    for one_power, one_found, one_peaks in maps:
        bins = np.argwhere(one_found)
        box = [*one_found.shape[:-1], 10 * shape[-1]]
        pairs = KDTree(bins, boxsize=box).query_pairs(1.5, p=np.inf, output_type="ndarray")
        graph = np.zeros((len(bins), len(bins)), bool)
        graph[tuple(pairs.T)] = True
        count, label = connected_components(graph, directed=False)
        strongest = ndimage.maximum_position(one_power[one_found], label, np.arange(count))
        expected = {tuple(bins[i]) for (i,) in strongest}
        assert {tuple(b) for b in np.argwhere(one_peaks)} == expected


def test_cluster_peaks_make_an_object_count_once():
    clean = np.zeros((16, 16))
    clean[4:7, 4:7] = [[1, 2, 1], [2, 5, 2], [1, 2, 1]]  # an extended object of 9 bins
    clean[12, 12] = 3
    cleaned = np.where(clean == 3, 0, clean)
    objects, found = clean > 0, cleaned > 0
    # Bin by bin: TP 9, FN 1. On peaks: TP 1, FN 1.
    assert detections.f1(found, objects, tolerance=0) == pytest.approx(9 / 9.5)
    peaks = [detections.cluster_peaks(s, m) for s, m in ((cleaned, found), (clean, objects))]
    assert detections.f1(*peaks, tolerance=0) == pytest.approx(1 / 1.5)


@pytest.mark.parametrize("shape", [(12, 15), (2, 12, 15), (5, 6, 7), (1, 6, 7), (1, 8)])
def test_local_maxima_as_a_maximum_filter(shape):
    rng = np.random.default_rng(3)
    spectrum = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    axes = len(shape) if shape[0] != 2 else 2
    modulus = np.abs(spectrum).reshape(-1, *shape[-axes:])
    edges = ["wrap"] * (axes - 1) + ["constant"]
    filtered = [ndimage.maximum_filter(m, size=3, mode=edges) for m in modulus]
    expected = np.reshape(modulus == filtered, shape)
    np.testing.assert_array_equal(detections.local_maxima(spectrum, axes=axes), expected)
    assert expected.any()


def test_of_equal_neighbours_one_is_a_maximum():
    spectrum = np.zeros((5, 9))
    spectrum[2, 3:5] = 2  # beside each other
    spectrum[0, 8] = spectrum[4, 8] = -1  # neighbours around the edge of Doppler
    spectrum[2, 7] = 1
    found = np.argwhere(detections.local_maxima(spectrum))
    # (0, 8) has (4, 8) before it around the edge, so the latter counts.
    assert found.tolist() == [[2, 3], [2, 7], [4, 8]]


def test_other_libraries():
    found, true, spectrum = (strict.asarray(a) for a in (FOUND, TRUE, SPECTRUM))
    assert detections.f1(found, true) == pytest.approx(4 / 9)
    for mask, expected in [
        (detections.cluster_peaks(spectrum, spectrum != 0), [[0, 0], [0, 2], [1, 5]]),
        (detections.local_maxima(spectrum), [[0, 0], [0, 2], [1, 5], [2, 1]]),
    ]:
        assert np.argwhere(np.asarray(mask)).tolist() == expected


@pytest.mark.parametrize("tolerance", [-1, 1.5, (1,), (3, -1), "3", None])
def test_wrong_tolerance(tolerance):
    with pytest.raises(InputError, match="tolerance: expected a whole number of bins from 0"):
        detections.f1(FOUND, TRUE, tolerance=tolerance)


def test_wrong_arrays():
    with pytest.raises(InputError, match="found: expected a boolean array"):
        detections.precision(FOUND.astype(int), TRUE)
    with pytest.raises(InputError, match="true: its shape"):
        detections.f1(FOUND, TRUE[:, :4])
    with pytest.raises(InputError, match="detections: its shape"):
        detections.cluster_peaks(SPECTRUM, TRUE)
    with pytest.raises(InputError, match="spectrum: expected at least 3 axes"):
        detections.local_maxima(SPECTRUM, axes=3)
    with pytest.raises(InputError, match="spectrum: expected a real or complex"):
        detections.local_maxima(TRUE)

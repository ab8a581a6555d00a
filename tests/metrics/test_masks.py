from __future__ import annotations

import math

import array_api_strict as strict
import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from clearchirp.metrics import masks
from clearchirp.types import InputError

# Worked example: 2 chirps of 5 samples.
#   found 1 1 1 0 0 | 0 1 0 0 1   five found
#   true  1 1 0 0 0 | 0 1 1 0 0   four true
# TP = 3 (two in the first chirp, one in the second), FP = 2, FN = 1, TN = 10 - 6 = 4.
FOUND = np.array([[1, 1, 1, 0, 0], [0, 1, 0, 0, 1]], bool)
TRUE = np.array([[1, 1, 0, 0, 0], [0, 1, 1, 0, 0]], bool)


def test_worked_example():
    assert masks.precision(FOUND, TRUE) == pytest.approx(3 / 5)
    assert masks.recall(FOUND, TRUE) == pytest.approx(3 / 4)
    assert masks.f_measure(FOUND, TRUE) == pytest.approx(2 * 0.6 * 0.75 / (0.6 + 0.75))
    assert masks.false_alarm_rate(FOUND, TRUE) == pytest.approx(2 / 6)
    assert masks.share(FOUND) == pytest.approx(0.5)
    assert type(masks.recall(FOUND, TRUE)) is float


def test_one_value_a_chirp():
    # First chirp: TP 2, FP 1, FN 0. Second: TP 1, FP 1, FN 1.
    np.testing.assert_allclose(masks.precision(FOUND, TRUE, axes=1), [2 / 3, 1 / 2])
    np.testing.assert_allclose(masks.recall(FOUND, TRUE, axes=1), [1, 1 / 2])
    np.testing.assert_allclose(masks.share(TRUE, axes=1), [0.4, 0.4])


def test_as_scikit_learn():
    rng = np.random.default_rng(0)
    found, true = rng.random((2, 3, 20, 30)) < 0.3
    ours = [f(found, true) for f in (masks.precision, masks.recall, masks.f_measure)]
    for frame in range(3):
        flat = true[frame].ravel(), found[frame].ravel()
        theirs = sklearn_metrics.precision_recall_fscore_support(*flat, average="binary")
        np.testing.assert_allclose([one[frame] for one in ours], theirs[:3])
        (tn, fp), _ = sklearn_metrics.confusion_matrix(*flat)
        assert masks.false_alarm_rate(found, true)[frame] == pytest.approx(fp / (fp + tn))


def test_other_libraries():
    found, true = strict.asarray(FOUND), strict.asarray(TRUE)
    assert masks.f_measure(found, true) == pytest.approx(2 / 3)
    batch = masks.recall(found, true, axes=1)
    np.testing.assert_allclose(np.asarray(batch), [1, 1 / 2])


def test_nothing_to_average_over():
    none, everything = np.zeros((2, 5), bool), np.ones((2, 5), bool)
    assert math.isnan(masks.precision(none, TRUE))
    assert math.isnan(masks.recall(FOUND, none))
    assert math.isnan(masks.f_measure(none, none))
    assert math.isnan(masks.false_alarm_rate(FOUND, everything))
    assert masks.f_measure(none, TRUE) == 0
    assert masks.f_measure(FOUND, none) == 0


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (FOUND.astype(int), "found: expected a boolean array, got int64"),
        (FOUND.tolist(), "found: expected a boolean array, got list"),
        (FOUND[0], "found: expected at least 2 axes"),
        (FOUND[:, :4], r"true: its shape \(2, 5\) is not that"),
        (FOUND[:0], "and a cell"),
    ],
)
def test_wrong_masks(found, words):
    with pytest.raises(InputError, match=words):
        masks.precision(found, TRUE)

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.solvers.prior import History, PriorModel
from clearchirp.types import InputError

SHAPE = (32, 48)


def spectrum(*bins, level=30.0, seed=0):
    """Noise of power 1 and targets at bins."""
    rng = np.random.default_rng(seed)
    x = (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE)) / np.sqrt(2)
    for at in bins:
        x[at] = level
    return x


def test_nothing_is_known_without_history():
    assert PriorModel().weight(None) is None


def test_the_threshold_falls_around_a_detection():
    model = PriorModel(gain=0.5, reach=2)
    weight = model.weight(model.remember(None, spectrum((10, 20))))
    expected = np.ones(SHAPE)
    expected[8:13, 18:23] = 0.5
    np.testing.assert_array_equal(weight, expected)


def test_the_window_wraps():
    model = PriorModel(gain=0.5, reach=1)
    weight = model.weight(model.remember(None, spectrum((0, 47))))
    low = {(int(a), int(b)) for a, b in np.argwhere(weight < 1)}
    assert low == {(a, b) for a in (31, 0, 1) for b in (46, 47, 0)}


def test_only_the_last_frames_are_remembered():
    model = PriorModel(frames=3)
    history = None
    for k in range(5):
        history = model.remember(history, spectrum((4 * k, 7), seed=k))
    assert history.modulus.shape == history.detected.shape == (3, *SHAPE)
    assert history.detected[:, [8, 12, 16], 7].tolist() == np.eye(3, dtype=bool).tolist()
    assert PriorModel(frames=1).remember(history, spectrum((1, 1))).modulus.shape[0] == 1


def test_the_chance_is_the_gaussian_of_the_last_modulus():
    """Mean and variance where it was detected; by hand."""
    seen = np.zeros((3, *SHAPE))
    seen[:, 5, 5] = [10, 14, 13]
    detected = np.zeros(seen.shape, bool)
    detected[:2, 5, 5] = True
    model = PriorModel(gain=0.4, offset=0.1, reach=0)
    weight = model.weight(History(seen, detected))
    chance = np.exp(-((13 - 12) ** 2) / (2 * 4))
    assert weight[5, 5] == pytest.approx(1 - (0.4 * chance + 0.1))
    assert weight[6, 6] == pytest.approx(0.9)


def test_a_single_detection_counts_only_in_the_last_frame():
    model = PriorModel(gain=0.5, reach=0)
    history = model.remember(model.remember(None, spectrum((10, 20))), spectrum(seed=1))
    assert model.weight(history)[10, 20] == 1


def test_a_frame_of_another_size_starts_anew():
    model = PriorModel()
    history = model.remember(model.remember(None, spectrum((1, 1))), np.ones((8, 8), complex))
    assert history.modulus.shape == (1, 8, 8)


@pytest.mark.parametrize(
    "wrong", [{"frames": 0}, {"gain": -0.1}, {"gain": 0.9, "offset": 0.1}, {"reach": 1.5}]
)
def test_wrong_settings(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        PriorModel(**wrong)

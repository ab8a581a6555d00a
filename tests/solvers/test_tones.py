from __future__ import annotations

import numpy as np
import pytest

from clearchirp.solvers.solve import solve
from clearchirp.solvers.tones import TonePursuit
from clearchirp.types import InputError


def chirps(count, samples=512, tones=3, noise=0.1, hit=0.0, seed=0, real=False):
    """Unit tones anywhere, noise, and a burst of interference of ten times the tones."""
    rng = np.random.default_rng(seed)
    n = np.arange(samples)
    omega = rng.uniform(0.05, 3.0, (count, tones, 1)) * (1 if real else rng.choice([-1, 1]))
    phase = rng.uniform(0, 2 * np.pi, omega.shape)
    targets = np.exp(1j * (omega * n + phase)).sum(1)
    white = rng.standard_normal((2, count, samples)) * noise / np.sqrt(2)
    beat = targets + white[0] + 1j * white[1]
    length = int(hit * samples)
    disturbed = np.zeros(beat.shape, bool)
    for row in disturbed:
        start = rng.integers(0, samples - length + 1)
        row[start : start + length] = True
    rate = np.pi / max(length, 1)
    middle = np.argmax(disturbed, axis=-1)[:, None] + length / 2
    beat = beat + np.where(disturbed, 10 * np.exp(1j * rate * (n - middle) ** 2), 0)
    if real:
        return targets.real, beat.real + 0j, disturbed
    return targets, beat, disturbed


def run(y, **given):
    known, real = given.pop("known", None), given.pop("real", False)
    splits = TonePursuit(**given).splits(y, known=known, real=real)
    return solve(splits, tol=0.0, max_iter=200)


def error_db(estimate, truth):
    return 10 * np.log10(np.mean(np.abs(estimate - truth) ** 2) / np.mean(np.abs(truth) ** 2))


@pytest.mark.parametrize("hit", [0.0, 0.1, 0.3, 0.5])
def test_reaches_the_bound_of_estimation(hit):
    """The error of r tones is about that of 1.5 r complex numbers among the samples not hit."""
    targets, beat, _ = chirps(20, hit=hit)
    errors = [error_db(x, s) for x, s in zip(run(beat).x, targets, strict=True)]
    bound = 10 * np.log10(0.01 / 3 * 4.5 / (512 * (1 - hit)))
    # Across a gap in the middle the bound for frequencies is wider than without.
    assert np.median(errors) < bound + (2 if hit == 0 else 7)


def test_noise_free_tones_are_exact():
    targets, beat, _ = chirps(5, noise=0.0, hit=0.25, seed=1)
    np.testing.assert_allclose(run(beat).x, targets, atol=1e-5)


def test_noise_has_no_tones_and_no_interference():
    rng = np.random.default_rng(2)
    white = rng.standard_normal((2, 200, 256))
    found = run(white[0] + 1j * white[1])
    assert np.mean(found.x.any(axis=-1)) < 0.06
    assert np.mean(found.last.interference.any(axis=-1)) < 0.02
    found = run(white[0] + 0j, real=True)
    assert np.mean(found.last.interference.any(axis=-1)) < 0.02


def test_real_samples():
    targets, beat, _ = chirps(10, hit=0.2, seed=3, real=True)
    found = run(beat, real=True)
    assert not found.x.imag.any()
    assert np.median([error_db(x.real, s) for x, s in zip(found.x, targets, strict=True)]) < -27


def test_what_is_known_to_be_disturbed_is_not_fitted():
    targets, beat, disturbed = chirps(10, hit=0.3, seed=4)
    # Interference as strong as a tone is: nothing stands out of it.
    weak = np.where(disturbed, targets * 0.5, beat)
    told = run(weak, known=disturbed).x
    assert np.median([error_db(x, s) for x, s in zip(told, targets, strict=True)]) < -25
    assert error_db(run(weak).x, targets) > -20


def test_chirps_do_not_depend_on_each_other():
    _, beat, _ = chirps(6, hit=0.2, seed=5)
    whole = run(beat).x
    for one, y in zip(whole, beat, strict=True):
        np.testing.assert_array_equal(run(y[None]).x[0], one)


@pytest.mark.parametrize(
    ("key", "wrong"), [("rank", 0), ("width", 1.5), ("threshold", 0.5), ("fall", 1.0)]
)
def test_wrong_settings(key, wrong):
    with pytest.raises(InputError, match=key):
        TonePursuit(**{key: wrong})

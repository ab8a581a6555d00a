from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.io import loadmat

from clearchirp.metrics.beats import correlation, sinr_db
from clearchirp.operators.hankel import Hankel
from clearchirp.solvers.hankel_admm import HankelAdmm
from clearchirp.solvers.solve import solve
from clearchirp.types import InputError, Status
from tests.oracles import hankel as plain

PAPER = {"tau": 0.02, "beta": 0.1, "mu": 0.02, "mu_growth": 1.2}
"""Settings of the paper's IV-B that are not defaults."""


def scene(samples=480, seed=0):
    """Three tones, two chirps across a third of the samples, noise."""
    rng = np.random.default_rng(seed)
    n = np.arange(samples)
    targets = 0.5 * np.exp(0.7j * n) + 0.05 * np.exp(1.9j * n) + 0.4 * np.exp(2.6j * n)
    noise = rng.standard_normal((2, samples)) * 0.08
    beat = targets + noise[0] + 1j * noise[1]
    for centre in (100, 300):
        hit = np.abs(n - centre) < samples // 12
        beat = beat + np.where(hit, 5 * np.exp(1j * 0.02 * (n - centre) ** 2), 0)
    return targets, beat


def sinr(estimate, targets):
    return float(sinr_db(estimate[None], targets[None]))


def test_equals_the_dense_form():
    _, y = scene()
    solver, lifting = HankelAdmm(**PAPER), Hankel(samples=480)
    left, right = solver.start(lifting)
    dense = plain.admm(
        y, left.T, right.conj().T, **PAPER, beta_growth=1.6, beta_every=10, iterations=50
    )
    splits = solver.splits(lifting, y, start=(left, right))
    for (x, i), split in zip(dense, splits, strict=False):
        np.testing.assert_allclose(split.signal, x, rtol=0, atol=1e-10)
        np.testing.assert_allclose(split.interference, i, rtol=0, atol=1e-10)


def test_separates():
    targets, y = scene()
    before = sinr(y, targets)
    for given in ({}, {"tau": 0.065, "beta": 0.1, "mu": 0.02, "mu_growth": 1.2}):
        found = solve(HankelAdmm(**given).splits(Hankel(samples=480), y), tol=1e-6, max_iter=300)
        assert found.status is Status.CONVERGED
        assert sinr(found.x, targets) > before + 25
        rest = y - found.x - found.last.interference
        assert np.linalg.norm(rest) < 1e-6 * np.linalg.norm(y)


def test_the_unit_does_not_matter():
    _, y = scene()
    one, other = (
        solve(HankelAdmm().splits(Hankel(samples=480), y * unit), tol=1e-6, max_iter=300)
        for unit in (1.0, 1e4)
    )
    np.testing.assert_allclose(other.x / 1e4, one.x, atol=1e-6)


def test_history_and_progress():
    _, y = scene()
    seen = []
    found = solve(
        HankelAdmm().splits(Hankel(samples=480), y),
        tol=0.0,
        max_iter=5,
        on_iterate=lambda number, split: seen.append((number, split.change)),
    )
    assert found.status is Status.MAX_ITERATIONS
    assert found.iterations == 5
    assert [change for _, change in seen] == list(found.changes)
    assert [number for number, _ in seen] == [1, 2, 3, 4, 5]
    assert sorted(found.seconds) == list(found.seconds)


def test_nothing_but_zeros():
    found = solve(
        HankelAdmm().splits(Hankel(samples=32), np.zeros(32, complex)), tol=1e-6, max_iter=9
    )
    assert found.iterations == 1
    assert not found.x.any()


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("tau", 0.0),
        ("beta", -1.0),
        ("mu", float("nan")),
        ("beta_growth", 0.9),
        ("mu_growth", 0.5),
        ("beta_every", 0),
        ("rank", 2.5),
        ("seed", -1),
    ],
)
def test_wrong_settings(key, wrong):
    with pytest.raises(InputError, match=key):
        HankelAdmm(**{key: wrong})


def test_the_sweep_of_the_authors(data):
    """29.9 +- 0.7 dB were measured with the authors' own code over starts, |rho| 0.99953."""
    stored = loadmat(data / "wang_sparkle" / "Data4Demo.mat")
    y, targets = stored["sig_full_trc"][0].conj(), stored["sig_Rx_trc"][0].conj()
    lifting = Hankel(samples=y.size)
    tracemalloc.start()
    found = solve(HankelAdmm(**PAPER, seed=2).splits(lifting, y), tol=1e-6, max_iter=200)
    assert tracemalloc.get_traced_memory()[1] < 150e6
    tracemalloc.stop()
    assert sinr(found.x, targets) > 28.4  # the least of twenty starts
    assert abs(correlation(found.x[None], targets[None])) > 0.9992
    assert found.status is Status.CONVERGED


def test_iterations_fall_with_the_weight_of_the_low_rank():
    """Figure 6: a larger factor of mu and a smaller one of tau converge sooner."""
    from reproductions.sparkle.measurements import iterations, largest_singular_value

    _, y = scene()
    expected = np.linalg.svd(plain.hankel(y, 241), compute_uv=False)[0]
    assert largest_singular_value(y) == pytest.approx(expected, rel=1e-3)
    slow, fast = iterations(y, 15, 1, 1, 0.1), iterations(y, 15, 1, 1, 10)
    assert fast < slow
    assert iterations(y, 15, 1, 0.1, 1) <= iterations(y, 15, 1, 10, 1)

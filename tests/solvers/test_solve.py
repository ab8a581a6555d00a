from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from clearchirp.operators.fourier import MaskedFourier
from clearchirp.solvers.iht import Iht
from clearchirp.solvers.solve import Iterate, solve
from clearchirp.types import Status
from tests.solvers.problems import frame, missing


def geometric(factor=0.1):
    for k in itertools.count(1):
        yield Iterate(np.array([1 - factor**k]))


def test_it_stops_on_the_change_of_x():
    solution = solve(geometric(), tol=1e-3, max_iter=50)
    # 0.9, 0.99, 0.999, 0.9999: the changes are 1, 0.09, 0.009, 0.0009.
    assert solution.status is Status.CONVERGED
    assert solution.x[0] == pytest.approx(0.9999)
    np.testing.assert_allclose(solution.changes, [1, 0.09 / 0.99, 0.009 / 0.999, 0.0009 / 0.9999])


def test_a_spectrum_that_starts_at_zero_is_done_at_once():
    solution = solve((Iterate(np.zeros(3)) for _ in range(9)), tol=1e-3, max_iter=9)
    assert (solution.iterations, solution.changes) == (1, (0.0,))


def test_it_runs_out_of_iterations():
    solution = solve(geometric(0.99), tol=1e-9, max_iter=7)
    assert solution.status is Status.MAX_ITERATIONS
    assert solution.iterations == 7
    assert solve(geometric(), tol=0, max_iter=40).iterations == 40


def test_a_solver_may_end_by_itself():
    solution = solve((Iterate(np.array([k])) for k in range(1, 4)), tol=1e-3, max_iter=50)
    assert solution.status is Status.CONVERGED
    assert solution.iterations == 3
    with pytest.raises(ValueError, match="nothing"):
        solve(iter(()), tol=1e-3, max_iter=5)


def test_a_change_that_the_solver_knows_is_taken():
    known = (Iterate(np.ones(2), change) for change in (math.inf, 0.5, 1e-4, 1e-9))
    assert solve(known, tol=1e-3, max_iter=50).changes == (math.inf, 0.5, 1e-4)


def test_time_history_and_progress():
    seen = []
    measured = missing()
    y = np.where(measured, frame(), 0)
    solution = solve(
        Iht().iterates(MaskedFourier(measured), y),
        tol=1e-6,
        max_iter=99,
        on_iterate=lambda number, one: seen.append((number, one.x.copy())),
    )
    assert [number for number, _ in seen] == list(range(1, solution.iterations + 1))
    np.testing.assert_array_equal(seen[-1][1], solution.x)
    assert len(solution.seconds) == solution.iterations
    assert all(np.diff(solution.seconds) >= 0)
    spectra = [x for _, x in seen]
    steps = [np.linalg.norm(b - a) / np.linalg.norm(b) for a, b in itertools.pairwise(spectra)]
    np.testing.assert_allclose(solution.changes[1:], steps, atol=1e-12)


def test_the_residual_alone_would_end_hard_thresholding_too_early():
    """The deviation of `Iht`: with the paper's rule of Algorithm 1 the gaps are far from filled."""
    rng = np.random.default_rng(2)
    shape = (32, 64)
    m, n = np.mgrid[:32, :64]
    clean = 10 * np.exp(2j * np.pi * (5 * m / 32 + 9 * n / 64))
    clean += 0.6 * np.exp(2j * np.pi * (20 * m / 32 + 40 * n / 64))
    noise = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    measured = rng.random(shape) > 0.5
    operator = MaskedFourier(measured)
    y = np.where(measured, clean + noise, 0)
    residuals, errors = [], []
    for one in itertools.islice(Iht().iterates(operator, y), 30):
        residuals.append(np.linalg.norm(y - operator.forward(one.x)))
        gap = np.fft.ifft2(one.x, norm="ortho")
        errors.append(np.linalg.norm((gap - clean)[~measured]))
    paper = next(k for k in range(1, 30) if residuals[k] > (1 - 1e-2) * residuals[k - 1])
    changes = solve(Iht().iterates(operator, y), tol=1e-3, max_iter=30)
    assert changes.iterations - 1 > paper
    assert errors[changes.iterations - 1] < 0.9 * errors[paper]

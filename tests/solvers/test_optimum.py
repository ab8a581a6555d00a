"""Solvers of the l1 problem against a general convex solver, pursuits against least squares."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import OrthogonalMatchingPursuit

from clearchirp.operators.fourier import MaskedFourier
from clearchirp.solvers.cosamp import CoSaMP
from clearchirp.solvers.fista import Fista
from clearchirp.solvers.ist import Ist
from clearchirp.solvers.omp import Omp
from clearchirp.solvers.solve import solve
from clearchirp.solvers.yall1 import Yall1
from tests.oracles.sparse import sensing_matrix
from tests.solvers.problems import frame, missing

PENALTY = 0.1


@pytest.fixture(scope="module", params=[False, True], ids=["random", "bursts"])
def problem(request):
    cvxpy = pytest.importorskip("cvxpy")
    measured = missing((6, 16), share=0.3, bursts=request.param)
    beat = frame((6, 16), between=True)
    matrix, y = sensing_matrix(measured), beat[measured]
    level = PENALTY * np.abs(matrix.conj().T @ y).max()
    x = cvxpy.Variable(matrix.shape[1], complex=True)
    cost = cvxpy.sum_squares(y - matrix @ x) / 2 + level * cvxpy.sum(cvxpy.abs(x))
    optimum = cvxpy.Problem(cvxpy.Minimize(cost)).solve(
        solver="CLARABEL", tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10
    )

    def value(spectrum):
        flat = spectrum.ravel()
        misfit = np.sum(np.abs(y - matrix @ flat) ** 2) / 2
        return misfit + level * np.sum(np.abs(flat))

    return MaskedFourier(measured), np.where(measured, beat, 0), optimum, value, x.value


@pytest.mark.parametrize(
    ("solver", "most"),
    [(Ist(penalty=PENALTY), 2000), (Fista(penalty=PENALTY), 400), (Yall1(penalty=PENALTY), 2000)],
    ids=["ist", "fista", "yall1"],
)
def test_the_optimum_is_reached(solver, most, problem):
    operator, y, optimum, value, point = problem
    solution = solve(solver.iterates(operator, y), tol=1e-10, max_iter=most)
    assert value(solution.x) == pytest.approx(optimum, rel=1e-7)
    np.testing.assert_allclose(solution.x.ravel(), point, atol=1e-3 * np.abs(point).max())


def test_fista_needs_fewer_iterations_than_ist():
    measured = missing((16, 32), share=0.6, bursts=False)
    y = np.where(measured, frame((16, 32), between=True), 0)
    counts = [
        solve(kind(penalty=0.02).iterates(MaskedFourier(measured), y), tol=1e-8, max_iter=9999)
        for kind in (Ist, Fista)
    ]
    assert counts[1].iterations < 0.5 * counts[0].iterations


def test_basis_pursuit_fits_the_samples_with_the_least_norm():
    measured = missing((8, 24), share=0.3, bursts=False)
    operator, beat = MaskedFourier(measured), frame(noise=0.0)
    y = np.where(measured, beat, 0)
    solution = solve(Yall1(penalty=0.0).iterates(operator, y), tol=1e-12, max_iter=5000)
    np.testing.assert_allclose(operator.forward(solution.x), y, atol=1e-7)
    # Three targets on bins: the sparsest solution is the true one.
    truth = np.fft.fft2(beat, norm="ortho")
    np.testing.assert_allclose(solution.x, truth, atol=1e-5)


def test_omp_finds_the_bins_that_scikit_learn_finds():
    """On a real problem: targets in phase and an even mask make the spectrum real."""
    rng = np.random.default_rng(4)
    samples = 64
    truth = np.zeros(samples)
    truth[[3, 17, 40, 58]] = [5, -3, 4, 2.5]
    # Symmetric spectrum and mask: the samples are real, the matrix acts as a cosine matrix.
    truth = truth + truth[(-np.arange(samples)) % samples]
    measured = rng.random(samples) > 0.3
    measured &= measured[(-np.arange(samples)) % samples]
    beat = np.fft.ifft(truth, norm="ortho").real
    cosines = sensing_matrix(measured[None]).real * np.sqrt(2)
    reference = OrthogonalMatchingPursuit(n_nonzero_coefs=4, fit_intercept=False)
    half = slice(1, samples // 2)
    reference.fit(cosines[:, half] * np.sqrt(2), beat[measured])
    y = np.where(measured, beat, 0)[None].astype(complex)
    solution = solve(Omp().iterates(MaskedFourier(measured[None]), y), tol=0, max_iter=9)
    found = np.flatnonzero(np.abs(solution.x[0, half]) > 1e-9) + 1
    np.testing.assert_array_equal(found, np.flatnonzero(reference.coef_) + 1)
    np.testing.assert_allclose(solution.x[0, found], reference.coef_[found - 1], atol=1e-9)


@pytest.mark.parametrize("solver", [Omp(), CoSaMP(), CoSaMP(sparsity=5)])
def test_pursuits_end_at_the_least_squares_of_their_support(solver):
    measured = missing()
    y = np.where(measured, frame(), 0)
    solution = solve(
        solver.iterates(MaskedFourier(measured), y), tol=solver.tol, max_iter=solver.max_iter
    )
    support = np.flatnonzero(solution.x)
    matrix = sensing_matrix(measured)
    if isinstance(solver, CoSaMP):
        # CoSaMP prunes after its least squares: the residual is that of the larger support.
        assert support.size <= (solver.sparsity or 256)
        refit = np.linalg.lstsq(matrix[:, support], y[measured])[0]
        assert np.linalg.norm(refit - solution.x.ravel()[support]) < 0.3 * np.linalg.norm(refit)
    else:
        refit = np.linalg.lstsq(matrix[:, support], y[measured])[0]
        np.testing.assert_allclose(solution.x.ravel()[support], refit, atol=1e-10)
    for bin_of_target in np.argsort(np.abs(np.fft.fft2(frame(noise=0))), axis=None)[-3:]:
        assert bin_of_target in support

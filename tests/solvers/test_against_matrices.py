"""Each solver, iteration by iteration, against its dense form that nothing here is part of."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from clearchirp.operators.fourier import DenseFourier, MaskedFourier
from clearchirp.solvers import gamp as gamp_module
from clearchirp.solvers.amp import Amp
from clearchirp.solvers.cosamp import CoSaMP
from clearchirp.solvers.fista import Fista
from clearchirp.solvers.gamp import Gamp
from clearchirp.solvers.iht import Iht
from clearchirp.solvers.imat import ImatSolver
from clearchirp.solvers.ist import Ist
from clearchirp.solvers.levels import noise_power
from clearchirp.solvers.omp import Omp
from clearchirp.solvers.pm_iht import PmIht
from clearchirp.solvers.pm_ist import PmIst
from clearchirp.solvers.sbl import Sbl
from clearchirp.solvers.yall1 import Yall1
from tests.oracles import sparse as oracle
from tests.solvers.problems import frame, missing

WEIGHT = np.random.default_rng(7).uniform(0.4, 1, (8, 24))


def _gamp(matrix, y):
    back = matrix.conj().T @ y
    delta = matrix.shape[0] / matrix.shape[1]
    energy = float(np.sum(np.abs(y) ** 2))
    noise = float(noise_power(back)) / delta
    share, strength = gamp_module._start(back, energy, noise, delta)
    return oracle.gamp(matrix, y, noise=noise, share=share, strength=strength)


def _yall1(matrix, y):
    ordered = np.sort(np.abs(matrix.conj().T @ y) ** 2)
    noise = ordered[ordered.size // 2] / np.log(2)
    return oracle.yall1(matrix, y, nu=2.5 * np.sqrt(noise))


CASES = {
    "ist": (Ist(), lambda a, y: oracle.thresholding(a, y, rule="soft", beta=2.5), 30),
    "ist, short steps": (
        Ist(beta=2.0, step=0.6),
        lambda a, y: oracle.thresholding(a, y, rule="soft", beta=2.0, step=0.6),
        30,
    ),
    "ist, fixed": (
        Ist(penalty=0.1),
        lambda a, y: oracle.thresholding(
            a, y, rule="soft", fixed=0.1 * np.abs(a.conj().T @ y).max()
        ),
        30,
    ),
    "iht": (Iht(beta=3.0), lambda a, y: oracle.thresholding(a, y, rule="hard"), 30),
    "iht, short steps": (
        Iht(beta=3.0, step=0.6),
        lambda a, y: oracle.thresholding(a, y, rule="hard", step=0.6),
        30,
    ),
    "fista": (Fista(), lambda a, y: oracle.fista(a, y, beta=2.5), 30),
    "omp": (Omp(), oracle.omp, 6),
    "cosamp": (CoSaMP(sparsity=6), lambda a, y: oracle.cosamp(a, y, k=6), 5),
    "amp": (Amp(), lambda a, y: oracle.amp(a, y, beta=2.5), 20),
    "gamp": (Gamp(), _gamp, 20),
    "yall1": (Yall1(), _yall1, 30),
    "sbl": (Sbl(), lambda a, y: oracle.sbl(a, y, beta=3.0), 30),
    "imat": (ImatSolver(), lambda a, y: oracle.imat(a, y, alpha=0.25, beta=3.5), 40),
}


@pytest.mark.parametrize("between", [False, True])
@pytest.mark.parametrize("bursts", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_every_iterate_is_that_of_the_dense_form(case, bursts, between):
    solver, plain, count = CASES[case]
    beat = frame(between=between)
    measured = missing(bursts=bursts)
    matrix = oracle.sensing_matrix(measured)
    y = np.where(measured, beat, 0)
    expected = itertools.islice(plain(matrix, beat[measured]), count)
    masked = solver.iterates(MaskedFourier(measured), y)
    dense = solver.iterates(DenseFourier(measured), beat[measured])
    compared = 0
    # OMP ends by itself.
    for x, one, other in zip(expected, masked, dense, strict=False):
        np.testing.assert_allclose(one.x.ravel(), x, rtol=0, atol=1e-10)
        np.testing.assert_allclose(other.x, x, rtol=0, atol=1e-10)
        compared += 1
    assert compared == count or (case == "omp" and compared >= 3)


@pytest.mark.parametrize(("solver", "rule"), [(PmIst(beta=3.0), "soft"), (PmIht(beta=3.0), "hard")])
def test_the_prior_lowers_the_threshold_bin_by_bin(solver, rule):
    measured, beat = missing(), frame()
    matrix = oracle.sensing_matrix(measured)
    plain = oracle.thresholding(matrix, beat[measured], rule=rule, weight=WEIGHT.ravel())
    got = solver.iterates(MaskedFourier(measured), np.where(measured, beat, 0), weight=WEIGHT)
    for x, one in itertools.islice(zip(plain, got, strict=False), 20):
        np.testing.assert_allclose(one.x.ravel(), x, rtol=0, atol=1e-10)


@pytest.mark.parametrize("solver", [Ist(), Iht(), PmIst(), PmIht(), Ist(penalty=0.1)])
@pytest.mark.parametrize("shape", [(8, 24), (64, 128), (33, 57)])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_fused_loop_is_the_plain_loop(solver, shape, dtype, weighted, monkeypatch):
    if weighted and not isinstance(solver, PmIst | PmIht):
        pytest.skip("takes no prior")
    measured = missing(shape)
    measured[0, 0] = True
    y = np.where(measured, frame(shape, targets=5, between=True), 0).astype(dtype)
    rest = (
        {"weight": np.random.default_rng(7).uniform(0.4, 1, shape).astype(y.real.dtype)}
        if weighted
        else {}
    )
    operator = MaskedFourier(measured)
    fused = [
        (one.x.copy(), one.change)
        for one in itertools.islice(solver.iterates(operator, y, **rest), 25)
    ]
    monkeypatch.setattr("clearchirp.solvers.fused.applies", lambda *_: False)
    plain = [one.x for one in itertools.islice(solver.iterates(operator, y, **rest), 25)]
    # In single precision a bin at the threshold may fall on either side: compare the end.
    chosen = range(25) if dtype == np.complex128 else [24]
    tolerance = 1e-10 if dtype == np.complex128 else 2e-3
    before = np.zeros(shape)
    for k in chosen:
        np.testing.assert_allclose(fused[k][0], plain[k], rtol=0, atol=tolerance)
        if dtype == np.complex128:
            change = np.linalg.norm(plain[k] - before) / np.linalg.norm(plain[k])
            assert fused[k][1] == pytest.approx(change, abs=1e-9)
            before = plain[k]

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.linalg import hankel as scipy_hankel

from clearchirp.operators.hankel import Hankel
from clearchirp.types import InputError
from tests.oracles import hankel as plain

SIZES = [(1, 1), (2, 1), (7, 4), (64, None), (101, 101), (101, 30), (480, None)]


def noise(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


@pytest.mark.parametrize(("samples", "rows"), SIZES)
class TestAgreesWithTheMatrix:
    def test_lifted(self, samples, rows):
        lifting, x = Hankel(samples=samples, rows=rows), noise(samples)
        matrix = plain.hankel(x, lifting.rows)
        np.testing.assert_array_equal(lifting.lifted(x), matrix)
        expected = scipy_hankel(x[: lifting.rows], x[lifting.rows - 1 :])
        np.testing.assert_array_equal(matrix, expected)
        assert matrix.shape == (lifting.rows, lifting.columns)

    def test_products(self, samples, rows):
        lifting, x = Hankel(samples=samples, rows=rows), noise(samples)
        left, right = noise(3, lifting.rows, seed=1), noise(3, lifting.columns, seed=2)
        matrix = plain.hankel(x, lifting.rows)
        there = lifting.times(x, right)
        np.testing.assert_allclose(there.T, matrix @ right.conj().T, atol=1e-11)
        back = lifting.adjoint_times(x, left)
        np.testing.assert_allclose(back.T, matrix.T @ left.conj().T, atol=1e-11)

    def test_antidiagonals(self, samples, rows):
        lifting = Hankel(samples=samples, rows=rows)
        left, right = noise(3, lifting.rows, seed=1), noise(3, lifting.columns, seed=2)
        matrix = left.T @ right
        np.testing.assert_allclose(
            lifting.adjoint(left, right), plain.antidiagonal_sums(matrix), atol=1e-12
        )
        np.testing.assert_allclose(
            lifting.inverse(left, right), plain.antidiagonal_means(matrix), atol=1e-12
        )
        ones = np.ones((lifting.rows, lifting.columns))
        np.testing.assert_array_equal(lifting.counts, plain.antidiagonal_sums(ones))

    def test_the_adjoint_is_the_adjoint(self, samples, rows):
        lifting, x = Hankel(samples=samples, rows=rows), noise(samples)
        left, right = noise(2, lifting.rows, seed=1), noise(2, lifting.columns, seed=2)
        # <H(x), L^T R> = <x, H*(L^T R)>, the former as the trace of L^T^H H(x) R^H.
        there = np.vdot(left, lifting.times(x, right))
        back = np.vdot(lifting.adjoint(left, right), x)
        assert abs(there - back) < 1e-12 * np.linalg.norm(x) * np.linalg.norm(left.T @ right)
        # H(x)^T is the other way round of H(x), up to conjugates.
        again = np.vdot(right, lifting.adjoint_times(x, left))
        assert abs(there - again) < 1e-12 * np.linalg.norm(x) * np.linalg.norm(left.T @ right)

    def test_the_inverse_undoes_the_lifting(self, samples, rows):
        """A signal of one pole has a Hankel matrix of rank one."""
        lifting = Hankel(samples=samples, rows=rows)
        x = 1.5 * np.exp((0.3j - 0.01) * np.arange(samples))
        left, right = x[None, : lifting.rows], x[None, : lifting.columns] / 1.5
        np.testing.assert_allclose(lifting.inverse(left, right), x, atol=1e-12)


def test_a_batch_equals_a_loop():
    lifting = Hankel(samples=50)
    x, right = noise(3, 50), noise(3, 4, lifting.columns, seed=1)
    left = noise(3, 4, lifting.rows, seed=2)
    for b in range(3):
        for batch, one in (
            (lifting.times(x, right), lifting.times(x[b], right[b])),
            (lifting.adjoint_times(x, left), lifting.adjoint_times(x[b], left[b])),
            (lifting.inverse(left, right), lifting.inverse(left[b], right[b])),
        ):
            np.testing.assert_allclose(batch[b], one, atol=1e-13)


def test_no_matrix_is_formed():
    """A matrix of these sizes would take 4 TB."""
    lifting = Hankel(samples=2**20)
    x = noise(2**20)
    tracemalloc.start()
    left = lifting.times(x, noise(1, lifting.columns))
    lifting.inverse(left, noise(1, lifting.columns))
    assert lifting.lifted(x).shape == (2**19 + 1, 2**19)
    assert tracemalloc.get_traced_memory()[1] < 40 * x.nbytes
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"samples": 0}, "samples"),
        ({"samples": 5.0}, "samples"),
        ({"samples": 5, "rows": 6}, "rows"),
        ({"samples": 5, "rows": 0}, "rows"),
    ],
)
def test_wrong_settings(given, named):
    with pytest.raises(InputError, match=named):
        Hankel(**given)


def test_wrong_length():
    with pytest.raises(InputError, match="5 samples"):
        Hankel(samples=5).times(noise(6), noise(1, 3))

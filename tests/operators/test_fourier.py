from __future__ import annotations

import array_api_strict as strict
import numpy as np
import pytest

from clearchirp.operators.fourier import DenseFourier, MaskedFourier
from clearchirp.operators.sampling import measured_samples
from clearchirp.types import InputError
from tests.oracles.sparse import sensing_matrix

SHAPES = [(8, 24), (7, 15), (1, 16), (5, 1)]


def noise(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def mask(*shape, seed=3):
    measured = np.random.default_rng(seed).random(shape) < 0.7
    measured.flat[0] = True
    return measured


@pytest.mark.parametrize("shape", [*SHAPES, (2, 3, 6, 10)])
def test_the_adjoint_is_the_adjoint(shape):
    operator = MaskedFourier(mask(*shape))
    x, y = noise(*shape), noise(*shape, seed=1)
    there, back = np.vdot(operator.forward(x), y), np.vdot(x, operator.adjoint(y))
    assert abs(there - back) < 1e-12 * np.linalg.norm(x) * np.linalg.norm(y)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_the_matrix(shape):
    measured = mask(*shape)
    operator, dense = MaskedFourier(measured), DenseFourier(measured)
    matrix = sensing_matrix(measured)
    np.testing.assert_allclose(dense.matrix, matrix, rtol=0, atol=1e-13)
    assert dense.measurements == operator.measurements == matrix.shape[0]
    assert dense.size == operator.size == matrix.shape[1]
    x, y = noise(*shape), noise(*shape, seed=1)
    np.testing.assert_allclose(operator.forward(x)[measured], matrix @ x.ravel(), atol=1e-12)
    np.testing.assert_array_equal(operator.forward(x)[~measured], 0)
    expected = matrix.conj().T @ y[measured]
    np.testing.assert_allclose(operator.adjoint(y).ravel(), expected, atol=1e-12)
    np.testing.assert_allclose(dense.forward(x.ravel()), matrix @ x.ravel(), atol=1e-12)
    np.testing.assert_allclose(dense.adjoint(y[measured]), expected, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gram_matrix(shape):
    measured = mask(*shape)
    matrix = sensing_matrix(measured)
    index = np.random.default_rng(5).permutation(measured.size)[:6]
    expected = matrix[:, index].conj().T @ matrix[:, index[:4]]
    for operator in (MaskedFourier(measured), DenseFourier(measured)):
        np.testing.assert_allclose(operator.gram(index, index[:4]), expected, rtol=0, atol=1e-13)


def test_rows_are_orthonormal_and_a_full_mask_is_unitary():
    measured = mask(8, 24)
    y = np.where(measured, noise(8, 24), 0)
    operator = MaskedFourier(measured)
    np.testing.assert_allclose(operator.forward(operator.adjoint(y)), y, atol=1e-13)
    whole = MaskedFourier(np.ones((8, 24), bool))
    x = noise(8, 24)
    assert np.linalg.norm(whole.forward(x)) == pytest.approx(np.linalg.norm(x), rel=1e-13)


def test_leading_axes_are_a_batch():
    measured, x = mask(2, 3, 6, 10), noise(2, 3, 6, 10)
    batch = MaskedFourier(measured).forward(x)
    for at in np.ndindex(2, 3):
        np.testing.assert_array_equal(batch[at], MaskedFourier(measured[at]).forward(x[at]))


def test_single_precision_stays_single():
    operator = MaskedFourier(mask(8, 24))
    x = noise(8, 24).astype(np.complex64)
    assert operator.forward(x).dtype == operator.adjoint(x).dtype == np.complex64


def test_other_array_libraries_give_the_same():
    measured, x = mask(8, 24), noise(8, 24)
    expected = MaskedFourier(measured)
    operator = MaskedFourier(strict.asarray(measured))
    for name in ("forward", "adjoint"):
        got = getattr(operator, name)(strict.asarray(x))
        np.testing.assert_allclose(np.asarray(got), getattr(expected, name)(x), atol=1e-13)
    dense = DenseFourier(strict.asarray(measured))
    np.testing.assert_allclose(np.asarray(dense.matrix), DenseFourier(measured).matrix, atol=1e-13)
    index = np.array([3, 50, 51])
    for one in (operator, dense):
        got = np.asarray(one.gram(strict.asarray(index), strict.asarray(index)))
        np.testing.assert_allclose(got, expected.gram(index, index), atol=1e-13)


@pytest.mark.parametrize("kind", [MaskedFourier, DenseFourier])
@pytest.mark.parametrize("wrong", [np.ones((4, 4)), np.ones(4, bool), np.ones((0, 4), bool), None])
def test_what_is_no_mask_is_refused(kind, wrong):
    with pytest.raises(InputError, match="measured"):
        kind(wrong)


def test_the_matrix_is_refused_where_it_is_too_large():
    with pytest.raises(InputError, match="too large"):
        DenseFourier(np.ones((256, 128), bool))
    with pytest.raises(InputError, match=r"expected \(chirp, sample\)"):
        DenseFourier(np.ones((2, 4, 4), bool))


class TestMeasuredSamples:
    disturbed = ~mask(3, 6, 40)

    def test_all_by_default(self):
        np.testing.assert_array_equal(measured_samples(self.disturbed), ~self.disturbed)

    def test_so_many_of_each_chirp(self):
        disturbed = self.disturbed.copy()
        disturbed[0, 0, 5:] = True
        measured = measured_samples(disturbed, 12, seed=4)
        assert not np.any(measured & disturbed)
        available = np.sum(~disturbed, axis=-1)
        np.testing.assert_array_equal(measured.sum(axis=-1), np.minimum(available, 12))
        np.testing.assert_array_equal(measured, measured_samples(disturbed, 12, seed=4))
        assert np.any(measured != measured_samples(disturbed, 12, seed=5))

    def test_any_undisturbed_sample_may_be_drawn(self):
        disturbed = np.zeros((1, 10), bool)
        disturbed[0, 3] = True
        drawn = sum(measured_samples(disturbed, 2, seed=k).astype(int) for k in range(300))
        assert drawn[0, 3] == 0
        assert np.delete(drawn[0], 3).min() > 30

    @pytest.mark.parametrize("wrong", [0, -1, 2.5, True, "8"])
    def test_wrong_numbers(self, wrong):
        with pytest.raises(InputError, match="samples_per_chirp"):
            measured_samples(self.disturbed, wrong)

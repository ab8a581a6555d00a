from __future__ import annotations

import numpy as np
import pytest

from clearchirp.operators.missing import Missing
from clearchirp.types import InputError


def noise(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def some_missing():
    return Missing(bases={m: np.linalg.qr(noise(32, 1 + m, seed=m))[0] for m in (0, 3, 4)})


def test_it_is_a_projection_and_its_own_adjoint():
    missing = some_missing()
    x, y = noise(6, 32), noise(6, 32, seed=9)
    once = missing.forward(x)
    np.testing.assert_allclose(missing.forward(once), once, atol=1e-13)
    assert np.vdot(y, missing.forward(x)) == pytest.approx(np.vdot(missing.adjoint(y), x))
    np.testing.assert_array_equal(once[[1, 2, 5]], x[[1, 2, 5]])


def test_what_is_measured_stays_and_what_is_missing_is_the_model():
    missing = some_missing()
    x, model = noise(6, 32), noise(6, 32, seed=9)
    filled = missing.filled(x, model)
    np.testing.assert_allclose(missing.forward(filled), missing.forward(x), atol=1e-13)
    rest = filled - missing.forward(filled)
    np.testing.assert_allclose(rest, model - missing.forward(model), atol=1e-13)


def test_samples_are_a_mask():
    mask = np.random.default_rng(1).random((5, 20)) < 0.3
    mask[2] = False
    x = noise(5, 20)
    missing = Missing.of_samples(mask)
    np.testing.assert_allclose(missing.forward(x), np.where(mask, 0, x), atol=1e-15)
    assert 2 not in missing.bases


def test_wrong_bases_are_named():
    with pytest.raises(InputError, match="bases"):
        Missing(bases={0: np.ones(4)})

from __future__ import annotations

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearchirp.solvers.levels import noise_power, spread
from clearchirp.solvers.proximal import hard, onto_discs, soft

VALUES = np.array([0, 1, -1, 1j, 3 + 4j, -0.3 - 0.4j, 1e-9, 1e9j])
finite = st.complex_numbers(max_magnitude=1e6, allow_nan=False)


@given(st.lists(finite, min_size=1, max_size=20), st.floats(1e-3, 1e3))
def test_moreau(values, threshold):
    """x = prox of f at x, plus the projection onto the ball of the dual norm."""
    x = np.array(values)
    again = soft(x, threshold) + onto_discs(x, threshold)
    np.testing.assert_allclose(again, x, rtol=1e-12, atol=1e-12)


@given(finite, st.floats(1e-2, 1e2))
def test_soft_minimises_what_it_is_the_proximal_map_of(x, threshold):
    def cost(z):
        return abs(z - x) ** 2 / 2 + threshold * abs(z)

    best = complex(soft(np.array([x]), threshold)[0])
    for away in (1e-3, -1e-3, 1e-3j, -1e-3j, -best):
        assert cost(best) <= cost(best + away) + 1e-9 * (1 + cost(best))


@given(finite, st.floats(1e-2, 1e2))
def test_hard_minimises_what_it_is_the_proximal_map_of(x, threshold):
    def cost(z):
        return abs(z - x) ** 2 / 2 + threshold**2 / 2 * (abs(z) > 0)

    best = complex(hard(np.array([x]), threshold)[0])
    assert cost(best) <= min(cost(x), cost(0)) * (1 + 1e-12)


def test_soft_keeps_the_phase_and_lowers_the_modulus():
    np.testing.assert_allclose(
        soft(VALUES, 0.5), [0, 0.5, -0.5, 0.5j, 2.7 + 3.6j, 0, 0, (1e9 - 0.5) * 1j], rtol=1e-15
    )


def test_hard_keeps_what_reaches_the_threshold():
    np.testing.assert_array_equal(hard(VALUES, 1.0), np.where(np.abs(VALUES) >= 1, VALUES, 0))
    each = np.array([1, 0.5, 2, 1, 1, 1, 0, 1.0])
    np.testing.assert_array_equal(hard(VALUES, each), np.where(np.abs(VALUES) >= each, VALUES, 0))


@pytest.mark.parametrize("of", [soft, hard, onto_discs])
@pytest.mark.parametrize("kind", [np.complex64, np.complex128])
def test_precision_and_library_are_kept(of, kind):
    x = VALUES.astype(kind)
    assert of(x, 0.5).dtype == kind
    got = of(strict.asarray(x), 0.5)
    np.testing.assert_array_equal(np.asarray(got), of(x, 0.5))


def test_levels_of_noise():
    rng = np.random.default_rng(0)
    x = 3 * (rng.standard_normal((200, 200)) + 1j * rng.standard_normal((200, 200)))
    assert float(spread(x + 5)) == pytest.approx(np.std(x), rel=1e-12)
    x[:10] += 1e4
    assert float(noise_power(x)) == pytest.approx(18, rel=0.15)
    assert noise_power(x.astype(np.complex64)).dtype == np.float32

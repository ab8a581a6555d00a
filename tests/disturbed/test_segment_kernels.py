"""The compiled loops of the search for pieces of chirps against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.disturbed import segment_kernels as kernels
from clearchirp.disturbed.chirp_segments import (
    Limits,
    Segment,
    bank,
    find_segments,
    orthonormal,
)
from clearchirp.operators.chirp_bank import ChirpBank, centred_dft
from tests.oracles import refill as oracle


def noise(rng, *shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


@pytest.mark.parametrize("samples", [48, 96, 101])
def test_the_rows_are_those_of_the_bank(samples):
    """All of them, and some: an FFT of what undoes the chirp, an inverse one for steep rows.

    They are the rows of `ChirpBank` up to the phases that move the zero of the columns: those
    change no power where the number of samples is odd, and shift by half a column where it is even.
    """
    searched = bank(samples, 32, 80.0)
    x = noise(np.random.default_rng(0), samples)
    undone = searched.chirps * np.where(searched.steep[:, None], centred_dft(x), x)
    steep = np.conj(np.fft.ifft(undone, axis=1)) * samples
    expected = np.where(searched.steep[:, None], steep, np.fft.fft(undone, axis=1))
    for chosen in (None, np.array([0, 3, 7, 8, 15]), np.array([6]), np.array([0, 1])):
        rows = searched.rows(x, chosen)
        part = expected if chosen is None else expected[chosen]
        np.testing.assert_allclose(rows, part, atol=1e-4 * np.abs(expected).max())
    if samples % 2:
        powers = np.abs(ChirpBank(samples=samples, angles=32).forward(x)[:-1]) ** 2
        largest = np.abs(searched.rows(x)).max(axis=1) ** 2 / samples
        np.testing.assert_allclose(largest, powers.max(axis=1), rtol=1e-4)


@pytest.mark.parametrize(("rate", "frequency"), [(0.0, 0.0), (0.004, -0.31), (-0.05, 12.7)])
def test_a_phase_is_undone(rate, frequency):
    values = noise(np.random.default_rng(1), 500)
    expected = oracle.undo(values, rate, frequency)
    np.testing.assert_allclose(kernels.undo(values, rate, frequency), expected, atol=1e-10)


def test_a_fan_is_its_rates_one_by_one():
    values = noise(np.random.default_rng(2), 60)
    fan = kernels.fan(values, -2e-4, 1e-4, 5, 128)
    assert not fan[:, 60:].any()
    for k, line in enumerate(fan):
        expected = oracle.undo(values, -2e-4 + 1e-4 * k, 0)
        np.testing.assert_allclose(line[:60], expected, atol=2e-5)


@pytest.mark.parametrize("length", [40, 130])
def test_the_stretch_is_the_tallest_of_all(length):
    rng = np.random.default_rng(3)
    window = np.hanning(length)
    for start, stop, level in [(10, 30, 3.0), (5, 38, 2.0), (20, 25, 9.0), (0, 0, 0.0)]:
        values = 0.3 * noise(rng, length)
        values[start:stop] += level * window[start:stop]
        height, a, b = oracle.stretch(values, window, 4)
        found = kernels.stretch(values, window, 4)
        assert found == (a, b)
        near = kernels.stretch_near(values, window, 4, a + 2, b - 1, 6)
        assert near == (a, b)
        if level:
            inside = np.sum(values[slice(*found)] * window[slice(*found)])
            energy = np.sum(window[slice(*found)] ** 2)
            assert np.abs(inside) ** 2 / energy == pytest.approx(height)


@pytest.mark.parametrize("piece", [(0, 200, 0.003, 0.1), (50, 90, -0.01, 0.4), (190, 200, 0, 0)])
def test_vectors_span_the_polynomials_of_a_piece(piece):
    samples, window = 200, np.hanning(200)
    most = min(12, (piece[1] - piece[0]) // 3) + 1
    rest = noise(np.random.default_rng(4), samples)
    vectors = kernels.piece_vectors(rest, window, piece, most, -1.0)
    assert len(vectors) == most
    np.testing.assert_allclose(vectors.conj() @ vectors.T, np.eye(most), atol=1e-12)
    expected = oracle.piece_space(samples, window, piece, most - 1)
    np.testing.assert_allclose(vectors.T @ vectors.conj(), expected, atol=1e-9)
    # Three where nothing stands out, and as many as reach the last that does.
    assert len(kernels.piece_vectors(rest, window, piece, most, 1e9)) == 3
    strong = rest + 1e3 * vectors[3]
    assert len(kernels.piece_vectors(strong, window, piece, most, 1e4)) == 4


@pytest.mark.parametrize("count", [5, 60])
@pytest.mark.parametrize("kind", [complex, float])
def test_a_basis_grows_and_stays_orthonormal(count, kind):
    """Where most of what is added is nearly in it, too."""
    rng = np.random.default_rng(5)

    def drawn(*shape):
        return noise(rng, *shape).astype(complex) if kind is complex else rng.normal(size=shape)

    basis = orthonormal(drawn(128, 20))
    new = orthonormal(basis @ drawn(20, count) + 1e-3 * drawn(128, count), basis)
    both = np.concatenate([basis, new], axis=1)
    np.testing.assert_allclose(both.conj().T @ both, np.eye(both.shape[1]), atol=1e-12)
    assert new.shape[1] == count
    assert orthonormal(basis[:, :4] * 2, basis).shape[1] == 0


def test_near_rows_find_what_all_rows_find():
    """The piece of a chirp, to the sample; not where its row is left out."""
    rng = np.random.default_rng(6)
    n = np.arange(512)
    searched = bank(512, 256, 80.0)
    inside = (n >= 130) & (n < 370)
    chirp = 30 * np.exp(1j * np.pi * 0.004 * (n - 250) ** 2) * inside
    signal = (chirp + 0.1 * noise(rng, 512)) * searched.window
    limits = Limits(0.5, 25.0, None, 0.02)
    (expected,) = find_segments(signal, searched, limits).pieces
    near = searched.near([expected, expected])
    assert near is not None
    assert near.size == 5
    (found,) = find_segments(signal, searched, limits, near=near).pieces
    assert found == expected
    assert not find_segments(signal, searched, limits, near=(near[:1] + 40) % 128).pieces


def test_near_is_what_recurs():
    """One piece alone, a short one, and so many that half of the rows are near, do not count."""
    searched = bank(512, 256, 80.0)
    one = Segment(0, 100, 0.004, 0.0)
    assert searched.near([]) is None
    assert searched.near([one]) is None
    assert searched.near([one._replace(stop=10)] * 3) is None
    assert searched.near([one, one]).size == 5
    spread = [one._replace(rate=rate) for rate in -1 / np.tan(np.linspace(-3, -0.1, 60)) / 512]
    assert searched.near(spread + spread) is None

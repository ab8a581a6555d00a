from __future__ import annotations

import numpy as np
import pytest

from clearchirp.operators.chirp_bank import ChirpBank, centred_dft
from clearchirp.operators.fractional_fourier import (
    FractionalFourier,
    MultiAngleFourier,
    eigenbasis,
    from_eigenbasis,
    to_eigenbasis,
)
from clearchirp.types import InputError
from tests.oracles.fractional import centred_dft_matrix, commuting_vectors, fractional_matrix

SIZES = (16, 17, 33, 64, 100, 255, 256, 511, 512, 675, 896, 1023, 1024)


def signal(*shape, seed=0, dtype=np.complex128):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)


def chirp(samples, rate, middle=0.0, frequency=0.0, width=np.inf):
    n = np.arange(samples) - (samples - 1) / 2 - middle
    wave = np.exp(2j * np.pi * (frequency * n + rate * n**2 / 2))
    return wave * np.exp(-((n / width) ** 2))


@pytest.mark.parametrize("samples", SIZES)
def test_the_eigenbasis_rebuilds_the_dft(samples):
    """A slightly wrong diagonal would still give orthonormal vectors, but not this."""
    basis = eigenbasis(samples)
    dft = (basis * (-1j) ** (np.arange(samples) % 4)) @ basis.T
    assert np.abs(dft - centred_dft_matrix(samples)).max() < 1e-11


@pytest.mark.parametrize("samples", [1, 2, 3, 4, 5, 16, 101, 512])
def test_the_eigenbasis_is_orthonormal_and_ordered(samples):
    basis = eigenbasis(samples)
    assert np.abs(basis.T @ basis - np.eye(samples)).max() < 1e-13
    np.testing.assert_array_equal(basis[::-1, 0::2], basis[:, 0::2])
    np.testing.assert_array_equal(basis[::-1, 1::2], -basis[:, 1::2])
    for p in range(min(samples, 9)):  # higher ones are rounding noise at the ends
        vector = basis[:, p][np.abs(basis[:, p]) > 1e-9]
        assert np.count_nonzero(np.diff(np.sign(vector))) == p
    assert not basis.flags.writeable


@pytest.mark.parametrize("samples", [16, 37, 64])
def test_halves_find_the_vectors_of_the_whole_matrix(samples):
    plain, ours = commuting_vectors(samples), eigenbasis(samples)
    overlap = np.abs(np.sum(plain * ours, axis=0))
    assert np.abs(overlap - 1).max() < 1e-9


@pytest.mark.parametrize("samples", [1, 2, 15, 64, 101])
def test_one_angle_against_the_dense_matrix(samples):
    x = signal(3, samples)
    for angle in (0.3, -1.1, 2.9):
        expected = x @ fractional_matrix(samples, angle).T
        got = FractionalFourier(samples=samples, angle=angle).forward(x)
        np.testing.assert_allclose(got, expected, atol=1e-10)


@pytest.mark.parametrize("samples", [16, 101, 512])
class TestClosedForms:
    def turned(self, samples, angle, x):
        return FractionalFourier(samples=samples, angle=angle).forward(x)

    def test_identity_dft_and_reversal(self, samples):
        x = signal(2, samples)
        np.testing.assert_allclose(self.turned(samples, 0.0, x), x, atol=1e-11)
        dft = x @ centred_dft_matrix(samples).T
        np.testing.assert_allclose(self.turned(samples, np.pi / 2, x), dft, atol=1e-11)
        np.testing.assert_allclose(self.turned(samples, np.pi, x), x[:, ::-1], atol=1e-11)
        np.testing.assert_allclose(centred_dft(x), dft, atol=1e-11)

    def test_angles_add_up(self, samples):
        x = signal(samples)
        twice = self.turned(samples, 0.4, self.turned(samples, 0.9, x))
        np.testing.assert_allclose(twice, self.turned(samples, 1.3, x), atol=1e-11)

    def test_unitary_adjoint_and_inverse(self, samples):
        turn = FractionalFourier(samples=samples, angle=0.7)
        x, y = signal(samples), signal(samples, seed=1)
        assert np.linalg.norm(turn.forward(x)) == pytest.approx(np.linalg.norm(x), rel=1e-12)
        assert np.vdot(y, turn.forward(x)) == pytest.approx(np.vdot(turn.adjoint(y), x), rel=1e-11)
        np.testing.assert_allclose(turn.adjoint(turn.forward(x)), x, atol=1e-12)

    def test_to_the_eigenbasis_and_back(self, samples):
        x = signal(2, 3, samples)
        np.testing.assert_allclose(to_eigenbasis(x), x @ eigenbasis(samples), atol=1e-12)
        np.testing.assert_allclose(from_eigenbasis(to_eigenbasis(x)), x, atol=1e-12)


@pytest.mark.parametrize(("samples", "angles"), [(1, 2), (15, 8), (16, 32), (64, 16), (101, 24)])
@pytest.mark.parametrize("threads", [1, 2])
class TestManyAngles:
    def test_each_row_is_one_angle(self, samples, angles, threads):
        many = MultiAngleFourier(samples=samples, angles=angles, threads=threads)
        x = signal(2, 3, samples)
        rows = many.forward(x)
        for row, turn in enumerate(many.turns):
            one = FractionalFourier(samples=samples, angle=float(turn)).forward(x)
            np.testing.assert_allclose(rows[..., row, :], one, atol=1e-11)

    def test_adjoint(self, samples, angles, threads):
        many = MultiAngleFourier(samples=samples, angles=angles, threads=threads)
        x, y = signal(samples), signal(angles, samples, seed=1)
        there, back = np.vdot(y, many.forward(x)), np.vdot(many.adjoint(y), x)
        assert there == pytest.approx(back, rel=1e-10)
        np.testing.assert_allclose(many.adjoint(many.forward(x)), angles * x, atol=1e-10)


def test_single_precision_stays_single():
    x = signal(4, 512, dtype=np.complex64)
    many = MultiAngleFourier(samples=512, angles=32).forward(x)
    assert many.dtype == np.complex64
    exact = MultiAngleFourier(samples=512, angles=32).forward(x.astype(np.complex128))
    assert np.abs(many - exact).max() < 2e-5
    assert FractionalFourier(samples=512, angle=0.3).forward(x).dtype == np.complex64
    assert ChirpBank(samples=512, angles=32).forward(x).dtype == np.complex64


@pytest.mark.parametrize("angle_deg", [-75, -50, -20, 15, 45, 70])
def test_a_chirp_becomes_a_pulse(angle_deg):
    """A Gaussian chirp of the rate -cot(angle)/N becomes a Gaussian of known width, anywhere."""
    samples, angle = 512, np.deg2rad(angle_deg)
    wave = chirp(samples, -1 / np.tan(angle) / samples, 20, 0.02, 512 * abs(np.sin(angle)) / 8)
    pulse = np.abs(FractionalFourier(samples=samples, angle=angle).forward(wave)) ** 2
    pulse /= pulse.sum()
    n = np.arange(samples) - (samples - 1) / 2
    place = 20 * np.cos(angle) + 0.02 * samples * np.sin(angle)
    assert np.sum(n * pulse) == pytest.approx(place, abs=0.1)  # of a cell
    spread = np.sqrt(np.sum((n - place) ** 2 * pulse))
    assert spread == pytest.approx(8 / (2 * np.pi), rel=0.03)


@pytest.mark.parametrize(("samples", "angles"), [(16, 4), (64, 16), (101, 32), (512, 64)])
class TestChirpBank:
    def test_rows_are_unitary_and_the_adjoint_is_the_adjoint(self, samples, angles):
        bank = ChirpBank(samples=samples, angles=angles)
        x, y = signal(samples), signal(angles // 2 + 1, samples, seed=1)
        rows = bank.forward(x)
        norms = np.linalg.norm(rows, axis=-1)
        np.testing.assert_allclose(norms, np.linalg.norm(x), rtol=1e-12)
        assert np.vdot(y, rows) == pytest.approx(np.vdot(bank.adjoint(y), x), rel=1e-10)
        np.testing.assert_allclose(bank.adjoint(rows), len(rows) * x, atol=1e-9)

    def test_the_ends_are_the_dft_and_the_signal(self, samples, angles):
        bank = ChirpBank(samples=samples, angles=angles)
        x = signal(samples)
        rows = bank.forward(x)
        np.testing.assert_allclose(rows[angles // 4], x, atol=1e-11)
        np.testing.assert_allclose(np.abs(rows[-1]), np.abs(centred_dft(x)), atol=1e-11)


def test_where_the_cheap_bank_agrees_with_the_exact_transform():
    """Peaks of a chirp inside of the circle: place and width; but for the corners."""
    samples, angles = 512, 64
    bank, exact = (
        ChirpBank(samples=samples, angles=angles),
        MultiAngleFourier(samples=512, angles=64),
    )
    turns = bank.turns
    for row in (3, 7, 12, 20, 27):
        wave = chirp(samples, -1 / np.tan(turns[row]) / samples, 30, 0.03, 40)
        cheap = np.abs(bank.forward(wave)[row]) ** 2
        other = np.abs(exact.forward(wave)[int(np.argmin(np.abs(exact.turns - turns[row])))]) ** 2
        centre = [np.sum(np.arange(samples) * p) / p.sum() for p in (cheap, other)]
        place = bank.place(row, centre[0])
        assert place == pytest.approx(centre[1] - (samples - 1) / 2, abs=0.5)
        scale = abs(bank.place(row, 1) - bank.place(row, 0))
        n = np.arange(samples)
        wide, exactly = (
            np.sqrt(np.sum((n - middle) ** 2 * p) / p.sum())
            for p, middle in zip((cheap, other), centre, strict=True)
        )
        assert wide * scale == pytest.approx(exactly, rel=0.1, abs=0.25)
    # From corner to corner: the exact transform, not padded, leaves much of it outside the pulse.
    row = 6
    wave = chirp(samples, -1 / np.tan(turns[row]) / samples, frequency=0.5 / samples)
    cheap = np.abs(bank.forward(wave)[row]) ** 2
    other = np.abs(exact.forward(wave)[int(np.argmin(np.abs(exact.turns - turns[row])))]) ** 2
    assert cheap.max() / cheap.sum() > 0.95
    assert other.max() / other.sum() < 0.5


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: FractionalFourier(samples=0, angle=0.1), "samples"),
        (lambda: FractionalFourier(samples=8, angle=np.nan), "angle"),
        (lambda: MultiAngleFourier(samples=8, angles=7), "angles"),
        (lambda: MultiAngleFourier(samples=8, threads=0), "threads"),
        (lambda: ChirpBank(samples=8, angles=6), "angles"),
        (lambda: FractionalFourier(samples=8, angle=0.1).forward(np.ones(8)), "x"),
        (lambda: MultiAngleFourier(samples=8).forward(np.ones(9, complex)), "x"),
        (lambda: MultiAngleFourier(samples=8, angles=4).adjoint(np.ones((3, 8), complex)), "y"),
        (lambda: ChirpBank(samples=8, angles=4).adjoint(np.ones((2, 8), complex)), "y"),
    ],
)
def test_wrong_input_is_named(make, named):
    with pytest.raises(InputError, match=named):
        make()

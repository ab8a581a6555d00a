"""The fill over the columns that hold cells against the fill over all of them."""

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.mitigation.notch_refill_kernels import sparse_map
from tests.oracles import refill as oracle


def missing_parts(rng, targets):
    """A frame of targets and noise, each third chirp without four dimensions."""
    chirps, samples = 32, 96
    m, n = np.mgrid[:chirps, :samples]
    frame = 0.05 * (rng.standard_normal(m.shape) + 1j * rng.standard_normal(m.shape))
    for level, range_, speed in targets:
        frame += level * np.exp(2j * np.pi * (range_ * n / samples + speed * m / chirps))
    spectra = np.fft.fft(frame * np.hanning(samples), axis=1) * np.hamming(chirps)[:, None]
    bases, lines = [], []
    for chirp in range(1, chirps, 3):
        vectors = rng.standard_normal((samples, 4)) + 1j * rng.standard_normal((samples, 4))
        vectors = np.linalg.qr(vectors)[0].T
        spectra[chirp] -= vectors.T @ (vectors.conj() @ spectra[chirp])
        bases.append(vectors)
        lines += [chirp] * 4
    return spectra.astype(np.complex64), np.concatenate(bases).astype(np.complex64), np.array(lines)


@pytest.mark.parametrize("steps", [1, 6, 22])
@pytest.mark.parametrize("count", [0, 2, 40])
def test_the_map_is_that_of_all_columns(count, steps):
    rng = np.random.default_rng(count)
    targets = [
        (10 ** rng.uniform(-1, 1), rng.uniform(0, 96), rng.uniform(0, 32)) for _ in range(count)
    ]
    spectra, bases, lines = missing_parts(rng, targets)
    least = 4 * 0.07 * np.sqrt(36 * 12.5)
    ours = sparse_map(spectra, bases, lines, least, steps)
    expected = oracle.sparse_map(spectra, bases, lines, least, steps)
    # Cells within rounding of the threshold may fall on either side of it.
    sure = np.abs(np.abs(expected) - least) > 1e-2 * least
    both = (ours != 0) == (expected != 0)
    assert both[sure].all()
    size = np.abs(expected).max(initial=1e-9)
    assert np.abs(ours - expected)[both].max() < 2e-3 * least + 1e-5 * size
    assert (count == 0) == (not ours.any())


def test_threads_change_nothing():
    spectra, bases, lines = missing_parts(np.random.default_rng(7), [(1.0, 20.3, 4.2)])
    one, two = (sparse_map(spectra, bases, lines, 3.0, 12, threads) for threads in (1, 2))
    np.testing.assert_array_equal(one, two)

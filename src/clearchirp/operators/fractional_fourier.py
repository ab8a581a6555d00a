"""The discrete fractional Fourier transform: exact, unitary and additive in its angle."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from clearchirp.arrays import is_complex, is_numpy
from clearchirp.settings import check_number
from clearchirp.types import Array, InputError

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft


@dataclass(frozen=True, slots=True, kw_only=True)
class FractionalFourier:
    """Fractional Fourier transform of signals (..., sample) by one angle.

    It turns the time-frequency plane by the angle: 0 is the identity, 90 degrees the unitary DFT
    with time and frequency counted from the middle of the signal, 180 degrees the reversal of the
    samples. A linear chirp becomes a pulse at the angle ``arccot(-N k)``, k its chirp rate in
    cycles a sample squared.

    Parameters
    ----------
    samples
        Length N of the signals, from 1; any number.
    angle
        In rad.

    Notes
    -----
    ``W = V diag(exp(-j p angle)) V^T``, with V the `eigenbasis` of the centred DFT: exactly
    unitary, and exactly additive in the angle. It takes 2 N^2 multiplications a signal; half of it
    for the symmetry of V.

    Source
    ------
    Oswald 2026 (5); the eigenvectors are those of the tridiagonal matrix that commutes with the
    centred DFT (Gruenbaum 1982).

    Examples
    --------
    >>> turn = FractionalFourier(samples=64, angle=np.pi / 3)
    >>> x = np.exp(0.1j * np.arange(64))
    >>> bool(np.allclose(turn.adjoint(turn.forward(x)), x))
    True
    """

    samples: int
    angle: float

    def __post_init__(self) -> None:
        _check_samples(self.samples)
        check_number("angle", self.angle)

    def forward(self, x: Array, /) -> Array:
        """Return the transform (..., sample) of a complex NumPy signal (..., sample)."""
        return self._turned(x, self.angle)

    def adjoint(self, y: Array, /) -> Array:
        """Return the inverse, which is the adjoint: the transform by the opposite angle."""
        return self._turned(y, -self.angle)

    def _turned(self, x: Array, angle: float) -> Array:
        check_signal(x, self.samples)
        turn = np.exp(-1j * angle * np.arange(self.samples)).astype(x.dtype)
        return from_eigenbasis(to_eigenbasis(x) * turn)


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiAngleFourier:
    """Fractional Fourier transforms of signals (..., sample) by M angles at once.

    Row r of the result (..., M, sample) is the transform by ``2 pi r / M``; rows beyond M/2 are
    the negative angles.

    Parameters
    ----------
    samples
        Length N of the signals, from 1; any number.
    angles
        How many angles M, an even number; 256 by default.
    threads
        Threads over chirps, from 1 (default).

    Notes
    -----
    ``X[n, r] = sum_p V[n, p] rho[p] exp(-2 pi j p r / M)`` with ``rho = V^T s``. The terms of equal
    p modulo M are added, and one FFT of M points over them gives all angles of a column n. Padding
    p with zeros to a multiple of M makes it exact for any N; the paper asks that M divides N.
    Eigenvectors are even or odd, so ``X[N-1-n, r] = X[n, r + M/2]``: half of the columns do.

    Source
    ------
    Oswald 2026 (10)-(13), and for the symmetries Oswald 2026a.

    Examples
    --------
    >>> many = MultiAngleFourier(samples=20, angles=8)
    >>> x = np.exp(0.1j * np.arange(20))
    >>> one = FractionalFourier(samples=20, angle=np.pi / 4)
    >>> bool(np.allclose(many.forward(x)[1], one.forward(x)))
    True
    """

    samples: int
    angles: int = 256
    threads: int = 1

    def __post_init__(self) -> None:
        _check_samples(self.samples)
        if not isinstance(self.angles, int) or self.angles < 2 or self.angles % 2:
            raise InputError(f"angles: must be an even number from 2, got {self.angles!r}")
        check_threads(self.threads)

    @property
    def turns(self) -> NDArray[Any]:
        """Angle of each row in rad, (angle,), from -pi up to below pi."""
        rows = np.arange(self.angles)
        return 2 * np.pi / self.angles * (rows - self.angles * (rows >= self.angles // 2))

    def forward(self, x: Array, /) -> Array:
        """Return the transforms (..., angle, sample) of a complex NumPy signal (..., sample)."""
        check_signal(x, self.samples)
        rho = to_eigenbasis(x).reshape(-1, self.samples)
        half = -(-self.samples // 2)
        result = np.empty((len(rho), self.angles, self.samples), x.dtype)

        def copy(index: int, columns: NDArray[Any]) -> None:
            result[index, :, :half] = columns.T
            shifted = np.roll(columns, -(self.angles // 2), axis=1)
            result[index, :, self.samples - half :] = shifted[::-1].T

        self.visit(rho, copy)
        return result.reshape(*x.shape[:-1], self.angles, self.samples)

    def adjoint(self, y: Array, /) -> Array:
        """Return the sum (..., sample) of the inverse transforms of all rows (..., angle, sample).

        Each row's transform is unitary: `adjoint` of `forward` is M times the signal.
        """
        if not is_numpy(y) or not is_complex(y) or y.shape[-2:] != (self.angles, self.samples):
            raise InputError(
                f"y: expected a complex NumPy array (..., {self.angles}, {self.samples}), got "
                f"{getattr(y, 'dtype', type(y).__name__)} of shape {tuple(np.shape(y))}"
            )
        rho = to_eigenbasis(y)  # (..., angle, p)
        rows = np.arange(self.angles)[:, None]
        turn = np.exp(2j * np.pi / self.angles * (rows * np.arange(self.samples) % self.angles))
        return from_eigenbasis(np.sum(rho * turn.astype(y.dtype), axis=-2))

    def visit(self, rho: NDArray[Any], use: Callable[[int, NDArray[Any]], object]) -> None:
        """Call ``use(index, columns)`` for each row of eigen-coefficients (chirp, p).

        `columns` is X[n, r] for n < N/2 (the middle included), (column, angle), and is overwritten
        after the call: it stays in the cache, where a search finds it. The other half is
        ``X[N-1-n, r] = X[n, r + M/2]``.
        """
        # Numba takes a second to load, which `import clearchirp` must not.
        from clearchirp.operators.fractional_kernels import fold

        basis = _basis_twice(self.samples, rho.dtype == np.complex64)
        parts = np.array_split(np.arange(len(rho)), self.threads)

        def work(part: NDArray[np.intp]) -> None:
            folded = np.empty((len(basis), self.angles), rho.dtype)
            flat = folded.view(basis.dtype)
            for index in part:
                fold(basis, np.ascontiguousarray(rho[index]).view(basis.dtype), flat)
                columns = fft.fft(folded, axis=-1, overwrite_x=True)
                use(int(index), columns)

        if self.threads == 1:
            work(parts[0])
            return
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(work, parts))


@lru_cache(maxsize=8)
def eigenbasis(samples: int) -> NDArray[np.float64]:
    """Return the eigenvectors of the centred DFT of N points as columns (sample, p), read-only.

    Orthonormal and real, ordered by zero crossings like the Hermite-Gauss functions: the p-th has
    the eigenvalue (-j)^p, is even for even p and odd for odd p.

    They are those of the symmetric tridiagonal matrix with ``2 sin(pi m/N) sin(pi (N-1-m)/N)`` on
    the diagonal and ``sin(pi m/N) sin(pi (N-m)/N)`` beside it, m = 0..N-1, in descending order
    (Gruenbaum 1982). The matrix is symmetric about its middle, too: even and odd vectors are found
    apart, from matrices of half the size, so that each is even or odd to the last bit.
    """
    m = np.arange(samples)
    diagonal = 2 * np.sin(np.pi * m / samples) * np.sin(np.pi * (samples - 1 - m) / samples)
    m = m[1:]
    beside = np.sin(np.pi * m / samples) * np.sin(np.pi * (samples - m) / samples)
    half = samples // 2
    basis = np.zeros((samples, samples))
    for parity in (0, 1):
        upper, link = diagonal[:half].copy(), beside[: max(half - 1, 0)].copy()
        sign = 1 - 2 * parity
        if samples % 2 == 0:
            upper[-1] += sign * beside[half - 1]
        elif parity == 0:
            upper = diagonal[: half + 1]
            link = np.append(link, math.sqrt(2) * beside[half - 1]) if half else link
        if upper.size == 0:
            continue
        _, vectors = eigh_tridiagonal(upper, link) if upper.size > 1 else (None, np.ones((1, 1)))
        vectors = vectors[:, ::-1]
        columns = basis[:, parity::2]
        columns[:half] = vectors[:half] / math.sqrt(2)
        columns[samples - half :] = sign * columns[:half][::-1]
        if samples % 2 and parity == 0:
            columns[half] = vectors[half]
    basis.flags.writeable = False  # it is shared by all calls
    return basis


@lru_cache(maxsize=8)
def eigenbasis_in(samples: int, single: bool) -> NDArray[Any]:
    """Return `eigenbasis` in single or double precision."""
    return eigenbasis(samples).astype(np.float32) if single else eigenbasis(samples)


@lru_cache(maxsize=16)
def _half_basis(samples: int, single: bool) -> NDArray[Any]:
    """Return the first half of the rows of `eigenbasis`, the middle one included."""
    half: Any = np.ascontiguousarray(eigenbasis(samples)[: -(-samples // 2)])
    half = half.astype(np.float32) if single else half
    half.flags.writeable = False
    return half


@lru_cache(maxsize=16)
def _basis_twice(samples: int, single: bool) -> NDArray[Any]:
    """Return `_half_basis` with each value twice, for real and imaginary part (column, 2 p)."""
    return np.repeat(_half_basis(samples, single), 2, axis=1)


@lru_cache(maxsize=16)
def _parts(samples: int, single: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return even and odd eigenvectors, each on its half of the samples (sample, p)."""
    half = _half_basis(samples, single)
    even, odd = (np.ascontiguousarray(half[:, parity::2]) for parity in (0, 1))
    return even, np.ascontiguousarray(odd[: samples // 2])


def to_eigenbasis(x: NDArray[Any]) -> NDArray[Any]:
    """Return ``V^T x`` of complex signals (..., sample), (..., p), in their precision."""
    samples = x.shape[-1]
    even, odd = _parts(samples, x.dtype == np.complex64)
    rows = x.reshape(-1, samples)
    back = rows[:, ::-1]
    half = samples // 2
    rho = np.empty(rows.shape, rows.dtype)
    total = rows[:, : len(even)] + back[:, : len(even)]
    if samples % 2:
        total[:, -1] = rows[:, half]
    rho[:, 0::2] = _real_product(total, even)
    rho[:, 1::2] = _real_product(rows[:, :half] - back[:, :half], odd)
    return rho.reshape(x.shape)


def from_eigenbasis(rho: NDArray[Any]) -> NDArray[Any]:
    """Return ``V rho``, the signals (..., sample) of eigen-coefficients (..., p)."""
    samples = rho.shape[-1]
    even, odd = _parts(samples, rho.dtype == np.complex64)
    rows = rho.reshape(-1, samples)
    half = samples // 2
    x = np.empty(rows.shape, rows.dtype)
    one = _real_product(rows[:, 0::2], even.T)
    other = _real_product(rows[:, 1::2], odd.T)
    x[:, : len(even)] = one
    x[:, samples - half :] = (one[:, :half] - other)[:, ::-1]
    x[:, :half] += other
    return x.reshape(rho.shape)


def _real_product(x: NDArray[Any], matrix: NDArray[Any]) -> NDArray[Any]:
    """Complex rows times a real matrix as one real product: half the work of a complex one."""
    count = len(x)
    rows: Any = x
    product = np.concatenate([rows.real, rows.imag]) @ matrix
    result: Any = np.empty((count, matrix.shape[1]), x.dtype)
    result.real, result.imag = product[:count], product[count:]
    return result


def check_signal(x: Array, samples: int) -> None:
    """Raise `InputError` unless `x` is a complex NumPy array (..., samples)."""
    if not is_numpy(x) or not is_complex(x) or x.shape[-1:] != (samples,):
        raise InputError(
            f"x: expected a complex NumPy array of {samples} samples, got "
            f"{getattr(x, 'dtype', type(x).__name__)} of shape {tuple(np.shape(x))}"
        )


def _check_samples(samples: object) -> None:
    if not isinstance(samples, int) or isinstance(samples, bool) or samples < 1:
        raise InputError(f"samples: must be a whole number from 1, got {samples!r}")


def check_threads(threads: object) -> None:
    """Raise `InputError` unless `threads` is a whole number from 1."""
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise InputError(f"threads: must be a whole number from 1, got {threads!r}")

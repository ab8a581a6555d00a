"""Sparse and low-rank Hankel decomposition by alternating directions, no matrix ever formed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.operators.hankel import Hankel
from clearchirp.operators.matched_chirps import MatchedChirps
from clearchirp.operators.stft import ShortTimeFourier
from clearchirp.settings import check_number
from clearchirp.solvers.chirp_search import chirp_rates
from clearchirp.solvers.separation import Split
from clearchirp.types import InputError

_TAU, _BETA, _MU = 0.8, 0.064, 0.008
"""Automatic settings: of 1 / sqrt(longer side), and of one over the level of the signal."""

_TAU_OF = {"none": _TAU, "stft": 0.4, "fractional": 0.9}
"""The same for the cells of each domain."""

_LEVEL = 0.64
"""Level of the signal of the paper's IV-B, for which the factors to begin with have unit 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HankelAdmm:
    """min 1/2 (||U||^2 + ||V||^2) + tau ||i||_1 with H(x) = U V^H and y = x + i.

    Parameters
    ----------
    tau
        Weight of the interference's modulus, above 0; None (default): 0.4 / sqrt(longer side of
        the Hankel matrix) in the short-time spectrum, 0.8 in the samples, 0.9 in fractional
        domains. The paper: 0.02 for 4160 samples.
    beta, mu
        Penalties on y = x + i and on H(x) = U V^H to begin with, above 0, in units of one over the
        samples'; None (default): 0.064 and 0.008 over the level of the signal, 1.5 times the lower
        quartile of |y|. The paper: 0.1 and 0.02 for samples of a level of 0.64.
    beta_growth, beta_every
        beta grows by this factor, from 1, once every so many iterations; 1.6 and 10, the paper's.
    mu_growth
        mu grows by this factor, from 1, in each iteration; 1.15 (the paper: 1.2).
    rank
        Columns of U and V, from 1; 10, the paper's.
    transform
        Where the interference is sparse: "none", in its samples; "stft", in its short-time
        spectrum, or "fractional", as a sum of parts in the fractional domains of the interferers'
        chirp rates, which hold for interference of any duration. None (default) is "none", as in
        the paper, where tau is given, and "stft" where it is automatic.
    seed
        Of the generator that draws U and V to begin with, complex normal of variance 2; where mu
        is automatic, times the root of the level over the paper's 0.64.

    Notes
    -----
    The multiplier Q of H(x) = U V^H is a matrix of the size of H(x). It is kept as
    Q = H(w) - sum_j mu_j U_j V_j^H with w = sum_j mu_j x_j, exactly: then
    (mu H(x) + Q) V = H(mu x + w) V - sum_j mu_j U_j (V_j^H V), one FFT product and two plain ones
    with all factors so far, and the update of x needs only the antidiagonal means of Q, a vector.
    Memory grows with the iterations by `rank` columns of each factor. Leaving out small columns
    breaks the convergence.

    In the short-time spectrum (a tight frame of Hann windows of 64 samples, a step of 8) the
    interference is updated by analysis, shrinkage and synthesis. That is the minimiser for a
    unitary transform and near it for the frame.

    A chirp of an interferer is a pulse in the fractional domain that its rate belongs to, be it
    short or long. The rates are found beforehand by how concentrated the domains are
    (`clearchirp.solvers.chirp_search`), up to six; the samples are one domain more, for what is no
    chirp, such as the slopes of the receiver's filter, and the only one where no chirp stands out.
    In each iteration the parts are shrunk one after the other.

    Source
    ------
    Wang 2022a, Algorithm 1: (24), (26), (28), (29), (21), (22) in this order; the transform is
    the extension that its conclusion names.

    Deviations
    ----------
    The pseudo-inverse in (24) is the mean over antidiagonals, not first column and last row. As in
    (24), samples are not weighted by how often they stand in the matrix, though the minimiser of
    (23) is; with the weights and the paper's settings nothing was separated.
    """

    tau: float | None = None
    beta: float | None = None
    mu: float | None = None
    beta_growth: float = 1.6
    beta_every: int = 10
    mu_growth: float = 1.15
    rank: int = 10
    transform: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("tau", "beta", "mu"):
            value = getattr(self, name)
            if value is not None:
                check_number(name, value)
                if value <= 0:
                    raise InputError(f"{name}: must be above 0, got {value!r}")
        if self.transform not in (None, *_TAU_OF):
            raise InputError(
                f"transform: must be one of {', '.join(_TAU_OF)}, got {self.transform!r}"
            )
        for name in ("beta_growth", "mu_growth"):
            value = getattr(self, name)
            check_number(name, value)
            if value < 1:
                raise InputError(f"{name}: must be 1 or more, got {value!r}")
        for name, least in (("beta_every", 1), ("rank", 1), ("seed", 0)):
            value = getattr(self, name)
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            if not whole or value < least:
                raise InputError(f"{name}: must be a whole number from {least}, got {value!r}")

    def start(self, lifting: Hankel, /) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return factors (rank, row) and (rank, column) to begin with, drawn by `seed`."""
        rng = np.random.default_rng(self.seed)
        right, left = (
            rng.standard_normal((self.rank, size)) + 1j * rng.standard_normal((self.rank, size))
            for size in (lifting.columns, lifting.samples - lifting.columns + 1)
        )
        return left, right

    def splits(
        self,
        lifting: Hankel,
        y: NDArray[Any],
        /,
        start: tuple[NDArray[Any], NDArray[Any]] | None = None,
    ) -> Iterator[Split]:
        """Yield the splits of a complex signal y (sample,), without end.

        `start` gives other factors to begin with than `start()`. A signal of zeros ends at once.
        """
        size = float(np.linalg.norm(y))
        if size == 0:
            yield Split(y, 0.0, interference=np.zeros_like(y))
            return
        level = 1.5 * float(np.quantile(np.abs(y), 0.25)) or size / len(y) ** 0.5
        tau, beta, mu = self._weights(lifting, level)
        left, right = self.start(lifting) if start is None else start
        if start is None and self.mu is None:
            # With automatic settings the samples' unit must not matter.
            left, right = (np.sqrt(level / _LEVEL) * factor for factor in (left, right))
        past = _Past()
        shrink = self._shrinkage(y)
        counts = lifting.counts
        left_hat, right_hat = lifting.transform(left), lifting.transform(right)
        product = lifting.adjoint_transformed(left_hat, right_hat) / counts
        interference, p, w, q = (np.zeros(lifting.samples, dtype=complex) for _ in range(4))
        number = 0
        while True:
            number += 1
            if number % self.beta_every == 0:
                beta *= self.beta_growth
            x = (beta * (y - interference) + p + mu * product - q) / (beta + mu)
            interference = shrink(y - x + p / beta, tau / beta)
            lifted = lifting.transform(mu * x + w)
            both = lifting.times_transformed(lifted, right_hat) - past.times(right)
            left = _ridge(mu, right, both)
            left_hat = lifting.transform(left)
            both = lifting.adjoint_times_transformed(lifted, left_hat) - past.adjoint_times(left)
            right = _ridge(mu, left, both)
            right_hat = lifting.transform(right)
            product = lifting.adjoint_transformed(left_hat, right_hat) / counts
            rest = y - x - interference
            p = p + beta * rest
            w = w + mu * x
            q = q + mu * (x - product)
            past.append(mu * left, right)
            mu *= self.mu_growth
            yield Split(x, float(np.linalg.norm(rest)) / size, interference=interference)

    @property
    def _domain(self) -> str:
        if self.transform is None:
            return "stft" if self.tau is None else "none"
        return self.transform

    def _shrinkage(self, y: NDArray[Any]) -> Callable[[NDArray[Any], float], NDArray[Any]]:
        if self._domain == "fractional":
            return _InChirps(y.size, chirp_rates(y))
        return _in_short_time(y.size) if self._domain == "stft" else _soft

    def _weights(self, lifting: Hankel, level: float) -> tuple[float, float, float]:
        """Return tau, beta and mu for a signal of a level."""
        longer = max(lifting.columns, lifting.samples - lifting.columns + 1)
        usual = _TAU_OF[self._domain]
        tau = usual / longer**0.5 if self.tau is None else self.tau
        beta = _BETA / level if self.beta is None else self.beta
        mu = _MU / level if self.mu is None else self.mu
        return tau, beta, mu


class _Past:
    """The low-rank terms that the multiplier has gathered, in blocks of some iterations."""

    def __init__(self, per_block: int = 16) -> None:
        self._per_block = per_block
        self._blocks: list[tuple[NDArray[Any], NDArray[Any]]] = []
        self._filled = 0

    def append(self, left: NDArray[Any], right: NDArray[Any]) -> None:
        rank = left.shape[0]
        if not self._blocks or self._filled == self._per_block * rank:
            lengths = (left.shape[1], right.shape[1])
            a, b = (np.empty((self._per_block * rank, n), dtype=complex) for n in lengths)
            self._blocks.append((a, b))
            self._filled = 0
        now = slice(self._filled, self._filled + rank)
        self._blocks[-1][0][now], self._blocks[-1][1][now] = left, right
        self._filled += rank

    def times(self, right: NDArray[Any]) -> Any:
        """Return the sum of the terms times the conjugate of `right`, (rank, row)."""
        return sum((right.conj() @ b.T) @ a for a, b in self._terms())

    def adjoint_times(self, left: NDArray[Any]) -> Any:
        """Return the transposed sum times the conjugate of `left`, (rank, column)."""
        return sum((left.conj() @ a.T) @ b for a, b in self._terms())

    def _terms(self) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for number, (a, b) in enumerate(self._blocks, start=1):
            used = self._filled if number == len(self._blocks) else a.shape[0]
            yield a[:used], b[:used]


def _ridge(mu: float, other: NDArray[Any], both: NDArray[Any]) -> NDArray[Any]:
    """Return both (I + mu other^H other)^-1, the update (28) or (29), held in rows."""
    return np.linalg.solve(np.eye(len(other)) + mu * (other.conj() @ other.T), both)


def _in_short_time(samples: int) -> Callable[[NDArray[Any], float], NDArray[Any]]:
    """Return the shrinkage of a signal's short-time spectrum, a tight frame."""
    length = min(64, 2 ** max(int(np.log2(max(samples // 4, 2))), 1))
    frame = ShortTimeFourier(samples=samples, length=length, hop=max(length // 8, 1))

    def shrink(x: NDArray[Any], threshold: float) -> NDArray[Any]:
        return frame.adjoint(_soft(frame.forward(x), threshold))

    return shrink


class _InChirps:
    """Shrinkage of the parts of a signal in fractional domains and in its samples.

    A sum of parts, each sparse in its own domain: one round of block-wise descent a call, from the
    parts of the call before.
    """

    def __init__(self, samples: int, rates: tuple[float, ...]) -> None:
        self._domains = MatchedChirps(samples=samples, rates=rates)
        self._parts = np.zeros((len(rates) + 1, samples), dtype=complex)

    def __call__(self, x: NDArray[Any], threshold: float) -> NDArray[Any]:
        total = self._parts.sum(axis=0)
        for k, part in enumerate(self._parts):
            rest = x - (total - part)
            if k == len(self._parts) - 1:
                new = _soft(rest, threshold)
            else:
                cells = _soft(self._domains.row(k, rest), threshold)
                new = self._domains.row_adjoint(k, cells)
            total += new - part
            self._parts[k] = new
        return total


def _soft(x: NDArray[Any], threshold: float) -> NDArray[Any]:
    """Return x with its modulus lowered by `threshold`, at most to zero, its phase kept."""
    modulus = np.abs(x)
    return x * (np.maximum(modulus - threshold, 0) / np.where(modulus > 0, modulus, 1))

"""From one value a map to one number with its uncertainty: mean, median, distribution.

A metric without anything to average over is NaN. Such values are left out, and every result says
how many they were.

The intervals are bootstrap intervals: the values are drawn anew with replacement, as many as there
are, and the spread of the statistic over these draws tells its uncertainty. That holds for
independent values: average the receivers of a frame first, since they see the same interference.

Of more than 2,000 values nothing is drawn: the intervals then have closed forms that a bootstrap
would only approach.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13, 14 and 22.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from clearchirp.types import InputError

# Draws at a time, so that the memory does not grow with the number of resamples.
_DRAWS = 2**20

LARGE = 2000
"""More values than these are not drawn anew: their intervals come in closed form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A statistic of the values of a metric.

    Attributes
    ----------
    value
        The statistic over the values that are known; NaN where none is.
    low, high
        Bounds of its confidence interval; NaN for fewer than two values or any infinite one.
    confidence
        The probability with which such an interval holds the true value.
    counted
        How many values there were.
    left_out
        How many others were NaN.
    """

    value: float
    low: float
    high: float
    confidence: float
    counted: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecdf:
    """An empirical cumulative distribution function, a staircase that rises at each value.

    Attributes
    ----------
    values
        The different values in rising order.
    shares
        The share of all values that are at most as great, up to 1.
    counted
        How many values there were, equal ones included.
    left_out
        How many others were NaN.
    """

    values: NDArray[np.float64]
    shares: NDArray[np.float64]
    counted: int
    left_out: int


def mean(
    values: ArrayLike, *, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Aggregate:
    """Return the mean with its BCa bootstrap interval.

    BCa corrects the percentiles of the resampled means for their bias and skewness; Efron and
    Tibshirani (14.9), (14.10), (14.14) and (14.15). For more than 2,000 values the interval is its
    analytic form ABC (their section 22.6), which for a mean is exact arithmetic: the quadratic and
    the bias terms vanish.

    Parameters
    ----------
    values
        Real numbers of any shape, one a map.
    confidence
        Between 0 and 1.
    resamples
        How often the values are drawn anew.
    seed
        The same seed and values give the same interval.

    Raises
    ------
    InputError
        For values that are not real numbers and settings out of range; so does `median`.

    Examples
    --------
    >>> result = mean([1.0, 2.0, 6.0, float("nan")])
    >>> result.value, result.counted, result.left_out
    (3.0, 3, 1)
    >>> 1 <= result.low < 3 < result.high <= 6
    True
    """
    known, left_out = _known(values)
    check_settings(confidence, resamples)
    if _too_few(known):
        return _aggregate(known, np.mean, (math.nan, math.nan), confidence, left_out)
    if known.size > LARGE:
        return _aggregate(known, np.mean, _abc_bounds(known, confidence), confidence, left_out)
    drawn = _resampled(known, np.mean, resamples, seed)
    shares = _bca_shares(drawn, known.mean(), _means_without_one(known), confidence)
    return _aggregate(known, np.mean, np.quantile(drawn, shares), confidence, left_out)


def mean_of_groups(
    groups: Sequence[ArrayLike],
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Aggregate:
    """Return the mean over groups of their means, every group counting alike.

    The values of each group are drawn anew among themselves; the interval has the percentiles of
    the mean of the groups' means (Efron and Tibshirani, chapter 13). Groups without a known value
    count as one that was left out.

    Parameters
    ----------
    groups
        Real numbers of any shape: the frames of one scene, say.
    confidence, resamples, seed
        As for `mean`, whose errors are raised too.

    Examples
    --------
    >>> mean_of_groups([[1.0, 2.0, 3.0], [6.0] * 50]).value
    4.0
    """
    check_settings(confidence, resamples)
    known = [values for values, _ in map(_known, groups) if values.size]
    left_out = sum(left for _, left in map(_known, groups)) + len(groups) - len(known)
    means = np.array([values.mean() for values in known])
    bounds: Any = (math.nan, math.nan)
    if known and not any(map(_too_few, known)):
        drawn = [
            _resampled(values, np.mean, resamples, seed + number)
            for number, values in enumerate(known)
        ]
        ends = [(1 - confidence) / 2, (1 + confidence) / 2]
        bounds = np.quantile(np.mean(drawn, axis=0), ends)
    return Aggregate(
        value=float(means.mean()) if known else math.nan,
        low=float(bounds[0]),
        high=float(bounds[1]),
        confidence=confidence,
        counted=sum(values.size for values in known),
        left_out=left_out,
    )


def median(
    values: ArrayLike, *, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Aggregate:
    """Return the median with its percentile bootstrap interval.

    The arguments are those of `mean`. The percentiles stay uncorrected, since BCa estimates the
    skewness by leaving out one value at a time, which fails for a median: it takes at most three
    different values then. For more than 2,000 values the bounds are the order statistics whose
    ranks are binomial percentiles, the interval that the percentile bootstrap approaches.

    Examples
    --------
    >>> median([1.0, 2.0, 6.0, float("nan")]).value
    2.0
    """
    known, left_out = _known(values)
    check_settings(confidence, resamples)
    if _too_few(known):
        return _aggregate(known, np.median, (math.nan, math.nan), confidence, left_out)
    if known.size > LARGE:
        bounds = _order_bounds(known, confidence)
        return _aggregate(known, np.median, bounds, confidence, left_out)
    drawn = _resampled(known, np.median, resamples, seed)
    bounds = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return _aggregate(known, np.median, bounds, confidence, left_out)


def ecdf(values: ArrayLike) -> Ecdf:
    """Return the empirical distribution of the values of a metric.

    Parameters
    ----------
    values
        Real numbers of any shape; infinite ones count, NaN is left out.

    Raises
    ------
    InputError
        For values that are not real numbers.

    Examples
    --------
    >>> steps = ecdf([2.0, 1.0, 2.0, 5.0])
    >>> steps.values.tolist(), steps.shares.tolist()
    ([1.0, 2.0, 5.0], [0.25, 0.75, 1.0])
    """
    known, left_out = _known(values)
    different, counts = np.unique(known, return_counts=True)
    shares = np.cumsum(counts) / max(known.size, 1)
    return Ecdf(values=different, shares=shares, counted=known.size, left_out=left_out)


def _known(values: ArrayLike) -> tuple[NDArray[np.float64], int]:
    try:
        array = np.asarray(values)
    except ValueError as error:  # lists of unequal length
        raise InputError(f"values: expected an array of real numbers; {error}") from None
    if array.dtype.kind not in "iuf":
        raise InputError(f"values: expected real numbers, got {array.dtype}")
    flat = array.astype(np.float64).ravel()
    known = flat[~np.isnan(flat)]
    return known, flat.size - known.size


def check_settings(confidence: float, resamples: int) -> None:
    """Raise `InputError` for settings out of range."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence: must be between 0 and 1, got {confidence!r}")
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < 1:
        raise InputError(f"resamples: must be a whole number from 1, got {resamples!r}")


def _too_few(known: NDArray[np.float64]) -> bool:
    """Tell whether the values have no interval: it would have no width, or no meaning."""
    return known.size < 2 or not bool(np.isfinite(known).all())


def _aggregate(
    known: NDArray[np.float64],
    statistic: Callable[[Any], Any],
    bounds: Any,
    confidence: float,
    left_out: int,
) -> Aggregate:
    with np.errstate(invalid="ignore"):  # of infinite values of both signs the mean is NaN
        value = float(statistic(known)) if known.size else math.nan
    return Aggregate(
        value=value,
        low=float(bounds[0]),
        high=float(bounds[1]),
        confidence=confidence,
        counted=known.size,
        left_out=left_out,
    )


def _resampled(
    known: NDArray[np.float64], statistic: Callable[..., Any], resamples: int, seed: int
) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    drawn = np.empty(resamples)
    rows = max(1, _DRAWS // known.size)
    for start in range(0, resamples, rows):
        stop = min(start + rows, resamples)
        chosen = rng.integers(0, known.size, (stop - start, known.size))
        drawn[start:stop] = statistic(known[chosen], axis=-1)
    return drawn


def _means_without_one(known: NDArray[np.float64]) -> NDArray[np.float64]:
    return (known.sum() - known) / (known.size - 1)


def _bca_shares(
    drawn: NDArray[np.float64], value: float, without_one: NDArray[np.float64], confidence: float
) -> NDArray[np.float64]:
    """Return which percentiles of the draws bound the interval."""
    below = (np.sum(drawn < value) + np.sum(drawn <= value)) / (2 * drawn.size)
    # Where all draws lie on one side the bias has no estimate; half a draw bounds it.
    bias = ndtri(np.clip(below, 0.5 / drawn.size, 1 - 0.5 / drawn.size))
    acceleration = _acceleration(without_one.mean() - without_one)
    normal = bias + _normal_bounds(confidence)
    return ndtr(bias + normal / (1 - acceleration * normal))


def _acceleration(influence: NDArray[np.float64]) -> float:
    spread = float(np.sum(influence**2))
    return float(np.sum(influence**3)) / (6 * spread**1.5) if spread > 0 else 0.0


def _normal_bounds(confidence: float) -> NDArray[np.float64]:
    return ndtri(np.array([(1 - confidence) / 2, (1 + confidence) / 2]))


def _abc_bounds(known: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    """Return the ABC interval of the mean, whose bias correction equals its acceleration."""
    away = known - known.mean()
    acceleration = _acceleration(away)
    normal = acceleration + _normal_bounds(confidence)
    spread = math.sqrt(float(np.mean(away**2)) / known.size)
    return known.mean() + spread * normal / (1 - acceleration * normal) ** 2


def _order_bounds(known: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    low = int(binom.ppf((1 - confidence) / 2, known.size, 0.5)) - 1
    low, high = max(low, 0), min(known.size - 1 - low, known.size - 1)
    return np.partition(known, [low, high])[[low, high]]

"""Methods ranked by a metric, as far as the frames that all of them cleaned carry it.

Methods are compared frame by frame on the same frames, so that what makes a frame hard for all of
them cancels. The intervals of all differences hold at once: the largest standardised error over all
pairs of methods is bootstrapped over frames and its quantile widens every interval (the maximum of
the t statistics, which takes the place of Bonferroni's or Holm's correction and knows how alike the
methods are). The correction covers the pairs of one metric, not several metrics.

A method gets a range of places and not a place: the first is one more than the number of methods
that are better than it, the last leaves as many below as are worse. With the given confidence all
true places lie in their ranges.

Sources: Romano and Wolf, "Exact and approximate stepdown methods for multiple hypothesis testing",
JASA 2005 (maximum of t over a bootstrap); Mogstad, Romano, Shaikh and Wilhelm, "Inference for ranks
with applications to mobility across neighbourhoods and academic achievement across countries",
Review of Economic Studies 2024 (places from differences); Hesterberg, "What teachers should know
about the bootstrap", The American Statistician 2015 (intervals expanded from normal to Student);
Chernozhukov, Chetverikov and Kato, "Gaussian approximations and multiplier bootstrap for maxima of
sums", Annals of Statistics 2013 (many frames).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtrit

from clearchirp.metrics import aggregate
from clearchirp.metrics.aggregate import Aggregate
from clearchirp.types import InputError

Floats = NDArray[np.float64]

# Relative to the values: a difference below this is one of rounding.
_ROUNDING = 1e-9
# Numbers held at a time.
_BLOCK = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much two methods differ, over the frames where both are known.

    Attributes
    ----------
    first, second
        The methods.
    value
        Mean of the metric of the first less that of the second; NaN without a common frame.
    low, high
        Bounds of its interval; the intervals of all pairs hold at once. NaN where the two differ on
        too few frames to tell (`rank`) or by an infinite value.
    frames
        On how many frames both are known.
    left_out
        How many others there are.
    ahead
        The better one, or None where the interval holds 0 or is not known.
    """

    first: str
    second: str
    value: float
    low: float
    high: float
    frames: int
    left_out: int
    ahead: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a method stands.

    Attributes
    ----------
    method
        Its name.
    mean, median
        Over the frames where it is known, each with an interval of its own.
    first, last
        Best and worst place that the differences leave open, from 1; equal where it is certain.
    ties
        The methods that it cannot be told from.
    """

    method: str
    mean: Aggregate
    median: Aggregate
    first: int
    last: int
    ties: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Methods in the order of their places, and the differences that carry it.

    Attributes
    ----------
    places
        One a method; those that cannot be told apart stand by their means, those without any value
        last.
    differences
        One a pair.
    higher_is_better
        The direction of the metric.
    confidence
        Of all intervals of differences together.
    frames
        How many frames there are, known or not.
    """

    places: tuple[Place, ...]
    differences: tuple[Difference, ...]
    higher_is_better: bool
    confidence: float
    frames: int


def rank(
    values: Mapping[str, ArrayLike],
    *,
    higher_is_better: bool,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Ranking:
    """Rank methods by the mean of a metric over frames.

    Parameters
    ----------
    values
        Method -> one real number a frame, the same frames in the same order for each; NaN where
        the metric had nothing to work on. Average the receivers of a frame first.
    higher_is_better
        Whether a greater value is the better one.
    confidence
        Between 0 and 1; of the single intervals, and of all differences together.
    resamples
        How often the frames are drawn anew.
    seed
        The same seed and values give the same ranking.

    Raises
    ------
    InputError
        For no methods, values that are not real numbers or not as many for each, and settings out
        of range.

    Notes
    -----
    Two methods are told apart only where they differ on enough frames that a sign test could tell
    them apart, corrected for the number of pairs: 6 frames for two methods, 13 for fifteen, at 95
    %. The Student factor has as many degrees of freedom as frames on which the two differ, less
    one: equal frames say nothing about which is better.

    In simulation with five equal methods 10 % of all rankings tell two of them apart where 10 % are
    allowed (60 frames and more), 12 % over 25 frames.

    With more than 2,000 frames the largest error is drawn from the normal distribution with the
    covariance of the differences instead, block by block, so that memory does not grow with them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frame = rng.normal(size=200)  # frames differ more than methods do
    >>> alike, good = frame + 0.1 * rng.normal(size=(2, 200)), frame + 1
    >>> ranking = rank({"a": alike[0], "b": alike[1], "c": good}, higher_is_better=True)
    >>> [(place.method, place.first, place.last) for place in ranking.places]
    [('c', 1, 1), ('b', 2, 3), ('a', 2, 3)]
    """
    names = [str(name) for name in values]
    aggregate.check_settings(confidence, resamples)
    table = _aligned(values)
    settings = {"confidence": confidence, "resamples": resamples, "seed": seed}
    means = {n: aggregate.mean(table[:, i], **settings) for i, n in enumerate(names)}
    medians = {n: aggregate.median(table[:, i], **settings) for i, n in enumerate(names)}
    differences = _differences(table, names, higher_is_better, confidence, resamples, seed)
    better = dict.fromkeys(names, 0)
    worse = dict.fromkeys(names, 0)
    ties: dict[str, list[str]] = {name: [] for name in names}
    for pair in differences:
        if pair.ahead is None:
            ties[pair.first].append(pair.second)
            ties[pair.second].append(pair.first)
        else:
            worse[pair.ahead] += 1
            better[pair.second if pair.ahead == pair.first else pair.first] += 1
    places = [
        Place(
            method=name,
            mean=means[name],
            median=medians[name],
            first=1 + better[name],
            last=len(names) - worse[name],
            ties=tuple(ties[name]),
        )
        for name in names
    ]
    return Ranking(
        places=tuple(sorted(places, key=lambda place: _order(place, higher_is_better))),
        differences=tuple(differences),
        higher_is_better=higher_is_better,
        confidence=confidence,
        frames=len(table),
    )


def _order(place: Place, higher_is_better: bool) -> tuple[bool, int, float]:
    """Sort by the middle of the places, then by the mean; methods without a mean come last."""
    value = place.mean.value
    unknown = math.isnan(value)
    signed = 0.0 if unknown else -value if higher_is_better else value
    return unknown, place.first + place.last, signed


def _aligned(values: Mapping[str, ArrayLike]) -> Floats:
    """Return the values as (frame, method)."""
    if not values:
        raise InputError("values: no method is given")
    columns = []
    for name, given in values.items():
        column = np.asarray(given)
        if column.ndim != 1 or column.dtype.kind not in "iuf":
            raise InputError(
                f"values[{name!r}]: expected one real number a frame, got {column.dtype} of shape "
                f"{column.shape}"
            )
        columns.append(column.astype(np.float64))
        if len(column) != len(columns[0]):
            raise InputError(
                f"values[{name!r}]: has {len(column)} frames, the first has {len(columns[0])}; all "
                "methods must have cleaned the same frames"
            )
    return np.stack(columns, axis=1)


class _Moments(NamedTuple):
    """Of the differences of each pair, over the frames where both are known."""

    known: Floats
    differing: Floats
    mean: Floats
    variance: Floats
    products: Floats
    """Sums over frames of the centred differences of each two pairs, (pair, pair)."""


def _differences(
    table: Floats,
    names: list[str],
    higher_is_better: bool,
    confidence: float,
    resamples: int,
    seed: int,
) -> list[Difference]:
    pairs = list(combinations(range(len(names)), 2))
    if not pairs:
        return []
    moments = _moments(table, pairs)
    least = 1 + math.ceil(math.log2(len(pairs) / (1 - confidence)))
    told = (moments.differing >= least) & np.isfinite(moments.mean) & np.isfinite(moments.variance)
    spread = np.where(told, np.sqrt(moments.variance / np.maximum(moments.known, 1)), 0.0)
    rng = np.random.default_rng(seed)
    if len(table) > aggregate.LARGE:
        errors = _normal_errors(moments, spread, resamples, rng)
    else:
        errors = _drawn_errors(table, pairs, moments, spread, resamples, rng)
    widest = float(np.quantile(errors, confidence)) if told.any() else 0.0
    reach = spread * _student(widest, moments)
    low = np.where(told, moments.mean - reach, math.nan)
    high = np.where(told, moments.mean + reach, math.nan)
    found = []
    for index, (i, j) in enumerate(pairs):
        above, below = low[index] > 0, high[index] < 0
        first_ahead = above if higher_is_better else below
        found.append(
            Difference(
                first=names[i],
                second=names[j],
                value=float(moments.mean[index]),
                low=float(low[index]),
                high=float(high[index]),
                frames=int(moments.known[index]),
                left_out=len(table) - int(moments.known[index]),
                ahead=(names[i] if first_ahead else names[j]) if above or below else None,
            )
        )
    return found


def _student(normal: float, moments: _Moments) -> Floats:
    """Return the Student quantiles at the tail of a normal one, one a pair."""
    freedom = np.maximum(moments.differing - 1, 1)
    expanded = -stdtrit(freedom, ndtr(-normal))
    return expanded * np.sqrt(moments.known / np.maximum(moments.known - 1, 1))


def _pair_differences(rows: Floats, pairs: list[tuple[int, int]]) -> tuple[Floats, NDArray]:
    """Return the differences (frame, pair), 0 where unknown, and where both are known."""
    first, second = (rows[:, list(side)] for side in zip(*pairs, strict=True))
    known = ~(np.isnan(first) | np.isnan(second))
    with np.errstate(invalid="ignore"):  # of two infinite values the difference is NaN
        difference = np.where(first == second, 0.0, first - second)
        rounding = np.abs(difference) <= _ROUNDING * np.maximum(np.abs(first), np.abs(second))
    finite = np.isfinite(difference)
    return np.where(known & ~(rounding & finite), difference, 0.0), known


def _moments(table: Floats, pairs: list[tuple[int, int]]) -> _Moments:
    step = max(1, _BLOCK // len(pairs))
    blocks = [slice(start, start + step) for start in range(0, len(table), step)]
    count, differing, total = np.zeros((3, len(pairs)))
    with np.errstate(invalid="ignore", divide="ignore"):
        for block in blocks:
            difference, known = _pair_differences(table[block], pairs)
            count += known.sum(axis=0)
            differing += (difference != 0).sum(axis=0)
            total += difference.sum(axis=0)
        mean = total / count
        products = np.zeros((len(pairs), len(pairs)))
        for block in blocks:
            difference, known = _pair_differences(table[block], pairs)
            centred = np.where(known, difference - mean, 0.0)
            products += centred.T @ centred
        variance = np.diagonal(products) / count
    return _Moments(count, differing, mean, variance, products)


def _drawn_errors(
    table: Floats,
    pairs: list[tuple[int, int]],
    moments: _Moments,
    spread: Floats,
    resamples: int,
    rng: np.random.Generator,
) -> Floats:
    """Return the largest standardised error of the means of each of so many draws of frames."""
    frames = len(table)
    use = spread > 0
    largest = np.zeros(resamples)
    if not use.any():
        return largest
    difference, known = _pair_differences(table, [p for p, u in zip(pairs, use, strict=True) if u])
    centred = np.where(known, difference - moments.mean[use], 0.0)
    rows = max(1, _BLOCK // frames)
    for start in range(0, resamples, rows):
        stop = min(start + rows, resamples)
        chosen = rng.integers(0, frames, (stop - start, frames))
        chosen += frames * np.arange(stop - start)[:, None]
        times = np.bincount(chosen.ravel(), minlength=(stop - start) * frames)
        weights = times.reshape(stop - start, frames).astype(np.float64)
        counted = np.full((stop - start, 1), frames) if known.all() else weights @ known
        errors = weights @ centred / np.maximum(counted, 1) / spread[use]
        largest[start:stop] = np.abs(errors).max(axis=1)
    return largest


def _normal_errors(
    moments: _Moments, spread: Floats, resamples: int, rng: np.random.Generator
) -> Floats:
    """Return what `_drawn_errors` approaches with many frames."""
    use = spread > 0
    if not use.any():
        return np.zeros(resamples)
    scale = moments.known[use] * spread[use]
    correlation = moments.products[np.ix_(use, use)] / np.outer(scale, scale)
    weights, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(weights, 0))
    return np.abs(rng.normal(size=(resamples, int(use.sum()))) @ root.T).max(axis=1)

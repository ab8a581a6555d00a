"""The change points of the envelope detector against an exhaustive search."""

from __future__ import annotations

import numpy as np
import pytest

from clearchirp.disturbed.envelope import _change_points, _refine
from tests.oracles.change_points import best_partition


def found(power, penalty, grid=1):
    blocks = -(-power.size // grid)
    edge = np.minimum(np.arange(blocks + 1) * grid, power.size)
    total = np.concatenate([[0.0], np.cumsum(power)])
    last = np.zeros(blocks + 1, np.int64)
    _change_points(
        total, edge, penalty, np.empty(blocks + 1), last, edge.copy(), np.empty(blocks + 1)
    )
    points, block = [power.size], int(last[blocks])
    while block > 0:
        points.append(int(edge[block]))
        block = int(last[block])
    points = np.array([*points, 0])
    _refine(total, grid, points, len(points) - 1)
    return points[:-1][::-1].tolist()


def chirp(seed, *bursts, samples=120):
    rng = np.random.default_rng(seed)
    level = np.ones(samples)
    for start, stop, power in bursts:
        level[start:stop] = power
    return level * rng.exponential(size=samples)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("penalty", [2.0, 8.0, 15.0])
def test_the_partition_is_the_best_there_is(seed, penalty):
    power = chirp(seed, (30, 50, 40.0), (80, 84, 100.0))
    assert found(power, penalty) == best_partition(power, penalty)


@pytest.mark.parametrize("grid", [2, 4, 7])
def test_a_coarse_search_finds_the_same_strong_bursts(grid):
    power = chirp(3, (30, 52, 400.0), (81, 95, 900.0))
    assert found(power, 15.0, grid) == best_partition(power, 15.0)

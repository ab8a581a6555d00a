"""Separable complex convolutions: a vector an axis, one after the other, plane by plane.

What lies between two axes is a plane with zeros around, laid out as one long row as in
`convolution_kernels.padded_planes`; it stays in the cache. Nothing of the size of a map is kept
between the axes: the backward pass makes the planes again.
"""

from __future__ import annotations

import numba
import numpy as np

from clearchirp.neural.convolution_kernels import (
    OPTIONS,
    TILE,
    across_rows,
    by_steps,
    correlate,
    join,
    padded_planes,
    turn,
)


@numba.njit(**OPTIONS)
def _across_planes(planes, place, u, v, out):
    """Write the plane at `place` of planes (a, length) convolved along the first axis."""
    first, second = np.empty(TILE, out.dtype), np.empty(TILE, out.dtype)
    for start in range(0, out.size, TILE):
        stop = min(start + TILE, out.size)
        one, two = first[: stop - start], second[: stop - start]
        across_rows(one, two, planes, place, start, stop, u, v)
        join(one, two, out[start:stop])


@numba.njit(**OPTIONS)
def _along_plane(plane, step, u, v, out):
    """Write a plane convolved by shifts of `step` floats a tap."""
    first, second = np.empty(TILE, out.dtype), np.empty(TILE, out.dtype)
    for start in range(0, out.size, TILE):
        stop = min(start + TILE, out.size)
        one, two = first[: stop - start], second[: stop - start]
        by_steps(one, two, plane[start:], step, u, v, True)
        join(one, two, out[start:stop])


@numba.njit(**OPTIONS)
def _add_along_plane(plane, step, u, v, first, second, fresh):
    """Add to the two sums of a whole plane what `_along_plane` would join and write."""
    for start in range(0, first.size, TILE):
        stop = min(start + TILE, first.size)
        by_steps(first[start:stop], second[start:stop], plane[start:], step, u, v, fresh)


@numba.njit(**OPTIONS)
def convolve_maps(x, weights, begin, end, out):
    """Convolve the planes from `begin` to `end` of maps.

    x (in, a, d, 2 * r), weights six arrays (out, in, tap), real and imaginary part for each axis in
    turn, out (out, a, d, 2 * r), overwritten.
    """
    ua, va, ud, vd, ur, vr = weights
    targets, _, rows, size = out.shape
    sources, across, taps = x.shape[0], ud.shape[2], ur.shape[2]
    padded = padded_planes(x, across, taps)
    wide = size + 2 * (taps - 1)
    one = np.empty(padded.shape[2], x.dtype)
    two = np.empty(rows * wide + 2 * (taps - 1), x.dtype)
    first, second = np.empty(rows * wide, x.dtype), np.empty(rows * wide, x.dtype)
    joined = np.empty(rows * wide, x.dtype)
    for a in range(begin, end):
        for t in range(targets):
            for s in range(sources):
                _across_planes(padded[s], a, ua[t, s], va[t, s], one)
                _along_plane(one, wide, ud[t, s], vd[t, s], two)
                _add_along_plane(two, 2, ur[t, s], vr[t, s], first, second, s == 0)
            join(first, second, joined)
            for d in range(rows):
                out[t, a, d] = joined[d * wide : d * wide + size]


@numba.njit(**OPTIONS)
def _weights_by_steps(plane, g, h, step, u, v):
    """Add the gradient of the weights of `_along_plane`; h is -j times g."""
    for start in range(0, g.size, TILE):
        stop = min(start + TILE, g.size)
        for k in range(u.size):
            begin = start + k * step
            row = plane[begin : begin + stop - start]
            real, imag = correlate(g[start:stop], h[start:stop], row)
            u[k] += real
            v[k] += imag


@numba.njit(**OPTIONS)
def _weights_across(planes, place, g, h, u, v):
    """Add the gradient of the weights of `_across_planes`."""
    shift = place - u.size // 2
    for start in range(0, g.size, TILE):
        stop = min(start + TILE, g.size)
        for k in range(max(0, -shift), min(u.size, planes.shape[0] - shift)):
            row = planes[shift + k, start:stop]
            real, imag = correlate(g[start:stop], h[start:stop], row)
            u[k] += real
            v[k] += imag


@numba.njit(**OPTIONS)
def gradients(x, g, weights, sums, to_x, wanted):
    """Add the gradients of `convolve_maps` for maps x (in, ...) and a gradient g (out, ...).

    sums are six doubles like the weights; to_x, floats like x, is left alone unless wanted.
    """
    ua, va, ud, vd, ur, vr = weights
    targets, planes, rows, size = g.shape
    sources, across, taps = x.shape[0], ud.shape[2], ur.shape[2]
    padded = padded_planes(x, across, taps)
    wide = size + 2 * (taps - 1)
    length, before, over = padded.shape[2], (across - 1) * wide, 2 * (taps - 1)
    one = np.empty(length, x.dtype)
    two = np.empty(rows * wide + over, x.dtype)
    # Gradients of what the three names without `to_` hold, with zeros to reach into.
    to_out = np.zeros(rows * wide + 2 * over, x.dtype)
    to_two = np.zeros(length + before, x.dtype)
    to_one = np.empty((planes if wanted else 1, length), x.dtype)
    h = np.empty(length, x.dtype)
    back = np.empty(length, x.dtype)
    inner = to_out[over : over + rows * wide]
    middle = to_two[before : before + two.size]
    for t in range(targets):
        for s in range(sources):
            for a in range(planes):
                _across_planes(padded[s], a, ua[t, s], va[t, s], one)
                _along_plane(one, wide, ud[t, s], vd[t, s], two)
                for d in range(rows):
                    inner[d * wide : d * wide + size] = g[t, a, d]
                turn(inner, h[: inner.size])
                _weights_by_steps(two, inner, h[: inner.size], 2, sums[4][t, s], sums[5][t, s])
                _along_plane(to_out, 2, ur[t, s, ::-1].copy(), -vr[t, s, ::-1], middle)
                turn(middle, h[: middle.size])
                _weights_by_steps(one, middle, h[: middle.size], wide, sums[2][t, s], sums[3][t, s])
                outer = to_one[a if wanted else 0]
                _along_plane(to_two, wide, ud[t, s, ::-1].copy(), -vd[t, s, ::-1], outer)
                turn(outer, h)
                _weights_across(padded[s], a, outer, h, sums[0][t, s], sums[1][t, s])
            if wanted:
                for a in range(planes):
                    _across_planes(to_one, a, ua[t, s, ::-1].copy(), -va[t, s, ::-1], back)
                    for d in range(rows):
                        start = (d + across // 2) * wide + 2 * (taps // 2)
                        to_x[s, a, d] += back[start : start + size]

"""Moments of complex channels and widely linear maps of them, by one pass each on a processor."""

from __future__ import annotations

import numba

from clearchirp.neural.convolution_kernels import OPTIONS, TILE


@numba.njit(**OPTIONS)
def moments(x, sums):
    """Add the sums of re, im, re^2, re*im, im^2 of floats (re, im, re, im ...) to doubles (5,)."""
    for start in range(0, x.size, TILE):
        stop = min(start + TILE, x.size)
        r = i = rr = ri = ii = x.dtype.type(0)
        for n in range(start, stop, 2):
            a, b = x[n], x[n + 1]
            r += a
            i += b
            rr += a * a
            ri += a * b
            ii += b * b
        sums[0] += r
        sums[1] += i
        sums[2] += rr
        sums[3] += ri
        sums[4] += ii


@numba.njit(**OPTIONS)
def apply(x, matrix, offset, out):
    """Write matrix (2, 2) times (re, im) plus offset (2,)."""
    a, b, c, d = matrix[0, 0], matrix[0, 1], matrix[1, 0], matrix[1, 1]
    e, f = offset[0], offset[1]
    for n in range(0, x.size, 2):
        r, i = x[n], x[n + 1]
        out[n] = a * r + b * i + e
        out[n + 1] = c * r + d * i + f


@numba.njit(**OPTIONS)
def gradient(x, g, sums):
    """Add the sums of g_re re, g_re im, g_im re, g_im im, g_re, g_im to doubles (6,)."""
    for start in range(0, x.size, TILE):
        stop = min(start + TILE, x.size)
        rr = ri = ir = ii = r = i = x.dtype.type(0)
        for n in range(start, stop, 2):
            a, b, p, q = x[n], x[n + 1], g[n], g[n + 1]
            rr += p * a
            ri += p * b
            ir += q * a
            ii += q * b
            r += p
            i += q
        sums[0] += rr
        sums[1] += ri
        sums[2] += ir
        sums[3] += ii
        sums[4] += r
        sums[5] += i

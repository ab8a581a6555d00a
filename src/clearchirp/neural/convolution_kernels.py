"""Complex convolutions on a processor: real multiply-adds along contiguous rows.

A complex row is read as floats, real and imaginary parts in turn. With weights u + jv the sums over
all taps of u times the row and of v times the row are kept apart; both are plain real sums, and one
pass at the end joins them to (first) + j (second). So a tap costs two multiply-adds a float, reads
its row once and never shuffles parts.

Maps lie as floats: ``(channel, angle, doppler, 2 * range)``, complex numbers as NumPy and torch
store them. Sums of gradients over a tile are kept in their precision, over tiles in double.
"""

from __future__ import annotations

import numba
import numpy as np

# Sums may be reordered, so that they run in vector registers; NaN and Inf keep their meaning.
_FAST = {"contract", "reassoc", "nsz", "arcp"}
TILE = 1024
_HALF = np.uint64(32)
_LOW_SIGN, _HIGH_SIGN = np.uint64(1 << 31), np.uint64(1 << 63)
OPTIONS = {"cache": True, "nogil": True, "fastmath": _FAST, "error_model": "numpy"}


@numba.njit(**OPTIONS)
def _add_one(first, second, row, u, v):
    for n in range(first.size):
        value = row[n]
        first[n] += u * value
        second[n] += v * value


@numba.njit(**OPTIONS)
def _add_three(first, second, a, b, c, u, v):
    u0, u1, u2 = u[0], u[1], u[2]
    v0, v1, v2 = v[0], v[1], v[2]
    for n in range(first.size):
        x, y, z = a[n], b[n], c[n]
        first[n] += u0 * x + u1 * y + u2 * z
        second[n] += v0 * x + v1 * y + v2 * z


@numba.njit(**OPTIONS)
def _add_nine(first, second, line, wide, u, v):
    """Add the nine taps of a square in a plane at once: two sums are read and written once."""
    size = first.size
    a, b, c = line[:size], line[2 : 2 + size], line[4 : 4 + size]
    d, e, f = line[wide : wide + size], line[wide + 2 :][:size], line[wide + 4 :][:size]
    g, h, i = line[2 * wide :][:size], line[2 * wide + 2 :][:size], line[2 * wide + 4 :][:size]
    u0, u1, u2, u3, u4, u5, u6, u7, u8 = (
        u[0, 0],
        u[0, 1],
        u[0, 2],
        u[1, 0],
        u[1, 1],
        u[1, 2],
        u[2, 0],
        u[2, 1],
        u[2, 2],
    )
    v0, v1, v2, v3, v4, v5, v6, v7, v8 = (
        v[0, 0],
        v[0, 1],
        v[0, 2],
        v[1, 0],
        v[1, 1],
        v[1, 2],
        v[2, 0],
        v[2, 1],
        v[2, 2],
    )
    for n in range(size):
        p, q, r, s, t, w, x, y, z = a[n], b[n], c[n], d[n], e[n], f[n], g[n], h[n], i[n]
        first[n] += u0 * p + u1 * q + u2 * r + u3 * s + u4 * t + u5 * w + u6 * x + u7 * y + u8 * z
        second[n] += v0 * p + v1 * q + v2 * r + v3 * s + v4 * t + v5 * w + v6 * x + v7 * y + v8 * z


@numba.njit(**OPTIONS)
def _set_one(first, second, row, u, v):
    for n in range(first.size):
        value = row[n]
        first[n] = u * value
        second[n] = v * value


@numba.njit(**OPTIONS)
def _set_three(first, second, a, b, c, u, v):
    u0, u1, u2 = u[0], u[1], u[2]
    v0, v1, v2 = v[0], v[1], v[2]
    for n in range(first.size):
        x, y, z = a[n], b[n], c[n]
        first[n] = u0 * x + u1 * y + u2 * z
        second[n] = v0 * x + v1 * y + v2 * z


@numba.njit(**OPTIONS)
def join(first, second, out):
    """Write first + j second; what `second` holds afterwards is of no use."""
    if second.itemsize == 4:
        # Swap the parts and turn the sign of one, as bits: a loop over pairs would not be vectors.
        pairs = second.view(np.uint64)
        for n in range(pairs.size):
            bits = pairs[n]
            pairs[n] = ((bits << _HALF) | (bits >> _HALF)) ^ _LOW_SIGN
        for n in range(out.size):
            out[n] = first[n] + second[n]
    else:
        for n in range(0, out.size, 2):
            out[n] = first[n] - second[n + 1]
            out[n + 1] = first[n + 1] + second[n]


@numba.njit(**OPTIONS)
def by_steps(first, second, row, step, u, v, fresh):
    """Add a row that every tap shifts by one more step; in place of what there is if fresh."""
    taps, size, k = u.size, first.size, 0
    if fresh and taps >= 3:
        a, b, c = row[:size], row[step : step + size], row[2 * step : 2 * step + size]
        _set_three(first, second, a, b, c, u[:3], v[:3])
        k = 3
    elif fresh:
        _set_one(first, second, row[:size], u[0], v[0])
        k = 1
    while k + 3 <= taps:
        a = row[k * step : k * step + size]
        b = row[(k + 1) * step : (k + 1) * step + size]
        c = row[(k + 2) * step : (k + 2) * step + size]
        _add_three(first, second, a, b, c, u[k : k + 3], v[k : k + 3])
        k += 3
    while k < taps:
        _add_one(first, second, row[k * step : k * step + size], u[k], v[k])
        k += 1


@numba.njit(**OPTIONS)
def across_rows(first, second, rows, place, start, stop, u, v):
    """Write the sum of tiles of neighbouring rows, those that there are of the taps at `place`."""
    taps = u.size
    shift = place - taps // 2
    k, last = max(0, -shift), min(taps, rows.shape[0] - shift)
    if k + 3 <= last:
        a = rows[shift + k, start:stop]
        b = rows[shift + k + 1, start:stop]
        c = rows[shift + k + 2, start:stop]
        _set_three(first, second, a, b, c, u[k : k + 3], v[k : k + 3])
        k += 3
    else:
        _set_one(first, second, rows[shift + k, start:stop], u[k], v[k])
        k += 1
    while k + 3 <= last:
        a = rows[shift + k, start:stop]
        b = rows[shift + k + 1, start:stop]
        c = rows[shift + k + 2, start:stop]
        _add_three(first, second, a, b, c, u[k : k + 3], v[k : k + 3])
        k += 3
    while k < last:
        _add_one(first, second, rows[shift + k, start:stop], u[k], v[k])
        k += 1


@numba.njit(**OPTIONS)
def turn(row, out):
    """Write -j times a row."""
    if row.itemsize == 4:
        pairs, turned = row.view(np.uint64), out.view(np.uint64)
        for n in range(pairs.size):
            bits = pairs[n]
            turned[n] = ((bits << _HALF) | (bits >> _HALF)) ^ _HIGH_SIGN
    else:
        for n in range(0, row.size, 2):
            out[n] = row[n + 1]
            out[n + 1] = -row[n]


@numba.njit(**OPTIONS)
def correlate(g, h, row):
    """Return the sums of g and of h times a row."""
    one = two = g.dtype.type(0)
    for n in range(g.size):
        one += g[n] * row[n]
        two += h[n] * row[n]
    return one, two


@numba.njit(**OPTIONS)
def padded_planes(x, across, taps):
    """Return the planes with zeros around, each as one long row with a few zeros to spare."""
    channels, planes, rows, size = x.shape
    wide = size + 2 * (taps - 1)
    flat = np.zeros((channels, planes, (rows + across) * wide), x.dtype)
    for c in range(channels):
        for a in range(planes):
            for d in range(rows):
                start = (d + across // 2) * wide + 2 * (taps // 2)
                flat[c, a, start : start + size] = x[c, a, d]
    return flat


@numba.njit(**OPTIONS)
def convolve_maps(x, u, v, begin, end, out):
    """Convolve over three axes with every kernel, the planes from `begin` to `end`.

    x (in, a, d, 2 * r), u and v (out, in, tap, tap, tap), out (out, a, d, 2 * r), overwritten.
    In a plane with zeros around, laid out as one long row, every tap is one shift of that row.
    """
    targets, planes, rows, size = out.shape
    sources, above, across, taps = x.shape[0], u.shape[2], u.shape[3], u.shape[4]
    padded = padded_planes(x, across, taps)
    wide = size + 2 * (taps - 1)
    length = rows * wide
    first, second = np.empty(TILE, x.dtype), np.empty(TILE, x.dtype)
    joined = np.empty(length, x.dtype)
    for a in range(begin, end):
        for t in range(targets):
            for start in range(0, length, TILE):
                stop = min(start + TILE, length)
                one, two = first[: stop - start], second[: stop - start]
                one[:] = 0
                two[:] = 0
                for s in range(sources):
                    for i in range(above):
                        plane = a + i - above // 2
                        if not 0 <= plane < planes:
                            continue
                        line = padded[s, plane, start:]
                        if across == 3 and taps == 3:
                            _add_nine(one, two, line, wide, u[t, s, i], v[t, s, i])
                            continue
                        for j in range(across):
                            row = line[j * wide :]
                            by_steps(one, two, row, 2, u[t, s, i, j], v[t, s, i, j], False)
                join(one, two, joined[start:stop])
            for d in range(rows):
                out[t, a, d] = joined[d * wide : d * wide + size]


@numba.njit(**OPTIONS)
def weights_of_maps(x, g, u, v):
    """Add the gradient of the weights of `convolve_maps` to the doubles u and v."""
    targets, planes, rows, size = g.shape
    sources, above, across, taps = x.shape[0], u.shape[2], u.shape[3], u.shape[4]
    padded = padded_planes(x, across, taps)
    wide = size + 2 * (taps - 1)
    length = rows * wide
    flat = np.zeros(length, x.dtype)
    turned = np.empty(length, x.dtype)
    for a in range(planes):
        for t in range(targets):
            for d in range(rows):
                flat[d * wide : d * wide + size] = g[t, a, d]
            turn(flat, turned)
            for start in range(0, length, TILE):
                stop = min(start + TILE, length)
                one, two = flat[start:stop], turned[start:stop]
                for s in range(sources):
                    for i in range(above):
                        plane = a + i - above // 2
                        if 0 <= plane < planes:
                            for j in range(across):
                                for k in range(taps):
                                    begin = start + j * wide + 2 * k
                                    line = padded[s, plane, begin : begin + stop - start]
                                    real, imag = correlate(one, two, line)
                                    u[t, s, i, j, k] += real
                                    v[t, s, i, j, k] += imag

"""Complex convolutions on a processor: real multiply-adds along contiguous rows.

A complex row is read as floats, real and imaginary parts in turn. With weights u + jv the sums over
all taps of u times the row and of v times the row are kept apart; both are plain real sums, and one
pass at the end joins them to (first) + j (second). So a tap costs two multiply-adds a float, reads
its row once and never shuffles parts.

Rows and maps lie as floats: ``(channel, ..., 2 * range)``, complex numbers as NumPy and torch store
them. Sums of gradients over a row are kept in single precision, over rows in double.
"""

from __future__ import annotations

import numba
import numpy as np

# Sums may be reordered, so that they run in vector registers; NaN and Inf keep their meaning.
FAST = {"contract", "reassoc", "nsz", "arcp"}
_TILE = 1024
_options = {"cache": True, "nogil": True, "fastmath": FAST, "error_model": "numpy"}


@numba.njit(**_options)
def _add_one(first, second, row, u, v):
    for n in range(first.size):
        value = row[n]
        first[n] += u * value
        second[n] += v * value


@numba.njit(**_options)
def _add_three(first, second, a, b, c, u, v):
    u0, u1, u2 = u[0], u[1], u[2]
    v0, v1, v2 = v[0], v[1], v[2]
    for n in range(first.size):
        x, y, z = a[n], b[n], c[n]
        first[n] += u0 * x + u1 * y + u2 * z
        second[n] += v0 * x + v1 * y + v2 * z


@numba.njit(**_options)
def _join(first, second, out):
    for n in range(0, out.size, 2):
        out[n] = first[n] - second[n + 1]
        out[n + 1] = first[n + 1] + second[n]


@numba.njit(**_options)
def _along_row(first, second, row, u, v):
    """Add a padded row convolved along itself with all taps."""
    taps, size, k = u.size, first.size, 0
    while k + 3 <= taps:
        a = row[2 * k : 2 * k + size]
        b = row[2 * k + 2 : 2 * k + 2 + size]
        c = row[2 * k + 4 : 2 * k + 4 + size]
        _add_three(first, second, a, b, c, u[k : k + 3], v[k : k + 3])
        k += 3
    while k < taps:
        _add_one(first, second, row[2 * k : 2 * k + size], u[k], v[k])
        k += 1


@numba.njit(**_options)
def _across_rows(first, second, rows, place, start, stop, u, v):
    """Add tiles of neighbouring rows, those that there are of the taps around `place`."""
    taps = u.size
    shift = place - taps // 2
    k, last = max(0, -shift), min(taps, rows.shape[0] - shift)
    while k + 3 <= last:
        a = rows[shift + k, start:stop]
        b = rows[shift + k + 1, start:stop]
        c = rows[shift + k + 2, start:stop]
        _add_three(first, second, a, b, c, u[k : k + 3], v[k : k + 3])
        k += 3
    while k < last:
        _add_one(first, second, rows[shift + k, start:stop], u[k], v[k])
        k += 1


@numba.njit(**_options)
def convolve_along_rows(x, source, u, v, out):
    """Convolve the rows of the source channels and add them up: one target channel of a map.

    Parameters
    ----------
    x
        (channel, row, 2 * length) floats.
    source
        Which channels go into the target.
    u, v
        Real and imaginary part of the weights, (source, tap), as a correlation has them.
    out
        (row, 2 * length) floats, overwritten.
    """
    rows, size = out.shape
    before = 2 * (u.shape[1] // 2)
    padded = np.zeros(size + 2 * (u.shape[1] - 1), x.dtype)
    first, second = np.empty(size, x.dtype), np.empty(size, x.dtype)
    for row in range(rows):
        first[:] = 0
        second[:] = 0
        for s in range(source.size):
            padded[before : before + size] = x[source[s], row]
            _along_row(first, second, padded, u[s], v[s])
        _join(first, second, out[row])


@numba.njit(**_options)
def convolve_across_rows(x, source, u, v, out):
    """Convolve along the axis before the rows; x (channel, outer, axis, row), out likewise."""
    outer, cells, size = out.shape
    first, second = np.empty(_TILE, x.dtype), np.empty(_TILE, x.dtype)
    for o in range(outer):
        for start in range(0, size, _TILE):
            stop = min(start + _TILE, size)
            for place in range(cells):
                one, two = first[: stop - start], second[: stop - start]
                one[:] = 0
                two[:] = 0
                for s in range(source.size):
                    _across_rows(one, two, x[source[s], o], place, start, stop, u[s], v[s])
                _join(one, two, out[o, place, start:stop])


@numba.njit(**_options)
def _turned(row, out):
    """Write -j times a row."""
    for n in range(0, row.size, 2):
        out[n] = row[n + 1]
        out[n + 1] = -row[n]


@numba.njit(**_options)
def _correlate(g, h, row):
    one = two = g.dtype.type(0)
    for n in range(g.size):
        one += g[n] * row[n]
        two += h[n] * row[n]
    return one, two


@numba.njit(**_options)
def weights_along_rows(x, g, u, v):
    """Add the gradient of the weights of `convolve_along_rows` for one source and target.

    x and g are (row, 2 * length), u and v (tap,) doubles that are added to.
    """
    rows, size = g.shape
    taps = u.size
    before = 2 * (taps // 2)
    padded = np.zeros(size + 2 * (taps - 1), x.dtype)
    h = np.empty(size, x.dtype)
    for row in range(rows):
        padded[before : before + size] = x[row]
        _turned(g[row], h)
        for k in range(taps):
            one, two = _correlate(g[row], h, padded[2 * k : 2 * k + size])
            u[k] += one
            v[k] += two


@numba.njit(**_options)
def weights_across_rows(x, g, u, v):
    """Add the gradient of the weights of `convolve_across_rows`; x, g (outer, axis, row)."""
    outer, cells, size = g.shape
    taps = u.size
    h = np.empty(_TILE, x.dtype)
    for o in range(outer):
        for start in range(0, size, _TILE):
            stop = min(start + _TILE, size)
            for place in range(cells):
                shift = place - taps // 2
                part = g[o, place, start:stop]
                turned = h[: stop - start]
                _turned(part, turned)
                for k in range(max(0, -shift), min(taps, cells - shift)):
                    one, two = _correlate(part, turned, x[o, shift + k, start:stop])
                    u[k] += one
                    v[k] += two


@numba.njit(**_options)
def _padded_planes(x, across, taps):
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


@numba.njit(**_options)
def convolve_maps(x, u, v, out):
    """Convolve over three axes with every kernel.

    x (in, a, d, 2 * r), u and v (out, in, tap, tap, tap), out (out, a, d, 2 * r), overwritten.
    In a plane with zeros around, laid out as one long row, every tap is one shift of that row.
    """
    targets, planes, rows, size = out.shape
    sources, above, across, taps = x.shape[0], u.shape[2], u.shape[3], u.shape[4]
    padded = _padded_planes(x, across, taps)
    wide = size + 2 * (taps - 1)
    length = rows * wide
    first, second = np.empty(_TILE, x.dtype), np.empty(_TILE, x.dtype)
    joined = np.empty(length, x.dtype)
    for a in range(planes):
        for t in range(targets):
            for start in range(0, length, _TILE):
                stop = min(start + _TILE, length)
                one, two = first[: stop - start], second[: stop - start]
                one[:] = 0
                two[:] = 0
                for s in range(sources):
                    for i in range(above):
                        plane = a + i - above // 2
                        if 0 <= plane < planes:
                            for j in range(across):
                                line = padded[s, plane, start + j * wide :]
                                _along_row(one, two, line, u[t, s, i, j], v[t, s, i, j])
                _join(one, two, joined[start:stop])
            for d in range(rows):
                out[t, a, d] = joined[d * wide : d * wide + size]


@numba.njit(**_options)
def weights_of_maps(x, g, u, v):
    """Add the gradient of the weights of `convolve_maps` to the doubles u and v."""
    targets, planes, rows, size = g.shape
    sources, above, across, taps = x.shape[0], u.shape[2], u.shape[3], u.shape[4]
    padded = _padded_planes(x, across, taps)
    wide = size + 2 * (taps - 1)
    length = rows * wide
    flat = np.zeros(length, x.dtype)
    turned = np.empty(length, x.dtype)
    for a in range(planes):
        for t in range(targets):
            for d in range(rows):
                flat[d * wide : d * wide + size] = g[t, a, d]
            _turned(flat, turned)
            for start in range(0, length, _TILE):
                stop = min(start + _TILE, length)
                one, two = flat[start:stop], turned[start:stop]
                for s in range(sources):
                    for i in range(above):
                        plane = a + i - above // 2
                        if 0 <= plane < planes:
                            for j in range(across):
                                for k in range(taps):
                                    begin = start + j * wide + 2 * k
                                    line = padded[s, plane, begin : begin + stop - start]
                                    real, imag = _correlate(one, two, line)
                                    u[t, s, i, j, k] += real
                                    v[t, s, i, j, k] += imag

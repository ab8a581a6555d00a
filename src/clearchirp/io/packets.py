"""Kernels that walk packet captures: records, then UDP packets of the DCA1000, then their words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

DATA_PORT = 4098
HEADER = 10
"""Bytes before the samples: uint32 sequence, 48-bit byte count, both little-endian."""


@njit(cache=True, nogil=True)
def _number(data: Any, at: int, size: int, big: bool) -> Any:
    value = 0
    for k in range(size):
        value |= np.int64(data[at + k]) << (8 * (size - 1 - k if big else k))
    return value


@njit(cache=True, nogil=True)
def _grown(rows: Any) -> Any:
    more = np.empty((2 * rows.shape[0], rows.shape[1]), np.int64)
    more[: rows.shape[0]] = rows
    return more


@njit(cache=True, nogil=True)
def classic_records(data: Any, big: bool) -> Any:
    """Return (offset, length, link type) of each record of a pcap, and the bytes after the last."""
    link = _number(data, 20, 4, big) & 0xFFFF
    rows = np.empty((1024, 3), np.int64)
    count, at = 0, 24
    while at + 16 <= data.size:
        length = _number(data, at + 8, 4, big)
        if at + 16 + length > data.size:
            break
        if count == rows.shape[0]:
            rows = _grown(rows)
        rows[count, 0], rows[count, 1], rows[count, 2] = at + 16, length, link
        count += 1
        at += 16 + length
    return rows[:count], data.size - at


@njit(cache=True, nogil=True)
def pcapng_records(data: Any) -> Any:
    """Return (offset, length, link type) of each packet of a pcapng, and the bytes left over."""
    rows = np.empty((1024, 3), np.int64)
    links = np.zeros(256, np.int64)
    interfaces, count, at, big = 0, 0, 0, False
    while at + 12 <= data.size:
        if _number(data, at, 4, False) == 0x0A0D0D0A:
            big = _number(data, at + 8, 4, True) == 0x1A2B3C4D
            interfaces = 0
        kind, size = _number(data, at, 4, big), _number(data, at + 4, 4, big)
        if size < 12 or at + size > data.size:
            break
        if kind == 1 and interfaces < links.size:
            links[interfaces] = _number(data, at + 8, 2, big)
            interfaces += 1
        if kind in (3, 6):
            if count == rows.shape[0]:
                rows = _grown(rows)
            if kind == 6 and size >= 32:
                interface = _number(data, at + 8, 4, big)
                length = min(_number(data, at + 20, 4, big), size - 32)
                rows[count, 0], rows[count, 1] = at + 28, length
            else:
                interface = 0
                rows[count, 0] = at + 12
                rows[count, 1] = max(0, min(_number(data, at + 8, 4, big), size - 16))
            rows[count, 2] = links[interface] if interface < interfaces else -1
            count += 1
        at += (size + 3) // 4 * 4
    return rows[:count], max(0, data.size - at)


@njit(cache=True, nogil=True)
def data_packets(data: Any, records: Any) -> Any:
    """Return (sequence, byte count, offset, length) of the samples of each DCA1000 data packet."""
    rows = np.empty((records.shape[0], 4), np.int64)
    count = 0
    for k in range(records.shape[0]):
        at, end, link = records[k, 0], records[k, 0] + records[k, 1], records[k, 2]
        if link == 1:  # Ethernet, with or without a VLAN tag
            at += 12
            while at + 2 <= end and _number(data, at, 2, True) == 0x8100:
                at += 4
            internet = at + 2 <= end and _number(data, at, 2, True) == 0x0800
            at += 2
        elif link == 113:  # Linux "cooked" capture
            internet = at + 16 <= end and _number(data, at + 14, 2, True) == 0x0800
            at += 16
        else:
            internet = link in (101, 228)
        if not internet or at + 28 > end or data[at] >> 4 != 4 or data[at + 9] != 17:
            continue
        if _number(data, at + 6, 2, True) & 0x3FFF:
            continue  # a fragment has no UDP header of its own, or not all of its data
        udp = at + 4 * np.int64(data[at] & 15)
        if udp + 8 + HEADER > end or _number(data, udp + 2, 2, True) != DATA_PORT:
            continue
        length = min(_number(data, udp + 4, 2, True) - 8, end - udp - 8) - HEADER
        if length <= 0:
            continue
        rows[count, 0] = _number(data, udp + 8, 4, False)
        rows[count, 1] = _number(data, udp + 12, 6, False)
        rows[count, 2], rows[count, 3] = udp + 8 + HEADER, length
        count += 1
    return rows[:count]


@njit(cache=True, nogil=True)
def gather(data: Any, packets: Any, first: int, target: Any) -> None:
    """Copy what lies in the stream from byte `first` on into `target`, each packet to its place."""
    for k in range(packets.shape[0]):
        place = packets[k, 1] - first
        low, high = max(0, -place), min(packets[k, 3], target.size - place)
        source = packets[k, 2]
        if low < high:
            target[place + low : place + high] = data[source + low : source + high]


@njit(cache=True, nogil=True)
def word_sums(data: Any, packets: Any) -> Any:
    """Return words, zeros, least, greatest, sum and sum of squares of the int16 in the packets."""
    words, zeros, total, squares, least, greatest = 0, 0, 0, 0.0, 32767, -32768
    for k in range(packets.shape[0]):
        for at in range(packets[k, 2], packets[k, 2] + packets[k, 3] - 1, 2):
            word = np.int64(data[at]) | np.int64(data[at + 1]) << 8
            if word >= 32768:
                word -= 65536
            words += 1
            zeros += word == 0
            total += word
            squares += float(word) * float(word)
            least, greatest = min(least, word), max(greatest, word)
    return words, zeros, least, greatest, total, squares

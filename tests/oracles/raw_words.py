"""Raw recordings written word by word from the vendors' descriptions, as slowly as they read."""

from __future__ import annotations

import struct

import numpy as np


def paired(beat):
    """DCA1000, 2 lanes, complex: per chirp and receiver I0 I1 Q0 Q1 I2 I3 Q2 Q3 ..."""
    words = []
    frames, receivers, chirps, samples = beat.shape
    for f in range(frames):
        for c in range(chirps):
            for r in range(receivers):
                for n in range(0, samples, 2):
                    first, second = beat[f, r, c, n], beat[f, r, c, n + 1]
                    words += [first.real, second.real, first.imag, second.imag]
    return pack(words, "<h")


def planar(beat):
    """DCA1000, 4 lanes, complex: per sample I of every receiver, then Q of every receiver."""
    words = []
    frames, receivers, chirps, samples = beat.shape
    for f in range(frames):
        for c in range(chirps):
            for n in range(samples):
                words += [beat[f, r, c, n].real for r in range(receivers)]
                words += [beat[f, r, c, n].imag for r in range(receivers)]
    return pack(words, "<h")


def interleaved(beat):
    """TSW1400, complex: per sample I and Q of each receiver in turn, offset binary."""
    words = []
    frames, receivers, chirps, samples = beat.shape
    for f in range(frames):
        for c in range(chirps):
            for n in range(samples):
                for r in range(receivers):
                    words += [beat[f, r, c, n].real + 32768, beat[f, r, c, n].imag + 32768]
    return pack(words, "<H")


def rows(beat):
    """DCA1000, 2 lanes, real: per chirp and receiver its samples."""
    frames, receivers, chirps, samples = beat.shape
    return pack(
        [
            beat[f, r, c, n]
            for f in range(frames)
            for c in range(chirps)
            for r in range(receivers)
            for n in range(samples)
        ],
        "<h",
    )


def columns(beat):
    """DCA1000, 4 lanes, real: per sample every receiver."""
    frames, receivers, chirps, samples = beat.shape
    return pack(
        [
            beat[f, r, c, n]
            for f in range(frames)
            for c in range(chirps)
            for n in range(samples)
            for r in range(receivers)
        ],
        "<h",
    )


LAYOUTS = {
    "paired": paired,
    "planar": planar,
    "interleaved": interleaved,
    "rows": rows,
    "columns": columns,
}


def pack(words, kind):
    return b"".join(struct.pack(kind, int(word)) for word in words)


def counts(shape, seed=0, real=False):
    """Integers over the whole range of a 16-bit ADC."""
    rng = np.random.default_rng(seed)
    i = rng.integers(-32768, 32768, shape)
    return i.astype(float) if real else i + 1j * rng.integers(-32768, 32768, shape)


def targets(shape, *, seed=0, sign=1):
    """Counts of a scene of five still targets at `sign` times positive frequencies, and noise."""
    rng = np.random.default_rng(seed)
    frames, receivers, chirps, samples = shape
    n = np.arange(samples)
    beat = rng.normal(0, 3, shape) + 1j * rng.normal(0, 3, shape)
    for r in range(receivers):
        for k in range(5):
            phase = 2j * np.pi * (sign * (0.07 + 0.06 * k) * n + rng.random())
            beat[:, r] += 400 / (k + 1) * np.exp(phase)
    del frames, chirps
    return np.round(beat.real) + 1j * np.round(beat.imag)


def ethernet(payload, port=4098, *, vlan=False):
    """A UDP datagram in IPv4 in an Ethernet frame; checksums are left at zero."""
    udp = struct.pack(">HHHH", 4098, port, 8 + len(payload), 0) + payload
    ip = struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0, b"a" * 4, b"b" * 4
    )
    tag = b"\x81\x00\x00\x05" if vlan else b""
    return b"\x01" * 12 + tag + b"\x08\x00" + ip + udp


def datagrams(stream, size=1456):
    """The stream cut into DCA1000 datagrams: sequence from 1, byte count, samples."""
    packets = []
    for k, start in enumerate(range(0, len(stream), size)):
        count = struct.pack("<Q", start)[:6]
        packets.append(struct.pack("<I", k + 1) + count + stream[start : start + size])
    return packets


def pcap(frames, *, order="<", nanoseconds=False):
    """A classic packet capture of Ethernet frames."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    for k, frame in enumerate(frames):
        data += struct.pack(order + "IIII", 1, k, len(frame), len(frame)) + frame
    return data


def pcapng(frames, *, order="<"):
    """A pcapng of one section and one interface."""

    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        size = 12 + len(body)
        return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)

    data = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    data += block(1, struct.pack(order + "HHI", 1, 0, 65535))
    for k, frame in enumerate(frames):
        header = struct.pack(order + "IIIII", 0, 0, k, len(frame), len(frame))
        data += block(6, header + frame)
    return data

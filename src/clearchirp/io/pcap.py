"""The DCA1000's UDP stream in a packet capture, classic pcap or pcapng.

A data packet goes to port 4098 and carries a uint32 sequence number (from 1), the 48-bit number of
bytes sent before it, and up to 1456 bytes of samples. Samples are placed by the byte count, so that
reordering and duplicates do no harm and a lost packet leaves zeros.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.io.capture import Capture
from clearchirp.io.dca1000 import LAYOUTS
from clearchirp.io.options import Options, reading
from clearchirp.io.raw import Words, frame_bytes, require_setup
from clearchirp.types import InputError

MAGICS = {
    b"\xd4\xc3\xb2\xa1": False,
    b"\x4d\x3c\xb2\xa1": False,
    b"\xa1\xb2\xc3\xd4": True,
    b"\xa1\xb2\x3c\x4d": True,
}
"""First bytes of a classic pcap, and whether its numbers are big-endian."""
PCAPNG = b"\x0a\x0d\x0d\x0a"

_TAIL = 10
"""Packets that may be missing at the end of the last frame for it to be filled up with zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PcapFacts:
    """What a packet capture holds, known without the radar's waveform.

    Attributes
    ----------
    packets
        Data packets, each counted once.
    other_packets
        All other packets of the capture: configuration, other traffic, fragments.
    duplicates
        Data packets that came again.
    lost_packets
        Sequence numbers from 1 to the highest that never came.
    lost_bytes
        Bytes of the stream from 0 to its end that never came.
    out_of_order
        Packets that came after one with a higher sequence number.
    payload_bytes
        Bytes of samples that came, each counted once.
    minimum, maximum, mean, rms, zero_share
        Of the int16 words that came; `zero_share` is the share of those that are 0.
    """

    packets: int
    other_packets: int
    duplicates: int
    lost_packets: int
    lost_bytes: int
    out_of_order: int
    payload_bytes: int
    minimum: int
    maximum: int
    mean: float
    rms: float
    zero_share: float


@dataclass(frozen=True, slots=True)
class _Stream:
    """An index of a capture: its packets sorted by byte count, each once."""

    data: NDArray[np.uint8]
    packets: NDArray[np.int64]
    others: int
    duplicates: int
    out_of_order: int
    left_over: int
    restarts: int

    @property
    def end(self) -> int:
        return int((self.packets[:, 1] + self.packets[:, 3]).max())

    @property
    def lost_packets(self) -> int:
        return int(self.packets[:, 0].max()) - len(self.packets)

    @property
    def received_bytes(self) -> int:
        starts = self.packets[:, 1]
        ends = np.maximum.accumulate(starts + self.packets[:, 3])
        covered = np.maximum(starts, np.concatenate(([0], ends[:-1])))
        return int(np.maximum(ends - covered, 0).sum())


def pcap_facts(path: str | Path) -> PcapFacts:
    """Count the DCA1000 packets of a capture, and their words; no waveform is needed.

    Parameters
    ----------
    path
        A pcap or pcapng file.

    Raises
    ------
    InputError
        For a file that is no packet capture or holds no data packet.
    """
    path = Path(path).expanduser()
    with reading(path, "a packet capture"):
        from clearchirp.io.packets import word_sums

        stream = _index(path)
        words, zeros, least, greatest, total, squares = word_sums(stream.data, stream.packets)
        received = stream.received_bytes
        return PcapFacts(
            packets=len(stream.packets),
            other_packets=stream.others,
            duplicates=stream.duplicates,
            lost_packets=stream.lost_packets,
            lost_bytes=stream.end - received,
            out_of_order=stream.out_of_order,
            payload_bytes=received,
            minimum=int(least) if words else 0,
            maximum=int(greatest) if words else 0,
            mean=total / words if words else math.nan,
            rms=math.sqrt(squares / words) if words else math.nan,
            zero_share=zeros / words if words else math.nan,
        )


def read_pcap(path: Path, options: Options) -> Capture:
    """Open a packet capture as a recording; see `open_capture`."""
    with reading(path, "a packet capture"):
        setup, receivers = require_setup(path, options)
        frame = frame_bytes(setup, receivers)
        stream = _index(path)
        _require_one_recording(path, stream)
        notes = _notes(stream)
        origin = int(stream.packets[0, 1]) // frame * frame
        if origin:
            notes.append(
                f"The capture starts at byte {int(stream.packets[0, 1])} of the stream: the "
                f"{origin // frame} whole frames before it are left out."
            )
        size = stream.end - origin
        missing = -size % frame
        longest = int(stream.packets[:, 3].max())
        if missing and missing <= min(_TAIL * longest, frame // 2):
            notes.append(f"The last frame lacks its last {missing} bytes, which are set to zero.")
            size += missing
        words = Words(
            path=path,
            format="pcap",
            load=_PlacedWords(stream.data, stream.packets, origin),
            size=size,
            layouts=LAYOUTS,
            notes=tuple(notes),
        )
        return words.capture(options)


def _notes(stream: _Stream) -> list[str]:
    lost = stream.end - stream.received_bytes
    notes = [
        f"{len(stream.packets)} data packets, {stream.lost_packets} lost ({lost} bytes, set to "
        f"zero), {stream.out_of_order} out of order, {stream.duplicates} duplicates, "
        f"{stream.others} other packets."
    ]
    if stream.left_over:
        notes.append(
            f"The file ends within a packet: its last {stream.left_over} bytes are left out."
        )
    return notes


def _require_one_recording(path: Path, stream: _Stream) -> None:
    if stream.restarts:
        raise InputError(
            f"{path}: the sequence starts again {stream.restarts} times: these are several "
            "recordings in one file; split it, one recording a file"
        )
    lost = stream.end - stream.received_bytes
    first = int(stream.packets[0, 1])
    if lost - first > 10 * stream.received_bytes + 2**20:
        raise InputError(
            f"{path}: {stream.received_bytes} of {stream.end - first} bytes came, too few to be "
            "one recording; record it again"
        )


@dataclass(frozen=True, slots=True)
class _PlacedWords:
    """Loads words of the stream by place; what never came is zero."""

    data: NDArray[np.uint8]
    packets: NDArray[np.int64]
    origin: int

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        from clearchirp.io.packets import gather

        first, last = self.origin + 2 * start, self.origin + 2 * stop
        target = np.zeros(last - first, np.uint8)
        # A datagram has fewer than 2^16 bytes: no packet before this one reaches `first`.
        low, high = np.searchsorted(self.packets[:, 1], [first - 2**16, last])
        gather(self.data, self.packets[low:high], first, target)
        return target.view("<i2")


def _index(path: Path) -> _Stream:
    from clearchirp.io import packets

    if path.stat().st_size < 24:
        raise InputError(f"{path}: is too short for a packet capture")
    data = np.memmap(path, np.uint8, "r")
    magic = data[:4].tobytes()
    if magic == PCAPNG:
        records, left_over = packets.pcapng_records(data)
    elif magic in MAGICS:
        records, left_over = packets.classic_records(data, MAGICS[magic])
    else:
        raise InputError(f"{path}: is no packet capture, its first bytes are {magic.hex(' ')}")
    found = packets.data_packets(data, records)
    if not len(found):
        raise InputError(
            f"{path}: has {len(records)} packets, none of them DCA1000 data (UDP to port "
            f"{packets.DATA_PORT}); record the data port too"
        )
    sequence = found[:, 0]
    before = np.maximum.accumulate(np.concatenate(([0], sequence[:-1])))
    # After 64 later packets, number 1 is no straggler: the DCA1000 was started again.
    restarts = int(np.count_nonzero((sequence == 1) & (before > 64)))
    _, kept = np.unique(sequence, return_index=True)
    late = np.zeros(len(found), bool)
    late[kept] = sequence[kept] < before[kept]
    once = found[kept]
    return _Stream(
        data=data,
        packets=once[np.argsort(once[:, 1], kind="stable")],
        others=len(records) - len(found),
        duplicates=len(found) - len(once),
        out_of_order=int(late.sum()),
        left_over=int(left_over),
        restarts=restarts,
    )

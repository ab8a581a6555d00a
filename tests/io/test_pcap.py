"""Packet captures built byte by byte: loss, reordering, duplicates, both byte orders."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from clearchirp.io import RadarSetup, open_capture, pcap_facts
from clearchirp.io.capture import unknown_waveform
from clearchirp.types import InputError
from tests.oracles import raw_words

SHAPE = (3, 4, 8, 64)
SETUP = RadarSetup(waveform=unknown_waveform(64, 8), receivers=4, lanes=2, iq_order="iq")


@pytest.fixture(scope="module")
def beat():
    return raw_words.targets(SHAPE)


@pytest.fixture(scope="module")
def packets(beat):
    return raw_words.datagrams(raw_words.paired(beat))


def write(path, packets, build=raw_words.pcap, **how):
    frames = [raw_words.ethernet(p) for p in packets]
    frames.insert(0, raw_words.ethernet(b"configuration", 4096))
    path.write_bytes(build(frames, **how))
    return path


@pytest.mark.parametrize(
    ("build", "how"),
    [
        (raw_words.pcap, {"order": "<"}),
        (raw_words.pcap, {"order": ">"}),
        (raw_words.pcap, {"order": "<", "nanoseconds": True}),
        (raw_words.pcap, {"order": ">", "nanoseconds": True}),
        (raw_words.pcapng, {"order": "<"}),
        (raw_words.pcapng, {"order": ">"}),
    ],
)
def test_every_kind_of_capture(tmp_path, beat, packets, build, how):
    path = write(tmp_path / "a.pcap", packets, build, **how)
    capture = open_capture(path, waveform=SETUP)
    assert capture.format == "pcap"
    np.testing.assert_array_equal(capture.beat, beat)
    np.testing.assert_array_equal(capture.read(2, 3), beat[2:])
    facts = pcap_facts(path)
    assert facts.packets == len(packets)
    assert facts.other_packets == 1
    words = np.frombuffer(raw_words.paired(beat), "<i2").astype(float)
    assert (facts.minimum, facts.maximum) == (words.min(), words.max())
    assert facts.mean == pytest.approx(words.mean())
    assert facts.rms == pytest.approx(np.sqrt(np.mean(words**2)))
    assert facts.zero_share == pytest.approx(np.mean(words == 0))


def test_a_lost_packet_leaves_zeros(tmp_path, beat, packets):
    path = write(tmp_path / "a.pcap", packets[:5] + packets[6:])
    stream = bytearray(raw_words.paired(beat))
    stream[5 * 1456 : 6 * 1456] = bytes(1456)
    bare = tmp_path / "bare.bin"
    bare.write_bytes(bytes(stream))
    expected = open_capture(bare, format="dca1000", waveform=SETUP).beat
    capture = open_capture(path, waveform=SETUP)
    np.testing.assert_array_equal(capture.beat, expected)
    assert "1 lost (1456 bytes" in capture.notes[0]
    facts = pcap_facts(path)
    assert (facts.lost_packets, facts.lost_bytes) == (1, 1456)


def test_order_and_duplicates_do_no_harm(tmp_path, beat, packets):
    mixed = packets.copy()
    mixed[3], mixed[7] = mixed[7], mixed[3]
    mixed.insert(9, packets[2])
    path = write(tmp_path / "a.pcap", mixed)
    np.testing.assert_array_equal(open_capture(path, waveform=SETUP).beat, beat)
    facts = pcap_facts(path)
    # Number 8 came in place 4: those at 5, 6, 7 and number 4 came after it.
    assert facts.out_of_order == 4
    assert facts.duplicates == 1
    assert facts.packets == len(packets)
    assert facts.lost_packets == 0


def test_a_lost_tail_is_filled_and_told(tmp_path, beat, packets):
    path = write(tmp_path / "a.pcap", packets[:-1])
    capture = open_capture(path, waveform=SETUP)
    assert len(capture) == 3
    np.testing.assert_array_equal(capture.read(0, 2), beat[:2])
    assert any("lacks its last" in note for note in capture.notes)


def test_a_late_start_keeps_whole_frames(tmp_path, beat, packets):
    frame = SHAPE[1] * SHAPE[2] * SHAPE[3] * 4
    first = frame // 1456 + 1  # the first frame is lost, and some bytes of the second
    path = write(tmp_path / "a.pcap", packets[first:])
    capture = open_capture(path, waveform=SETUP)
    assert len(capture) == 2
    np.testing.assert_array_equal(capture.read(1), beat[2:])
    assert any("left out" in note for note in capture.notes)


def test_vlan_tags_fragments_and_rubbish(tmp_path, beat, packets):
    frames = [raw_words.ethernet(p, vlan=True) for p in packets]
    fragment = bytearray(raw_words.ethernet(packets[0]))
    fragment[20:22] = b"\x20\x00"
    frames += [bytes(fragment), b"", b"\x01" * 20, raw_words.ethernet(b"short")]
    path = tmp_path / "a.pcap"
    path.write_bytes(raw_words.pcap(frames))
    np.testing.assert_array_equal(open_capture(path, waveform=SETUP).beat, beat)
    assert pcap_facts(path).other_packets == 4


def test_a_capture_cut_within_a_packet(tmp_path, beat, packets):
    path = write(tmp_path / "a.pcap", packets)
    path.write_bytes(path.read_bytes()[:-100])
    capture = open_capture(path, waveform=SETUP)
    np.testing.assert_array_equal(capture.read(0, 2), beat[:2])
    assert any("ends within a packet" in note for note in capture.notes)


def test_what_is_wrong_is_told(tmp_path, packets):
    path = write(tmp_path / "a.pcap", packets)
    with pytest.raises(InputError, match="waveform"):
        open_capture(path)
    with pytest.raises(InputError, match="receivers"):
        open_capture(path, waveform=SETUP.waveform)
    with pytest.raises(InputError, match="whole frames"):
        open_capture(path, waveform=SETUP, receivers=5)
    none = tmp_path / "none.pcap"
    none.write_bytes(raw_words.pcap([raw_words.ethernet(packets[0], 4097)]))
    with pytest.raises(InputError, match="none of them DCA1000 data"):
        pcap_facts(none)


def test_two_recordings_in_one_capture(tmp_path):
    beat = raw_words.targets((20, 4, 8, 64))
    packets = raw_words.datagrams(raw_words.paired(beat))
    assert len(packets) > 65
    path = write(tmp_path / "a.pcap", packets + packets)
    with pytest.raises(InputError, match="several recordings"):
        open_capture(path, waveform=SETUP)


def test_a_wild_byte_count_is_no_recording(tmp_path, packets):
    wild = struct.pack("<I", 99) + b"\xff" * 6 + bytes(1456)
    path = write(tmp_path / "a.pcap", [*packets, wild])
    with pytest.raises(InputError, match="too few"):
        open_capture(path, waveform=SETUP)

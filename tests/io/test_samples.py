"""Layouts of ADC words against files written word by word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearchirp.io import RadarSetup, open_capture, write_dca1000
from clearchirp.io.capture import unknown_waveform
from clearchirp.io.samples import decode, encode
from clearchirp.types import InputError
from tests.oracles import raw_words

sizes = st.tuples(
    st.integers(1, 3), st.integers(1, 5), st.integers(1, 4), st.integers(1, 6).map(lambda n: 2 * n)
)


@settings(max_examples=40, deadline=None)
@given(sizes, st.sampled_from(sorted(raw_words.LAYOUTS)), st.booleans(), st.booleans())
def test_decode_inverts_the_slow_writer(shape, layout, q_first, conjugate):
    real = layout in ("rows", "columns")
    beat = raw_words.counts(shape, sum(shape), real)
    kind = "<u2" if layout == "interleaved" else "<i2"
    words = np.frombuffer(raw_words.LAYOUTS[layout](beat), kind)
    got = decode(words, shape, layout, q_first=q_first, conjugate=conjugate)
    if not real and q_first:
        beat = beat.imag + 1j * beat.real
    if not real and conjugate:
        beat = beat.conj()
    assert got.dtype == (np.float32 if real else np.complex64)
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, beat)


@settings(max_examples=20, deadline=None)
@given(sizes, st.sampled_from(sorted(raw_words.LAYOUTS)))
def test_encode_writes_what_the_slow_writer_does(shape, layout):
    beat = raw_words.counts(shape, sum(shape), layout in ("rows", "columns"))
    words = np.frombuffer(raw_words.LAYOUTS[layout](beat), "<i2")
    if layout == "interleaved":
        words = words ^ np.int16(-32768)  # offset binary to two's complement
    np.testing.assert_array_equal(encode(beat, layout), words)


@pytest.mark.parametrize("lanes", [2, 4])
@pytest.mark.parametrize("real", [False, True])
def test_a_dca1000_recording_that_is_written_is_read(tmp_path, lanes, real):
    shape = (3, 4, 8, 64)
    beat = raw_words.counts(shape, real=real)
    path = tmp_path / "a.bin"
    write_dca1000(path, (frame[None] for frame in beat), lanes=lanes)
    radar = setup(shape, lanes=lanes, real=real, iq_order=None if real else "iq")
    order = {} if real else {"iq_order": "iq"}
    capture = open_capture(path, format="dca1000", waveform=radar, **order)
    np.testing.assert_array_equal(capture.read(), beat)
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_what_cannot_be_a_dca1000_recording(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"what was there before")
    loud = np.full((1, 1, 2, 4), 40000, np.complex64)
    for wrong, message in (
        ([loud], "from 0 to 40000, an ADC word from -32768 to 32767; scale them"),
        ([np.nan * loud], "scale them"),
        ([np.ones((1, 1, 2, 3), np.complex64)], "come in pairs, got 3 samples"),
    ):
        with pytest.raises(InputError, match=message):
            write_dca1000(path, wrong)
    with pytest.raises(InputError, match="lanes: must be 2 or 4, got 3"):
        write_dca1000(path, [], lanes=3)
    with pytest.raises(InputError, match="cannot be written"):
        write_dca1000(tmp_path / "none" / "a.bin", [])
    assert path.read_bytes() == b"what was there before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_a_recording_that_is_cut_short_while_it_is_open(tmp_path):
    shape = (3, 2, 4, 16)
    path = tmp_path / "a.bin"
    write_dca1000(path, [raw_words.targets(shape)])
    capture = open_capture(path, format="dca1000", waveform=setup(shape, lanes=2))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 2)
    assert capture.read(1, 2).shape == (1, 2, 4, 16)
    with pytest.raises(InputError, match=r"ends at word 767 of 768: it was cut short while"):
        capture.read(2, 3)


def setup(shape, **known):
    return RadarSetup(waveform=unknown_waveform(shape[3], shape[2]), receivers=shape[1], **known)


@pytest.mark.parametrize(("lanes", "layout"), [(2, "paired"), (4, "planar")])
@pytest.mark.parametrize("order", ["iq", "qi"])
def test_lanes_and_order_are_found_from_the_data(tmp_path, lanes, layout, order):
    shape = (3, 4, 8, 64)
    beat = raw_words.targets(shape)
    stored = beat if order == "iq" else beat.imag + 1j * beat.real
    path = tmp_path / "a.bin"
    path.write_bytes(raw_words.LAYOUTS[layout](stored))
    capture = open_capture(path, format="dca1000", waveform=setup(shape))
    np.testing.assert_array_equal(capture.beat, beat)
    np.testing.assert_array_equal(capture.read(1, 2), beat[1:2])
    assert any(f"{lanes}-lane" in note and "dB" in note for note in capture.notes)
    assert any(f"order {order}" in note and "dB" in note for note in capture.notes)
    assert capture.full_scale == (-32768, 32767)


def test_a_down_chirp_has_its_targets_at_negative_frequencies(tmp_path):
    shape = (1, 2, 8, 64)
    beat = raw_words.targets(shape, sign=-1)
    path = tmp_path / "a.bin"
    path.write_bytes(raw_words.interleaved(beat))
    radar = RadarSetup(waveform=unknown_waveform(64, 8, slope=-1e12), receivers=2)
    capture = open_capture(path, format="tsw1400", waveform=radar)
    np.testing.assert_array_equal(capture.beat, beat)
    assert "negative beat frequencies" in capture.notes[0]


def test_what_the_caller_says_is_obeyed(tmp_path):
    shape = (1, 2, 4, 16)
    beat = raw_words.counts(shape)
    path = tmp_path / "a.bin"
    path.write_bytes(raw_words.planar(beat.imag + 1j * beat.real))
    capture = open_capture(
        path, format="dca1000", waveform=setup(shape), lanes=4, iq_order="qi", conjugate=True
    )
    np.testing.assert_array_equal(capture.beat, beat.conj())
    assert len(capture.notes) == 3
    assert capture.full_scale == (-32767, 32767)


def test_noise_decides_nothing(tmp_path):
    shape = (1, 4, 16, 64)
    beat = raw_words.counts(shape)
    path = tmp_path / "a.bin"
    path.write_bytes(raw_words.paired(beat))
    capture = open_capture(path, format="dca1000", waveform=setup(shape))
    np.testing.assert_array_equal(capture.beat, beat)
    assert "usual layout" in capture.notes[0]
    assert "decides nothing" in capture.notes[1]


@pytest.mark.parametrize(("lanes", "layout"), [(2, "rows"), (4, "columns")])
def test_real_recordings(tmp_path, lanes, layout):
    shape = (2, 4, 8, 64)
    beat = raw_words.targets(shape).real
    path = tmp_path / "a.bin"
    path.write_bytes(raw_words.LAYOUTS[layout](beat))
    capture = open_capture(path, format="dca1000", waveform=setup(shape, real=True, lanes=lanes))
    assert not capture.is_complex
    np.testing.assert_array_equal(capture.beat, beat)
    assert f"{lanes}-lane" in capture.notes[0]
    unsure = open_capture(path, format="dca1000", waveform=setup(shape, real=True))
    assert "do not tell" in unsure.notes[0]
    with pytest.raises(InputError, match="no I and Q"):
        open_capture(path, format="dca1000", waveform=setup(shape, real=True), iq_order="qi")


def test_numbered_files_are_joined(tmp_path):
    shape = (5, 2, 4, 16)
    beat = raw_words.targets(shape)
    stream = raw_words.paired(beat)
    cut = 1000
    (tmp_path / "adc_data_Raw_0.bin").write_bytes(stream[:cut])
    (tmp_path / "adc_data_Raw_1.bin").write_bytes(stream[cut : 2 * cut])
    (tmp_path / "adc_data_Raw_2.bin").write_bytes(stream[2 * cut :])
    for path in (tmp_path, tmp_path / "adc_data_Raw_0.bin"):
        capture = open_capture(path, format="dca1000", waveform=setup(shape), lanes=2)
        np.testing.assert_array_equal(capture.beat, beat)
        assert "3 files" in capture.notes[0]
    (tmp_path / "adc_data_Raw_1.bin").unlink()
    with pytest.raises(InputError, match="number 1 is missing"):
        open_capture(tmp_path, waveform=setup(shape))


def test_a_large_recording_opens_at_once_and_a_frame_costs_itself(tmp_path):
    path = tmp_path / "sparse.bin"
    frame = 4 * 128 * 512 * 4
    with path.open("wb") as file:
        file.truncate(4096 * frame)
        file.seek(4095 * frame)
        file.write(b"\x01\x00" * (frame // 2))
    capture = open_capture(path, format="dca1000", waveform=setup((1, 4, 128, 512)))
    assert len(capture) == 4096
    last = capture.read(4095)
    assert last.shape == (1, 4, 128, 512)
    assert np.all(last == 1 + 1j)
    assert not capture.frames[2000:2001].any()

"""Real recordings come out as their owners describe them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import loadmat

from clearchirp.io import RadarSetup, open_capture, pcap_facts
from clearchirp.io.capture import unknown_waveform
from clearchirp.io.raw import static_margin_db
from tests.oracles import raw_words


@pytest.mark.parametrize("name", ["20180608-195044.bin", "20180613-190347.bin"])
def test_jin_cao(data, name):
    path = data / "jin_cao_awr1243" / name
    capture = open_capture(path, format="tsw1400", waveform="jin-cao-awr1243")
    assert capture.frames.shape == (1, 4, 128, 512)
    words = np.fromfile(path, "<u2").astype(float).reshape(128, 512, 4, 2) - 32768
    beat = (words[..., 0] + 1j * words[..., 1]).transpose(2, 0, 1)
    np.testing.assert_array_equal(capture.beat[0], beat)
    assert static_margin_db(capture.read()) > 10
    assert capture.waveform.slope == pytest.approx(29.306e12)


def test_jin_cao_swapped_is_turned_back(data, tmp_path):
    path = data / "jin_cao_awr1243" / "20180608-195044.bin"
    swapped = tmp_path / "swapped.bin"
    np.fromfile(path, "<u2").reshape(-1, 2)[:, ::-1].tofile(swapped)
    right = open_capture(path, format="tsw1400", waveform="jin-cao-awr1243")
    turned = open_capture(swapped, format="tsw1400", waveform="jin-cao-awr1243")
    np.testing.assert_array_equal(turned.beat, right.beat)
    assert "order qi" in turned.notes[0]


@pytest.mark.parametrize("name", ["20180608-195044.bin", "20180613-190347.bin"])
@pytest.mark.parametrize(("lanes", "layout"), [(2, "paired"), (4, "planar")])
def test_lanes_are_found_in_spite_of_transients_and_interference(
    data, tmp_path, name, lanes, layout
):
    path = data / "jin_cao_awr1243" / name
    right = open_capture(path, format="tsw1400", waveform="jin-cao-awr1243").beat[:, :, :16]
    rewritten = tmp_path / "dca1000.bin"
    rewritten.write_bytes(raw_words.LAYOUTS[layout](right))
    radar = RadarSetup(waveform=unknown_waveform(512, 16), receivers=4)
    found = open_capture(rewritten, format="dca1000", waveform=radar)
    assert f"{lanes}-lane" in found.notes[0]
    np.testing.assert_array_equal(found.beat, right)


@pytest.mark.parametrize("part", ["", "radar.npy", "config.json"])
def test_infineon(data, part):
    capture = open_capture(data / "bgt60tr13c" / part)
    assert capture.format == "infineon"
    assert capture.frames.shape == (256, 3, 8, 64)
    assert capture.frames.dtype == np.float32
    np.testing.assert_array_equal(capture.beat, np.load(data / "bgt60tr13c" / "radar.npy"))
    assert capture.full_scale == (0, 4095)
    # 5.5 GHz within 32 us of samples
    assert capture.waveform.slope == pytest.approx(5.5e9 / 32e-6)
    assert capture.waveform.knows_speed


def test_sparkle(data):
    path = data / "wang_sparkle" / "Data4Demo.mat"
    capture = open_capture(path, variable="sig_full_trc", conjugate=True)
    assert capture.frames.shape == (1, 1, 1, 4160)
    np.testing.assert_array_equal(capture.beat, loadmat(path)["sig_full_trc"].conj())
    assert capture.waveform.sample_rate == 12e6
    assert capture.waveform.slope == 1e11
    assert any("f_s" in note for note in capture.notes)
    clean = open_capture(path, variable="sig_Rx_trc", conjugate=True).beat[0]
    frequency = np.fft.fftfreq(4160, 1 / 12e6)[np.argmax(np.abs(np.fft.fft(clean)))]
    assert frequency == pytest.approx(1.333e6, abs=5e3)


def test_one_frame_of_packets(data):
    path = data / "dca1000_udp" / "one_frame.pcap"
    facts = pcap_facts(path)
    assert (facts.packets, facts.payload_bytes) == (12, 16384)
    assert (facts.lost_packets, facts.lost_bytes, facts.out_of_order) == (0, 0, 0)
    assert facts.other_packets == 6
    assert -32768 < facts.minimum < 0 < facts.maximum < 32767

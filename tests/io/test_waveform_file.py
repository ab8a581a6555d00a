"""The radar from our TOML, from mmWave Studio's JSON and from the SDK's .cfg."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from clearchirp.io import load_setup, load_waveform, open_capture, shipped_waveforms
from clearchirp.types import InputError
from tests.oracles import raw_words

TOML = "samples = 64\nchirps = 8\nslope = 3e13\nreceivers = 2\ntransmit_order = [0, 1]\n"


def test_toml(tmp_path):
    path = tmp_path / "radar.toml"
    path.write_text(TOML)
    setup = load_setup(path)
    assert setup.receivers == 2
    assert setup.waveform.slope == 3e13
    assert setup.waveform.transmit_order == (0, 1)
    assert math.isnan(setup.waveform.start_frequency)
    assert load_waveform(setup.waveform) is setup.waveform


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TOML + "bandwidth = 3", ["bandwidth", "sample_rate"]),
        (TOML + 'sample_rate = "fast"', ["sample_rate", "number"]),
        (TOML + "real = 1", ["real"]),
        (TOML + "lanes = 3", ["lanes"]),
        (TOML + "sample_rate = -1", ["sample_rate"]),
        ("chirps = 8", ["samples"]),
        ("samples = 8", ["chirps"]),
        ("samples = 8.5\nchirps = 2", ["samples"]),
        ("samples = true\nchirps = 2", ["samples"]),
        (TOML.replace("[0, 1]", "[0, 1, 2]"), ["transmit_order"]),
        (TOML.replace("[0, 1]", '"01"'), ["transmit_order"]),
        ("samples = = 3", ["TOML"]),
    ],
)
def test_what_is_wrong_in_a_toml_is_told(tmp_path, text, words):
    path = tmp_path / "radar.toml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        load_setup(path)
    message = str(error.value)
    assert "\n" not in message
    for word in ("radar.toml", *words):
        assert word in message


def test_files_that_are_no_waveform(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "a.txt", tmp_path / "b.toml", tmp_path / "none.toml"):
        with pytest.raises(InputError) as error:
            load_setup(path)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="jin-cao-awr1243"):
        load_setup("jin-cao")


def test_every_shipped_waveform_loads():
    for name in shipped_waveforms():
        assert load_setup(name).waveform.knows_speed


def mmwave(*, masks=("0x1", "0x2", "0x4"), lanes="0x3", interleave=1, swap=0, form=1, loops=16):
    chirps = [
        {"rlChirpCfg_t": {"chirpStartIdx": k, "chirpEndIdx": k, "profileId": 0, "txEnable": mask}}
        for k, mask in enumerate(masks)
    ]
    profile = {
        "profileId": 0,
        "startFreqConst_GHz": 77.0,
        "idleTimeConst_usec": 7.0,
        "adcStartTimeConst_usec": 6.0,
        "rampEndTime_usec": 60.0,
        "freqSlopeConst_MHz_usec": 29.982,
        "numAdcSamples": 64,
        "digOutSampleRate": 10000.0,
    }
    return {
        "mmWaveDevices": [
            {
                "rfConfig": {
                    "rlChanCfg_t": {"rxChannelEn": "0xD", "txChannelEn": "0x7"},
                    "rlAdcOutCfg_t": {"fmt": {"b2AdcBits": 2, "b2AdcOutFmt": form}},
                    "rlProfiles": [{"rlProfileCfg_t": profile}],
                    "rlChirps": chirps,
                    "rlFrameCfg_t": {
                        "chirpStartIdx": 0,
                        "chirpEndIdx": len(masks) - 1,
                        "numLoops": loops,
                    },
                },
                "rawDataCaptureConfig": {
                    "rlDevDataFmtCfg_t": {"iqSwapSel": swap, "chInterleave": interleave},
                    "rlDevLaneEnable_t": {"laneEn": lanes},
                },
            }
        ]
    }


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_mmwave_studio(tmp_path):
    setup = load_setup(write(tmp_path / "a.mmwave.json", mmwave(swap=1)))
    radar = setup.waveform
    assert radar.start_frequency == 77e9
    assert radar.slope == pytest.approx(29.982e12)
    assert radar.sample_rate == 10e6
    assert radar.chirp_interval == pytest.approx(67e-6)
    assert radar.adc_start == pytest.approx(6e-6)
    assert (radar.samples, radar.chirps) == (64, 48)
    assert radar.transmit_order == (0, 1, 2)
    assert (setup.receivers, setup.lanes, setup.iq_order, setup.real) == (3, 2, "qi", False)


@pytest.mark.parametrize(
    ("change", "lanes"),
    [
        ({"lanes": "0xF", "interleave": 0}, 4),
        ({"lanes": "0x3", "interleave": 1}, 2),
        ({"lanes": "0x3", "interleave": 0}, None),
    ],
)
def test_lanes_of_mmwave_studio(tmp_path, change, lanes):
    assert load_setup(write(tmp_path / "a.mmwave.json", mmwave(**change))).lanes == lanes


@pytest.mark.parametrize("masks", [("0x1",), ("0x3", "0x4"), ("0x1", "0x2", "0x1")])
def test_only_one_transmitter_a_chirp_is_tdm(tmp_path, masks):
    setup = load_setup(write(tmp_path / "a.json", mmwave(masks=masks)))
    assert setup.waveform.transmit_order == (0,)


def test_real_samples_of_mmwave_studio(tmp_path):
    assert load_setup(write(tmp_path / "a.json", mmwave(form=0))).real


@pytest.mark.parametrize("key", ["rlProfiles", "rlFrameCfg_t", "rlChanCfg_t", "rlAdcOutCfg_t"])
def test_a_key_that_is_missing_is_told(tmp_path, key):
    content = mmwave()
    del content["mmWaveDevices"][0]["rfConfig"][key]
    with pytest.raises(InputError, match=key) as error:
        load_setup(write(tmp_path / "a.json", content))
    assert "a.json" in str(error.value)


CFG = """% an example
sensorStop
channelCfg 15 5 0
adcCfg 2 1
adcbufCfg -1 0 1 1 1
profileCfg 0 60.25 7 3 24 0 0 166 1 256 12500 0 0 30
chirpCfg 0 0 0 0 0 0 0 1
chirpCfg 1 1 0 0 0 0 0 4
frameCfg 0 1 32 0 100 1 0
sensorStart
"""


def test_sdk(tmp_path):
    path = tmp_path / "a.cfg"
    path.write_text(CFG)
    setup = load_setup(path)
    radar = setup.waveform
    assert radar.start_frequency == pytest.approx(60.25e9)
    assert radar.slope == pytest.approx(166e12)
    assert radar.sample_rate == pytest.approx(12.5e6)
    assert radar.chirp_interval == pytest.approx(31e-6)
    assert (radar.samples, radar.chirps, radar.transmit_order) == (256, 64, (0, 2))
    assert (setup.receivers, setup.lanes, setup.iq_order, setup.real) == (4, 2, "qi", False)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("profileCfg", "%", "profileCfg"),
        ("frameCfg 0 1", "frameCfg 0 2", "chirp 2"),
        ("frameCfg 0 1", "frameCfg 1 0", "frameCfg"),
        ("166", "steep", "line 6"),
        ("166", "inf", "line 6"),
        ("chirpCfg 0 0 0", "chirpCfg 0 0 9", "profile 9"),
        ("channelCfg 15", "channelCfg 0", "receivers"),
        ("frameCfg 0 1 32 0 100 1 0", "frameCfg 0 1", "frameCfg has 2 numbers"),
    ],
)
def test_what_is_wrong_in_a_cfg_is_told(tmp_path, old, new, word):
    path = tmp_path / "a.cfg"
    path.write_text(CFG.replace(old, new))
    with pytest.raises(InputError, match=word) as error:
        load_setup(path)
    assert "\n" not in str(error.value)


def test_a_configuration_beside_the_recording_is_used(tmp_path):
    beat = raw_words.targets((2, 3, 48, 64))
    (tmp_path / "adc_data.bin").write_bytes(raw_words.paired(beat))
    write(tmp_path / "setup.mmwave.json", mmwave())
    for path in (tmp_path, tmp_path / "adc_data.bin"):
        capture = open_capture(path)
        assert capture.format == "dca1000"
        np.testing.assert_array_equal(capture.beat, beat)
        assert "setup.mmwave.json" in capture.notes[0]

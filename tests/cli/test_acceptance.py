"""The measured interference of Jin and Cao, from the raw file to the map, by the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clearchirp.metrics.maps import peak_to_surroundings_db
from clearchirp.spectrum import range_doppler
from tests.cli.conftest import Run

READ = "--format", "tsw1400", "--waveform", "jin-cao-awr1243"
HIT, FREE = "20180608-195044.bin", "20180613-190347.bin"


def words(path: Path) -> np.ndarray:
    """The recording as its README tells: offset binary, I and Q of four receivers in turn."""
    raw = np.fromfile(path, "<u2").astype(np.float64) - 2**15
    raw = raw.reshape(128, 512, 4, 2)
    return np.moveaxis(raw[..., 0] + 1j * raw[..., 1], 2, 0)


def spectrum(beat) -> np.ndarray:
    window = np.hanning(128)[:, None] * np.hanning(512)
    return np.fft.fftshift(np.fft.fft2(beat * window), axes=-2)


def median_db(spectra) -> float:
    return float(10 * np.log10(np.median(np.abs(spectra) ** 2)))


@pytest.fixture
def cleaned(run: Run, data: Path, here: Path):
    """Return a function that cleans a recording and loads what was written."""

    def cleaned(name: str, method: str) -> dict[str, np.ndarray]:
        source = data / "jin_cao_awr1243" / name
        ran = run("mitigate", source, *READ, "-m", method, "-d", "combined", "-o", "out.npz")
        assert ran.code == 0, ran.err
        with np.load("out.npz", allow_pickle=False) as out:
            return dict(out)

    return cleaned


def test_the_map_falls_and_the_target_stands(cleaned, data: Path):
    before = spectrum(words(data / "jin_cao_awr1243" / HIT))
    zeroed = cleaned(HIT, "zeroing")["range_doppler"].reshape(4, 128, 512)
    filled = cleaned(HIT, "ar")["range_doppler"].reshape(4, 128, 512)
    assert median_db(zeroed[0]) - median_db(before[0]) <= -26
    # The moving target: near range bin 74 (14.8 m), about 22 bins from zero speed.
    power = np.abs(zeroed[0]) ** 2
    around = [
        (d, r)
        for s in (-1, 1)
        for d in range(64 + s * 22 - 3, 64 + s * 22 + 4)
        for r in range(70, 79)
    ]
    target = max(around, key=lambda at: power[at])
    assert abs(target[1] - 74) <= 2
    assert peak_to_surroundings_db(zeroed[0], *target) >= 25
    change = 10 * np.log10(power[target] / np.abs(filled[0][target]) ** 2)
    assert abs(change) <= 2


@pytest.mark.parametrize("method", ["zeroing", "ar"])
def test_a_recording_without_interference_comes_out_as_it_was(cleaned, data: Path, method: str):
    out = cleaned(FREE, method)
    before = words(data / "jin_cao_awr1243" / FREE).astype(np.complex64)
    beat, disturbed = out["beat"].reshape(before.shape), out["disturbed"].reshape(before.shape)
    assert disturbed.mean() < 2e-4
    np.testing.assert_array_equal(beat[~disturbed], before[~disturbed])
    original = range_doppler(before)
    change = np.sum(np.abs(out["range_doppler"].reshape(original.shape) - original) ** 2)
    assert change < 1e-4 * np.sum(np.abs(original) ** 2)


def test_detect_on_both(run: Run, data: Path):
    folder = data / "jin_cao_awr1243"
    (free,) = run("detect", folder / FREE, *READ, "--json").json["by_frame"]
    (hit,) = run("detect", folder / HIT, *READ, "--json").json["by_frame"]
    assert free["share"] < 2e-4
    assert 0.03 < hit["share"] < 0.08
    assert hit["chirps_hit"] == pytest.approx(82 / 128, abs=0.05)
    # 29.306 - 9.994 MHz/us, as the radars were set.
    assert hit["chirp_rate"] == pytest.approx(19.312e12, rel=0.05)


def test_the_waveform_that_ships_is_that_of_the_recording(run: Run, data: Path):
    facts = run("info", data / "jin_cao_awr1243" / HIT, *READ, "--json").json
    assert facts["waveform"] == {
        "start_frequency": 77e9,
        "slope": 29.306e12,
        "sample_rate": 20e6,
        "samples": 512,
        "chirps": 128,
        "chirp_interval": 29.56e-6,
        "adc_start": 1.66e-6,
        "transmit_order": [0],
    }
    assert (facts["receivers"], facts["complex"]) == (4, True)
    # Range bin 74 is at 14.8 m.
    assert 74 * facts["range_bin"] == pytest.approx(14.8, abs=0.05)

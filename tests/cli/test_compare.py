"""`compare` and `demo`: tables with and without truth, real receivers, one chirp."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from clearchirp.mitigation.catalogue import everyday_methods
from tests.cli.conftest import EXAMPLES, Run, beat_signal

BLIND = {"floor_db", "floor_change_db", "detections", "peak_change_db", "ms"}
NEEDS_TRUTH = {"mse_db", "map_sinr_db", "evm", "f1"}
FIGURES = ["beat.png", "disturbed.png", "range_doppler.png", "range_profile.png", "stft.png"]


def floor_db(beat) -> float:
    window = np.hanning(beat.shape[-2])[:, None] * np.hanning(beat.shape[-1])
    return float(10 * np.log10(np.median(np.abs(np.fft.fft2(beat * window)) ** 2)))


def test_without_truth(run: Run, recording):
    result = run("compare", recording, "--json").json
    assert list(result["methods"]) == everyday_methods()
    assert not result["truth"]
    rows = result["methods"]
    assert all(set(row) >= BLIND for row in rows.values())
    assert not set(rows["none"]) & NEEDS_TRUTH
    assert rows["none"]["floor_db"] == pytest.approx(floor_db(beat_signal()), abs=0.01)
    assert rows["none"]["floor_change_db"] == pytest.approx(0, abs=1e-6)
    assert rows["ar"]["floor_change_db"] < -10


def test_with_truth(run: Run, here):
    run("simulate", "demo", "-o", "in.npz", "--frames", 1)
    chosen = ["-m", "none", "-m", "ar", "-m", "ramp-filter"]
    result = run("compare", "in.npz", *chosen, "--json").json
    assert result["truth"]
    rows = result["methods"]
    assert list(rows) == ["none", "ar", "ramp-filter"]
    assert all(set(row) >= BLIND | NEEDS_TRUTH | {"beat_sinr_db"} for row in rows.values())
    # A beat signal with a window on it is not compared.
    assert rows["ramp-filter"]["beat_sinr_db"] is None
    assert rows["ar"]["beat_sinr_db"] > rows["none"]["beat_sinr_db"] + 20
    with np.load("in.npz") as file:
        window = np.hanning(128)[:, None] * np.hanning(512)
        error = np.fft.fft2((file["beat"] - file["clean"]) * window)
    mse = 10 * np.log10(np.mean(np.abs(error) ** 2, axis=(-1, -2)).mean())
    assert rows["none"]["mse_db"] == pytest.approx(mse, abs=0.01)


def test_settings_by_name(run: Run, recording):
    chosen = ["compare", recording, "-m", "zeroing", "-m", "ar", "--json"]
    plain = run(*chosen).json["methods"]
    other = run(*chosen, "--set", "ar.order=2").json["methods"]
    assert other["zeroing"]["floor_db"] == plain["zeroing"]["floor_db"]
    assert other["ar"]["floor_db"] != plain["ar"]["floor_db"]


def test_the_example_of_the_help(run: Run, recording):
    Path("comparison").mkdir()
    Path("comparison/mine.txt").write_text("mine")
    ran = run(*shlex.split(EXAMPLES["compare"])[1:])
    assert ran.code == 0
    assert "report.html and 5 figures beside it" in ran.out
    # What else is in the folder stays.
    names = sorted(path.name for path in Path("comparison").iterdir())
    assert names == sorted([*FIGURES, "mine.txt", "report.html"])
    page = Path("comparison/report.html").read_text(encoding="utf-8")
    assert page.count("data:image/") == 5
    assert "zeroing" in page


def test_a_real_receiver(run: Run, here):
    np.savez("in.npz", beat=beat_signal((2, 32, 256), real=True))
    result = run("compare", "in.npz", "--json").json["methods"]
    assert result["ar"]["floor_change_db"] < -10


# ---------------------------------------------------------------------------- real recordings


def test_the_infineon_recording(run: Run, data: Path, here):
    # 16 of its 256 frames are enough.
    source = data / "bgt60tr13c"
    Path("short").mkdir()
    Path("short/config.json").write_bytes((source / "config.json").read_bytes())
    np.save("short/radar.npy", np.load(source / "radar.npy", mmap_mode="r")[:16])
    facts = run("info", "short", "--json").json
    assert (facts["complex"], facts["frames"], facts["receivers"]) == (False, 16, 3)
    rows = run("compare", "short", "--json").json["methods"]
    assert set(rows["ar"]) >= BLIND
    assert run("mitigate", "short", "-o", "out.npz", "--figure", "out.png").code == 0
    with np.load("out.npz") as out:
        assert out["beat"].shape == (16, 3, 8, 64)
        assert out["beat"].dtype == np.float32
        assert out["range_doppler"].shape == (16, 3, 8, 33)
    assert Path("out.png").stat().st_size > 10_000
    inside = run("mitigate", "short", "-o", "short/out.npz")
    assert inside.code == 2
    assert "is the recording that is read" in inside.line


def test_the_single_chirp_of_the_mat_file(run: Run, data: Path, here):
    file = data / "wang_sparkle" / "Data4Demo.mat"
    missing = run("mitigate", file, "-o", "out.npz")
    assert missing.code == 2
    assert "choose one by --variable, it has: " in missing.line
    assert "sig_full_trc (1, 4160) double" in missing.line
    reading = ["--variable", "sig_full_trc", "--conjugate"]
    assert run("mitigate", file, *reading, "-o", "out.npz", "--figure", "out.png").code == 0
    with np.load("out.npz") as out:
        assert out["beat"].shape == (1, 4160)
        profile = np.abs(out["range_doppler"][0])
        # The targets lie at 1.33, 2.33 and 3.33 MHz of 12 MHz, once the sign is turned round.
        for frequency in (4e6 / 3, 7e6 / 3, 10e6 / 3):
            near = round(frequency / 12e6 * 4160)
            assert profile[near - 3 : near + 4].max() > 10 * np.median(profile[:2080])
    assert Path("out.png").stat().st_size > 10_000
    chosen = ["-m", "zeroing", "-m", "ar", "-o", "results", "--json"]
    rows = run("compare", file, *reading, *chosen).json["methods"]
    assert rows["ar"]["floor_change_db"] < -20
    assert sorted(path.name for path in Path("results").iterdir()) == [
        *FIGURES[:4],
        "report.html",
        *FIGURES[4:],
    ]


def test_the_packets(run: Run, data: Path, here):
    file = data / "dca1000_udp" / "one_frame.pcap"
    facts = run("info", file, "--json").json
    assert facts["packets"]["packets"] == 12
    assert facts["packets"]["payload_bytes"] == 16384
    assert facts["packets"]["lost_packets"] == 0
    ran = run("info", file)
    assert "payload bytes  16384" in ran.out
    assert "give --waveform" in ran.err
    blind = run("mitigate", file, "-o", "out.npz")
    assert blind.code == 2
    assert "give its waveform (samples, chirps, receivers)" in blind.line
    Path("radar.toml").write_text("samples = 64\nchirps = 16\nreceivers = 4\n")
    known = run("info", file, "--waveform", "radar.toml", "--json").json
    assert (known["frames"], known["receivers"]) == (1, 4)
    assert known["packets"]["packets"] == 12

"""Simulated recordings in the formats of the instruments, for the pages that open them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from clearchirp.io import write_dca1000
from clearchirp.simulate import Simulated, load_scene, simulate

_RADAR = """\
start_frequency = 77e9       # Hz
slope = 10e12                # Hz/s
sample_rate = 20e6           # Hz
samples = 512                # a chirp
chirps = 128                 # a frame
chirp_interval = 30e-6       # s
adc_start = 2e-6             # s
receivers = 2
"""


def _demo(frames: int = 1) -> Simulated:
    return simulate(load_scene("demo"), frames=frames, seed=0)


def _radar(folder: Path) -> None:
    (folder / "radar.toml").write_text(_RADAR, encoding="utf-8")


def _counts(beat: np.ndarray, largest: float = 12000.0) -> np.ndarray:
    """Return the beat signal in counts of an ADC."""
    scale = largest / max(float(np.abs(beat.real).max()), float(np.abs(beat.imag).max()))
    return (beat * scale).astype(np.complex64)


def dca1000(folder: Path) -> None:
    """capture.bin of a DCA1000 and radar.toml."""
    write_dca1000(folder / "capture.bin", [_counts(_demo(2).beat)], lanes=2)
    _radar(folder)


def tsw1400(folder: Path) -> None:
    """capture.bin of a TSW1400, words in offset binary, and radar.toml."""
    beat = np.moveaxis(_counts(_demo().beat), 1, -1)  # receivers innermost
    words = np.stack([beat.real, beat.imag], axis=-1).round().astype(np.int32) + 32768
    words.astype("<u2").tofile(folder / "capture.bin")
    _radar(folder)


def infineon(folder: Path) -> None:
    """A folder of Infineon's recorder: 12 bits, real samples."""
    target = folder / "recording"
    target.mkdir()
    scene = load_scene("demo")
    scene = replace(
        scene,
        waveform=replace(scene.waveform, samples=128, chirps=32, chirp_interval=0.5e-3),
        receiver=replace(scene.receiver, receivers=3, real=True, bandwidth=9e6),
        interferers=tuple(replace(one, amplitude=20.0) for one in scene.interferers),
    )
    beat = simulate(scene, frames=4, seed=0).beat
    counts = 2048 + beat / np.abs(beat).max() * 1500
    np.save(target / "radar.npy", counts.round().astype(np.uint16))
    radar = scene.waveform
    config = {
        "device_config": {
            "fmcw_single_shape": {
                "rx_antennas": [1, 2, 3],
                "num_chirps_per_frame": radar.chirps,
                "num_samples_per_chirp": radar.samples,
                "chirp_repetition_time_s": radar.chirp_interval,
                "frame_repetition_time_s": 0.05,
                "start_frequency_Hz": 60.0e9,
                "end_frequency_Hz": 61.28e9,
                "sample_rate_Hz": radar.sample_rate,
            }
        }
    }
    (target / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


def matlab(folder: Path) -> None:
    """measurement.mat, a MATLAB v5 file whose beat signal has a name of its own, and radar.toml."""
    from scipy.io import savemat

    savemat(folder / "measurement.mat", {"adc_data": _demo().beat})
    _radar(folder)


def numpy(folder: Path) -> None:
    """beat.npy and radar.toml."""
    np.save(folder / "beat.npy", _demo().beat)
    _radar(folder)


def quiet(folder: Path) -> None:
    """quiet.npz, a recording without interference."""
    frames = _demo()
    radar = frames.waveform
    told = {
        name: getattr(radar, name)
        for name in ("start_frequency", "slope", "sample_rate", "chirp_interval", "adc_start")
    }
    np.savez(folder / "quiet.npz", beat=frames.clean, **told)


MAKERS = {
    "dca1000": dca1000,
    "tsw1400": tsw1400,
    "infineon": infineon,
    "matlab": matlab,
    "numpy": numpy,
    "quiet": quiet,
}

"""Spectra against their definitions, written out with NumPy, and against a moving target."""

from __future__ import annotations

import array_api_strict as strict
import numpy as np
import pytest

from clearchirp.spectrum import (
    ShortTime,
    beat_from_range,
    doppler_spectrum,
    range_doppler,
    range_spectrum,
    short_time_spectrum,
    split_transmitters,
)
from clearchirp.types import InputError
from clearchirp.waveform import SPEED_OF_LIGHT, Waveform


def noise(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def definition(beat):
    """The map of the conventions, written out."""
    windowed = beat * np.hanning(beat.shape[-1]) * np.hanning(beat.shape[-2])[:, None]
    fast = np.fft.rfft(windowed) if np.isrealobj(beat) else np.fft.fft(windowed)
    return np.fft.fftshift(np.fft.fft(fast, axis=-2), axes=-2)


@pytest.mark.parametrize("chirps", [3, 8, 10, 17])
@pytest.mark.parametrize("samples", [16, 31])
@pytest.mark.parametrize("dtype", ["complex64", "complex128", "float32", "float64"])
def test_map_equals_its_definition(chirps, samples, dtype):
    beat = noise((2, chirps, samples), dtype)
    kept = beat.copy()
    single = dtype in ("complex64", "float32")
    result = range_doppler(beat)
    assert result.dtype == (np.complex64 if single else np.complex128)
    np.testing.assert_allclose(result, definition(beat), atol=1e-4 if single else 1e-12)
    np.testing.assert_allclose(
        doppler_spectrum(range_spectrum(beat)), definition(beat), atol=1e-4 if single else 1e-12
    )
    np.testing.assert_array_equal(beat, kept)


@pytest.mark.parametrize("chirps", [7, 8])
@pytest.mark.parametrize("dtype", ["complex128", "float64"])
def test_any_array_library_gives_the_same_map(chirps, dtype):
    beat = noise((chirps, 12), dtype)
    result = range_doppler(strict.asarray(beat))
    np.testing.assert_allclose(np.asarray(result), definition(beat), atol=1e-12)


def test_one_and_two_chirps_are_not_erased_by_the_window():
    for chirps in (1, 2):
        assert np.abs(range_doppler(np.ones((chirps, 16), np.complex64))).max() > 1


@pytest.mark.parametrize("dtype", ["complex64", "float32"])
@pytest.mark.parametrize("samples", [15, 16])
def test_range_spectra_go_back_to_the_windowed_beat(dtype, samples):
    beat = noise((4, samples), dtype)
    back = beat_from_range(range_spectrum(beat), samples, real=dtype == "float32")
    np.testing.assert_allclose(back, beat * np.hanning(samples), atol=1e-6)
    assert back.dtype == beat.dtype


def test_a_receding_target_lies_at_its_range_and_speed():
    radar = Waveform(
        start_frequency=77e9,
        slope=30e12,
        sample_rate=20e6,
        samples=256,
        chirps=64,
        chirp_interval=40e-6,
    )
    distance, speed = radar.ranges()[40], radar.speeds()[50]
    assert speed > 0
    m, n = np.mgrid[:64, :256]
    time = m * radar.chirp_interval + n / radar.sample_rate
    delay = 2 * (distance + speed * m * radar.chirp_interval) / SPEED_OF_LIGHT
    # beat = tx conj(rx): the phase the transmitter has gained over the delay
    phase = radar.start_frequency * delay + radar.slope * delay * (n / radar.sample_rate)
    assert time.shape == phase.shape
    strongest = np.argmax(np.abs(range_doppler(np.exp(2j * np.pi * phase))))
    assert np.unravel_index(strongest, (64, 256)) == (50, 40)


def test_transmitters_are_split_before_the_doppler_transform():
    beat = noise((5, 2, 12, 4), "complex64")
    virtual = split_transmitters(beat, (1, 0, 2))
    assert virtual.shape == (5, 6, 4, 4)
    np.testing.assert_array_equal(virtual[:, 2], beat[:, 0, 1::3])
    with pytest.raises(InputError, match="twice"):
        split_transmitters(beat, (0, 0))
    with pytest.raises(InputError, match="multiple of 5"):
        split_transmitters(beat, (0, 1, 2, 3, 4))


@pytest.mark.parametrize("dtype", ["complex64", "float32"])
def test_short_time_spectrum_equals_windowed_pieces(dtype):
    beat = noise((3, 50), dtype)
    settings = ShortTime(length=16, hop=3)
    result = short_time_spectrum(beat, settings)
    centres = settings.centres(50)
    assert centres[-1] >= 49
    padded = np.pad(beat, ((0, 0), (8, 24)))
    fft = np.fft.fft if dtype == "complex64" else np.fft.rfft
    for column, centre in enumerate(centres):
        piece = padded[:, centre : centre + 16] * np.hanning(16)
        np.testing.assert_allclose(result[..., column], fft(piece), atol=1e-5)

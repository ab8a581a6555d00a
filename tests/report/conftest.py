"""Radars and signals that the tests of the figures share."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from clearchirp.waveform import Waveform

SAMPLES, CHIRPS = 64, 16


@pytest.fixture
def radar() -> Waveform:
    return Waveform(
        start_frequency=77e9,
        slope=30e12,
        sample_rate=20e6,
        samples=SAMPLES,
        chirps=CHIRPS,
        chirp_interval=30e-6,
    )


@pytest.fixture
def unknown() -> Waveform:
    return Waveform(
        start_frequency=math.nan,
        slope=math.nan,
        sample_rate=math.nan,
        samples=SAMPLES,
        chirps=CHIRPS,
        chirp_interval=math.nan,
    )


@pytest.fixture
def noise() -> NDArray[np.complex128]:
    rng = np.random.default_rng(7)
    return rng.normal(size=(CHIRPS, SAMPLES)) + 1j * rng.normal(size=(CHIRPS, SAMPLES))

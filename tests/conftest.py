"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def _data_folder() -> Path | None:
    places = [os.environ.get("CLEARCHIRP_DATA"), Path(__file__).parents[2] / "shared" / "data"]
    for place in places:
        if place and Path(place).is_dir():
            return Path(place)
    return None


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder with the real recordings, which are not part of the project."""
    folder = _data_folder()
    if folder is None:
        pytest.skip("real recordings not found: set CLEARCHIRP_DATA to their folder")
    return folder

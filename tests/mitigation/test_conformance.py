"""The whole catalogue against the conformance suite."""

from __future__ import annotations

import pytest

from clearchirp.mitigation.catalogue import methods
from clearchirp.types import InputError
from tests.conformance import CHECKS

# The scenes are like nothing that a network was trained on.
pytestmark = pytest.mark.filterwarnings("ignore::clearchirp.types.FarFromTraining")


def needed(name):
    """Skip the methods whose extra is not installed."""
    if methods[name].extra == "neural":
        pytest.importorskip("torch")
        pytest.importorskip("safetensors")


@pytest.mark.parametrize("name", methods)
@pytest.mark.parametrize("check", CHECKS)
def test_conformance(name, check):
    needed(name)
    CHECKS[check](methods[name])


@pytest.mark.parametrize("name", methods)
def test_settings_are_checked(name):
    needed(name)
    for key, value in methods[name].defaults().items():
        with pytest.raises(InputError, match=name):
            methods[name](**{key: object()})
        if isinstance(value, int | float) and not isinstance(value, bool):
            with pytest.raises(InputError, match=key):
                methods[name](**{key: -1})
    with pytest.raises(InputError, match="no setting"):
        methods[name](colour=1)

"""The whole catalogue against the conformance suite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearchirp.mitigation.catalogue import methods
from clearchirp.types import InputError
from tests.conformance import CHECKS
from tests.neural.models import untrained

# The scenes are like nothing that a network was trained on.
pytestmark = pytest.mark.filterwarnings("ignore::clearchirp.types.FarFromTraining")


@pytest.fixture(scope="module")
def entry_of(tmp_path_factory):
    """Return entries by name; networks, which a model makes a method of, with an untrained one."""
    models = {}

    def entry(name):
        if methods[name].extra != "neural":
            return methods[name]
        pytest.importorskip("torch")
        pytest.importorskip("safetensors")
        if name not in models:
            kind = {"aenn": "s3"}.get(name, name)
            models[name] = untrained(tmp_path_factory.mktemp("models"), kind)
        return replace(methods[name], given={"model": models[name]})

    return entry


@pytest.mark.parametrize("name", methods)
@pytest.mark.parametrize("check", CHECKS)
def test_conformance(name, check, entry_of):
    CHECKS[check](entry_of(name))


@pytest.mark.parametrize("name", methods)
def test_settings_are_checked(name, entry_of):
    entry = entry_of(name)
    for key, value in entry.defaults().items():
        with pytest.raises(InputError, match=name):
            entry(**{key: object()})
        if isinstance(value, int | float) and not isinstance(value, bool):
            with pytest.raises(InputError, match=key):
                entry(**{key: -1})
    with pytest.raises(InputError, match="no setting"):
        entry(colour=1)

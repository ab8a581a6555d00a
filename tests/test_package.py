"""What `import clearchirp` offers, and what it does not load."""

from __future__ import annotations

import operator
import subprocess
import sys

import pytest

import clearchirp as cc


@pytest.mark.parametrize("name", cc.__all__)
def test_every_public_name_is_there(name):
    assert getattr(cc, name) is not None
    assert name in dir(cc)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="mitigation_of"):
        operator.attrgetter("mitigation_of")(cc)


@pytest.mark.parametrize(
    "first", ["clearchirp.chain", "clearchirp.mitigation.catalogue", "clearchirp.io"]
)
def test_the_function_stays_the_function_whatever_is_imported_first(first):
    code = f"import {first}, clearchirp; assert callable(clearchirp.mitigate)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_it_loads_nothing_heavy():
    heavy = ["torch", "matplotlib", "dask", "numba", "xarray", "zarr", "h5py", "scipy", "typer"]
    code = f"import sys, clearchirp; print([n for n in {heavy} if n in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"

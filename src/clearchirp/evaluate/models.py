"""Which trained networks a set-up may use; torch is looked for, not imported."""

from __future__ import annotations

from importlib.util import find_spec

from clearchirp.evaluate.published import SetupCase
from clearchirp.evaluate.reproduction import NotLandedError
from clearchirp.settings import load

_TORCH = "waits for torch: pip install 'clearchirp[neural]'"


def waits_for(case: SetupCase) -> str:
    """Return what a case waits for, "" for nothing: its model, or what models need."""
    model = case.settings.get("model")
    if model is None:
        return ""
    if find_spec("torch") is None:
        return _TORCH
    known = load("clearchirp.neural.mitigators:shipped_models")()
    return "" if model in known else f"waits for the model {model}"


def check_there(case: SetupCase) -> None:
    """Raise `NotLandedError` for a case that waits for something."""
    if reason := waits_for(case):
        raise NotLandedError(reason)


def count_parameters(network: str) -> float:
    """Return how many real numbers a network of that name trains."""
    if find_spec("torch") is None:
        raise NotLandedError(_TORCH)
    built = load("clearchirp.neural.networks:find_network")(network).build()
    return float(load("clearchirp.neural.networks:parameter_count")(built))

"""Trained networks in files: safetensors, with all that there is to know about the training.

The file holds tensors and JSON only; nothing in it is ever executed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open

from clearchirp.neural.networks import Architecture, Network
from clearchirp.neural.whitening import Whitening
from clearchirp.types import InputError

_KEY = "clearchirp"
_VERSION = 1


def save_network(path: str | Path, network: Network, facts: Mapping[str, Any]) -> None:
    """Write a network; the file appears whole or not at all.

    Parameters
    ----------
    path
        Ends in .safetensors; a file of that name is replaced.
    network
        The network; its architecture is stored from it.
    facts
        About the training, JSON-able but for `whitening`. The methods read:

        - ``whitening``: the `Whitening` of the training maps (required, but for "arim-fcn", which
          sees no unit);
        - ``level``: what `clearchirp.neural.frames.frame_level` gave in training, its median;
          frames are scaled to it (1.0 where training frames were divided by their own);
        - ``angle_window``: "taylor" (the default) or "none";
        - ``map_shape``: (angle, doppler, range) of the training maps;
        - ``waveform``: the fields of the training radar's `Waveform`, by name;
        - ``interference_db``: least and greatest ratio in training of the mean power of disturbed
          samples to that of undisturbed ones.

        Further ones are for people: ``name``, ``loss``, ``scene``, ``epochs``, ``seed`` ...
    """
    path = Path(path)
    kept = dict(facts)
    if network.kind != "arim-fcn":
        if not isinstance(facts.get("whitening"), Whitening):
            raise InputError(
                "facts: `whitening` is missing; give the Whitening of the training maps"
            )
        kept["whitening"] = facts["whitening"].facts()
    stored = {
        "version": _VERSION,
        "kind": network.kind,
        "settings": network.settings,
        "facts": kept,
    }
    metadata = {_KEY: json.dumps(stored)}
    tensors = {name: t.detach().contiguous() for name, t in network.state_dict().items()}
    data = safetensors.torch.save(tensors, metadata=metadata)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load_network(path: str | Path) -> tuple[Network, dict[str, Any]]:
    """Return the network, ready for use (``eval``), and the facts that it was saved with.

    Raises
    ------
    InputError
        Where there is no such file, or it is damaged, or it is not one of `save_network`'s.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        if _KEY not in metadata:
            raise InputError(f"{path}: is no network that clearchirp saved")
        stored = json.loads(metadata[_KEY])
        if stored["version"] != _VERSION:
            raise InputError(
                f"{path}: has version {stored['version']!r} of the format, this clearchirp reads "
                f"{_VERSION}; update clearchirp"
            )
        facts = dict(stored["facts"])
        if stored["kind"] != "arim-fcn":
            facts["whitening"] = Whitening.from_facts(facts["whitening"])
        settings = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in stored["settings"].items()
        }
        network = Architecture(kind=stored["kind"], settings=settings, source="").build()
        network.load_state_dict(safetensors.torch.load_file(path))
    except InputError:
        raise
    except (SafetensorError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: cannot be read as safetensors, is damaged: {reason}") from None
    except (ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise InputError(
            f"{path}: its contents do not fit together ({type(error).__name__}); train it again"
        ) from None
    return network.eval(), facts

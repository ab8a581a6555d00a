"""The reference: a page a room, each module that outsiders use with what it exports."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

ROOMS = {
    "clearchirp": "The names at the top",
    "clearchirp.types": "Results, protocols, the error for wrong input",
    "clearchirp.waveform": "The radar",
    "clearchirp.chain": "The main job, whole",
    "clearchirp.recordings": "Recordings of any size",
    "clearchirp.io": "Readers and writers",
    "clearchirp.simulate": "The simulator",
    "clearchirp.disturbed": "Detectors of disturbed samples",
    "clearchirp.mitigation": "Mitigation methods",
    "clearchirp.solvers": "Solvers",
    "clearchirp.operators": "Operators",
    "clearchirp.spectrum": "Windows and spectra",
    "clearchirp.cfar": "Object detection",
    "clearchirp.metrics": "Metrics",
    "clearchirp.evaluate": "Evaluation",
    "clearchirp.report": "Figures and reports",
    "clearchirp.neural": "Networks",
    "clearchirp.viewer": "The viewer",
    "clearchirp.workers": "Threads, processes, clusters",
    "clearchirp.settings": "Settings by name",
    "clearchirp.arrays": "Checks of arrays",
}
_NEEDS = {"clearchirp.neural": "torch", "clearchirp.viewer": "panel"}
"""Rooms of an extra; without what they import the reference leaves them out."""


def pages() -> dict[str, str]:
    """Return name -> text of the pages, and the list of them."""
    made = {}
    for room, title in ROOMS.items():
        if _there(room):
            made[f"api/{room}.rst"] = _page(room, title)
    names = "\n".join(name.removeprefix("api/").removesuffix(".rst") for name in made)
    made["api/index.md"] = (
        "# Reference\n\nFrom the docstrings. Shapes are given with the axes' names, units are SI; "
        "what is not listed here is not for outsiders.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n"
    )
    return made


def _there(room: str) -> bool:
    if importlib.util.find_spec(room) is None:
        return False
    needs = _NEEDS.get(room)
    return needs is None or importlib.util.find_spec(needs) is not None


def _page(room: str, title: str) -> str:
    module = importlib.import_module(room)
    exported = getattr(module, "__all__", None)
    whole = room in ("clearchirp", "clearchirp.metrics") or not exported
    parts = whole and room != "clearchirp" and hasattr(module, "__path__")
    body = [
        f"{title}\n{'=' * len(title)}",
        f"``{room}``",
        _top() if room == "clearchirp" else _directive(room),
    ]
    for name in _modules(room, module.__path__) if parts else ():
        short = name.removeprefix(room + ".")
        body += [f"``{short}``\n{'-' * (len(short) + 4)}", _directive(name)]
    return "\n\n".join(body) + "\n"


def _directive(name: str) -> str:
    exported = getattr(importlib.import_module(name), "__all__", None)
    options: list[str] = []
    if name != "clearchirp.metrics":  # whose names are modules, which follow below it
        options += ["   :members:", "   :special-members: __call__"]
        options += ["   :imported-members:"] if exported else []
    return "\n".join([f".. automodule:: {name}", *options])


def _top() -> str:
    import clearchirp

    rows = [".. code-block:: python\n\n   import clearchirp as cc\n", ".. list-table::\n"]
    for name in sorted(clearchirp.__all__):
        place = clearchirp._PLACES.get(name)
        told = "the version" if place is None else f":py:obj:`{place.replace(':', '.')}`"
        rows.append(f"   * - ``cc.{name}``\n     - {told}")
    return "\n".join(rows)


def _modules(room: str, path: list[str]) -> Iterator[str]:
    for found in sorted(pkgutil.iter_modules(path), key=lambda one: one.name):
        if not found.name.startswith("_") and not found.name.endswith("kernels"):
            yield f"{room}.{found.name}"

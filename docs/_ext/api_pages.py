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
            made[f"api/{room}.md"] = _page(room, title)
    names = "\n".join(name.removeprefix("api/").removesuffix(".md") for name in made)
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
    if room == "clearchirp" or not hasattr(module, "__path__"):
        listed = [room]
    elif getattr(module, "__all__", None) and room != "clearchirp.metrics":
        listed = [room]
    else:
        listed = [room, *_modules(room, module.__path__)]
    body = [f"# {title}", f"`{room}`"]
    for name in listed:
        if name != room:
            body.append(f"## `{name.removeprefix(room + '.')}`")
        body.append(_directive(name))
    return "\n\n".join(body) + "\n"


def _directive(name: str) -> str:
    module = importlib.import_module(name)
    options: list[str] = []
    exported = getattr(module, "__all__", None)
    if name == "clearchirp":
        # Its names are documented where they live.
        return _top()
    if not (exported and name == "clearchirp.metrics"):
        options += ["   :members:", "   :special-members: __call__"]
    if exported and name != "clearchirp.metrics":
        options.append("   :imported-members:")
    return "```{eval-rst}\n.. automodule:: " + name + "\n" + "\n".join(options) + "\n```"


def _top() -> str:
    import clearchirp

    lines = [
        "```python\nimport clearchirp as cc\n```",
        "| name | is |\n| --- | --- |",
    ]
    rows = []
    for name in sorted(clearchirp.__all__):
        place = clearchirp._PLACES.get(name)
        if place is None:
            rows.append(f"| `cc.{name}` | the version |")
        else:
            module, _, attribute = place.partition(":")
            rows.append(f"| `cc.{name}` | {{py:obj}}`{module}.{attribute}` |")
    return lines[0] + "\n\n" + lines[1] + "\n" + "\n".join(rows)


def _modules(room: str, path: list[str]) -> Iterator[str]:
    for found in sorted(pkgutil.iter_modules(path), key=lambda one: one.name):
        if not found.name.startswith("_") and not found.name.endswith("kernels"):
            yield f"{room}.{found.name}"

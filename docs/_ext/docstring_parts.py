"""The sections of a docstring of the house."""

from __future__ import annotations

import inspect
import re
from typing import NamedTuple


class Parts(NamedTuple):
    """Head, parameters (name -> what it means) and the other sections by name."""

    head: str
    parameters: dict[str, str]
    sections: dict[str, str]


def parts(of: type) -> Parts:
    """Return the sections of a class's docstring.

    >>> parts(type("A", (), {"__doc__": "Do.\\n\\nNotes\\n-----\\nMore."})).sections
    {'Notes': 'More.'}
    """
    text = inspect.cleandoc(of.__doc__ or "")
    pieces = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", text, flags=re.MULTILINE)
    sections = {name: body.strip() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}
    return Parts(pieces[0].strip(), _parameters(sections.pop("Parameters", "")), sections)


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    names: list[str] = []
    for line in text.splitlines():
        if line and not line[0].isspace():
            names = [name.strip() for name in line.split(":")[0].split(",")]
            found |= dict.fromkeys(names, "")
        else:
            for name in names:
                found[name] = f"{found[name]} {line.strip()}".strip()
    return found

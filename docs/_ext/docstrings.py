"""Docstrings are written to be read as they are; this makes reStructuredText of what is not."""

from __future__ import annotations

import re
from typing import Any

_LITERAL = re.compile(r"(``.*?``|`[^`]*`_?)")


def escaped(line: str) -> str:
    """Return a line whose bars and stars outside of literals are characters and no markup.

    >>> escaped("the modulus |x| of ``|y|``")
    'the modulus \\\\|x\\\\| of ``|y|``'
    """
    block = re.match(r"\s*\| (?=\S)", line)
    if block and line.count("|") % 2:  # a line block, whose bar is markup
        return block[0] + escaped(line[block.end() :])
    parts = _LITERAL.split(line)
    for place in range(0, len(parts), 2):
        parts[place] = re.sub(r"(?<!\\)\|", r"\\|", parts[place])
        parts[place] = re.sub(r"(?<![\w\\*])\*(?![\s*])|(?<=\w)\*(?=\w)", r"\\*", parts[place])
        parts[place] = re.sub(r"(?<=\w)_(?![\w])", r"\\_", parts[place])
    return "".join(parts)


def _process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = [
        line if line.lstrip().startswith((">>>", "...")) else escaped(line) for line in lines
    ]


def setup(app: Any) -> dict[str, Any]:
    """Run before napoleon, which leaves the text of sections alone."""
    app.connect("autodoc-process-docstring", _process, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

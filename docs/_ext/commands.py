"""Commands and Python of a page, run when the site is built, with what they print.

A page that shows a command shows one that works: a command that fails is a warning, and warnings
end the build. Each page has a folder of its own, filled by ``prepare`` with recordings in the
formats of the instruments.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import recordings

logger = logging.getLogger(__name__)


class Prepare(SphinxDirective):
    """``prepare NAME``: put the recordings of that name into the folder of the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave nothing on the page."""
        folder = _folder(self)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        recordings.MAKERS[self.arguments[0]](folder)
        return []


class Run(SphinxDirective):
    """``run``: command lines, each followed by what it printed."""

    has_content = True
    option_spec = {  # noqa: RUF012
        "show": directives.unchanged,
        "alt": directives.unchanged,
        "quiet": directives.flag,
        "lines": directives.positive_int,
    }

    def run(self) -> list[nodes.Node]:
        """Run each line and show it."""
        made: list[nodes.Node] = []
        for line in _whole_lines(self.content):
            printed, code = _clearchirp(line, _folder(self))
            if code:
                logger.warning(
                    "%s: exit code %s: %s", line, code, printed, location=self.get_location()
                )
            made.append(_block(_folded(line), "console"))
            if "quiet" not in self.options and printed.strip():
                lines = printed.rstrip().splitlines()
                most = self.options.get("lines", len(lines))
                lines = [*lines[:most], "..."] if len(lines) > most else lines
                made.append(_block("\n".join(lines), "text", "command-output"))
        return made + _image(self)


class RunPython(SphinxDirective):
    """``run-python``: Python lines, followed by what they printed; a page has one namespace."""

    has_content = True
    option_spec = {"show": directives.unchanged, "alt": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Run the lines and show them."""
        code = "\n".join(self.content)
        space = self.env.temp_data.setdefault("clearchirp_namespace", {"__name__": "page"})
        with _inside(_folder(self)) as (out, _):
            try:
                exec(compile(code, self.env.docname, "exec"), space)
            except Exception as error:
                logger.warning("Python on the page: %r", error, location=self.get_location())
        made: list[nodes.Node] = [_block(code, "python")]
        if out.getvalue().strip():
            made.append(_block(out.getvalue().rstrip(), "text", "command-output"))
        return made + _image(self)


def _folder(directive: SphinxDirective) -> Path:
    name = directive.env.docname.replace("/", "-")
    return Path(directive.env.srcdir) / "_scratch" / name


def _whole_lines(lines: Any) -> Iterator[str]:
    """Yield command lines; a backslash at the end goes on with the next line."""
    begun = ""
    for line in lines:
        if line.rstrip().endswith("\\"):
            begun += line.rstrip()[:-1] + " "
        elif line.strip():
            yield " ".join((begun + line).split())
            begun = ""


def _folded(line: str, width: int = 76) -> str:
    """Return a command that is too long for the page in several lines."""
    words, lines = line.split(" "), [""]
    for word in words:
        if len(lines[-1]) + len(word) > width and lines[-1]:
            lines.append("    ")
        lines[-1] += (" " if lines[-1].strip() else "") + word
    return " \\\n".join(lines)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    out, err = io.StringIO(), io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "110"
    try:
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            yield out, err
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)


def _clearchirp(line: str, folder: Path) -> tuple[str, object]:
    from clearchirp.cli.main import main

    words = shlex.split(line)
    if words[0] != "clearchirp":
        return f"not a command of clearchirp: {words[0]}", 2
    arguments, before, code = sys.argv, "", 0
    try:
        sys.argv = words
        with _inside(folder) as (out, err):
            try:
                main()
            except SystemExit as leaving:
                code = leaving.code or 0
        before = out.getvalue() + (err.getvalue() if code else "")
    finally:
        sys.argv = arguments
    return before.replace(f"{folder}/", ""), code


def _block(text: str, language: str, *classes: str) -> nodes.literal_block:
    block = nodes.literal_block(text, text, language=language)
    if classes:
        return nodes.container("", block, classes=list(classes))  # type: ignore[return-value]
    return block


def _image(directive: SphinxDirective) -> list[nodes.Node]:
    name = directive.options.get("show")
    if not name:
        return []
    path = "/" + str((_folder(directive) / name).relative_to(directive.env.srcdir))
    return [nodes.image(uri=path, alt=directive.options.get("alt", name))]


def setup(app: Any) -> dict[str, Any]:
    """Register the directives."""
    kinds: dict[str, type[Directive]] = {"prepare": Prepare, "run": Run, "run-python": RunPython}
    for name, directive in kinds.items():
        app.add_directive(name, directive)
    return {"parallel_read_safe": False}

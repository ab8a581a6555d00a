"""The command line's own help as one page."""

from __future__ import annotations

import re

import typer
from tables import table

from clearchirp.cli.main import app


def pages() -> dict[str, str]:
    """Return name -> text: every command with its arguments, options and example."""
    root = typer.main.get_command(app)
    made = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        example = re.sub(r"\[/?bold\]", "", command.epilog or "").removeprefix("Example:").strip()
        made.append(f"## `{name}`\n\n{_text(command.help or '')}")
        made.append(f"```console\n{example}\n```")
        rows = [row for row in map(_row, command.params) if row]
        made.append(table(("argument or option", "what it does"), rows))
    return {"commands-all.md": "\n\n".join(made)}


def _row(parameter: object) -> list[str] | None:
    names = ", ".join(f"`{name}`" for name in getattr(parameter, "opts", ()))
    if names == "`--help`":
        return None
    told = getattr(parameter, "help", None) or ""
    if not getattr(parameter, "opts", [""])[0].startswith("-"):
        names = f"`{getattr(parameter, 'human_readable_name', names)}`"
    return [names, _text(told)]


def _text(told: str) -> str:
    told = re.sub(r"\[/?bold\]", "", " ".join(told.split()))
    return re.sub(r"([*_<\[\]$])", r"\\\1", told)

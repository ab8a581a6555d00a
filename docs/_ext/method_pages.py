"""A page for each method and each detector: the text written for it, and what the code tells."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docstring_parts import Parts, parts
from docstrings import escaped
from tables import number, stored, table

from clearchirp.disturbed.catalogue import DetectorEntry, detectors
from clearchirp.mitigation.catalogue import MethodEntry, methods
from clearchirp.settings import defaults, load

DOCS = Path(__file__).parents[1]
DOMAINS = {
    "beat": "a beat signal",
    "range": "range spectra",
    "range-doppler": "a range-Doppler map",
    "range-doppler-angle": "a range-Doppler-angle map",
}
SECTIONS = ("The idea", "The equations", "What it costs", "Where it fails")
"""What a method's text must have; a detector's has the first and the last."""


def text_of(name: str, kind: str = "methods") -> Path | None:
    """Return the file of the text for a method or detector, None where nobody has written it.

    A family shares one: `pm-iht-map` has the text `pm-iht-map`, else `pm-iht`, else `pm`.
    """
    words = name.split("-")
    for end in range(len(words), 0, -1):
        path = DOCS / kind / "texts" / f"{'-'.join(words[:end])}.md"
        if path.is_file():
            return path
    return None


def without_text() -> list[str]:
    """Return the methods and detectors that have no text."""
    return [f"method {name}" for name in methods if text_of(name) is None] + [
        f"detector {name}" for name in detectors if text_of(name, "detectors") is None
    ]


def pages() -> dict[str, str]:
    """Return name -> text of every page."""
    made = {f"methods/{name}.md": _method(entry) for name, entry in methods.items()}
    made |= {f"detectors/{name}.md": _detector(entry) for name, entry in detectors.items()}
    made["methods-table.md"] = _methods_table()
    made["detectors-table.md"] = _detectors_table()
    return made


def _methods_table() -> str:
    rows = [
        [f"[`{e.name}`](/generated/methods/{e.name}.md)", e.domain, e.summary, e.source]
        for e in methods.values()
    ]
    return table(["method", "returns", "what it does", "source"], rows)


def _detectors_table() -> str:
    rows = [
        [f"[`{e.name}`](/generated/detectors/{e.name}.md)", e.summary, e.source]
        for e in detectors.values()
    ]
    return table(["detector", "what it does", "source"], rows)


def _method(entry: MethodEntry) -> str:
    told = parts(load(entry.factory))
    solver = parts(load(entry.solver)) if entry.solver else None
    takes = [kind for kind, yes in (("I/Q", entry.complex), ("real", entry.real)) if yes]
    facts = {
        "Returns": DOMAINS[entry.domain],
        "Mask": "the true one" if entry.needs_truth else _mask(entry),
        "Receivers": " and ".join(takes),
        "Cost": f"about {entry.cost:g} range-Doppler maps a frame",
        "Source": _source(entry.source),
    }
    classes = [load(one) for one in (entry.solver, entry.factory) if one]
    settings = {name: _told(of, name) for of in classes for name in parts(of).parameters}
    body = [
        f"# `{entry.name}`",
        f"{entry.summary[0].upper()}{entry.summary[1:]}.",
        _facts(facts),
        _text(entry.name, "methods"),
        _settings(entry.defaults(), settings, entry.given),
        _usage(entry),
        _notes(told, solver),
        _league(entry.name),
        _published(entry.name),
        _reference(entry.factory, entry.solver),
    ]
    return "\n\n".join(part for part in body if part) + "\n"


def _detector(entry: DetectorEntry) -> str:
    told = parts(load(entry.factory))
    cost = f"about {entry.cost:g} range-Doppler maps a frame" if entry.cost else "none"
    body = [
        f"# `{entry.name}`",
        f"{entry.summary[0].upper()}{entry.summary[1:]}.",
        _facts({"Cost": cost, "Source": _source(entry.source)}),
        _text(entry.name, "detectors"),
        _settings(defaults(entry.factory), told.parameters, {}),
        f"```console\nclearchirp detect recording.npz -d {entry.name} -o mask.npz\n```"
        if not entry.needs_truth
        else "",
        _notes(told, None),
        _published(entry.name),
        _reference(entry.factory, ""),
    ]
    return "\n\n".join(part for part in body if part) + "\n"


def _told(of: type, setting: str) -> str:
    """Return what a docstring says of a setting; where it points to another class, that one's."""
    text = parts(of).parameters[setting]
    found = re.match(r"(?:As (?:for|in)|The prior model:) `(?:([\w.]+)\.)?(\w+)`", text)
    if not found:
        return text
    other = getattr(sys.modules.get(found[1] or of.__module__), found[2], None)
    if other is None or setting not in parts(other).parameters:
        return text
    return _told(other, setting)


def _mask(entry: MethodEntry) -> str:
    return "a detector finds it first" if entry.needs_mask else "none needed"


def _source(source: str) -> str:
    return source if source in ("-", "clearchirp") else f"{source} ([sources](/sources.md))"


def _facts(facts: Mapping[str, str]) -> str:
    return table(list(facts), [list(facts.values())])


def _text(name: str, kind: str) -> str:
    path = text_of(name, kind)
    if path is None:
        return (
            ":::{note}\nNobody has written about it yet; this page is made from the catalogue and "
            f"the docstring. The text belongs into `docs/{kind}/texts/{name}.md`.\n:::"
        )
    return path.read_text(encoding="utf-8").strip()


def _settings(
    values: Mapping[str, object], told: Mapping[str, str], given: Mapping[str, object]
) -> str:
    if not values:
        return "## Settings\n\nNone."
    rows = [
        [f"`{name}`", f"`{_plain(value)}`", _markdown(told.get(name, ""))]
        for name, value in values.items()
    ]
    own = (
        ""
        if not given
        else ("Its own settings are " + ", ".join(f"`{k}={v}`" for k, v in given.items()) + ".\n\n")
    )
    return f"## Settings\n\n{own}{table(['setting', 'default', 'meaning'], rows)}"


def _plain(value: object) -> str:
    return (
        value
        if isinstance(value, str)
        else json.dumps(value)
        if isinstance(value, bool)
        else str(value)
    )


def _markdown(text: str) -> str:
    """Return text of a docstring as Markdown: literals in single ticks, bare stars escaped."""
    text = re.sub(r"``(.+?)``", r"`\1`", text)
    pieces = re.split(r"(`[^`]*`)", text)
    for place in range(0, len(pieces), 2):
        pieces[place] = re.sub(r"([*_<\[\]$])", r"\\\1", pieces[place])
    return "".join(pieces)


def _usage(entry: MethodEntry) -> str:
    setting = next(
        (f" --set {k}={_plain(v)}" for k, v in entry.defaults().items() if v is not None), ""
    )
    if entry.needs_truth:
        return (
            "It needs the truth, so it runs on simulated recordings only:\n\n"
            f"```console\nclearchirp evaluate demo -m {entry.name} --frames 2\n```"
        )
    return (
        f"```console\nclearchirp mitigate recording.npz -m {entry.name}{setting} -o clean.npz\n"
        f"clearchirp evaluate demo -m none -m {entry.name} --frames 4\n```"
    )


def _notes(told: Parts, solver: Parts | None) -> str:
    """Return what the docstring has to say beyond the settings, as the page's small print."""
    made = []
    for place, one in (("", told), (" of the solver", solver)):
        if one is None:
            continue
        for name, title in (
            ("Notes", "How it is done here"),
            ("Deviations", "Deviations from the source"),
        ):
            body = one.sections.get(name, "")
            if name == "Notes" and "References" in one.sections:
                body += "\n\n" + one.sections["References"]
            if body:
                made.append(f"## {title}{place}\n\n```{{eval-rst}}\n{_restructured(body)}\n```")
    return "\n\n".join(made)


def _restructured(text: str) -> str:
    """Return a section with its numbered references as a list: Markdown pages know no footnotes."""
    text = re.sub(r"\[(\d+)\]_", r"[\1]", text)
    lines, within = [], False
    for line in text.splitlines():
        begins = line.startswith(".. [")
        if begins and not within:
            lines.append("")
        within = begins or (within and line.startswith("   "))
        lines.append(
            f"- {line[3:]}" if begins else f"  {line.strip()}" if within else escaped(line)
        )
    return "\n".join(lines)


def _league(name: str) -> str:
    league = stored("league")
    rows = [
        [
            f"`{row['scene']}`",
            row["frames"],
            number(row["f1"], 3),
            number(row["evm"], 3),
            number(row["sinr_db"], 1),
            number(row["harm_evm"], 4),
            number(row["ms"], 0),
            row["note"],
        ]
        for row in league.rows
        if row["method"] == name
    ]
    if not rows:
        return ""
    head = ["scene", "frames", "F1", "EVM", "SINR in dB", "harm (EVM)", "ms a frame", "note"]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    figures = table(head, rows, right=range(1, 7))
    return (
        f"## In the league\n\n{figures}\nMeans over few frames; what the columns mean and how they "
        "were had is told with [the league](/league.md)."
    )


def _published(name: str) -> str:
    kept = stored("reproductions")
    rows = [
        [
            f"`{row['paper']}`, {row['where']}",
            row["what"],
            _claim(row),
            _ours(row),
            _verdict(row),
        ]
        for row in kept.rows
        if row["method"] == name
    ]
    if not rows:
        return ""
    figures = table(["paper", "what", "published", "ours", "verdict"], rows)
    return (
        f"## Published figures and ours\n\n{figures}\nMeasured by `{kept.command}` ({kept.made}); "
        "a statement is judged by the paired differences of its frames. What each paper's rows "
        "hold is told in [reproductions](/reproductions.md)."
    )


def _claim(row: Mapping[str, str]) -> str:
    if row["kind"] not in ("number", "bound"):
        return "statement"
    limit = "limit " if row["kind"] == "bound" else ""
    return limit + _with_unit(row["published"], row["unit"])


def _verdict(row: Mapping[str, str]) -> str:
    told = row["why"] and row["verdict"] != "reached"
    return f"{row['verdict']} ({row['why']})" if told else row["verdict"]


def _ours(row: Mapping[str, str]) -> str:
    if not row["ours"]:
        return "-"
    if not row["low"] or row["low"] == row["high"]:
        return _with_unit(row["ours"], row["unit"])
    return f"{_with_unit(row['ours'], row['unit'])} ({row['low']} to {row['high']})"


def _with_unit(value: str, unit: str) -> str:
    return f"{value} {unit}".strip() if ";" not in value else value


def _reference(factory: str, solver: str) -> str:
    places = [one for one in (factory, solver) if one]
    links: list[Any] = []
    for one in places:
        module, _, name = one.partition(":")
        links.append(f"{{py:class}}`~{module}.{name}`")
    return "In Python: " + " with ".join(links) + "."

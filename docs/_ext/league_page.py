"""Tables of the stored league and the figures about notch-refill, for pages to include."""

from __future__ import annotations

import math
import tomllib
from collections import defaultdict

from tables import DATA, number, stored, table

from clearchirp.mitigation.catalogue import methods

_HEAD = ("method", "frames", "F1", "EVM", "SINR in dB", "harm (EVM)", "ms a frame", "MB")


def pages() -> dict[str, str]:
    """Return name -> text."""
    return {
        "league-overall.md": _overall(),
        "league-scenes.md": _scenes(),
        "league-made.md": _made(),
        "refill-scores.md": _refill(),
    }


def _link(name: str) -> str:
    return f"[`{name}`](/generated/methods/{name}.md)" if name in methods else f"`{name}`"


def _made() -> str:
    league = stored("league")
    if not league.rows:
        return "No league has been stored yet.\n"
    return f"```console\n{league.command}\n```\n\nRun with {league.made}.\n"


def _overall() -> str:
    """Return the means over the scenes on which a method ran, the best F1 first."""
    own: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in stored("league").rows:
        if int(row["frames"]):
            own[row["method"]].append(row)
    lines = []
    for name, rows in own.items():
        f1, evm, sinr, harm = (_mean(rows, key) for key in ("f1", "evm", "sinr_db", "harm_evm"))
        times = [float(row["ms"]) for row in rows if row["ms"] and float(row["ms"]) > 0]
        ms = math.exp(sum(map(math.log, times)) / len(times)) if times else math.nan
        cells = [_text(f1, 3), _text(evm, 3), _text(sinr, 1), _text(harm, 4)]
        cells.append(_text(ms, 0 if ms >= 10 else 1))
        lines.append((f1, [_named(name), str(len(rows)), *cells]))
    lines.sort(key=lambda line: -line[0] if line[0] == line[0] else math.inf)
    head = ("method", "scenes", "F1", "EVM", "SINR in dB", "harm (EVM)", "ms a frame")
    return table(head, [line for _, line in lines], right=range(1, 7))


def _named(name: str) -> str:
    entry = methods.get(name)
    return _link(name) + (" (oracle)" if entry and entry.needs_truth else "")


def _scenes() -> str:
    league = stored("league")
    made = []
    for scene in dict.fromkeys(row["scene"] for row in league.rows):
        own = [row for row in league.rows if row["scene"] == scene]
        ran = sorted(
            (row for row in own if int(row["frames"])), key=lambda row: -float(row["f1"] or "nan")
        )
        rows = [
            [
                _named(row["method"]), row["frames"], number(row["f1"], 3), number(row["evm"], 3),
                number(row["sinr_db"], 1), number(row["harm_evm"], 4),
                number(row["ms"], 0 if float(row["ms"] or 0) >= 10 else 1), number(row["mb"], 0),
            ]
            for row in ran
        ]  # fmt: skip
        made.append(f"### `{scene}`\n\n{table(_HEAD, rows, right=range(1, 8))}")
        left = [row for row in own if not int(row["frames"])]
        if left:
            names = ", ".join(f"`{row['method']}` ({row['note']})" for row in left)
            made.append(f"Not run: {names}.\n")
    return "\n".join(made)


def _refill() -> str:
    kept = tomllib.loads((DATA / "notch_refill.toml").read_text(encoding="utf-8"))
    rows = [
        [_link(row["method"]), f"{row['f1']:g}", f"{row['evm']:g}" if "evm" in row else "-"]
        for row in kept["imfrac"]
    ]
    return (
        table(("method", "F1", "EVM"), rows, right=(1, 2))
        + f"\nMeans over {kept['scene']}; `{kept['command']}`, {kept['made']}.\n"
    )


def _mean(rows: list[dict[str, str]], key: str) -> float:
    known = [float(row[key]) for row in rows if row[key]]
    return sum(known) / len(known) if known else math.nan


def _text(value: float, decimals: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{decimals}f}"

"""Keep what a command measured as a small table that the documentation is made from.

    clearchirp league -o league --json > league.json
    python docs/store.py league league.json --told "clearchirp league ... --json"
    clearchirp reproduce all --quick -o reproductions --json > reproductions.json
    python docs/store.py reproductions reproductions.json --told "clearchirp reproduce all ..."
    clearchirp reproduce imfrac -o imfrac
    python docs/store.py notch_refill imfrac/results.json --told "clearchirp reproduce imfrac"

Each writes ``docs/data/NAME.csv``, whose first lines tell the command, the version and the day; the
last ``docs/data/notch_refill.toml``.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from clearchirp import __version__

DATA = Path(__file__).with_name("data")
REFILL = {
    "notch-refill", "imat-2d", "imfrac", "imfrac-padded", "imfrac2", "frft-gss", "zeroing",
    "zeroing-oracle", "ramp-filter",
}  # fmt: skip


def league_rows(told: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield a row a scene and method."""
    for one in told["standings"]:
        scores = one["scores"]
        yield {
            "scene": one["scene"],
            "method": one["method"],
            "frames": one["frames"],
            "f1": _short(scores.get("f1")),
            "evm": _short(scores.get("evm")),
            "sinr_db": _short(scores.get("map_sinr_db")),
            "harm_evm": _short(one["worst_harm_evm"]),
            "ms": _short(one["ms"]),
            "mb": _short(None if one["peak_bytes"] is None else one["peak_bytes"] / 1e6),
            "note": one["note"],
        }


def reproduction_rows(told: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """Yield a row a published figure, with ours."""
    for paper in told:
        for row in paper["rows"]:
            ours = row["measured"]
            if isinstance(ours, dict):
                ours = "; ".join(f"{name} {_short(value)}" for name, value in ours.items())
            published = row["published"]
            if isinstance(published, list):
                published = " > ".join(published) if row["kind"] == "order" else published[0]
            yield {
                "paper": paper["paper"],
                "source": paper["source"],
                "size": paper["size"],
                "method": row["method"] or row["detector"] or "",
                "what": row["what"],
                "where": row["where"],
                "unit": row["unit"] or "",
                "kind": row["kind"],
                "published": published if isinstance(published, str) else _short(published),
                "ours": ours if isinstance(ours, str) else _short(ours),
                "low": _short(row["low"]),
                "high": _short(row["high"]),
                "verdict": row["verdict"],
                "why": row["why"] or "",
            }


def refill_text(told: Mapping[str, Any], command: str, day: datetime.date) -> str:
    """Return the means over the frames of Oswald 2026 of the methods that are compared there."""
    f1 = _of_metric(told, "F1-score") | _one(told, "refill-f1")
    evm = _of_metric(told, "EVM") | _one(told, "refill-evm")
    frames = told["reduced"] or "all 250 frames"
    lines = [
        "# Written by docs/store.py: means over the frames, F1 of the object detector against the",
        "# clean map, EVM at the objects.",
        f'command = "{command}"',
        f'scene = "{frames} of the preset imfrac, seed 0"',
        f'made = "{day}"',
        "",
        "imfrac = [",
    ]
    for method in sorted(f1.keys() & REFILL, key=lambda name: -f1[name]):
        error = f", evm = {evm[method]:.4g}" if method in evm else ""
        lines.append(f'  {{ method = "{method}", f1 = {f1[method]:.4g}{error} }},')
    return "\n".join([*lines, "]", ""])


def _of_metric(told: Mapping[str, Any], metric: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in told["rows"]:
        if row["metric"] == metric and isinstance(row["measured"], dict):
            found |= row["measured"]
    return found


def _one(told: Mapping[str, Any], row_id: str) -> dict[str, float]:
    return {row["method"]: row["measured"] for row in told["rows"] if row["id"] == row_id}


def _short(value: float | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=["league", "reproductions", "notch_refill"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--told", required=True, help="the command that made FILE")
    chosen = parser.parse_args()
    made = json.loads(chosen.file.read_text(encoding="utf-8"))
    day = datetime.date.fromtimestamp(chosen.file.stat().st_mtime)
    if chosen.name == "notch_refill":
        target = DATA / "notch_refill.toml"
        target.write_text(refill_text(made, chosen.told, day), encoding="utf-8")
        print(target)
        return
    rows = list(league_rows(made) if chosen.name == "league" else reproduction_rows(made))
    target = DATA / f"{chosen.name}.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {chosen.told}\n# clearchirp {__version__}, {day}\n")
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{target}: {len(rows)} rows")


if __name__ == "__main__":
    main()

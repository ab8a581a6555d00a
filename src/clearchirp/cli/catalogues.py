"""`clearchirp methods` and `clearchirp detectors`: the catalogues as tables."""

from __future__ import annotations

from clearchirp.cli.options import Json, Quiet
from clearchirp.cli.printing import print_json, print_table, say
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.disturbed.catalogue import detectors as all_detectors
from clearchirp.mitigate.catalogue import DEFAULT_METHOD
from clearchirp.mitigate.catalogue import methods as all_methods
from clearchirp.settings import defaults


def methods(json: Json = False, quiet: Quiet = False) -> None:
    """List the mitigation methods: what they need, what they return, where they come from.

    Example: clearchirp methods --json
    """
    rows = []
    for entry in all_methods.values():
        takes = "real, I/Q" if entry.real and entry.complex else "real" if entry.real else "I/Q"
        rows.append(
            {
                "name": entry.name,
                "returns": entry.domain,
                "needs": "truth" if entry.needs_truth else "mask" if entry.needs_mask else "-",
                "takes": takes,
                "cost": entry.cost,
                "settings": _settings(entry.factory),
                "source": entry.source,
                "what it does": entry.summary,
            }
        )
    if json:
        print_json(rows)
        return
    print_table("Methods (cost in units of one range-Doppler map)", rows, quiet=quiet)
    say(f"\nDefault: {DEFAULT_METHOD}. Settings are changed by --set key=value.", quiet=quiet)


def detectors(json: Json = False, quiet: Quiet = False) -> None:
    """List the detectors of disturbed samples.

    Example: clearchirp detectors
    """
    rows = [
        {
            "name": entry.name,
            "cost": entry.cost,
            "settings": _settings(entry.factory),
            "source": entry.source,
            "what it does": entry.summary,
        }
        for entry in all_detectors.values()
    ]
    if json:
        print_json(rows)
        return
    print_table("Detectors (cost in units of one range-Doppler map)", rows, quiet=quiet)
    say(f"\nDefault: {DEFAULT_DETECTOR}. Settings: --set name.key=value.", quiet=quiet)


def _settings(factory: str) -> str:
    return " ".join(f"{key}={value}" for key, value in defaults(factory).items()) or "-"

"""`clearchirp methods` and `clearchirp detectors`: the catalogues as tables."""

from __future__ import annotations

from clearchirp.cli.options import Json, Quiet
from clearchirp.cli.printing import print_json, print_table, say
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.disturbed.catalogue import detectors as all_detectors
from clearchirp.mitigation.catalogue import DEFAULT_METHOD
from clearchirp.mitigation.catalogue import methods as all_methods
from clearchirp.settings import defaults

_COST = "cost: time in units of one range-Doppler map"


def methods(json: Json = False, quiet: Quiet = False) -> None:
    """List the mitigation methods: what they need, what they return, where they come from."""
    if json:
        print_json(
            [
                {
                    "name": entry.name,
                    "default": entry.name == DEFAULT_METHOD,
                    "domain": entry.domain,
                    "needs_mask": entry.needs_mask,
                    "needs_truth": entry.needs_truth,
                    "real": entry.real,
                    "complex": entry.complex,
                    "cost": entry.cost,
                    "settings": entry.defaults(),
                    "source": entry.source,
                    "summary": entry.summary,
                }
                for entry in all_methods.values()
            ]
        )
        return
    rows = [
        {
            "method": entry.name,
            "returns": entry.domain,
            "needs": "truth" if entry.needs_truth else "mask" if entry.needs_mask else "-",
            "takes": ", ".join(["real"] * entry.real + ["I/Q"] * entry.complex),
            "cost": entry.cost,
            "settings": _settings(entry.defaults()),
            "source": entry.source,
            "what it does": entry.summary,
        }
        for entry in all_methods.values()
    ]
    print_table(f"Methods of mitigation ({_COST})", rows, quiet=quiet)
    say(
        f"\nThe default is {DEFAULT_METHOD}. Choose by -m NAME, set by --set KEY=VALUE.",
        quiet=quiet,
    )


def detectors(json: Json = False, quiet: Quiet = False) -> None:
    """List the detectors of disturbed samples."""
    if json:
        print_json(
            [
                {
                    "name": entry.name,
                    "default": entry.name == DEFAULT_DETECTOR,
                    "cost": entry.cost,
                    "settings": defaults(entry.factory),
                    "source": entry.source,
                    "summary": entry.summary,
                }
                for entry in all_detectors.values()
            ]
        )
        return
    rows = [
        {
            "detector": entry.name,
            "cost": entry.cost,
            "settings": _settings(defaults(entry.factory)),
            "source": entry.source,
            "what it does": entry.summary,
        }
        for entry in all_detectors.values()
    ]
    print_table(f"Detectors of disturbed samples ({_COST})", rows, quiet=quiet)
    say(
        f"\nThe default is {DEFAULT_DETECTOR}. Choose by -d NAME, set by --set NAME.KEY=VALUE.",
        quiet=quiet,
    )


def _settings(values: dict[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items()) or "-"

"""`clearchirp`: the commands, and how they fail.

Exit codes: 0 done, 1 failed while working, 2 wrong use or wrong input; 130 interrupted by Ctrl-C.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import warnings
from typing import Annotated, NoReturn

import typer

from clearchirp._version import __version__
from clearchirp.cli import (
    catalogues,
    cleaning,
    comparing,
    evaluation,
    inspection,
    learning,
    reproducing,
    simulation,
    standings,
    viewing,
)
from clearchirp.cli.printing import complain, show_warning
from clearchirp.types import InputError

app = typer.Typer(
    name="clearchirp",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Find and remove mutual interference in FMCW radar recordings.",
    epilog="First of all:  [bold]clearchirp demo[/]",
)

# The example stands below the options, where a screen of help ends.
for _command, _example in (
    (simulation.demo, "demo --out demo"),
    (catalogues.methods, "methods"),
    (catalogues.detectors, "detectors"),
    (simulation.simulate, "simulate demo -o recording.npz --frames 4 --seed 1"),
    (inspection.info, "info in.bin --format dca1000 --waveform radar.toml"),
    (inspection.detect, "detect in.npz -d combined -o mask.npz"),
    (cleaning.mitigate, "mitigate in.npz -m ar -o clean.npz --figure clean.png"),
    (comparing.compare, "compare in.npz -m none -m zeroing -m ar -o comparison"),
    (viewing.view, "view in.npz"),
    (evaluation.evaluate, "evaluate imfrac -m zeroing -m ar --frames 100 -o evaluation"),
    (reproducing.reproduce, "reproduce imfrac --quick -o reproduction"),
    (learning.train, "train bce-s7.toml -o bce-s7"),
    (learning.export, "export bce-s7/bce-s7.safetensors -o bce-s7.onnx"),
    (standings.league, "league --frames 20 -o league"),
):
    app.command(_command.__name__, epilog=f"Example:  [bold]clearchirp {_example}[/]")(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"clearchirp {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            metavar="",
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """Find and remove mutual interference in FMCW radar recordings."""


def main() -> None:
    """Run the command line; the entry point of the package."""
    for stream in (sys.stdout, sys.stderr):
        # A file name that the terminal cannot show is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    warnings.showwarning = show_warning
    # Batch systems end jobs so: leave by the same way as from Ctrl-C, and tidy up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app()
    except SystemExit as leaving:
        if leaving.code == 128 + signal.SIGINT:
            complain("interrupted")
        raise
    except InputError as error:
        _fail(str(error), 2)
    except OSError as error:
        _fail(f"{error.filename or 'input or output'}: {error.strerror or error}", 1)
    except MemoryError:
        _fail("out of memory: one frame of this recording needs more than there is", 1)
    except Exception as error:
        if os.environ.get("CLEARCHIRP_DEBUG"):
            raise
        _fail(f"{type(error).__name__}: {error} (set CLEARCHIRP_DEBUG=1 for the traceback)", 1)


def _fail(text: str, code: int) -> NoReturn:
    complain(text)
    sys.exit(code)

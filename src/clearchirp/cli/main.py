"""`clearchirp`: the commands, and how they fail.

Exit codes: 0 done, 1 failed while working, 2 wrong use or wrong input.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from clearchirp._version import __version__
from clearchirp.cli import catalogues, cleaning, inspection, simulation
from clearchirp.cli.printing import err
from clearchirp.types import InputError

app = typer.Typer(
    name="clearchirp",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Find and remove mutual interference in FMCW radar recordings.",
)
app.command("demo")(simulation.demo)
app.command("methods")(catalogues.methods)
app.command("detectors")(catalogues.detectors)
app.command("simulate")(simulation.simulate)
app.command("info")(inspection.info)
app.command("detect")(inspection.detect)
app.command("mitigate")(cleaning.mitigate)
app.command("compare")(cleaning.compare)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"clearchirp {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it and go."),
    ] = False,
) -> None:
    """Find and remove mutual interference in FMCW radar recordings."""


def main() -> None:
    """Run the command line; the entry point of the package."""
    try:
        app()
    except InputError as error:
        _fail(str(error), 2)
    except BrokenPipeError:
        # The reader of the pipe has enough (| head); that is no failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except OSError as error:
        _fail(f"{error.filename or 'file system'}: {error.strerror or error}", 1)
    except MemoryError:
        _fail("out of memory; work on fewer frames, or write to a .zarr store", 1)
    except Exception as error:
        if os.environ.get("CLEARCHIRP_DEBUG"):
            raise
        text = " ".join(str(error).split())
        _fail(f"{type(error).__name__}: {text} (set CLEARCHIRP_DEBUG=1 for the traceback)", 1)


def _fail(text: str, code: int) -> None:
    err.print(f"clearchirp: {text}", markup=False, soft_wrap=True, style="red")
    sys.exit(code)

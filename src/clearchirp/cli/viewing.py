"""`clearchirp view`: a recording in the browser."""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

from clearchirp.cli.options import (
    AllowPickle,
    Conjugate,
    File,
    Format,
    IqOrder,
    Lanes,
    Quiet,
    Reading,
    Receivers,
    Variable,
    WaveformFile,
)
from clearchirp.cli.printing import say
from clearchirp.types import InputError


def view(
    file: File,
    port: Annotated[
        int | None,
        typer.Option("--port", help="Port; default: the first free one from 5006 on."),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host", help="Address to listen on; anything but the default lets others in."
        ),
    ] = "127.0.0.1",
    no_browser: Annotated[
        bool,
        typer.Option("--no-browser", metavar="", help="Print the address and open no browser."),
    ] = False,
    format: Format = None,
    waveform: WaveformFile = None,
    variable: Variable = None,
    lanes: Lanes = None,
    iq_order: IqOrder = "auto",
    receivers: Receivers = None,
    conjugate: Conjugate = False,
    allow_pickle: AllowPickle = False,
    quiet: Quiet = False,
) -> None:
    """Look at a recording in the browser: maps before and after, with any detector and method.

    Ctrl-C ends it.
    """
    reading = Reading(
        format, waveform, variable, lanes, iq_order, receivers, conjugate, allow_pickle
    )
    if importlib.util.find_spec("bokeh") is None:
        raise InputError("view: needs Bokeh; install it with: pip install 'clearchirp[viewer]'")
    if port is not None and not 0 <= port <= 65535:
        raise InputError(f"--port: must be from 0 to 65535, got {port}")
    capture = reading.open(file)
    # The first frame is read now: what is damaged is told before any page.
    capture.read(0, 1)
    from clearchirp.viewer.serving import Viewer

    viewer = Viewer(capture, str(file), reading.given, host=host, port=port)
    viewer.run(
        lambda url: say(f"{url} shows {file}; Ctrl-C ends it", quiet=quiet),
        browser=not no_browser,
    )

"""`clearchirp compare`: one recording, several ways to clean it, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from clearchirp.cli.options import (
    AllowPickle,
    Conjugate,
    DetectorName,
    File,
    Format,
    IqOrder,
    Json,
    Lanes,
    Quiet,
    Reading,
    Receivers,
    Set,
    Settings,
    Variable,
    WaveformFile,
)
from clearchirp.cli.printing import counted, note, print_json, print_table, progress, say
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR, find_detector
from clearchirp.types import InputError


def compare(
    file: File,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            "-m",
            metavar="NAME",
            help="A method; repeat it for each. Default: the everyday ones, up to a hundred maps "
            "of cost and without the sparse maps; see 'clearchirp methods'.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the figures and report.html."),
    ] = None,
    detector: DetectorName = DEFAULT_DETECTOR,
    settings: Set = None,
    format: Format = None,
    waveform: WaveformFile = None,
    variable: Variable = None,
    lanes: Lanes = None,
    iq_order: IqOrder = "auto",
    receivers: Receivers = None,
    conjugate: Conjugate = False,
    allow_pickle: AllowPickle = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Try several methods on one recording: table, figures, report.

    With truth in the file all metrics, without truth those that need none.
    """
    reading = Reading(
        format, waveform, variable, lanes, iq_order, receivers, conjugate, allow_pickle
    )
    given = method_names(methods)
    chosen = Settings(settings, given, detector)
    check_folder(output)
    capture = reading.open(file)
    names = given if methods else taking(given, capture.is_complex)
    run_comparison(
        capture,
        str(capture.path),
        names,
        detector,
        chosen,
        folder=output,
        title=f"Interference mitigation: {Path(file).name}",
        json=json,
        quiet=quiet,
    )


def run_comparison(
    recording: Any,
    label: str,
    names: list[str],
    detector: str,
    chosen: Settings,
    *,
    folder: Path | None,
    title: str,
    json: bool,
    quiet: bool,
) -> None:
    """Compare methods on a recording called `label`, print the table, write the report."""
    from clearchirp.chain import pipeline
    from clearchirp.evaluate.comparison import compare as compare_methods
    from clearchirp.report.comparison import heading, write_comparison

    pipelines = {
        name: pipeline(name, None, settings=chosen.of(name), waveform=recording.waveform)
        for name in names
    }
    entry = find_detector(detector)
    # An oracle finds nothing in a beat signal: its mask comes from the truth.
    finder = None if entry.needs_truth else entry(**chosen.of(detector))
    notes = getattr(recording, "notes", ())
    with progress("comparing", len(recording), quiet=quiet or json) as step:
        result = compare_methods(recording, pipelines, finder, on_frame=step)
    if json:
        print_json(
            {
                "file": label,
                "detector": detector,
                "truth": result.truth,
                "notes": list(notes),
                "methods": result.rows,
            }
        )
    else:
        rows = [
            {"method": name, **{heading(column): value for column, value in row.items()}}
            for name, row in result.rows.items()
        ]
        print_table(
            f"{label}, {counted(len(recording), 'frame')}, mask by {detector}",
            rows,
            quiet=quiet,
        )
        for line in notes:
            note(f"note: {line}", quiet=quiet)
    if folder is None:
        return
    frames, rx, chirps, samples = result.shape
    kind = "real-valued" if np.isrealobj(result.example.before) else "I/Q"
    share = float(result.example.disturbed.mean())
    written = write_comparison(
        folder,
        result,
        recording.waveform,
        title=title,
        intro=(
            f"Every method was given the mask of disturbed samples that the detector {detector} "
            "found. "
            + (
                "The recording knows the truth: the scores compare with its clean signal."
                if result.truth
                else "The recording does not know the truth: the scores need none."
            )
        ),
        facts={
            "recording": label,
            "frames": str(frames),
            "receivers": f"{rx}, {kind}",
            "chirps x samples": f"{chirps} x {samples}",
            "disturbed samples": f"{100 * share:.2f} % in the frame that is shown",
        },
        notes=notes,
    )
    say(f"{written[-1]} and {len(written) - 1} figures beside it", quiet=quiet or json)


def taking(names: list[str], is_complex: bool) -> list[str]:
    """Leave out the methods that do not take this kind of receiver."""
    from clearchirp.mitigation.catalogue import methods as all_methods

    return [n for n in names if (all_methods[n].complex if is_complex else all_methods[n].real)]


def check_folder(folder: Path | None) -> None:
    """Refuse a file where a folder is wanted."""
    if folder is not None and folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; --output takes a folder")


def method_names(methods: list[str] | None) -> list[str]:
    """Return the names that were given, or the everyday ones; each only once."""
    from clearchirp.mitigation.catalogue import everyday_methods

    names = methods or everyday_methods()
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"--method: {', '.join(sorted(twice))} is given twice")
    return names

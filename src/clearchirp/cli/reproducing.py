"""`clearchirp reproduce`: a paper's tables and figures beside ours."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from clearchirp.cli.options import (
    Json,
    Quiet,
    Scheduler,
    Threads,
    WorkerCount,
    chosen_workers,
)
from clearchirp.cli.printing import note, on_terminal, print_json, print_table, say
from clearchirp.types import InputError

ALL = "all"


def reproduce(
    paper: Annotated[
        str,
        typer.Argument(
            metavar="PAPER",
            help="imfrac, imfrac2, mru, sparkle, e2e, aenn, arim, or all.",
            show_default=False,
        ),
    ],
    quick: Annotated[
        bool,
        typer.Option("--quick", metavar="", help="About two minutes a paper, with few frames."),
    ] = False,
    full: Annotated[
        bool,
        typer.Option("--full", metavar="", help="All that the paper ran, however long it takes."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for report, tables and figures; default: reproductions-out/PAPER. "
            "What lies there of an earlier run is not done again.",
            show_default=False,
        ),
    ] = None,
    readme: Annotated[
        Path | None,
        typer.Option(
            "--readme",
            help="With all: put the scoreboard between the marks of this Markdown file.",
            show_default=False,
        ),
    ] = None,
    workers: WorkerCount = None,
    threads: Threads = False,
    scheduler: Scheduler = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure what a paper published; each row with a verdict.

    Without --quick and --full it takes an hour a paper at most, on two cores. The exit code is 0
    whatever the verdicts are, and 1 where the measurement of a row failed.
    """
    from clearchirp.evaluate.reproduction import as_table, paper_names
    from clearchirp.evaluate.reproduction import reproduce as measure
    from clearchirp.evaluate.verdicts import Verdict
    from clearchirp.report.scoreboard import (
        check_marks,
        paper_lines,
        row_line,
        update_readme,
        write_reproduction,
        write_scoreboard,
    )

    if quick and full:
        raise InputError("--quick and --full: give one of them")
    known = paper_names()
    if paper != ALL and paper not in known:
        raise InputError(f"PAPER: no paper is called {paper!r}; there are {', '.join(known)}, all")
    if readme is not None:
        if paper != ALL:
            raise InputError("--readme: is for: clearchirp reproduce all")
        if not readme.is_file():
            raise InputError(f"{readme}: is no file")
        check_marks(readme, readme.read_text(encoding="utf-8"))
    crew = chosen_workers(workers, threads, scheduler)
    folder = output or Path("reproductions-out") / ("" if paper == ALL else paper)
    size = "quick" if quick else "full" if full else "whole"
    papers = []
    for name in known if paper == ALL else (paper,):
        own = folder / name if paper == ALL else folder
        with _progress(name, quiet=quiet or json) as step:
            done = measure(name, own, size=size, workers=crew, progress=step)
        written = write_reproduction(own, done)
        papers.append(done)
        if not json:
            title = f"{name}, {size}: {done.paper.title}"
            print_table(title, [row_line(row) for row in done.rows], quiet=quiet)
            if done.size.reduced:
                note(f"note: {done.size.reduced}", quiet=quiet)
            say(f"{written[-1]}, {done.seconds:.0f} s\n", quiet=quiet)
    if paper == ALL:
        written = write_scoreboard(folder, papers)
        if readme is not None:
            update_readme(readme, papers)
        if not json:
            print_table("Scoreboard", paper_lines(papers), quiet=quiet)
            say(f"{written[-1]}, {written[0].name} and {written[1].name} beside it", quiet=quiet)
    if json:
        print_json([as_table(done) for done in papers])
    failed = sum(done.count(Verdict.FAILED) for done in papers)
    if failed:
        note(f"{failed} rows failed; the reason stands in the report", quiet=quiet)
        raise typer.Exit(1)


@contextmanager
def _progress(paper: str, *, quiet: bool) -> Iterator[Any]:
    """Give a function that shows which part of a paper is worked on, and how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = quiet or not on_terminal(sys.stderr)
    with Progress(*columns, console=Console(stderr=True), disable=hidden, transient=True) as bar:
        task = bar.add_task(paper, total=None)

        def step(what: str, done: int, total: int) -> None:
            bar.update(task, description=f"{paper}: {what}", completed=done, total=total)

        yield step

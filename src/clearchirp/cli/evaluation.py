"""`clearchirp evaluate`: methods over many frames of scenes, and questions to the rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from clearchirp.cli.options import (
    Json,
    Quiet,
    Scheduler,
    Threads,
    WorkerCount,
    chosen_workers,
)
from clearchirp.cli.printing import counted, note, print_json, print_table, progress, say
from clearchirp.disturbed.catalogue import DEFAULT_DETECTOR
from clearchirp.mitigation.catalogue import everyday_methods
from clearchirp.types import InputError

_ASKING = "Asking an experiment that has run"


def evaluate(
    scenes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENE...",
            help="Names of presets, such as imfrac or highway, or TOML files.",
            show_default=False,
        ),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            "-m",
            metavar="NAME",
            help="A method; repeat it for each. Default: the everyday ones, up to a hundred maps "
            "of cost and without the sparse maps, and the oracles.",
        ),
    ] = None,
    detectors: Annotated[
        list[str] | None,
        typer.Option(
            "--detector",
            "-d",
            metavar="NAME",
            help=f"A detector; repeat it for each. Default: {DEFAULT_DETECTOR}.",
        ),
    ] = None,
    frames: Annotated[int, typer.Option("--frames", help="How many frames of each scene.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = 0,
    clean: Annotated[
        bool,
        typer.Option(
            "--clean",
            metavar="",
            help="Leave the interference out: what methods do to clean frames.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for the rows (Parquet), tables, figures and report.html. The same command "
            "goes on where it was interrupted.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME.KEY=VALUE",
            help="A setting of a method or detector; several values, with commas between them, run "
            "one by one: --set zeroing.taper=0,4. May be repeated.",
        ),
    ] = None,
    workers: WorkerCount = None,
    threads: Threads = False,
    scheduler: Scheduler = None,
    query: Annotated[
        str | None,
        typer.Option(
            "--query",
            metavar="SQL",
            help="Put a DuckDB query to the rows in the folder of --output, such as "
            '"SELECT method, avg(f1) FROM rows GROUP BY method".',
            rich_help_panel=_ASKING,
        ),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option(
            "--row",
            metavar="N",
            help="Make row N of the folder of --output again, from what the row says, and compare.",
            show_default=False,
            rich_help_panel=_ASKING,
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score methods on simulated frames of scenes, the oracles included.

    Every method sees the same frames and, but for the oracles, the same mask. A row a frame,
    detector and method.
    """
    if query is not None or row is not None:
        _check_asking(scenes, methods, output, query, row)
        assert output is not None
        if query is not None:
            _ask(output, query, json=json, quiet=quiet)
        else:
            _make_again(output, row or 0, json=json, quiet=quiet)
        return
    from clearchirp.evaluate.experiment import Experiment, SceneText, sweep, taking

    who = chosen_workers(workers, threads, scheduler, much=frames > 20)
    texts = tuple(SceneText.of(scene) for scene in scenes or ())
    names = methods or taking(everyday_methods(oracles=True), texts)
    chosen = sweep(settings or (), names, detectors or [DEFAULT_DETECTOR])
    experiment = Experiment(
        scenes=texts,
        methods=chosen[0],
        detectors=chosen[1],
        frames=frames,
        seed=seed,
        interference=not clean,
    )
    with _folder(output) as folder:
        _run(experiment, folder, who, quiet=quiet or json)
        _tell(experiment, folder, output, json=json, quiet=quiet)


@contextmanager
def _folder(output: Path | None) -> Iterator[Path]:
    """Without a folder to keep them in, the rows are gone afterwards."""
    with ExitStack() as stack:
        yield output or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clearchirp-")))


def _check_asking(
    scenes: list[str] | None,
    methods: list[str] | None,
    output: Path | None,
    query: str | None,
    row: int | None,
) -> None:
    option = "--row" if query is None else "--query"
    if query is not None and row is not None:
        raise InputError("--row: not together with --query; give one of them")
    if scenes or methods:
        raise InputError(f"{option}: asks an experiment that has run; leave out SCENE and --method")
    if output is None:
        raise InputError(f"{option}: say whose rows, with --output DIR")


def _run(experiment: Any, folder: Path, workers: Any, *, quiet: bool) -> None:
    from clearchirp.evaluate.running import Progress, run_experiment

    total = experiment.frames * len(experiment.scenes)
    before = 0
    with progress("evaluating", total, quiet=quiet) as step:

        def on_chunk(now: Progress) -> None:
            nonlocal before
            if now.found and now.found == now.done and not before:
                note(f"{now.found} of {now.frames} frames lay there already", quiet=quiet)
            step(now.done - before)
            before = now.done

        try:
            run_experiment(experiment, folder, workers, on_chunk=on_chunk)
        except OSError as error:
            told = f"{error.strerror or error}; the same command goes on from here"
            raise OSError(error.errno, told, error.filename or str(folder)) from error


def _tell(experiment: Any, folder: Path, output: Path | None, *, json: bool, quiet: bool) -> None:
    from clearchirp.evaluate.summary import GROUPS, summarise
    from clearchirp.report.columns import heading

    groups = summarise(folder)
    if json:
        print_json(
            {
                "folder": None if output is None else str(output),
                "frames": experiment.frames,
                "seed": experiment.seed,
                "interference": experiment.interference,
                "groups": groups,
            }
        )
    else:
        several = [name for name in GROUPS if len({group[name] for group in groups}) > 1]
        shown = [name for name in GROUPS if name in several or name == "method"]
        failed = any(group["errors"] for group in groups)
        rows = [
            {
                **{name: group[name] for name in shown},
                **({"errors": group["errors"]} if failed else {}),
                **{
                    heading(name): value
                    for name, value in group.items()
                    if name not in (*GROUPS, "frames", "errors")
                },
            }
            for group in groups
        ]
        print_table(_title(experiment, groups, several), rows, quiet=quiet)
    _tell_errors(folder, quiet=quiet or json)
    if output is not None:
        from clearchirp.report.evaluation import write_evaluation

        written = write_evaluation(output, experiment)
        say(f"{written[-1]}; rows in {output / 'rows'}", quiet=quiet or json)


def _title(experiment: Any, groups: list[dict[str, Any]], several: list[str]) -> str:
    told = [groups[0][name] for name in ("scene",) if name not in several]
    told.append(counted(experiment.frames, "frame") + (" each" if "scene" in several else ""))
    if not experiment.interference:
        told.append("without interference")
    told.append(f"seed {experiment.seed}")
    if "detector" not in several:
        told.append(f"mask by {groups[0]['detector']}")
    return ", ".join(told)


def _tell_errors(folder: Path, *, quiet: bool) -> None:
    """Tell the first frame on which each method failed."""
    from clearchirp.evaluate.rows import query as ask

    _, failures = ask(
        folder,
        "SELECT method, count(*), min(frame), arg_min(error, frame) FROM rows "
        "WHERE error IS NOT NULL GROUP BY method ORDER BY method",
    )
    for method, count, frame, error in failures:
        note(
            f"{method} failed on {counted(count, 'frame')}, first on {frame}: {error}", quiet=quiet
        )


def _ask(folder: Path, sql: str, *, json: bool, quiet: bool) -> None:
    from clearchirp.evaluate.rows import query as ask

    columns, rows = ask(folder, sql)
    table = [dict(zip(columns, row, strict=True)) for row in rows]
    if json:
        print_json(table)
    elif not table:
        say("no rows", quiet=quiet)
    else:
        print_table(counted(len(table), "row"), table, quiet=quiet)


def _make_again(folder: Path, number: int, *, json: bool, quiet: bool) -> None:
    from clearchirp.evaluate.experiment import load_experiment
    from clearchirp.evaluate.rows import TIMES, read_row
    from clearchirp.evaluate.running import rebuilt_row

    stored = read_row(folder, number)
    made = rebuilt_row(load_experiment(folder), stored)
    different = [
        name for name in stored if name not in TIMES and not _same(stored[name], made[name])
    ]
    if json:
        print_json({"stored": stored, "again": made, "different": different})
    else:
        rows = [
            {"column": name, "stored": _cell(stored[name]), "again": _cell(made[name])}
            for name in stored
            if name != "scene_text"
        ]
        print_table(f"Row {number} of {folder}", rows, quiet=quiet)
        say(
            f"differs in {', '.join(different)}" if different else "the same, but for the times",
            quiet=quiet,
        )
    if different:
        raise typer.Exit(1)


def _same(stored: object, again: object) -> bool:
    return stored == again


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return repr(value) if isinstance(value, float) else str(value)

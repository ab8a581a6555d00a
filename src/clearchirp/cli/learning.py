"""`clearchirp train` and `clearchirp export`: networks, in the room that needs torch."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from clearchirp.cli.options import Json, Quiet
from clearchirp.cli.printing import note, print_json, progress, say
from clearchirp.types import InputError

_FIELDS = ("name", "network", "loss", "temperature", "weight", "data", "training", "detector")
_NEEDS = ("torch", "lightning", "safetensors")


def train(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG",
            help="What to train: a TOML file with network, loss, [data] and [training].",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Folder for weights, checkpoint and log.csv. The same command goes on where it "
            "was interrupted.",
        ),
    ],
    restart: Annotated[
        bool,
        typer.Option("--restart", metavar="", help="Begin anew where the folder has a training."),
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads",
            help="Threads of torch; default: one a core. On a busy machine one is faster: threads "
            "wait for each other.",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a network that removes interference from range-Doppler-angle maps.

    The weights of the epoch with the best F1 score on the validation maps go to NAME.safetensors in
    the folder; a line an epoch to log.csv. An interrupted training ends as an undisturbed one does.
    """
    from clearchirp.neural.config import load_config

    plan = load_config(config)
    if threads is not None and threads < 1:
        raise InputError(f"--threads: must be 1 or more, got {threads}")
    _check_extra(_NEEDS)
    import torch

    from clearchirp.neural.training import train as run

    if threads is not None:
        torch.set_num_threads(threads)
    with _progress(plan.training.epochs, output, quiet=quiet) as step:
        try:
            done = run(plan, output, restart=restart, on_epoch=step)
        except InputError as error:
            field = re.match(r"(\w+)[.:]", str(error))
            if field and field[1] in _FIELDS:
                raise InputError(f"{config}: {error}") from None
            raise
    if json:
        print_json(asdict(done))
        return
    say(
        f"{done.network}: F1 {done.f1:.3f} on the validation maps in epoch {done.best_epoch + 1} "
        f"of {done.epochs}, {done.seconds:.0f} s; log in {output / 'log.csv'}",
        quiet=quiet,
    )


def export(
    checkpoint: Annotated[
        Path,
        typer.Argument(metavar="CHECKPOINT", help="A network's .safetensors.", show_default=False),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the .onnx goes.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a trained network as ONNX, and check that it computes the same.

    Input and output are real (batch, 2, angle, doppler, range), real and imaginary part, in the
    units of the maps: the whitening is inside. Every size but the two parts is free.
    """
    if output.suffix.lower() != ".onnx":
        raise InputError(f"{output}: must end in .onnx")
    _check_extra((*_NEEDS, "onnx", "onnxscript", "onnxruntime"))
    from clearchirp.neural.export import export_onnx

    done = export_onnx(checkpoint, output)
    if json:
        print_json({"output": str(output), **asdict(done)})
        return
    say(
        f"{output}: {done.bytes} bytes; differs from torch by {done.difference:.1e} of the largest "
        f"value, on maps of {done.sizes} sizes",
        quiet=quiet,
    )


def _check_extra(modules: tuple[str, ...]) -> None:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"needs {', '.join(missing)}; install it with: pip install 'clearchirp[neural]'"
        )


@contextmanager
def _progress(epochs: int, output: Path, *, quiet: bool) -> Iterator[Any]:
    """Move a bar on a terminal; tell on the way out of an interruption what is kept."""
    before, began = 0, False

    with progress("training", epochs, quiet=quiet) as advance:

        def step(done: int, f1: float) -> None:
            nonlocal before, began
            if not began and done > 1:
                note(f"{done - 1} epochs lay there already", quiet=quiet)
            began = True
            advance(done - before)
            before = done

        try:
            yield step
        except (KeyboardInterrupt, SystemExit):
            if (output / "last.ckpt").exists():
                note(
                    f"{output}: keeps what was trained; the same command goes on from there",
                    quiet=quiet,
                )
            raise

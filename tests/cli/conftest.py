"""The command line in this process, and small recordings for it."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearchirp.cli.main import app, main

EXAMPLES = {
    str(command.name): str(command.epilog).split("[bold]")[1].removesuffix("[/]")
    for command in app.registered_commands
}
"""The example in the help of each command."""


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))

    @property
    def line(self) -> str:
        """The one line on standard error; anything else there, or on standard output, fails."""
        assert self.out == ""
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err.strip()


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Return a function that runs `clearchirp` with the arguments it is given."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["clearchirp", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main()
        written = capsys.readouterr()
        code = leaving.value.code
        return Ran(code if isinstance(code, int) else 0, written.out, written.err)

    before = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def beat_signal(shape: tuple[int, ...] = (32, 256), *, real: bool = False, seed: int = 1) -> Any:
    """Two targets in noise and a burst in every other chirp, (..., chirp, sample)."""
    rng = np.random.default_rng(seed)
    chirp, sample = np.arange(shape[-2])[:, None], np.arange(shape[-1])
    phase = 2 * np.pi * (0.11 * sample + 0.2 * chirp)
    targets = np.exp(1j * phase) + 0.1 * np.exp(2j * np.pi * 0.31 * sample)
    noise = rng.standard_normal((*shape, 2)) @ np.array([0.05, 0.05j])
    burst = np.zeros(shape, complex)
    n = np.arange(-12, 13)
    for k in range(0, shape[-2], 2):
        start = 20 + 37 * k % (shape[-1] - 60)
        burst[..., k, start : start + 25] = 30 * np.exp(1j * np.pi * 0.03 * n**2)
    beat = targets + noise + burst
    return beat.real.astype(np.float32) if real else beat.astype(np.complex64)


@pytest.fixture
def recording(here: Path) -> Path:
    """Return a disturbed I/Q recording of 32 chirps of 256 samples."""
    np.savez(here / "in.npz", beat=beat_signal(), slope=2e13, sample_rate=2e7)
    return Path("in.npz")

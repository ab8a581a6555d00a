"""What is printed: JSON for programs, tables that fit, silence, help with examples that work."""

from __future__ import annotations

import math
import os
import shlex
from pathlib import Path

import numpy as np
import pytest

from clearchirp.cli import printing
from clearchirp.disturbed.catalogue import detectors
from clearchirp.mitigation.catalogue import methods
from clearchirp.types import Status
from tests.cli.conftest import EXAMPLES, Run, beat_signal

COMMANDS = {
    "methods": [],
    "detectors": [],
    "simulate": ["demo", "-o", "sim.npz", "--frames", "1"],
    "info": ["in.npz"],
    "detect": ["in.npz"],
    "mitigate": ["in.npz", "-o", "out.npz"],
    "compare": ["in.npz", "-m", "none", "-m", "zeroing"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_json_alone_is_on_standard_output(command: str, run: Run, recording):
    ran = run(command, *COMMANDS[command], "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json


@pytest.mark.parametrize("command", COMMANDS)
def test_quiet(command: str, run: Run, recording):
    assert run(command, *COMMANDS[command], "--quiet") == type(run("--version"))(0, "", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_gets_whole_lines_without_colours(command: str, run: Run, recording, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    ran = run(command, *COMMANDS[command])
    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err
    assert not any(line != line.rstrip() for line in ran.out.splitlines())
    if command in ("methods", "detectors"):
        names = {"methods": methods, "detectors": detectors}[command]
        for entry in names.values():
            line = next(one for one in ran.out.splitlines() if one.startswith(entry.name + " "))
            assert line.endswith(entry.summary)


def test_json_speaks_si_and_field_names(run: Run, recording):
    facts = run("info", recording, "--json").json
    assert facts["waveform"]["slope"] == 2e13
    assert facts["waveform"]["start_frequency"] is None
    assert facts["range_bin"] == pytest.approx(299792458 / (2 * 2e13) * 2e7 / 256)
    assert (facts["frames"], facts["receivers"], facts["chirps"], facts["samples"]) == (
        1,
        1,
        32,
        256,
    )
    (frame,) = run("detect", recording, "--json").json["by_frame"]
    assert frame["share"] == pytest.approx(facts["by_frame"][0]["disturbed_share"])
    # The burst's phase is pi 0.03 n^2: 0.03 cycles a sample squared.
    assert frame["chirp_rate"] == pytest.approx(0.03 * 2e7**2, rel=0.05)
    heading, row = run("detect", recording).out.splitlines()[1:3]
    assert heading.endswith("slope diff. (MHz/us)")
    assert float(row.split()[-1]) == pytest.approx(12, rel=0.05)
    listed = run("methods", "--json").json
    assert [entry["name"] for entry in listed] == list(methods)
    assert next(e for e in listed if e["name"] == "ar")["settings"]["order"] == 25


def test_units_of_info(run: Run, recording):
    text = run("info", recording).out
    for line in (
        "slope            20 MHz/us",
        "start frequency  unknown",
        "size             1 frame x 1 receiver x 32 chirps x 256 samples",
        "receiver         I/Q (complex64)",
    ):
        assert line in text


def test_detect_tells_the_interferers(run: Run, recording):
    (frame,) = run("detect", recording, "-d", "fractional", "--json").json["by_frame"]
    (one,) = frame["interferers"]
    assert one["chirp_rate"] == pytest.approx(0.03 * 2e7**2, rel=0.01)
    assert one["crossings"] == 16
    lines = run("detect", recording, "-d", "fractional").out.splitlines()
    heading = next(k for k, line in enumerate(lines) if line.endswith("crossings"))
    assert [float(x) for x in lines[heading + 1].split()[:2]] == [0, pytest.approx(12, rel=0.01)]
    assert "interferers" not in run("detect", recording, "--json").json["by_frame"][0]


def test_a_bare_setting_of_detect_is_the_detectors(run: Run, recording):
    few = run("detect", recording, "--set", "guard=0", "--json").json["by_frame"][0]["share"]
    many = run("detect", recording, "--set", "combined.guard=9", "--json").json["by_frame"][0]
    assert many["share"] > few


def test_notes_name_the_options(run: Run, here):
    np.save("in.npy", beat_signal((3, 16, 128)))
    ran = run("detect", "in.npy")
    assert "note: The leading axis of 3 is read as frames" in ran.err
    assert "--receivers 3 reads it as receivers" in ran.err
    assert run("info", "in.npy", "--receivers", 3, "--json").json["receivers"] == 3


def test_a_method_that_ran_out_of_iterations_says_so(run: Run, recording, monkeypatch):
    from clearchirp.mitigation.ar import Autoregressive
    from clearchirp.types import Mitigated

    monkeypatch.setattr(
        Autoregressive,
        "__call__",
        lambda self, beat, disturbed: Mitigated(beat, disturbed, Status.MAX_ITERATIONS),
    )
    ran = run("mitigate", recording, "-m", "ar", "-o", "out.npz")
    assert "raise max_iter" in ran.err


# ------------------------------------------------------------------------------------- tables

ROWS = [
    {"method": "none", "noise floor (dB)": 57.5551, "change (dB)": 0.0, "hit": True},
    {"method": "ramp-filter", "noise floor (dB)": -6.25, "change (dB)": math.nan, "hit": False},
]


@pytest.fixture
def screen(monkeypatch):
    """Return a function that makes standard output a terminal of some width."""

    def screen(columns: int) -> None:
        monkeypatch.setattr(printing, "on_terminal", lambda *_: True)
        monkeypatch.setattr(
            printing.shutil, "get_terminal_size", lambda *_: os.terminal_size((columns, 24))
        )

    return screen


def test_a_table(capsys):
    printing.print_table("Two rows", ROWS)
    assert capsys.readouterr().out == (
        "Two rows\n"
        "method       noise floor (dB)  change (dB)  hit\n"
        "none                    57.56          0.0  yes\n"
        "ramp-filter             -6.25            -   no\n"
    )


def test_a_table_is_turned_where_the_screen_is_narrow(screen, capsys):
    screen(45)
    printing.print_table("Two rows", ROWS)
    assert capsys.readouterr().out == (
        "Two rows\n"
        "method             none  ramp-filter\n"
        "noise floor (dB)  57.56        -6.25\n"
        "change (dB)         0.0            -\n"
        "hit                 yes           no\n"
    )


def test_a_table_becomes_a_list_where_it_is_narrower_still(screen, capsys):
    screen(20)
    printing.print_table("Two rows", ROWS[:1])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "Two rows",
        "none",
        "  noise floor (dB)  57.56",
        "  change (dB)       0.0",
        "  hit               yes",
    ]


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
@pytest.mark.parametrize("command", ["methods", "detectors", "detect", "compare"])
def test_nothing_is_wider_than_the_screen(command, columns, screen, run: Run, recording):
    screen(columns)
    out = run(command, *COMMANDS[command]).out
    for line in out.splitlines():
        assert len(line) <= columns
    if command == "compare":
        assert out.count("noise floor (dB)") == 1


def test_a_long_recording_on_a_screen_shows_the_frames_that_were_hit(
    screen, run: Run, here, monkeypatch
):
    beat = np.full((60, 16, 128), 1 + 0j, np.complex64)
    beat += 0.1 * np.random.default_rng(1).standard_normal(beat.shape)
    beat[50, 3, 40:60] *= 50
    np.save("in.npy", beat)
    piped = run("detect", "in.npy").out.splitlines()
    answers = [line.split()[1] for line in piped[2:-1]]
    assert len(answers) == 60
    screen(100)
    monkeypatch.setattr("clearchirp.cli.inspection.on_terminal", lambda *_: True)
    out = run("detect", "in.npy").out
    assert "   50  yes" in out
    assert f"{answers.count('no')} frames not hit" in out
    assert len(out.splitlines()) == 4 + answers.count("yes") < 10


# --------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("command", [*COMMANDS, "demo"])
def test_help_ends_with_an_example(command: str, run: Run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    ran = run(command, "--help")
    assert ran.code == 0
    # On one line, to be copied.
    assert f"Example:  {EXAMPLES[command]}" in ran.out.rstrip().splitlines()[-1]


# The example of `compare` is run in test_compare.
@pytest.mark.parametrize("command", [*sorted(set(COMMANDS) - {"compare"}), "demo"])
def test_the_example_works(command: str, run: Run, recording):
    Path("radar.toml").write_text("samples = 64\nchirps = 16\nreceivers = 4\n")
    words = np.random.default_rng(1).integers(-99, 99, 2 * 64 * 16 * 4 * 2, dtype=np.int16)
    Path("in.bin").write_bytes(words.tobytes())
    _, *arguments = shlex.split(EXAMPLES[command])
    ran = run(*arguments)
    assert ran.code == 0, ran.err
    for name in ("recording.npz", "mask.npz", "clean.npz", "clean.png"):
        assert (name in arguments) == Path(name).exists()
    if command == "demo":
        assert "<html" in Path("demo/report.html").read_text(encoding="utf-8")


def test_help_and_version(run: Run):
    first = run("--help")
    assert first.code == 0
    assert all(command in first.out for command in [*COMMANDS, "demo"])
    assert run("-h").out == first.out
    assert run("--version").out.startswith("clearchirp ")

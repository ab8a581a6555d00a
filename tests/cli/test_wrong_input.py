"""Wrong input: one line with the file, the field and the mend; exit code 2; nothing written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from numpy.lib import format as npy_format

from tests.cli.conftest import Run, beat_signal


def listing(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


def make_bomb(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("beat.npy", "w", force_zip64=True) as member,
    ):
        shape = (132, 1, 128, 512)
        npy_format.write_array_header_1_0(
            member, {"descr": "<c8", "fortran_order": False, "shape": shape}
        )
        for _ in range(66):
            member.write(bytes(2**20))


RAW = "--format", "tsw1400", "--waveform", "jin-cao-awr1243"


def make_recording(name: str) -> None:
    path = Path(name)
    beat = beat_signal()
    match name:
        case "truncated.bin":
            path.write_bytes(np.arange(99_999, dtype="<u2").tobytes())
        case "text.bin":
            path.write_text("time;value\n" * 1000)
        case "bomb.npz":
            make_bomb(path)
        case "cut.npz":
            np.savez(path, beat=beat)
            path.write_bytes(path.read_bytes()[:-5000])
        case "object.npy":
            np.save(path, np.array([{"beat": 1}, None], dtype=object), allow_pickle=True)
        case "nan.npz":
            beat = np.stack([beat, beat, beat])
            beat[2, 4, 5] = np.nan
            np.savez(path, beat=beat)
        case "other.mat":
            scipy.io.savemat(path, {"signal": beat})
        case "words.npz":
            np.savez(path, beat=np.array([["a", "b"]]))
        case "five.npy":
            np.save(path, np.zeros((2, 2, 2, 4, 16), np.complex64))
        case "empty.npz":
            path.write_bytes(b"")
        case "folder":
            path.mkdir()
        case "folder.npz":
            path.mkdir()


FILES = [
    ("missing.npz", (), "no such file"),
    ("truncated.bin", RAW, "expected a multiple of"),
    ("text.bin", RAW, "text file"),
    ("text.bin", (), "text file"),
    ("bomb.npz", (), "would inflate to"),
    ("cut.npz", (), ""),
    ("object.npy", (), "pickled objects, which are never loaded"),
    ("nan.npz", (), "frame 2 has 1 values that are NaN or Inf"),
    ("other.mat", (), "choose one by --variable, it has: signal"),
    ("words.npz", (), "numbers"),
    ("five.npy", (), "at most 4"),
    ("empty.npz", (), "is empty"),
    ("folder", (), "is a folder without a recording"),
    ("folder.npz", ("--format", "npz"), "is a folder, expected a file"),
]


@pytest.mark.parametrize("command", ["mitigate", "detect", "info", "compare"])
@pytest.mark.parametrize(("name", "options", "told"), FILES, ids=[f[0] for f in FILES])
def test_a_file_that_is_no_recording(command: str, name, options, told, run: Run, here: Path):
    make_recording(name)
    (here / "out.npz").write_bytes(b"what was there before")
    output = {"mitigate": ["-o", "out.npz"], "detect": ["-o", "out.npz"]}.get(command, [])
    if command == "compare":
        output = ["-o", "comparison"]
    before = listing(here)
    ran = run(command, name, *options, *output)
    assert ran.code == 2
    assert ran.line.startswith(f"clearchirp: {name}: ")
    assert told in ran.line
    assert listing(here) == before


OPTIONS = [
    (["-m", "magic"], "'magic'; there are none, zeroing"),
    (["-d", "magic"], "'magic'; there are adaptive-threshold, laplacian"),
    (["--set", "width=3"], "ar: has no setting 'width'; it has order, support"),
    (["--set", "order"], "--set: expected key=value, got 'order'"),
    (["--set", "order=few"], "order: must be a whole number from 1, got 'few'"),
    (["--set", "order=0"], "order: must be a whole number from 1, got 0"),
    (["--set", "combined.width=3"], "combined: has no setting 'width'; it has false_alarm"),
    (["--set", "combined.gap=-1"], "gap"),
    (["--set", "zeroing.taper=3"], "'zeroing' does not run here; what runs: ar, combined"),
    (["--format", "wav"], "npz, npy, mat"),
    (["--format", "npy"], "in.npz: "),
    (["--variable", "signal"], "in.npz: "),
    (["--iq-order", "ii"], "--iq-order: must be auto, iq or qi, got 'ii'"),
    (["--iq-order", "qi"], "in.npz: --iq-order is for bare ADC words"),
    (["--lanes", "4"], "in.npz: --lanes is for DCA1000 words"),
    (["--waveform", "bad.toml"], "bad.toml: is no valid TOML"),
    (["--waveform", "odd.toml"], "odd.toml: unknown key 'sloop'"),
    (["--waveform", "none.toml"], "none.toml: no such waveform file"),
    (["--figure", "map.bmp"], "map.bmp: a figure is written as .png, .svg or .pdf, not bmp"),
    (["--figure", "map"], "map: a figure is written as .png, .svg or .pdf"),
    (["--figure", "no/map.png"], "no/map.png: the folder no does not exist"),
    (["-o", "out"], "out: cannot be written as a file without a suffix"),
    (["-o", "out.txt"], "out.txt: cannot be written as .txt; the suffixes that can are .npz"),
    (["-o", "in.npz"], "in.npz: is the recording that is read; write to another name"),
    (["-o", "link.npz"], "link.npz: is the recording that is read"),
    (["-o", "no/out.npz"], "out.npz: the folder"),
    (["-o", "folder.npz"], "folder.npz: is a folder"),
    (["-o", "folder.zarr"], "folder.zarr: exists and is no Zarr store"),
]


@pytest.mark.parametrize(("options", "told"), OPTIONS, ids=[" ".join(o[0]) for o in OPTIONS])
def test_an_option_that_mitigate_cannot_use(options, told, run: Run, recording, here: Path):
    (here / "bad.toml").write_text("samples = \n")
    (here / "odd.toml").write_text("samples = 256\nchirps = 32\nsloop = 1e12\n")
    (here / "link.npz").symlink_to(here / "in.npz")
    (here / "folder.npz").mkdir()
    (here / "folder.zarr").mkdir()
    (here / "out.npz").write_bytes(b"what was there before")
    before = listing(here)
    rest = [] if "-o" in options else ["-o", "out.npz"]
    rest += [] if "-m" in options else ["-m", "ar"]
    ran = run("mitigate", recording, *rest, *options)
    assert ran.code == 2
    assert ran.line.startswith("clearchirp: ")
    assert told in ran.line
    assert listing(here) == before


ELSEWHERE = [
    (["simulate", "motorway", "-o", "out.npz"], "neither a file nor a preset; the presets are "),
    (["simulate", "bad.toml", "-o", "out.npz"], "bad.toml: is not a TOML file"),
    (["simulate", "odd.toml", "-o", "out.npz"], "odd.toml: unknown key 'sloop'"),
    (["simulate", "demo", "-o", "out.csv"], "out.csv: cannot be written as .csv"),
    (["simulate", "demo", "-o", "out.npz", "--frames", "0"], "--frames: must be 1 or more, got 0"),
    (["simulate", "demo", "-o", "out.npz", "--seed", "-1"], "--seed: must be 0 or more, got -1"),
    (["demo", "--out", "in.npz"], "in.npz: is a file; --out takes a folder"),
    (["compare", "in.npz", "-o", "in.npz"], "in.npz: is a file; --output takes a folder"),
    (["compare", "in.npz", "-m", "ar", "-m", "ar"], "--method: ar is given twice"),
    (["compare", "in.npz", "-m", "magic"], "'magic'; there are none, zeroing"),
    (
        ["compare", "in.npz", "-m", "none", "-m", "zeroing", "--set", "taper=2"],
        "say whose setting it is, as in --set zeroing.taper=2",
    ),
    (["detect", "in.npz", "--set", "width=2"], "combined: has no setting 'width'"),
    (["detect", "in.npz", "--set", "ar.order=2"], "'ar' does not run here"),
    (["detect", "in.npz", "-o", "in.npz"], "in.npz: is the recording that is read"),
]


@pytest.mark.parametrize(("command", "told"), ELSEWHERE, ids=[" ".join(c[0]) for c in ELSEWHERE])
def test_other_commands(command, told, run: Run, recording, here: Path):
    (here / "bad.toml").write_text("[waveform\n")
    (here / "odd.toml").write_text("sloop = 3\n")
    before = listing(here)
    ran = run(*command)
    assert ran.code == 2
    assert told in ran.line
    assert listing(here) == before


@pytest.mark.parametrize(
    "command", [["mitigate"], ["mitigate", "in.npz"], ["info", "in.npz", "--colour"], ["repair"]]
)
def test_wrong_use(command, run: Run, recording):
    ran = run(*command)
    assert ran.code == 2
    assert ran.out == ""
    assert "Error" in ran.err
    assert "Traceback" not in ran.err


def test_a_failure_while_working_leaves_what_was_there(run: Run, recording, here, monkeypatch):
    from clearchirp.io import CaptureWriter

    def full_disk(self, **blocks):
        raise OSError(28, "No space left on device", "out.npz")

    (here / "out.npz").write_bytes(b"what was there before")
    before = listing(here)
    monkeypatch.setattr(CaptureWriter, "write", full_disk)
    ran = run("mitigate", recording, "-o", "out.npz")
    assert ran.code == 1
    assert ran.line == "clearchirp: out.npz: No space left on device"
    assert listing(here) == before


def test_a_fault_of_ours_is_one_line_too(run: Run, recording, here, monkeypatch):
    from clearchirp.mitigation.ar import Autoregressive

    def broken(self, beat, disturbed):
        raise ZeroDivisionError("in the\nmiddle of it")

    before = listing(here)
    monkeypatch.setattr(Autoregressive, "__call__", broken)
    ran = run("mitigate", recording, "-m", "ar", "-o", "out.npz")
    assert ran.code == 1
    assert ran.line.startswith("clearchirp: ZeroDivisionError: in the middle of it")
    assert listing(here) == before
    monkeypatch.setenv("CLEARCHIRP_DEBUG", "1")
    monkeypatch.setattr(
        "sys.argv", ["clearchirp", "mitigate", "in.npz", "-m", "ar", "-o", "out.npz"]
    )
    from clearchirp.cli.main import main

    with pytest.raises(ZeroDivisionError):
        main()


def test_names_from_outside_do_not_steer_the_terminal(run: Run, here: Path):
    name = "a\x1b[31m\nb.npz"
    (here / name).write_bytes(b"no archive")
    ran = run("info", name)
    assert ran.code == 2
    assert "\x1b" not in ran.line

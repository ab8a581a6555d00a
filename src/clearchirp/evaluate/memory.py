"""How much memory methods take: the peak above what was there before, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from clearchirp.evaluate.experiment import Experiment

_WHAT = "from clearchirp.evaluate.memory import main; main()"
# Freed memory goes back to the system at once, so that it is not there to be used again unseen.
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}


def peak_bytes(experiment: Experiment) -> dict[str, float]:
    """Return the most memory that each method takes for the first frame; empty if unknown.

    What a method is given does not count, its result does. Each runs once before, so that neither
    compiling nor loading counts, nor what lies in caches afterwards. Measured by the kernel's own
    high-water mark, which Linux lets be reset; elsewhere nothing is known.
    """
    if not Path("/proc/self/clear_refs").exists():
        return {}
    done = subprocess.run(
        [sys.executable, "-c", _WHAT],
        input=json.dumps(asdict(experiment)),
        capture_output=True,
        text=True,
        env=os.environ | _ALLOCATOR,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 else {}


def main() -> None:
    """Measure the experiment on standard input; what the process of its own does."""
    from clearchirp.evaluate.running import prepared_frame

    experiment = Experiment.of_json(sys.stdin.read())
    beat, ready = prepared_frame(experiment)
    peaks = {}
    for case, mask, work in ready:
        try:
            work(beat, mask)
            Path("/proc/self/clear_refs").write_text("5")
            before = _status("VmRSS")
            result = work(beat, mask)
            peaks[case.label] = float(max(_status("VmHWM") - before, 0))
            del result
        except Exception as error:  # its rows tell why
            print(f"{case.label}: {error}", file=sys.stderr)
    print(json.dumps(peaks))


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return 1024 * int(line.split()[1])

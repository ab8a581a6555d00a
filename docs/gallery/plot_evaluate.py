"""
Evaluate methods over many frames
=================================

One frame proves little. An experiment runs scenes, detectors and methods over frames, keeps a row
for each, and can be asked in SQL; with a method of your own the loop is as short.
"""

import tempfile
from pathlib import Path

import numpy as np

import clearchirp as cc
from clearchirp.chain import pipeline
from clearchirp.evaluate.comparison import compare
from clearchirp.evaluate.experiment import Case, Experiment, SceneText
from clearchirp.evaluate.rows import query
from clearchirp.evaluate.running import run_experiment
from clearchirp.evaluate.simulated import SimulatedRecording
from clearchirp.metrics import aggregate
from clearchirp.simulate import load_scene
from clearchirp.types import Mitigated
from clearchirp.workers import Workers

# %%
# Methods of the catalogue: this is what ``clearchirp evaluate mru -m ... --frames 4 -o FOLDER``
# does. The rows are Parquet files; the same call again goes on where it was, and settings are
# swept by giving several cases.

plan = Experiment(
    scenes=(SceneText.of("mru"),),
    methods=(
        Case("none"),
        Case("zeroing"),
        Case("zeroing", (("taper", 4),)),
        Case("ar"),
        Case("iht"),
    ),
    frames=4,
    seed=0,
)
folder = Path(tempfile.mkdtemp())
run_experiment(plan, folder, Workers(count=1))

names, rows = query(
    folder,
    "SELECT method, count(*) AS frames, avg(f1) AS f1, avg(evm) AS evm, avg(map_sinr_db) AS sinr "
    "FROM rows WHERE hit GROUP BY method ORDER BY evm",
)
print("".join(f"{name:>18}" for name in names))
for row in rows:
    print("".join(f"{v:18.3f}" if isinstance(v, float) else f"{v!s:>18}" for v in row))

# %%
# A method of your own has no name that a row could be made again from, so it takes the loop of
# `compare`, a frame at a time.


def halved(beat, disturbed=None, /):
    """Halve what is disturbed; no good idea."""
    return Mitigated(np.where(disturbed, beat / 2, beat), disturbed)


scene = load_scene("mru")
candidates = {"halved": pipeline(halved, None), "zeroing": pipeline("zeroing", None)}
scores = {name: [] for name in candidates}
for number in range(4):
    recording = SimulatedRecording(scene=scene, frames=1, seed=0, first=number)
    for name, row in compare(recording, candidates, cc.detectors["combined"]()).rows.items():
        scores[name].append(row["evm"])

# %%
# Means with their bootstrap intervals; of paired frames, the interval of the difference is what
# decides.

for name, values in scores.items():
    mean = aggregate.mean(values)
    print(f"{name:10} EVM {mean.value:.3f}  ({mean.low:.3f} to {mean.high:.3f})")
difference = aggregate.mean(np.subtract(scores["halved"], scores["zeroing"]))
print(f"difference {difference.value:.3f}  ({difference.low:.3f} to {difference.high:.3f})")

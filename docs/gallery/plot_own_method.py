"""
A method of your own, in one file
=================================

A method is called with a beat signal and its mask and returns a `Mitigated`. Nothing has to be
registered: the object is given where a name would be, and works with the chain, comparisons and
recordings of any size.
"""

from dataclasses import dataclass

import numpy as np

import clearchirp as cc
from clearchirp.arrays import check_beat, check_mask
from clearchirp.chain import pipeline
from clearchirp.evaluate.comparison import compare
from clearchirp.evaluate.simulated import SimulatedRecording
from clearchirp.report import range_doppler_figure
from clearchirp.simulate import load_scene
from clearchirp.types import Mitigated


@dataclass(frozen=True, kw_only=True)
class NeighbourChirps:
    """Replace disturbed samples by the mean of the same samples in the chirps around.

    It works as far as targets keep their phase from chirp to chirp: for what stands still.
    """

    reach: int = 2

    def __call__(self, beat, disturbed=None, /):
        check_beat(beat, min_ndim=2)
        disturbed = np.asarray(check_mask(disturbed, beat))
        known = np.where(disturbed, 0, beat)
        total, count = np.zeros_like(known), np.zeros(beat.shape, np.float32)
        for step in range(-self.reach, self.reach + 1):
            total += np.roll(known, step, axis=-2)
            count += np.roll(~disturbed, step, axis=-2)
        fill = total / np.maximum(count, 1)
        signal = np.where(disturbed, fill, beat).astype(beat.dtype)
        return Mitigated(signal, disturbed, stats={"samples_filled": float(disturbed.sum())})


# %%
# Beside methods of the catalogue, on two frames whose truth is known.

recording = SimulatedRecording(scene=load_scene("demo"), frames=2, seed=0)
candidates = {name: pipeline(name, None) for name in ("none", "zeroing", "ar", "imat-2d")}
candidates["neighbours"] = pipeline(NeighbourChirps(), None)
done = compare(recording, candidates, cc.detectors["combined"]())

print(f"{'method':12}{'F1':>8}{'EVM':>8}{'ms':>8}")
for name, row in done.rows.items():
    print(f"{name:12}{row['f1']:8.3f}{row['evm']:8.3f}{row['ms']:8.1f}")

# %%
# In `demo` everything moves, so the neighbours' samples do not fit, as the map shows: energy
# spread along Doppler at the targets' ranges.

maps = {name: done.example.maps[name] for name in ("neighbours", "imat-2d", "clean")}
figure = range_doppler_figure(maps, recording.waveform, real=False, reference="clean")

# %%
# The conformance suite that every method of the catalogue passes is `tests/conformance.py`: the
# input is not modified, shape and type are kept, a clean frame comes out as it was, bad input is
# named. To bring a method into the catalogue see :doc:`/contributing`.

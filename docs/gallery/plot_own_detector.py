"""
A detector of your own
======================

Any function from a beat signal to a mask of the same shape is a detector: name it where a name of
the catalogue would stand. This one compares each sample with the median of its chirp.
"""

import numpy as np

import clearchirp as cc
from clearchirp.metrics import masks
from clearchirp.report import disturbed_figure
from clearchirp.simulate import load_scene, simulate


def above_median(beat):
    """Flag what exceeds five times the median modulus of its chirp, and a sample on either side."""
    modulus = np.abs(beat)
    flags = modulus > 5 * np.median(modulus, axis=-1, keepdims=True)
    wide = flags.copy()
    wide[..., 1:] |= flags[..., :-1]
    wide[..., :-1] |= flags[..., 1:]
    return wide


scene = load_scene("demo")
frame = simulate(scene, frames=1, seed=0)
cleaned = cc.mitigate(frame.beat, method="ar", detector=above_median)
print(f"{cleaned.disturbed.mean():.2%} flagged, {frame.disturbed.mean():.2%} by the truth")

# %%
# How good is it? The truth is known, so the mask can be scored beside those of the catalogue. The
# truth counts a sample as disturbed where the interference is stronger than all else; a detector
# that takes in the skirts loses precision by it, and the methods that use its mask gain.

print(f"{'detector':20}{'precision':>10}{'recall':>10}")
candidates = {"above_median": above_median} | {
    name: cc.detectors[name]()
    for name in ("combined", "adaptive-threshold", "laplacian", "on-chip")
}
found = {name: detector(frame.beat) for name, detector in candidates.items()}
for name, mask in found.items():
    precision = np.mean(masks.precision(mask, frame.disturbed))
    recall = np.mean(masks.recall(mask, frame.disturbed))
    print(f"{name:20}{precision:10.3f}{recall:10.3f}")

# %%
# Where the masks lie, chirp by chirp.

figures = [
    disturbed_figure(found[name][0, 0], scene.waveform, title=name)
    for name in ("above_median", "combined")
]

# %%
# A class with settings is as good as a function: a frozen dataclass whose ``__call__`` takes the
# beat signal. The detectors of the catalogue are such classes.

"""
A first look
============

Simulate a frame, find the disturbed samples, remove the interference, look at the map.
"""

import clearchirp as cc
from clearchirp.report import beat_figure, range_doppler_figure
from clearchirp.simulate import load_scene, simulate
from clearchirp.spectrum import range_doppler

# %%
# A frame of the scene `demo` has two receivers, 128 chirps and 512 samples. It comes with its
# truth: the targets alone, and the frame as it would be without interferers.

scene = load_scene("demo")
frame = simulate(scene, frames=1, seed=0)
print(frame.beat.shape, frame.beat.dtype)
print(f"{frame.disturbed.mean():.1%} of the samples disturbed, {len(frame.crossings)} crossings")

# %%
# One call finds and removes the interference. The detector is `combined` unless another is named.

cleaned = cc.mitigate(frame.beat, method="imat-2d")
print(cleaned.status.value, dict(cleaned.stats))

# %%
# The beat signal of the chirp that was hit most.

worst = int(cleaned.disturbed[0, 0].sum(axis=-1).argmax())
figure = beat_figure(
    frame.beat[0, 0], {"after": cleaned.beat[0, 0]}, cleaned.disturbed[0, 0], scene.waveform, worst
)

# %%
# The range-Doppler maps: the weak target at 94 m is back.

maps = {
    "before": range_doppler(frame.beat)[0, 0],
    "after imat-2d": cleaned.range_doppler[0, 0],
    "without interference": range_doppler(frame.clean)[0, 0],
}
figure = range_doppler_figure(maps, scene.waveform, real=False)

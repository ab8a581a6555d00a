"""
Live, inside another program
============================

A program that gets a frame at a time makes the pipeline once and calls it for each frame. Methods
with memory are handed what they made of the frames before.
"""

import time

import numpy as np
from matplotlib.figure import Figure

from clearchirp.chain import detections, pipeline
from clearchirp.simulate import load_scene, simulate_frame

# %%
# `pipeline` checks names and settings once. `pm-iht` lowers its threshold where the last five
# frames had targets.

scene = load_scene("demo")
work = pipeline("pm-iht", "combined", settings={"max_iter": 40}, waveform=scene.waveform)
print("frames remembered:", work.memory)


def frames():
    """Yield frames as a sensor would; here from the simulator."""
    for number in range(6):
        yield simulate_frame(scene, number, seed=0).beat


# %%
# The loop: history in, history out. Nothing is kept elsewhere, so that two sensors can share the
# pipeline.

history, spent, shares, objects = None, [], [], []
for beat in frames():
    start = time.perf_counter()
    cleaned = work(beat, history=history)
    history = cleaned.history
    spent.append(1e3 * (time.perf_counter() - start))
    shares.append(100 * cleaned.disturbed.mean())
    objects.append(
        int(detections(cleaned.range_doppler, real=False, waveform=scene.waveform)[0].sum())
    )

print("ms a frame, after the first:", np.round(spent[1:]))

# %%
# The first frame pays for what is compiled and loaded; give the pipeline a frame of zeros at
# start-up where that matters.

figure = Figure(figsize=(8.4, 3), layout="constrained")
left, right = figure.subplots(1, 2)
left.bar(range(6), shares)
left.set_ylabel("disturbed samples in %")
right.bar(range(6), objects)
right.set_ylabel("cells detected, receiver 0")
for axes in (left, right):
    axes.set_xlabel("frame")

# %%
# **What to check in a loop of your own.** `cleaned.status` says whether the iterations met their
# rule; an `InputError` is one line that names what is wrong with the frame, and the next frame is
# none the worse for it. Frames keep their shape and type; a frame without interference comes out
# as it went in.

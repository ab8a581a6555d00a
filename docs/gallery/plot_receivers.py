"""
Several receivers, and transmitters in turn
===========================================

Leading axes are a batch: every method takes (receiver, chirp, sample) and (frame, receiver,
chirp, sample). With TDM-MIMO the chirps of several transmitters take turns; detectors and beat
methods see them in time order, the Doppler transform one transmitter at a time.
"""

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

import clearchirp as cc
from clearchirp.io import from_array
from clearchirp.simulate import load_scene, simulate
from clearchirp.spectrum import range_doppler, split_transmitters

# %%
# The scene `demo` with four receivers and two transmitters that take turns.

scene = load_scene("demo")
scene = replace(
    scene,
    waveform=replace(scene.waveform, transmit_order=(0, 1)),
    receiver=replace(scene.receiver, receivers=4),
)
frame = simulate(scene, frames=1, seed=0)
print("recorded:", frame.beat.shape)

# %%
# A capture knows its waveform, so the chain splits the transmitters by itself: eight virtual
# receivers, 64 chirps each.

capture = from_array(frame.beat, waveform=scene.waveform)
cleaned = cc.mitigate(capture, method="imat-2d")
print("beat:", cleaned.beat.shape, " map:", cleaned.range_doppler.shape)

# %%
# Angles live on the phases between receivers, and mitigation must keep them. The phase of the
# strongest target from (virtual) receiver to receiver, with interference, cleaned, and without:

clean = range_doppler(split_transmitters(frame.clean, (0, 1)))[0]
before = range_doppler(split_transmitters(frame.beat, (0, 1)))[0]
power = np.sum(np.abs(clean[..., : clean.shape[-1] // 2]) ** 2, axis=0)
cells = np.argsort(power.ravel())[::-1]
doppler, distance = np.unravel_index(cells[0], power.shape)
weak = np.unravel_index(
    cells[np.searchsorted(-power.ravel()[cells], -power.max() * 10**-1.6)], power.shape
)

figure = Figure(figsize=(8.4, 3.4), layout="constrained")
panels = figure.subplots(1, 2, sharey=True)
for axes, (row, column), title in zip(
    panels, ((doppler, distance), weak), ("the strongest target", "a cell 16 dB below"), strict=True
):
    for name, maps in (("before", before), ("cleaned", cleaned.range_doppler[0]), ("truth", clean)):
        phases = np.angle(maps[:, row, column] * np.conj(maps[0, row, column]))
        axes.plot(phases, marker="o", linestyle="--" if name == "truth" else "-", label=name)
    axes.set_xlabel("virtual receiver")
    axes.set_title(title)
panels[0].set_ylabel("phase in rad")
panels[0].legend()

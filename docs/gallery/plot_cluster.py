"""
A run on a cluster
==================

A recording that takes hours on one machine goes to a Dask cluster by the address of its
scheduler. Here the cluster is two processes of this machine; a real one is had by ``dask
scheduler`` and ``dask worker``, SLURM or Kubernetes, and must see the same files.
"""

import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import clearchirp as cc
from clearchirp.simulate import load_scene, simulate
from clearchirp.workers import Workers

# %%
# A short recording in a file that the workers see.

folder = Path(tempfile.mkdtemp())
scene = load_scene("demo")
recording = simulate(scene, frames=6, seed=0)
np.savez(folder / "recording.npz", beat=recording.beat)
capture = cc.open(folder / "recording.npz")

# %%
# The cluster. ``clearchirp mitigate recording.npz -o clean.zarr --scheduler tcp://...`` does the
# same from the command line.

try:
    from distributed import LocalCluster
except ImportError:  # without the extra `cluster`
    LocalCluster = None

if LocalCluster is None:
    told = cc.clean_recording(capture, folder / "clean.zarr", method="ar", workers=Workers(count=1))
else:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", protocol="tcp"
    ) as cluster:
        workers = Workers(kind="cluster", scheduler=cluster.scheduler_address)
        told = cc.clean_recording(capture, folder / "clean.zarr", method="ar", workers=workers)

print(f"{len(told.disturbed_share)} frames, the worst is frame {told.worst_frame}")

# %%
# The result is the same bit for bit whoever did the work. Workers that die take nothing with
# them; a run that is cut short leaves ``clean.zarr.part``, and the same call goes on with it.

alone = cc.clean_recording(capture, folder / "alone.zarr", method="ar", workers=Workers(count=1))
same = np.array_equal(cc.open(folder / "clean.zarr").read(), cc.open(folder / "alone.zarr").read())
print("the same as by one process:", same)

# %%
figure = Figure(figsize=(8, 2.8), layout="constrained")
axes = figure.subplots()
axes.plot(told.floor_before_db, marker="o", label="floor before")
axes.plot(told.floor_after_db, marker="o", label="floor after")
axes.set_xlabel("frame")
axes.set_ylabel("dB")
axes.legend()

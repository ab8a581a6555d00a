"""
Sparse recovery within a compute budget
=======================================

The sparse methods fill the gaps of a frame from a sparse map, some tens of FFTs long. How many
iterations are worth their time, and which solver gets there first?
"""

import numpy as np
from matplotlib.figure import Figure

import clearchirp as cc
from clearchirp.operators.fourier import MaskedFourier
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.solvers.fista import Fista
from clearchirp.solvers.iht import Iht
from clearchirp.solvers.ist import Ist
from clearchirp.solvers.solve import solve
from clearchirp.solvers.yall1 import Yall1

# %%
# A frame of 256 chirps of 128 samples, as in Chen 2022. The operator is the inverse unitary 2-D
# FFT, of which the undisturbed samples are seen; no matrix is formed.

frame = simulate_frame(load_scene("mru"), 0, 0)
beat = frame.beat[0]
mask = cc.detectors["combined"]()(beat)
measured = np.where(mask, 0, beat)
operator = MaskedFourier(~mask)
print(f"{mask.mean():.1%} of {beat.shape[0]} x {beat.shape[1]} samples are missing")

# %%
# Each solver yields its iterates; `solve` runs them and takes the time. Here the error in the
# gaps is watched against the targets without noise.

truth = frame.targets[0]


def error_db(x):
    fill = np.fft.ifft2(x, norm="ortho")
    wrong = np.sum(np.abs((fill - truth)[mask]) ** 2)
    return 10 * np.log10(wrong / np.sum(np.abs(truth[mask]) ** 2))


runs = {}
for solver in (Ist(), Iht(), Fista(), Yall1()):
    errors = []
    # The first run loads and compiles; the second is timed.
    solve(solver.iterates(operator, measured), tol=0, max_iter=2)
    solution = solve(
        solver.iterates(operator, measured),
        tol=0,
        max_iter=30,
        on_iterate=lambda k, iterate, errors=errors: errors.append(error_db(iterate.x)),
    )
    timed = solve(solver.iterates(operator, measured), tol=0, max_iter=30)
    runs[type(solver).__name__] = (np.array(timed.seconds), np.array(errors))

# %%
figure = Figure(figsize=(8, 3.6), layout="constrained")
axes = figure.subplots()
for name, (seconds, errors) in runs.items():
    axes.plot(1e3 * seconds, errors, marker=".", label=name)
axes.set_xlabel("time in ms")
axes.set_ylabel("error in the gaps in dB")
axes.axhline(0, color="#8a8a8a", linewidth=0.8)
axes.legend()

# %%
# A budget is `max_iter`: the status says that it ran out, and the result is the last iterate. For
# a frame rate of 20 Hz, count the iterations that 50 ms hold.

for most in (2, 5, 10, 20):
    result = cc.methods["fista"](max_iter=most)(frame.beat, mask[None])
    wrong = np.sum(np.abs((result.signal - frame.targets)[mask[None]]) ** 2)
    level = 10 * np.log10(wrong / np.sum(np.abs(truth[mask]) ** 2))
    print(f"max_iter={most:2}: {level:6.1f} dB in the gaps, {result.status.value}")

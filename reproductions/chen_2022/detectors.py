"""Every detector of disturbed samples on the `mru` scene, beside Table 1 of Chen 2022.

``python reproductions/chen_2022/detectors.py [--frames 50] [--seed 0]``. The truth is the oracle's:
samples on which the interference is stronger than targets and noise together; the second block
counts every sample that the interferer touches. The paper measured real recordings of a radar that
it does not describe; the scene's file says what is the paper's and what is ours.
"""

from __future__ import annotations

import argparse

import numpy as np

from clearchirp.disturbed.catalogue import detectors
from clearchirp.evaluate.simulated import SimulatedRecording
from clearchirp.metrics import masks
from clearchirp.simulate import load_scene

PUBLISHED = {  # F-measure and recall in per cent, Table 1
    "laplacian": (82.34, 71.52),
    "adaptive-threshold": (81.69, 88.20),
    "combined": (79.00, 95.73),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    names = [name for name, entry in detectors.items() if not entry.needs_truth]
    recording = SimulatedRecording(scene=load_scene("mru"), frames=given.frames, seed=given.seed)
    scores: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for number in range(given.frames):
        frame = recording.simulated(number)
        truths = {"oracle": frame.disturbed, "touched": frame.interference != 0}
        for name in names:
            found = detectors[name]()(frame.beat)
            for kind, truth in truths.items():
                scores.setdefault((kind, name), []).append(
                    tuple(
                        float(np.mean(metric(found, truth)))
                        for metric in (masks.precision, masks.recall, masks.f_measure)
                    )
                )
    share = np.mean([recording.simulated(k).disturbed.mean() for k in range(given.frames)])
    print(f"mru, {given.frames} frames, seed {given.seed}, {100 * share:.2f} % disturbed; per cent")
    for kind in ("oracle", "touched"):
        print(f"\ntruth: {kind:12s} precision  recall      F | published recall      F")
        for name in names:
            precision, recall, f = 100 * np.nanmean(scores[kind, name], axis=0)
            beside = ""
            if name in PUBLISHED:
                beside = f"           {PUBLISHED[name][1]:6.2f} {PUBLISHED[name][0]:6.2f}"
            print(f"  {name:19s} {precision:8.2f} {recall:7.2f} {f:6.2f} | {beside}")


if __name__ == "__main__":
    main()

"""Networks that saw interference from 45 degrees alone, tested there and at all angles.

``python reproductions/aenn/angles.py MODEL.safetensors ... [--frames 20]`` prints the F1 score of
each on test maps of the scene of setup.toml, with the CFAR of the training, in three dimensions.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
from train_networks import scene

from clearchirp.cfar import Cfar
from clearchirp.chain import pipeline
from clearchirp.metrics import detections
from clearchirp.neural.checkpoint import load_network
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.spectrum import angle_map, range_doppler
from clearchirp.types import FarFromTraining


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--frames", type=int, default=20)
    given = parser.parse_args()
    cases = {"none": pipeline("none", "combined"), "zeroing": pipeline("zeroing", "combined")}
    for model in given.models:
        kind = load_network(model)[0].kind
        cases[Path(model).stem] = pipeline(kind, "combined", settings={"model": model})
    warnings.simplefilter("ignore", FarFromTraining)
    detect = Cfar(axes=3)
    for where, name in (("45 degrees", "x-45"), ("all angles", "x")):
        with tempfile.TemporaryDirectory() as folder:
            recipe = load_scene(str(scene(name, Path(folder))))
        scores: dict[str, list[float]] = {case: [] for case in cases}
        for frame in range(2750, 2750 + given.frames):
            made = simulate_frame(recipe, frame, 0)
            objects = detect(angle_map(range_doppler(made.clean)))
            for case, chain in cases.items():
                found = detect(angle_map(chain(made.beat).range_doppler))
                scores[case].append(float(detections.f1(found, objects, axes=3)))
        for case, each in scores.items():
            error = np.std(each, ddof=1) / np.sqrt(len(each))
            print(f"{where}: {case} F1 {np.mean(each):.3f} ± {error:.3f}", flush=True)


if __name__ == "__main__":
    main()

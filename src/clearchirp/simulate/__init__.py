"""A radar, its targets and its interferers: recordings with their truth.

`load_scene` reads a preset or a TOML file, `simulate` turns a scene into arrays.
"""

from clearchirp.simulate.frames import Simulated, simulate, simulate_frame
from clearchirp.simulate.interferers import Interferer
from clearchirp.simulate.receiver import Receiver
from clearchirp.simulate.scene import Scene, load_scene, presets
from clearchirp.simulate.targets import Target

__all__ = [
    "Interferer",
    "Receiver",
    "Scene",
    "Simulated",
    "Target",
    "load_scene",
    "presets",
    "simulate",
    "simulate_frame",
]

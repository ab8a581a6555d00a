"""A radar, its targets and its interferers: recordings with their truth.

`load_scene` reads a preset or a TOML file, `simulate` turns a scene into arrays, and
`interference_onto` adds its interference to a recording.
"""

from clearchirp.simulate.arim import ArimSet
from clearchirp.simulate.crossings import Crossing
from clearchirp.simulate.frames import Simulated, simulate, simulate_frame
from clearchirp.simulate.interferers import Interferer, Path
from clearchirp.simulate.onto import Overlaid, interference_onto
from clearchirp.simulate.receiver import Receiver
from clearchirp.simulate.sampling import SceneRecipe
from clearchirp.simulate.scene import Recipe, Scene
from clearchirp.simulate.scene_file import load_scene, parse_scene, presets, scene_text
from clearchirp.simulate.targets import Target, TargetState

__all__ = [
    "ArimSet",
    "Crossing",
    "Interferer",
    "Overlaid",
    "Path",
    "Receiver",
    "Recipe",
    "Scene",
    "SceneRecipe",
    "Simulated",
    "Target",
    "TargetState",
    "interference_onto",
    "load_scene",
    "parse_scene",
    "presets",
    "scene_text",
    "simulate",
    "simulate_frame",
]

"""Make the pictures that the README and the documentation show: ``python docs/make_images.py``."""

from __future__ import annotations

from pathlib import Path

from clearchirp import mitigate
from clearchirp.report import range_doppler_figure, save_figure
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.spectrum import range_doppler

IMAGES = Path(__file__).with_name("images")


def main() -> None:
    """Write every picture."""
    scene = load_scene("demo")
    frame = simulate_frame(scene, 0, 0)
    maps = {"before": range_doppler(frame.beat)[0]}
    for method in ("zeroing", "imat-2d"):
        maps[f"after {method}"] = mitigate(frame.beat, method=method).range_doppler[0]
    maps["truth: no interference"] = range_doppler(frame.clean)[0]
    IMAGES.mkdir(exist_ok=True)
    figure = range_doppler_figure(maps, scene.waveform, real=False)
    figure.set_dpi(110)
    print(save_figure(figure, IMAGES / "before_after.png"))


if __name__ == "__main__":
    main()

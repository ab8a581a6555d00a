"""Make the pictures that the README and the documentation show.

``python docs/make_images.py`` makes all, ``python docs/make_images.py viewer`` the named ones. That
of the viewer needs Chromium and Playwright.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from clearchirp import mitigate
from clearchirp.report import range_doppler_figure, save_figure
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.spectrum import range_doppler

IMAGES = Path(__file__).with_name("images")


def before_after() -> None:
    """Range-Doppler maps of a simulated frame before and after two methods."""
    scene = load_scene("demo")
    frame = simulate_frame(scene, 0, 0)
    maps = {"before": range_doppler(frame.beat)[0]}
    for method in ("zeroing", "imat-2d"):
        maps[f"after {method}"] = mitigate(frame.beat, method=method).range_doppler[0]
    maps["truth: no interference"] = range_doppler(frame.clean)[0]
    figure = range_doppler_figure(maps, scene.waveform, real=False)
    figure.set_dpi(110)
    print(save_figure(figure, IMAGES / "before_after.png"))


def viewer() -> None:
    """The viewer on a simulated recording, two methods side by side."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-c", "from clearchirp.cli.main import main; main()"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [*command, "simulate", "demo", "-o", "demo.npz", "-q"], cwd=folder, check=True
        )
        server = subprocess.Popen(
            [*command, "view", "demo.npz", "--no-browser"],
            cwd=folder, text=True, stdout=subprocess.PIPE, env=os.environ,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[0]
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                )
                page = browser.new_page(viewport={"width": 1280, "height": 1180})
                page.set_default_timeout(120_000)
                page.goto(url)
                page.locator("[role=status]", has_text="20 Hz").wait_for()
                page.get_by_label("Method", exact=True).select_option("zeroing")
                page.get_by_role("button", name="Compare").click()
                page.get_by_label("Method B").select_option("imat-2d")
                for name in ("after zeroing", "after imat-2d"):
                    page.locator(f"tbody th:text-is('{name}')").wait_for()
                page.locator("tbody tr").nth(2).wait_for()
                page.locator("[role=status]", has_text="20 Hz").wait_for()
                page.locator("h1").click()
                for _ in range(8):
                    page.keyboard.press("ArrowRight")
                title = "() => Bokeh.documents[0].get_model_by_name('{}').title.text.includes('{}')"
                page.wait_for_function(title.format("beat", "chirp 8:"))
                page.wait_for_function(title.format("fractional", "found"))
                page.screenshot(path=IMAGES / "viewer.png")
                browser.close()
        finally:
            server.terminate()
            server.wait()
    print(IMAGES / "viewer.png")


def main() -> None:
    """Write the pictures that are named, or every picture."""
    IMAGES.mkdir(exist_ok=True)
    pictures = {"before_after": before_after, "viewer": viewer}
    for name in sys.argv[1:] or pictures:
        pictures[name]()


if __name__ == "__main__":
    main()

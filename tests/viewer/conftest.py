"""Recordings, a server as its own process, and a browser for the tests of the viewer."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearchirp.io import write_capture
from clearchirp.io.capture import Capture
from clearchirp.io.open import open_capture
from clearchirp.simulate import load_scene, simulate
from tests.report.browser import ARGUMENTS, chromium

MAIN = "from clearchirp.cli.main import main; main()"


@pytest.fixture(scope="session")
def simulated(tmp_path_factory) -> Path:
    """Three frames of the demo scene with their truth; do not write beside it."""
    path = tmp_path_factory.mktemp("simulated") / "demo.npz"
    made = simulate(load_scene("demo"), frames=3, seed=1)
    arrays = {name: getattr(made, name) for name in ("beat", "clean", "interference", "targets")}
    radar = load_scene("demo").waveform
    scalars = {
        name: getattr(radar, name)
        for name in ("start_frequency", "slope", "sample_rate", "chirp_interval", "adc_start")
    }
    np.savez(path, **arrays, disturbed=made.disturbed, **scalars)
    return path


@pytest.fixture(scope="session")
def capture(simulated: Path) -> Capture:
    """The same, open."""
    return open_capture(simulated)


@pytest.fixture
def blind(capture: Capture, tmp_path: Path) -> Path:
    """The same without truth, in a folder of its own."""
    path = tmp_path / "blind.npz"
    write_capture(path, Capture(**{f: getattr(capture, f) for f in ("frames", "waveform", "format",
                                "path", "leading")}))  # fmt: skip
    return path


@contextmanager
def served(file: Path, *options: object) -> Iterator[str]:
    """Serve a recording by `clearchirp view`, yield the address; Ctrl-C must end it quietly."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "view", str(file), "--no-browser", *map(str, options)],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "default", "BOKEH_RESOURCES": "cdn"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "shows" in line, line + process.communicate(timeout=60)[1]
        yield line.split()[0]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (out, err) == ("", ""), err
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait(60)


@contextmanager
def served_here(file: Path, **reading: Any) -> Iterator[str]:
    """Serve a recording by a thread of this process, which has loaded everything already."""
    from clearchirp.viewer.serving import Viewer

    viewers: list[Viewer] = []
    ready = threading.Event()

    def work() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        viewer = Viewer(open_capture(file, **reading), str(file), reading, port=0)
        viewers.append(viewer)
        viewer.serve(lambda url: ready.set())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ready.wait(60)
        yield viewers[0].url
    finally:
        if viewers:
            viewers[0].loop.add_callback(viewers[0].loop.stop)
        thread.join(60)


Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a running Chromium."""
    executable = chromium()
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def shown(browser) -> Iterator[Open]:
    """Return a function that opens an address; every page must stay at home and throw nothing."""
    pages, asked, thrown = [], [], []

    def show(url: str, *, width: int = 1280, height: int = 800, scheme: str = "light") -> Any:
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append((url, request.url)))
        page.on("websocket", lambda socket: asked.append((url, socket.url)))
        page.on("pageerror", lambda error: thrown.append(str(error)))
        pages.append(page)
        page.goto(url)
        page.wait_for_function("document.body.dataset.ready === 'yes'")
        return page

    yield show
    for page in pages:
        page.close()
    for url, one in asked:
        home = (url, url.replace("http://", "ws://"), "data:", "blob:")
        assert one.startswith(home), one
    assert not thrown

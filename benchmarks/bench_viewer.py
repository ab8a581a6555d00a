"""The viewer: time from a choice to what is drawn, on a frame of 4 receivers, 128 x 512.

Run from the project's root: ``python benchmarks/bench_viewer.py``. For each light method, of at
most a hundred maps of cost, the time from a changed setting to the finished view and the figures
that are filled with it (without the browser), the median of five: on the clock on the wall, and of
the processor, which other jobs on the machine disturb less. The mask is found already, as it is
when the method is changed. Below, how late the page's own thread comes to its turn while a heavy
method is at work.
"""

from __future__ import annotations

import os
import threading
import time
from statistics import median

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import dataclasses

from clearchirp.io import from_array
from clearchirp.mitigation.catalogue import methods
from clearchirp.simulate import load_scene, simulate_frame
from clearchirp.viewer.choices import Choice, offered_methods
from clearchirp.viewer.computing import LIGHT, Source
from clearchirp.viewer.screen import Screen
from clearchirp.viewer.session import Request, Session, Tell, View

RUNS = 5


class Bench:
    """A session whose views are drawn, as on a page."""

    def __init__(self) -> None:
        scene = load_scene("demo")
        scene = dataclasses.replace(
            scene, receiver=dataclasses.replace(scene.receiver, receivers=4)
        )
        beat = simulate_frame(scene, 0, 1).beat[None]
        self.capture = from_array(beat, waveform=scene.waveform)
        self.screen = Screen(self.capture)
        self.told = threading.Event()
        self.view: View | None = None
        self.session = Session(Source(self.capture), Tell(view=self._take, failure=print))

    def _take(self, view: View) -> None:
        self.view = view
        self.told.set()

    def seconds(self, method: Choice) -> tuple[float, float]:
        """Time of one change of method, on the wall and of the processor."""
        self.told.clear()
        begin, used = time.perf_counter(), time.process_time()
        self.session.show(Request(frame=0, detector=Choice("combined"), methods=(method,)))
        if not self.told.wait(600) or self.view is None:
            raise TimeoutError(method.name)
        self.screen.draw(self.view, 0)
        self.screen.draw_chirp(self.view, 0, 0, part="real part", close=True, state=0)
        return time.perf_counter() - begin, time.process_time() - used

    def forget(self) -> None:
        """Have the next change computed again."""
        with self.session._keeping:
            for key in [key for key in self.session._kept if key[0] == "outcome"]:
                del self.session._kept[key]


def lateness(bench: Bench, method: str) -> tuple[float, float]:
    """Return for how long a method works, and the latest wake-up of this thread meanwhile."""
    bench.forget()
    bench.told.clear()
    begin, latest = time.perf_counter(), 0.0
    bench.session.show(Request(frame=0, detector=Choice("combined"), methods=(Choice(method),)))
    while not bench.told.is_set():
        asleep = time.perf_counter()
        time.sleep(0.005)
        latest = max(latest, time.perf_counter() - asleep - 0.005)
    return time.perf_counter() - begin, latest


def main() -> None:
    """Print the tables."""
    bench = Bench()
    light = [n for n in offered_methods(bench.capture) if methods[n].cost <= LIGHT]
    print(f"{'method':18}{'ms to the view':>16}{'processor ms':>16}")
    times = {}
    for name in light:
        bench.seconds(Choice(name))
        runs = []
        for _ in range(RUNS):
            bench.forget()
            runs.append(bench.seconds(Choice(name)))
        wall, times[name] = (1e3 * median(one) for one in zip(*runs, strict=True))
        print(f"{name:18}{wall:16.0f}{times[name]:16.0f}", flush=True)
    under = sum(value < 300 for value in times.values())
    print(f"{under} of {len(times)} light methods take less than 300 ms of the processor")
    bench.session.wait(60)
    print(f"\n{'heavy method':18}{'seconds':>10}{'page late by ms':>18}")
    for name in ("imfrac2", "notch-refill", "frft-gss"):
        bench.seconds(Choice(name))
        spent, late = lateness(bench, name)
        print(f"{name:18}{spent:10.1f}{1e3 * late:18.0f}", flush=True)


if __name__ == "__main__":
    main()

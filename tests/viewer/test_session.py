from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from clearchirp.io import from_array
from clearchirp.io.capture import Capture, LazyFrames
from clearchirp.viewer.choices import Choice
from clearchirp.viewer.computing import Source
from clearchirp.viewer.session import Request, Session, Tell
from clearchirp.viewer.strip import Strip
from clearchirp.viewer.working import Newest, Superseded

DETECTOR = Choice("combined")


class Heard:
    """What a session told."""

    def __init__(self):
        self.views, self.failures, self.progress, self.chirps, self.strips = [], [], [], [], []
        self.tell = Tell(
            view=self.views.append,
            failure=self.failures.append,
            progress=lambda text, done: self.progress.append((text, done)),
            strip=lambda strip: self.strips.append(strip.done),
            chirps=lambda where, found: self.chirps.append((where, found)),
        )


@pytest.fixture
def opened(capture):
    heard = Heard()
    session = Session(Source(capture), heard.tell)
    yield session, heard
    session.close()


def test_a_view_and_a_strip(opened, capture):
    session, heard = opened
    session.show(Request(frame=1, detector=DETECTOR, methods=(Choice("zeroing"), Choice("ar"))))
    assert session.wait(60)
    (view,) = heard.views
    assert list(view.outcomes) == ["after zeroing", "after ar"]
    assert list(view.rows) == ["recorded", "after zeroing", "after ar"]
    cost = view.cost("after zeroing")
    assert cost.detector_ms > 0
    assert cost.total_ms == cost.detector_ms + cost.method_ms
    assert heard.failures == []
    # The strip is filled behind, and equals what the detector finds frame by frame.
    strip = session.strip(DETECTOR)
    assert strip.complete
    for frame in range(3):
        mask = Choice("combined")
        from clearchirp.viewer.choices import build

        found = build(mask, of="detector")(capture.read(frame, frame + 1))
        np.testing.assert_allclose(strip.shares[frame], found.mean(axis=(0, 1, 3)), rtol=1e-6)


def test_the_newest_request_counts(opened):
    session, heard = opened
    for order in range(5, 25):
        session.show(
            Request(frame=0, detector=DETECTOR, methods=(Choice("ar", (("order", order),)),))
        )
    assert session.wait(60)
    assert heard.views[-1].request.methods[0].given == {"order": 24}
    assert len(heard.views) < 20


def test_what_was_looked_at_is_not_computed_again(opened):
    session, heard = opened
    for frame in (0, 1, 0):
        session.show(Request(frame=frame, detector=DETECTOR, methods=(Choice("zeroing"),)))
        assert session.wait(60)
    first, _, again = heard.views
    assert again.outcomes["after zeroing"] is first.outcomes["after zeroing"]


def test_a_failure_is_one_line_and_the_session_goes_on(opened):
    session, heard = opened
    session.show(Request(frame=0, detector=DETECTOR, methods=(Choice("ar", (("order", -3),)),)))
    assert session.wait(60)
    (line,) = heard.failures
    assert "order" in line
    assert "\n" not in line
    session.show(Request(frame=0, detector=DETECTOR, methods=(Choice("none"),)))
    assert session.wait(60)
    assert len(heard.views) == 1


def test_a_heavy_method_tells_how_far_it_is(opened):
    session, heard = opened
    session.show(Request(frame=0, detector=DETECTOR, methods=(Choice("imfrac2"),)))
    assert session.wait(120)
    assert any("receiver 2 of 2" in text for text, _ in heard.progress)
    assert heard.progress[-1] == ("", 1.0)


def test_found_chirps(opened, capture):
    session, heard = opened
    hit = np.abs(capture.truth["interference"][0:1][0, 0]).max(axis=-1)
    session.find_chirps(0, 0, int(np.argmax(hit)))
    assert session.wait(60)
    ((where, found),) = heard.chirps
    assert where == (0, 0, int(np.argmax(hit)))
    assert found


def test_a_frame_that_cannot_be_read_leaves_a_gap_in_the_strip():
    def load(start, stop):
        block = np.ones((stop - start, 1, 8, 64), np.complex64)
        block[max(0, 2 - start) : max(0, 3 - start)] = np.nan
        return block

    frames = LazyFrames(shape=(4, 1, 8, 64), dtype=np.dtype(np.complex64), load=load)
    like = from_array(np.ones((8, 64), np.complex64), name="torn.npy")
    source = Source(Capture(frames=frames, waveform=like.waveform, format="npy", path=like.path))
    heard = Heard()
    session = Session(source, heard.tell)
    session.show(Request(frame=0, detector=DETECTOR, methods=(Choice("none"),)))
    assert session.wait(60)
    strip = session.strip(DETECTOR)
    assert strip.complete
    assert np.isnan(strip.shares[2]).all()
    assert not np.isnan(strip.shares[[0, 1, 3]]).any()
    assert "frame 2" in strip.problem
    assert heard.failures == []
    session.close()


def test_the_newest_work_alone_is_begun():
    worker, begun, gate = Newest("test"), [], threading.Event()

    def first(stale):
        begun.append("first")
        gate.wait(10)
        if stale():
            raise Superseded
        begun.append("not reached")

    worker.ask(first)
    until = time.monotonic() + 10
    while not begun and time.monotonic() < until:
        time.sleep(0.001)
    for name in ("second", "third", "last"):
        worker.ask(lambda stale, name=name: begun.append(name))
    gate.set()
    assert worker.wait(10)
    assert begun == ["first", "last"]
    worker.close()


def test_a_long_strip_becomes_few_bars_that_keep_the_greatest():
    strip = Strip(500, 64)
    mask = np.zeros((1, 2, 64, 10), bool)
    mask[0, :, 17, :] = True
    strip.fill(123, mask)
    bars = strip.bars(most=1000)
    assert bars.share.size <= 1000
    hit = np.nanargmax(bars.share)
    assert bars.left[hit] <= 123 * 64 + 17 <= bars.right[hit]
    assert bars.share[hit] == 1
    assert np.isnan(bars.share[0])

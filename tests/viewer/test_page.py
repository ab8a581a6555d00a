"""The page in a real browser."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import numpy as np
import pytest

import clearchirp as cc
from tests.viewer.conftest import served, served_here

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(scope="module")
def url(simulated):
    with served(simulated) as url:
        yield url


def cell(page: Any, row: str, heading: str) -> float:
    """A figure of the table."""
    headings = page.locator("thead th").all_inner_texts()
    texts = page.locator(f"tbody tr:has(th:text-is('{row}')) td").all_inner_texts()
    return float(texts[headings.index(heading) - 1].replace("−", "-"))


def there(page: Any, row: str) -> None:
    """Wait for a row of the table, and until nothing is at work."""
    page.locator(f"tbody th:text-is('{row}')").wait_for()
    page.locator("[role=status]", has_text="20 Hz").wait_for()


def title(page: Any, name: str, text: str) -> None:
    """Wait for a text in the title of a figure."""
    page.wait_for_function(
        "([name, text]) => Bokeh.documents[0].get_model_by_name(name).title.text.includes(text)",
        arg=[name, text],
    )


def value(page: Any, name: str, what: str = "value") -> Any:
    """What a widget has."""
    return page.evaluate(f"Bokeh.documents[0].get_model_by_name('{name}').{what}")


def test_looking_through_a_simulated_recording(url, shown):
    page = shown(url)
    there(page, "after imat-2d")
    assert page.locator("h1").inner_text() == "demo.npz"
    assert "truth in the file" in page.locator(".facts").inner_text()
    assert cell(page, "after imat-2d", "noise floor (dB)") < (
        cell(page, "recorded", "noise floor (dB)") - 20
    )
    assert cell(page, "after imat-2d", "F1") > 0.9
    # Chirps and frames by keyboard; the strips follow.
    page.locator("h1").click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    title(page, "beat", "chirp 3:")
    page.keyboard.press("ArrowLeft")
    title(page, "beat", "chirp 2:")
    page.keyboard.press("ArrowDown")
    page.locator("[role=status]", has_text="frame 1 ·").wait_for()
    assert value(page, "frame") == 1
    page.keyboard.press("r")
    assert value(page, "receiver") == "1"
    title(page, "recording strip", "of the recording")
    page.wait_for_function(
        "() => !Bokeh.documents[0].get_model_by_name('recording strip').title.text.includes('so')"
    )
    # A click on a strip goes there: the middle of three frames of 128 chirps.
    box = page.locator("section[aria-label^='Disturbed share'] canvas").first.bounding_box()
    left, right = 58, box["width"] - 14
    page.mouse.click(box["x"] + (left + right) / 2, box["y"] + box["height"] / 2)
    title(page, "beat", "chirp 6")
    assert value(page, "frame") == 1
    # In a field the arrows belong to the field.
    page.get_by_label("Chirp, 0 to 127").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("Bokeh.documents[0].get_model_by_name('chirp').value < 65")
    assert value(page, "frame") == 1


def test_methods_settings_a_failure_and_a_comparison(url, shown):
    page = shown(url, width=820, height=1180, scheme="dark")
    there(page, "after imat-2d")
    assert page.evaluate("document.documentElement.scrollWidth") <= 820
    assert value(page, "dark", "active") is True
    # A setting that the method refuses is told in one line, and done with when it is mended.
    page.get_by_label("window").fill("no such window")
    page.keyboard.press("Enter")
    told = page.locator("[role=alert] strong")
    told.wait_for()
    assert told.inner_text() == (
        "imat-2d: window: must be one of hamming, none, got 'no such window'"
    )
    page.get_by_label("window").fill("none")
    page.keyboard.press("Enter")
    told.wait_for(state="hidden")
    page.locator("code", has_text="--set imat-2d.window=none").wait_for()
    page.get_by_label("Method", exact=True).select_option("zeroing")
    there(page, "after zeroing")
    hard = cell(page, "after zeroing", "floor change (dB)")
    assert hard < -20
    page.get_by_label("taper").first.fill("12")
    page.keyboard.press("Enter")
    page.locator("code", has_text="--set zeroing.taper=12").wait_for()
    page.get_by_role("button", name="Compare with a second method").click()
    page.get_by_label("Method B").select_option("ar")
    there(page, "after ar")
    there(page, "after zeroing")
    assert cell(page, "after zeroing", "floor change (dB)") != hard
    # One zoom and one colour scale for all maps.
    same = """() => { const maps = ['map recorded', 'map A', 'map B']
      .map(name => Bokeh.documents[0].get_model_by_name(name))
      return [maps.every(map => map.visible), new Set(maps.map(map => map.x_range.id)).size,
        new Set(maps.map(map => map.y_range.id)).size,
        new Set(maps.map(map => map.renderers[0].glyph.color_mapper.id)).size] }"""
    assert page.evaluate(same) == [True, 1, 1, 1]
    # What hover tells.
    plot = page.locator("section[aria-label^='Range-Doppler'] canvas").first
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_text("power:").first.wait_for()
    page.get_by_text(" m/s", exact=False).first.wait_for()


def test_two_pages_at_once(url, shown):
    one, other = shown(url), shown(url, scheme="dark")
    there(one, "after imat-2d")
    there(other, "after imat-2d")
    one.get_by_label("Method", exact=True).select_option("none")
    other.get_by_label("Method", exact=True).select_option("ar")
    there(one, "after none")
    there(other, "after ar")
    assert one.locator("tbody th").all_inner_texts() == ["recorded", "after none"]
    assert cell(one, "after none", "floor change (dB)") == 0
    other.locator("h1").click()
    other.keyboard.press("ArrowRight")
    title(other, "beat", "chirp 1:")
    assert value(one, "chirp") == 0


def test_saving(blind, shown):
    with served_here(blind) as url:
        page = shown(url)
        there(page, "after imat-2d")
        assert "no truth" in page.locator(".facts").inner_text()
        page.get_by_label("Method", exact=True).select_option("zeroing")
        there(page, "after zeroing")
        page.get_by_label("Cleaned recording as").select_option(".npz")
        page.get_by_text("goes to blind-zeroing.npz").wait_for()
        page.get_by_role("button", name="Save recording").click()
        page.get_by_text("written: blind-zeroing.npz").wait_for()
        saved = cc.open(blind.with_name("blind-zeroing.npz"))
        assert len(saved) == 3
        expected = cc.mitigate(cc.open(blind), method="zeroing")
        np.testing.assert_array_equal(saved.beat, expected.beat)
        # Not over what is there, unless told.
        page.get_by_role("button", name="Save recording").click()
        page.get_by_text("blind-zeroing.npz: is there already").wait_for()
        before = saved.path.stat().st_mtime_ns
        page.get_by_role("button", name="Leave it").click()
        assert saved.path.stat().st_mtime_ns == before
        page.get_by_role("button", name="Save recording").click()
        page.get_by_role("button", name="Replace it").click()
        page.get_by_text("written: blind-zeroing.npz").wait_for()
        assert saved.path.stat().st_mtime_ns > before
        page.get_by_role("button", name="Save figure").click()
        page.get_by_text("blind-frame0-rx1-zeroing.svg").wait_for()
        page.get_by_text("written: blind-frame0").wait_for()
        names = {path.name for path in blind.parent.iterdir()}
        assert names == {
            "blind.npz", "blind-zeroing.npz", "blind-frame0-rx1-zeroing.png",
            "blind-frame0-rx1-zeroing.svg",
        }  # fmt: skip


def test_a_recording_with_a_torn_frame(tmp_path, shown):
    beat = np.random.default_rng(1).standard_normal((3, 1, 16, 64, 2)) @ [1, 1j]
    beat[1, 0, 3, 5] = np.nan
    np.savez(tmp_path / "torn.npz", beat=beat.astype(np.complex64))
    with served_here(tmp_path / "torn.npz") as url:
        page = shown(url)
        page.locator("[role=alert]", has_text="NaN").wait_for()
        page.locator("h1").click()
        page.keyboard.press("ArrowDown")
        page.locator("[role=status]", has_text="not done").wait_for()
        # Told once, though both the view and the strip met it; it stays, for the strip has a gap.
        assert page.locator("[role=alert] strong").count() == 1
        page.keyboard.press("ArrowDown")
        page.locator("[role=status]", has_text="frame 2 ·").wait_for()
        assert "frame 1" in page.locator("[role=alert] strong").inner_text()


def test_the_real_recording(data, tmp_path, shown):
    path = tmp_path / "crossing.bin"
    shutil.copy(data / "jin_cao_awr1243" / "20180608-195044.bin", path)
    with served_here(path, format="tsw1400", waveform="jin-cao-awr1243") as url:
        page = shown(url)
        there(page, "after imat-2d")
        assert cell(page, "after imat-2d", "floor change (dB)") < -20
        page.locator("h1").click()
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        title(page, "beat", "chirp 4:")
        title(page, "fractional", "found")
        page.get_by_label("Method", exact=True).select_option("ar")
        there(page, "after ar")
        assert cell(page, "after ar", "floor change (dB)") < -20
        page.get_by_label("order").fill("12")
        page.keyboard.press("Enter")
        page.locator("code", has_text="--set ar.order=12").wait_for()
        page.get_by_role("button", name="Save recording").click()
        page.get_by_text("written: crossing-ar.zarr").wait_for()
        assert len(cc.open(tmp_path / "crossing-ar.zarr")) == 1
        page.reload()
        there(page, "after imat-2d")

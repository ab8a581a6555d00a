"""Reports in a real browser: nothing is loaded, everything is drawn, nothing is cut off."""

from __future__ import annotations

import pytest

from clearchirp.report import (
    VERDICTS,
    Section,
    Table,
    range_doppler_figure,
    write_experiment,
    write_report,
)
from tests.report.browser import opened
from tests.report.samples import samples


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    group = samples(errors={"imat": 3}, absent={"mru": "not landed"})
    return write_experiment(folder, [group], title="Fifteen methods", facts={"scene": "imfrac"})[-1]


@pytest.fixture
def small(tmp_path, radar, noise):
    long = "recordings/a_long_name_without_any_space_" * 5
    rows = [[f"Fig. 7, {v}", 0.9, 0.91, VERDICTS[v]] for v in VERDICTS]
    maps = {f"method {n}": noise for n in range(4)}
    figure = range_doppler_figure(maps, radar, real=False)
    return write_report(
        tmp_path / "r.html",
        title=long,
        intro=long,
        facts={"file": long},
        tables=[Table(long, ["figure", "published", "ours", "verdict"], rows)],
        sections=[Section(title=t, figures=[(long, figure)]) for t in ("one", "two")],
        notes=[long],
    )


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("kind", ["experiment", "small"])
def test_a_report_needs_nothing_and_shows_everything(request, kind, width):
    path = request.getfixturevalue(kind)
    with opened(path, width=width) as (page, asked):
        assert page.title() == ("Fifteen methods" if kind == "experiment" else page.title())
        assert page.locator("h1").inner_text() == page.title()
        images = page.locator("img")
        assert images.count() == {"experiment": 6, "small": 2}[kind]
        for image in images.all():
            assert image.evaluate("image => image.complete && image.naturalWidth > 100")
        # The page itself does not scroll sideways; what is wide scrolls in a box of its own.
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for box in page.locator(".wide").all():
            assert box.evaluate("box => box.getBoundingClientRect().right") <= width
            assert box.evaluate("box => getComputedStyle(box).overflowX") == "auto"
        for place in page.locator("h1, h2, p, dd, li, figcaption").all():
            assert place.evaluate("place => place.scrollWidth <= place.clientWidth + 1")
    outside = [url for url in asked if not url.startswith(("file:", "data:"))]
    assert outside == []
    assert [url for url in asked if url.startswith("file:")] == [path.resolve().as_uri()]


def test_figures_stay_readable_on_a_narrow_screen(experiment):
    with opened(experiment, width=400) as (page, _):
        for image in page.locator("img").all():
            shown, drawn = image.evaluate("i => [i.clientWidth, Number(i.getAttribute('width'))]")
            assert shown >= 0.6 * drawn  # text of 9 points is then 7 pixels at least


def wait_until(page, condition: str) -> None:
    """Wait for a condition; the page's policy forbids Playwright's own wait to look twice."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {condition}")


def test_boxes_scroll_by_the_keyboard_and_rows_keep_their_names(experiment):
    with opened(experiment, width=400) as (page, _):
        page.keyboard.press("Tab")
        focused = "document.activeElement.getAttribute('aria-label')"
        assert page.evaluate(focused).startswith("Means over 120 frames")
        for _ in range(12):
            page.keyboard.press("ArrowRight")
        wait_until(page, "document.activeElement.scrollLeft > 100")
        left = "document.querySelector('tbody th').getBoundingClientRect().left"
        assert 0 <= page.evaluate(left) < 40


def test_the_contents_lead_to_the_sections(small):
    with opened(small, width=1280) as (page, _):
        page.get_by_role("link", name="two").click()
        wait_until(page, "scrollY > 300")
        assert page.evaluate("location.hash") == "#part-2"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_stand_out_from_their_ground(small, scheme):
    contrast = """place => {
      const parts = c => c.match(/[\\d.]+/g).slice(0, 3).map(v => {
        v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
      const light = c => { const [r, g, b] = parts(c); return .2126*r + .7152*g + .0722*b; };
      let ground = place;
      while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)')
        ground = ground.parentElement;
      const pair = [light(getComputedStyle(place).color),
                    light(getComputedStyle(ground).backgroundColor)].sort((a, b) => b - a);
      return (pair[0] + .05) / (pair[1] + .05); }"""
    with opened(small, width=1280, scheme=scheme) as (page, _):
        places = page.locator("h1, h2, p, a, dt, dd, caption, th, td, .mark, figcaption, li").all()
        assert len(places) > 40
        for place in places:
            assert place.evaluate(contrast) >= 4.5  # WCAG 2, level AA
        marks = page.locator(".mark").all_inner_texts()
        assert marks == [f"{v.sign} {v.text}" for v in VERDICTS.values()]

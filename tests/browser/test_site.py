"""The course's pages in a real browser: offline, accessible, on a phone, in light and dark."""

import pytest

from grader.report import site
from tests.browser.conftest import OVERFLOWING, UNFOLD, opened, screenshot, violations
from tests.courses import HERE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the pages are."""
    return site.write(HERE, tmp_path_factory.mktemp("pages")).parent


@pytest.mark.parametrize("name", ["index", "04_cross_entropy"])
def test_a_page_opens_offline_and_axe_finds_nothing(folder, open_page, screenshots, name):
    page = open_page(folder / f"{name}.html", bypass_csp=True)
    assert (page.asked, page.said) == ([], [])
    page.evaluate(UNFOLD)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            screenshot(page, screenshots / f"site-{name}-{width}-{scheme}.png", 4000)
    assert violations(page) == []


@pytest.fixture(scope="module")
def everything(folder, browser):
    """The page that holds all of it, unfolded."""
    contexts = []
    page = opened(browser, contexts, folder / "everything.html")
    page.evaluate(UNFOLD)
    yield page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_overflows_and_wide_formulas_scroll_by_themselves(everything, width):
    everything.set_viewport_size({"width": width, "height": 900})
    assert everything.evaluate("document.documentElement.scrollWidth") <= width
    assert everything.evaluate(OVERFLOWING, width) == []
    wide = everything.evaluate("[...document.querySelectorAll('.formula')].filter(e => e.scrollWidth > e.clientWidth).length")
    assert (wide > 0) == (width == 390)
    assert everything.locator("math").count() >= 45


def test_a_figure_is_as_wide_as_a_phone_and_follows_light_and_dark(everything):
    everything.set_viewport_size({"width": 390, "height": 900})
    widths = everything.evaluate("[...document.querySelectorAll('svg.plot')].map(e => e.getBoundingClientRect().width)")
    assert len(widths) >= 12
    assert min(widths) >= 330
    colours = []
    for scheme in ("light", "dark"):
        everything.emulate_media(color_scheme=scheme)
        colours.append(everything.evaluate("getComputedStyle(document.querySelector('svg.plot rect')).fill"))
    assert colours == ["rgb(255, 253, 249)", "rgb(31, 34, 36)"]

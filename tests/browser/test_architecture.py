"""The picture of the house in a real browser: each name within its box, on a phone and on a desk."""

import pytest

from tests.architecture.drawing import FILE

pytestmark = pytest.mark.browser
#: Texts that reach over the box they stand in by more than a pixel.
BEYOND = """[...document.querySelectorAll('g > rect')].flatMap(box => {
    const edge = box.getBoundingClientRect();
    return [...box.parentNode.querySelectorAll('text')].filter(text => {
        const {left, right, top, bottom, width} = text.getBoundingClientRect();
        return width && (left < edge.left - 1 || right > edge.right + 1 || top < edge.top - 1 || bottom > edge.bottom + 1);
    }).map(text => text.textContent);
})"""


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """A page with the picture in it, as wide as the window."""
    path = tmp_path_factory.mktemp("architecture") / "page.html"
    style = "<style>body { margin: 0 } svg { width: 100%; height: auto }</style>"
    path.write_text(f"<!doctype html><meta charset=utf-8><title>House</title>{style}{FILE.read_text('utf-8')}", "utf-8")
    return path


@pytest.mark.parametrize("width", [390, 1280])
def test_every_name_is_within_its_box(picture, open_page, screenshots, width):
    page = open_page(picture, width)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=screenshots / f"architecture-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.querySelectorAll('.name').length") > 20
    assert page.evaluate(BEYOND) == []
    shown = page.evaluate("[...document.querySelectorAll('.small')].some(e => e.checkVisibility())")
    assert shown == (width > 640)

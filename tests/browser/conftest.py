"""A real browser, offline, and the pages that it opens."""

from pathlib import Path

import axe_playwright_python
import pytest

from grader.paths import BUILD
from tests.browser import install

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN_AXE = "options => axe.run(document, {preload: false, resultTypes: ['violations'], ...options})"
UNFOLD = "document.querySelectorAll('details').forEach(d => d.open = true)"
FOLD = "document.querySelectorAll('details').forEach(d => d.open = false)"
#: What reaches beyond the window, but for what scrolls by itself.
OVERFLOWING = """width => [...document.querySelectorAll('body *')]
    .filter(e => !e.closest('pre, .scroll, .plotbox, symbol, .unseen, .skip') || e.matches('pre, .scroll, .plotbox'))
    .filter(e => e.getClientRects().length && (e.getBoundingClientRect().right > width + 0.5 || e.getBoundingClientRect().left < -0.5))
    .map(e => e.tagName + '.' + (e.className.baseVal ?? e.className) + ': ' + e.textContent.slice(0, 60))"""


def violations(page):
    """What axe finds: by all rules in light; in dark, where only colours change, by the rule about colours."""
    page.evaluate(AXE)
    found = []
    for scheme, options in (("light", {}), ("dark", {"runOnly": {"type": "rule", "values": ["color-contrast"]}})):
        page.emulate_media(color_scheme=scheme)
        for rule in page.evaluate(RUN_AXE, options)["violations"]:
            node = rule["nodes"][0]
            found.append((scheme, rule["id"], node["html"], node["failureSummary"]))
    return found


def screenshot(page, path, most=12_000):
    """The whole page as a picture for people to look at, but for what lies below `most` pixels."""
    size = page.viewport_size
    height = min(page.evaluate("document.documentElement.scrollHeight"), most)
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": height})


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium. Without one these tests fail: a page that no browser opened is not tested."""
    from playwright.sync_api import sync_playwright

    path = install.find()
    if path is None:
        pytest.fail("no Chromium was found. Remedy: python -m tests.browser.install, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser):
    """`open_page(path, width, scheme)`: the page, from its file, with every request but that one refused and written down."""
    contexts = []
    yield lambda *of, **options: opened(browser, contexts, *of, **options)
    for context in contexts:
        context.close()


def opened(browser, contexts, path: Path, width: int = 1280, scheme: str = "light", **options):
    """Open a page offline; `.asked` has what it asked for beside itself, `.said` what came on the console."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, reduced_motion="reduce", **options
    )
    contexts.append(context)
    page = context.new_page()
    page.asked, page.said = [], []
    address = path.resolve().as_uri()

    def answer(route):
        if route.request.url == address:
            route.continue_()
        else:
            page.asked.append(route.request.url)
            route.abort()

    page.route("**/*", answer)
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(address)
    return page


@pytest.fixture(scope="session")
def screenshots():
    """Where screenshots are left for people to look at."""
    folder = BUILD / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""A real browser, offline, and the pages that it opens."""

from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from grader.paths import BUILD
from grader.records import Report
from tests.browser import install, submissions

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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


@pytest.fixture(scope="session")
def graded(tmp_path_factory):
    """`graded(name)`: folder and record of a golden submission, graded once for the whole run."""
    made = {}

    def get(name):
        if name not in made:
            out = submissions.make(name, tmp_path_factory.mktemp(name))
            made[name] = SimpleNamespace(
                name=name,
                out=out,
                page=out / "report.html",
                report=msgspec.json.decode((out / "results.json").read_bytes(), type=Report),
            )
        return made[name]

    return get


@pytest.fixture
def open_page(browser):
    """`open_page(path, width, scheme)`: the page, from its file, with every request but that one refused and written down."""
    contexts = []

    def open_it(path: Path, width: int = 1280, scheme: str = "light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            offline=True,
            reduced_motion="reduce",
            **options,
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

    yield open_it
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def screenshots():
    """Where screenshots are left for people to look at."""
    folder = BUILD / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""The README's pictures: the page of a learner in mid-course, really graded step by step. `python -m tests.browser.readme`.

Writes docs/report-light.png and docs/report-dark.png, each of the top of the page, in few colours so that they stay small.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from grader.paths import ROOT
from grader.submission import Submission
from tests.browser import install
from tests.browser.conftest import ARGUMENTS
from tests.browser.submissions import grade, mid_course, stages
from tests.golden.submissions import with_bodies

DOCS = ROOT / "docs"
SIZE = {"width": 1280, "height": 1120}
MOST_BYTES = 300_000


def steps() -> list[Submission]:
    """What the learner handed in so far, one grade each."""
    written = [(), (1,), (1, 2), (1, 2, 5), (1, 2, 5, 6)]
    return [*(with_bodies(stages(*numbers), "ada") for numbers in written), mid_course()]


def main() -> None:
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        for submission in steps():
            out, _ = grade(submission, Path(scratch))
        browser = playwright.chromium.launch(executable_path=install.find(), args=ARGUMENTS)
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)
            page.goto((out / "report.html").as_uri())
            path = DOCS / f"report-{scheme}.png"
            page.screenshot(path=path)
            size = path.stat().st_size
            assert size <= MOST_BYTES, f"{path.name} has {size} bytes"
            print(f"Written: {path}, {size} bytes")
        browser.close()


if __name__ == "__main__":
    main()

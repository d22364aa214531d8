"""The comparison with the reference in a real browser: offline, accessible, on a phone."""

import pytest

from grader.comparison import page as comparison
from grader.comparison import probing
from grader.paths import REFERENCE
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.browser.conftest import OVERFLOWING, UNFOLD, violations
from tests.browser.submissions import SLIPS, edited
from tests.courses import HERE, with_stages

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A page over two stages, with a slip in one function, which stands unfolded, and an answer that differs."""
    scratch = tmp_path_factory.mktemp("compare")
    some = with_stages(HERE.select(["03", "08"]))
    both = (edited(SLIPS["03_softmax"]), read_submission(REFERENCE))
    asked = [probing.ask(side, some, LocalPool(), 0, scratch / str(i) / "evidence") for i, side in enumerate(both)]
    return comparison.write(comparison.Sides(some, *both, (asked[0], asked[1]), (scratch / "0", scratch / "1")), scratch)


def test_page_opens_offline_and_axe_finds_nothing(compared, open_page):
    page = open_page(compared, bypass_csp=True)
    assert (page.asked, page.said) == ([], [])
    assert violations(page) == []


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_overflows(compared, open_page, screenshots, width):
    page = open_page(compared, width)
    page.screenshot(path=screenshots / f"compare-{width}.png")
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOWING, width) == []

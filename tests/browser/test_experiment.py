"""The page of an experiment in a real browser: offline, accessible, on a phone."""

import pytest

from grader.learner.instruments import write_page
from tests.browser.conftest import OVERFLOWING, screenshot, violations
from tests.courses import HERE
from tests.tasks.toolbox import experiments

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Made-up figures of every kind: two lines, many lines with gaps, a flat line, one line on a logarithmic axis."""
    epochs = [1.0, 2.0, 3.0, 4.0]
    many = {f"lr {rate:g}": (epochs, [2.0 - rate, 1.5, float("nan"), rate]) for rate in (0.001, 0.01, 0.1, 0.3, 1.0, 3.0)}
    figures = [
        experiments.Figure("Many", "Six lines and a flat one.", ("epoch", "loss"), many, {"guessing": 2.3}),
        experiments.Figure("Rates", "The best is 0.1.", ("rate", "share"), {"end": ([0.01, 0.1], [0.4, 0.9])}, log_x=True),
    ]
    predicted = "A <b>bold</b> guess, and a word that is long:\n\n" + "x" * 300
    page = tmp_path_factory.mktemp("experiment") / "learning-rate.html"
    return write_page(HERE, page, figures, name="learning-rate", question="Which rate?", predicted=predicted)


def test_page_opens_offline_and_axe_finds_nothing(shown, open_page):
    page = open_page(shown, bypass_csp=True)
    assert (page.asked, page.said) == ([], [])
    assert violations(page) == []
    assert page.locator("svg.plot").count() == 2
    assert page.locator("blockquote b").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_overflows(shown, open_page, screenshots, width, scheme):
    page = open_page(shown, width, scheme)
    screenshot(page, screenshots / f"experiment-{scheme}-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOWING, width) == []

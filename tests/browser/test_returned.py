"""A returned report with an instructor's comments in a real browser: accessible, on a phone too."""

import pytest

from grader.course.policy import FeedbackRules
from grader.export import returned
from tests.browser.conftest import UNFOLD, violations
from tests.courses import HERE
from tests.export import samples

pytestmark = pytest.mark.browser


def test_comments_stand_at_the_top_and_are_accessible(tmp_path, open_page):
    comments = ["Look at `W` in\n\nthe second line.", "a" * 400]
    grade = samples.grade("ann", 22.0, comments=comments, by_hand=2.0, decisions=["2 points added by N, 2026-12-01: right."])
    returned.return_reports([grade], lambda _: samples.report(), FeedbackRules(), tmp_path, HERE)
    page = open_page(tmp_path / "ann" / "report.html", 375, bypass_csp=True)
    page.evaluate(UNFOLD)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.locator("#comments").bounding_box()["y"] < page.locator("#next").bounding_box()["y"]
    assert page.locator(".comments .note").count() == 4

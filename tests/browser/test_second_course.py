"""The second course's pages in a real browser: one with a named mistake and its heat map, the first page, and full marks."""

import pytest

from grader.check_tasks import subjects
from grader.course.course import Course
from grader.grading.grade import grade
from grader.grading.request import Output, Request, Settings
from grader.paths import ROOT
from grader.submission import read_submission
from tests.browser.conftest import OVERFLOWING, UNFOLD, violations

pytestmark = pytest.mark.browser
COURSE = Course(ROOT / "courses" / "attention")


def graded(folder, out):
    """A learner whose mask comes after the softmax: the report of all stages, and its page."""
    reference = read_submission(COURSE.folder / "reference")
    _, submission = subjects.mutants(COURSE, reference)["01_attention:masks_after_the_softmax"]
    for module, text in submission.modules.items():
        (folder / f"{module}.py").write_text(text, encoding="utf-8")
    return grade(Request(COURSE, folder, Output(out), settings=Settings(use_cache=False))), out / "report.html"


def test_one_mistake_costs_its_own_checks_and_the_page_shows_it_with_its_maps(tmp_path, open_page):
    """One grade for all of it: with real workers it takes some seconds."""
    (tmp_path / "ada").mkdir()
    report, path = graded(tmp_path / "ada", tmp_path / "out")
    assert report.next.stage == "01_attention"
    lost = {c.id for s in report.stages for c in s.checks if not c.points}
    assert lost == {"check_weights_respect_the_mask", "check_weights_stay_finite_for_large_scores"}
    for width in (390, 1280):
        page = open_page(path, width)
        page.evaluate(UNFOLD)
        assert page.locator("#score").inner_text().split() == [str(report.score), "of", "100", "points"]
        assert page.locator("#next").inner_text() == "Mask after the softmax"
        assert page.locator("svg.sketch").count() >= 3  # the weights; both heads of the trained network; its loss
        assert "should be" in page.locator("svg.sketch").first.text_content()
        assert (page.asked, page.said, page.evaluate(OVERFLOWING, width)) == ([], [], [])
    assert violations(page) == []


@pytest.mark.parametrize(
    ("folder", "told"), [("student", "Where this leads"), ("reference", "it copies texts that it has never seen")]
)
def test_the_first_page_and_the_last_one_stand_in_every_width(folder, told, tmp_path, open_page):
    grade(Request(COURSE, COURSE.folder / folder, Output(tmp_path), settings=Settings(use_cache=False)))
    for width in (390, 1280):
        page = open_page(tmp_path / "report.html", width)
        page.evaluate(UNFOLD)
        assert told in page.locator("main").inner_text()
        assert ("about 4 hours" in page.locator("main").inner_text()) == (folder == "student")
        assert page.locator("svg.sketch").count() >= 1
        assert (page.asked, page.said, page.evaluate(OVERFLOWING, width)) == ([], [], [])
    assert violations(page) == []

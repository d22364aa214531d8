"""The class page in a real browser: offline, accessible, on a phone, names away at one switch, a thousand rows."""

import msgspec
import pytest

from grader.cohort import page as class_page
from grader.cohort.intake import Store
from grader.cohort.journal import Journal
from grader.cohort.package import Package
from grader.cohort.remarks import ByHand, Remark
from grader.cohort.similarity import python_files
from grader.course.misconceptions import RIGHT
from grader.paths import ROOT
from tests.browser.conftest import UNFOLD, violations
from tests.cohort.made import make_class
from tests.courses import HERE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A page of 40 students in two sections, of whom four handed in one right answer with a comment each and two appealed."""
    made = make_class(tmp_path_factory.mktemp("small"), 40)
    store, copied = Store(made.out / "store"), python_files(ROOT / RIGHT / "closures")
    for number, grade in enumerate(made.grades[:40]):
        files = (
            {name: text + b"\n# %d\n" % number for name, text in copied.items()} if number < 4 else store.get(grade.digest).files
        )
        digest, section = store.put(Package(files)), f"Group {number % 2 + 1}"
        appeal = f"I am Student {number}, and 03_stage is right." * (number in (2, 3))
        made.grades[number] = msgspec.structs.replace(grade, digest=digest, section=section, appeal=appeal)
    decided = {"student": "id00003", "appeal": "0ld", "granted": True, "add": 2, "by": "N", "date": "2026-12-01"}
    made.remarks = (
        Remark(cause="02_stage/slip_1", text="Look at `x`."), Remark(cause="02_stage/old", text="Once."),
        Remark("Student 3 is right.", **decided), Remark("Well done, Student 9.", student="id00009"),
    )  # fmt: skip
    with Journal(made.out / "journal.sqlite") as journal:
        made.grades[:] = map(ByHand(made.remarks, journal.get).added_to, made.grades)
    return class_page.write(made, HERE, made="2026-11-23T01:00:00+00:00")


def test_it_opens_offline_without_a_word(small, open_page):
    page = open_page(small)
    page.wait_for_load_state("networkidle")
    assert (page.asked, page.said) == ([], [])
    assert page.evaluate("document.scripts.length") == 0


def test_axe_finds_nothing(small, open_page):
    page = open_page(small, bypass_csp=True)
    page.evaluate(UNFOLD)
    assert violations(page) == []


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_overflows(small, open_page, screenshots, width):
    page = open_page(small, width)
    page.screenshot(path=screenshots / f"class-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_one_switch_hides_every_name(small, open_page):
    page = open_page(small)
    page.evaluate(UNFOLD)
    assert "Student 7" in page.inner_text("main")
    page.focus("#hide-names")
    page.keyboard.press("Space")
    text = page.inner_text("main")
    assert "Student" not in text.replace("Students", "").replace("Student\t", "").replace("\nStudent\n", "")
    assert "id0000" not in text
    assert "stranger" not in text
    assert "#7" in text
    page.keyboard.press("Space")
    assert "Student 7" in page.inner_text("main")


def test_one_choice_shows_one_section(small, open_page):
    page = open_page(small)
    rows = page.locator(".heat tbody tr")
    assert rows.locator("visible=true").count() == 43
    page.get_by_label("Group 2").check()
    assert rows.locator("visible=true").count() == 20
    page.get_by_label("everybody").check()
    assert rows.locator("visible=true").count() == 43


def test_codes_that_are_alike_are_folded_and_go_with_the_names(small, open_page):
    page = open_page(small)
    code = page.locator(".sides pre")
    assert code.count() >= 2
    assert not code.first.is_visible()
    page.evaluate(UNFOLD)
    assert code.first.inner_text().splitlines()[0] == code.nth(1).inner_text().splitlines()[0]
    page.check("#hide-names")
    assert not code.first.is_visible()


def test_a_thousand_students(tmp_path, open_page):
    path = class_page.write(make_class(tmp_path, 1000), HERE, made="2026-11-23T01:00:00+00:00")
    page = open_page(path)
    assert path.stat().st_size < 3_000_000
    assert page.locator(".heat tbody tr").count() == 1003
    assert (page.asked, page.said) == ([], [])

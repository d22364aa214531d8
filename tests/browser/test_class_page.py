"""The class page in a real browser: offline, accessible, on a phone, names away at one switch, a thousand rows."""

from pathlib import Path

import axe_playwright_python
import pytest

from grader.cohort import page as class_page
from tests.cohort.made import make_class

pytestmark = pytest.mark.browser
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A page of 40 students."""
    return class_page.write(make_class(tmp_path_factory.mktemp("small"), 40), made="2026-11-23T01:00:00+00:00")


def test_it_opens_offline_without_a_word(small, open_page):
    page = open_page(small)
    page.wait_for_load_state("networkidle")
    assert (page.asked, page.said) == ([], [])
    assert page.evaluate("document.scripts.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(small, open_page, scheme):
    page = open_page(small, scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(rule["id"], rule["nodes"][0]["target"], rule["nodes"][0]["failureSummary"]) for rule in found] == []


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_overflows(small, open_page, screenshots, width):
    page = open_page(small, width)
    page.screenshot(path=screenshots / f"class-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_one_switch_hides_every_name(small, open_page):
    page = open_page(small)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
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


def test_a_thousand_students(tmp_path, open_page):
    path = class_page.write(make_class(tmp_path, 1000), made="2026-11-23T01:00:00+00:00")
    page = open_page(path)
    assert path.stat().st_size < 3_000_000
    assert page.locator(".heat tbody tr").count() == 1003
    assert (page.asked, page.said) == ([], [])

"""The learner's page in a real browser: offline, accessible, by keyboard, on a phone, on paper."""

import io
import re

import msgspec
import pypdf
import pytest

from grader.records import NextStep
from grader.report import learner, words
from tests.browser.conftest import FOLD, OVERFLOWING, UNFOLD, opened, screenshot, violations
from tests.browser.submissions import NAMES
from tests.courses import HERE

pytestmark = pytest.mark.browser
A4 = (794, 1123)  # CSS pixels


@pytest.fixture(scope="module", params=NAMES)
def golden(request, graded):
    """A golden submission's grade."""
    return graded(request.param)


@pytest.fixture(scope="module")
def page(golden, browser):
    """Its page, for tests that leave it as they find it: folded, in light, 1280 pixels wide."""
    contexts = []
    yield opened(browser, contexts, golden.page)
    for context in contexts:
        context.close()


def test_page_opens_offline_without_a_word(golden, page):
    """From its file, with the network cut: nothing else is asked for, the console stays empty, the numbers are the record's."""
    page.evaluate(UNFOLD)
    page.wait_for_load_state("networkidle")
    page.evaluate(FOLD)
    assert page.asked == []
    assert page.said == []
    assert page.evaluate("document.scripts.length") == 0
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert page.locator("#score").inner_text().split() == [str(golden.report.score), "of", str(golden.report.max_score), "points"]
    shown = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.stage, .check')].map(e => "
        "[e.id, e.querySelector(':scope > header .number, :scope > .head .number').textContent.replace(' points', '')]))"
    )
    record = {stage.id: f"{stage.points} / {stage.max_points}" for stage in golden.report.stages}
    record |= {f"{stage.id}-{c.id}": f"{c.points} / {c.max_points}" for stage in golden.report.stages for c in stage.checks}
    assert shown == record


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_overflows(golden, page, screenshots, width):
    """With everything unfolded, nothing is wider than the window but what scrolls by itself."""
    page.set_viewport_size({"width": width, "height": 900})
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        screenshot(page, screenshots / f"{golden.name}-{width}-{scheme}.png")
    page.evaluate(UNFOLD)
    scrolls, beyond = page.evaluate("document.documentElement.scrollWidth"), page.evaluate(OVERFLOWING, width)
    page.evaluate(FOLD)
    page.set_viewport_size({"width": 1280, "height": 900})
    assert (scrolls <= width, beyond) == (True, [])


@pytest.mark.parametrize(("width", "most"), [(1280, 600), (390, 700)])
def test_the_mistake_stands_on_the_first_screen(golden, page, width, most):
    page.set_viewport_size({"width": width, "height": 900})
    bottom = page.evaluate(HEADLINE_ENDS)
    page.set_viewport_size({"width": 1280, "height": 900})
    if golden.report.next is not None:
        assert page.locator("#next").inner_text() == headline(golden.report, golden.report.next)
    assert bottom <= most


HEADLINE_ENDS = "document.querySelector('#next').getBoundingClientRect().bottom + scrollY"


def headline(report, step):
    """What stands at the top of the page: the mistake; of a training what it came to; the check that fails; what is to do."""
    check = next(c for s in report.stages for c in s.checks if (s.id, c.id) == (step.stage, step.check))
    told = words.headline(step, check)
    if check.state == "fail" and told == step.text and not check.broken:
        told = check.promise
    return told.replace(f" ({words.next_place(step)})", "").replace("`", "")


def test_every_failure_has_its_mistake_on_the_first_screen(golden, browser, tmp_path):
    """Each check that fails, as if it were the next; nothing is graded again."""
    report, contexts = golden.report, []
    shown = opened(browser, contexts, golden.page)
    for stage, check in [(s, c) for s in report.stages for c in s.checks if c.state == "fail"]:
        text = check.message if check.broken else f"{stage.id}: “{check.promise.rstrip('.')}” fails."
        step = NextStep(stage.id, check.id, text, "student/layers.py", 100)
        one = msgspec.structs.replace(report, stages=[msgspec.structs.replace(stage, checks=[check])], next=step, curves={})
        shown.set_content(learner.page(one, tmp_path, HERE))
        assert shown.locator("#next").inner_text() == headline(one, step)
        for width, most in ((1280, 600), (390, 700)):
            shown.set_viewport_size({"width": width, "height": 900})
            assert shown.evaluate(HEADLINE_ENDS) <= most, (check.id, width)
    for context in contexts:
        context.close()


def test_a_terminal_of_24_lines_ends_with_the_mistake(golden):
    """Of 80 columns: whoever grades sees what is next without scrolling."""
    if golden.report.next is None:
        return
    last = " ".join(" ".join(golden.done.stdout.rstrip().splitlines()[-24:]).split())
    told = next(
        words.headline(golden.report.next, c)
        for s in golden.report.stages
        for c in s.checks
        if (s.id, c.id) == (golden.report.next.stage, golden.report.next.check)
    )
    assert " ".join(told.split()) in last


def test_axe_finds_nothing(golden, open_page):
    page = open_page(golden.page, bypass_csp=True)
    page.evaluate(UNFOLD)
    assert violations(page) == []


FOCUSABLE = """[...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
    .filter(e => e.checkVisibility() && e.getClientRects().length)"""


@pytest.mark.parametrize("name", ["mid_course"])
def test_keyboard_reaches_everything(graded, open_page, name):
    """Tab comes to every link, fold and scrolling box, in the order of the page, and shows where it is; Enter unfolds."""
    page = open_page(graded(name).page)
    while page.evaluate(f"{FOCUSABLE}.some(e => e.matches('details:not([open]) > summary'))"):
        summary = page.locator("details:not([open]) > summary").first
        summary.focus()
        page.keyboard.press("Enter")
    page.evaluate("document.querySelector('.skip').focus()")
    count = page.evaluate(f"{FOCUSABLE}.length")
    reached = [0]
    for _ in range(count - 1):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(f"{FOCUSABLE}.indexOf(document.activeElement)"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == list(range(count))


def test_skip_link_comes_first(graded, open_page):
    page = open_page(graded("mid_course").page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"


MARK_BLOCKS = """() => [...document.querySelectorAll('.keep')].filter(e => e.checkVisibility()).map((e, i) => {
    for (const [where, text] of [['prepend', `B${i}X `], ['append', ` E${i}X`]]) {
        const mark = document.createElement(e.matches('dl') ? 'div' : 'span');
        mark.textContent = text; mark.style.cssText = 'font: 4px/4px monospace; display: block';
        e[where](mark);
    }
    return e.textContent.slice(0, 60);
})"""


def test_printing_cuts_no_card(golden, open_page):
    """On A4 every card, note, table, picture and excerpt stands whole on one page, and passed promises are printed."""
    page = open_page(golden.page, A4[0], bypass_csp=True)
    page.emulate_media(media="print", color_scheme="light")
    blocks = page.evaluate(MARK_BLOCKS)
    sheets = [
        sheet.extract_text()
        for sheet in pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True))).pages
    ]
    ends = {mark: number for number, text in enumerate(sheets) for mark in re.findall(r"[BE]\d+X", text)}
    cut = [
        (text, ends.get(f"B{i}X"), ends.get(f"E{i}X"))
        for i, text in enumerate(blocks)
        if ends.get(f"B{i}X") is None or ends.get(f"B{i}X") != ends.get(f"E{i}X")
    ]
    assert cut == []
    text = re.sub(r"\s+", "", "".join(sheets))
    for stage in golden.report.stages:
        for check in stage.checks if golden.name != "hostile_text" else ():
            assert re.sub(r"[\s`]+", "", check.promise) in text

"""Whatever a submission writes is text on the page, and stays text."""

import re

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.records import Card, Extra, Mistake, NextStep, SourceLines
from grader.report import learner, pages, svg
from grader.text import visible
from tests.courses import HERE
from tests.report import dom, samples
from tests.tasks.toolbox import figures

CHECK = "check_sgd_steps_in_place"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


def report_with(text):
    """A report in which `text` stands wherever text of a submission can stand."""
    source = SourceLines(text, 3, [text, "x"], [3], text)
    card = Card(text, text, text + ".", text + "!", text, [source], {text: text})
    outcome = {
        "state": "fail",
        "message": "m " + text,
        "card": card,
        "mistake": Mistake(text, text, [text], text),
        "notes": [text],
        "printed": text,
    }
    return samples.report_of(
        {CHECK: outcome},
        student=text,
        next=NextStep("01_linear", "", text, text, 3),
        notes=[text],
        extra=Extra(problems={text: text}),
        seed={"fingerprint": text},
        sandbox={"summary": text},
        environment={"python": text},
    )


@pytest.mark.parametrize("text", samples.NASTY)
def test_markup_changes_no_element(tmp_path, text):
    """The page has the elements that it has with a harmless word of as many lines and code spans."""
    word = re.sub("[^`\n]", "x", visible(text)) or "x"
    hostile, harmless = (dom.parse(learner.page(report_with(t), tmp_path, HERE)) for t in (text, word))
    assert dom.shape(hostile) == dom.shape(harmless)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="`"), min_size=1, max_size=80))
def test_any_text_changes_no_element(tmp_path, text):
    """Only line breaks and empty text may change what stands where."""
    word = re.sub("[^\n\\s]", "x", visible(text))
    hostile, harmless = (dom.parse(learner.page(report_with("a" + t + "a"), tmp_path, HERE)) for t in (text, word))
    assert dom.shape(hostile) == dom.shape(harmless)


def test_hostile_page_shows_what_was_sent(rendered):
    page = rendered("hostile_text")
    assert "<script>alert(1)</script>" in page.tree.all("main")[0].text
    assert "{{ 7 * 7 }}" in page.tree.all("main")[0].text
    assert "49{%" not in page.tree.text
    assert not page.tree.all("script")


def test_no_unseen_character_reaches_the_page(rendered):
    assert not UNSEEN.search(rendered("hostile_text").html)
    assert r"\u202egnol\u202c" in rendered("hostile_text").tree.text
    assert r"\x1b[31mred\x1b[0m \x00" in rendered("hostile_text").tree.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain äöü 数 🙂\n\ttab", "plain äöü 数 🙂\n\ttab"),
        ("a\r\nb\rc", "a\nb\\x0dc"),
        ("\x1b[2J\x7f\x85", "\\x1b[2J\\x7f\\x85"),
        ("\u202eevil\u2069", "\\u202eevil\\u2069"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("e" + "\u0301" * 2, "e\u0301\u0301"),
        ("e" + "\u0301" * 50, "e\u0301\u0301\u0301…"),
    ],
)
def test_clean_shows_what_is_unseen(text, shown):
    assert visible(text) == shown


@given(st.text())
def test_clean_is_done_once(text):
    assert visible(visible(text)) == visible(text)


def test_shorten_says_what_is_left_out():
    assert pages.shorten("a\nb\nc\nd", lines=2) == "a\nb\n… 2 more lines"
    assert pages.shorten("abcdef", width=4) == "abcd … 2 more characters"
    assert pages.shorten("ab\ncd", 2, 2) == "ab\ncd"


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_what_is_no_date_or_beyond_all_dates_stays_text(text):
    assert pages.date(text) == text


def test_code_between_backticks_is_escaped():
    assert str(pages.inline("use `<b>` & `x`")) == "use <code>&lt;b&gt;</code> &amp; <code>x</code>"
    assert str(pages.inline("`open <i>")) == "`open &lt;i&gt;"
    assert str(pages.prose("one `a`\n\ntwo")) == "<p>one <code>a</code></p><p>two</p>"


DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<path onload='alert(1)'/>",
        "<a xlink:href='https://example.org'><path/></a>",
        "<image xlink:href='https://example.org/x.png'/>",
        "<use xlink:href='data:image/svg+xml,x'/>",
        "<path style='fill: url(https://example.org)'/>",
        "<foreignObject><p>text</p></foreignObject>",
        "<style>p { display: none }</style>",
        "<g",
        "<!-- comment -->",
    ],
)
def test_a_kept_plot_is_a_drawing_or_is_not_used(inside):
    assert not svg.plain(DRAWING.format(inside))


def test_a_poisoned_file_of_plots_is_drawn_afresh(tmp_path, page):
    """What stands in figures.json under a right key but is no drawing never reaches the page."""
    import json

    report = samples.make("mid_course", tmp_path)
    page(report)
    kept = json.loads((tmp_path / "figures.json").read_text())
    assert len(kept) == 2
    assert all(svg.plain(drawing) for drawing in kept.values())
    poison = DRAWING.format("<script>alert(1)</script>")
    (tmp_path / "figures.json").write_text(json.dumps(dict.fromkeys(kept, poison)))
    tree = page(report)
    assert not tree.all("script")
    assert len(tree.all("svg", "plot")) == 4
    assert json.loads((tmp_path / "figures.json").read_text()) == kept


@pytest.mark.parametrize("content", ["[]", "{", '{"a": 3}', "\x00", "[" * 100_000])
def test_a_broken_file_of_plots_is_left_aside(tmp_path, content):
    (tmp_path / "figures.json").write_text(content)
    assert svg.Drawings(tmp_path).get("a", lambda: None) is None


def test_names_in_plots_stay_text(tmp_path):
    """A role such as `analytic:<b>` becomes a title inside a drawing."""
    import numpy as np

    drawing = figures.gradients([("<script>$x^2$</script>", np.ones((2, 2)), np.zeros((2, 2)))])
    assert svg.plain(drawing)
    assert "<script" not in drawing


def test_records_survive_the_way_through_json():
    report = report_with("<b>\u202e\x00")
    assert msgspec.json.decode(msgspec.json.encode(report), type=type(report)) == report

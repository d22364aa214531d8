"""The learner's page: what it says, and what it must not hold."""

import re

import msgspec
import numpy as np
import pytest

from grader.records import Card, NextStep, Report, SourceLines
from grader.report import words
from tests.report import samples
from tests.report.failures import training_mistake
from tests.report.records import save

NAMES = list(samples.GOLDEN)
TAGS = {
    "page",
    "html",
    "head",
    "meta",
    "title",
    "link",
    "style",
    "body",
    "svg",
    "symbol",
    "path",
    "circle",
    "rect",
    "use",
    "g",
    "defs",
    "clippath",
    "image",
    "text",
    "tspan",
    "polyline",
    "line",
    "a",
    "div",
    "span",
    "header",
    "main",
    "section",
    "footer",
    "nav",
    "ol",
    "ul",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "b",
    "bdi",
    "code",
    "pre",
    "kbd",
    "details",
    "summary",
    "dl",
    "dt",
    "dd",
    "aside",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "figure",
    "figcaption",
    "img",
    "i",
    "br",
}


@pytest.mark.parametrize("name", NAMES)
def test_page_stands_by_itself(rendered, name):
    """No script, no handler, no link or source but into the page itself and inline pixels."""
    page = rendered(name)
    for element in page.tree:
        assert element.tag in TAGS
        for attribute, value in element.attributes.items():
            assert not attribute.startswith("on")
            if attribute in ("href", "src", "xlink:href"):
                assert value.startswith(("#", "data:"))
    assert "@import" not in page.html
    assert "url(" not in page.html.replace("url(#", "")
    assert page.html.count("<style>") == 2


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(rendered, name):
    """Every link and every label within the page names an id that stands there once."""
    tree = rendered(name).tree
    ids = [e.attributes["id"] for e in tree if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in tree:
        for attribute in ("href", "xlink:href", "aria-labelledby", "aria-describedby"):
            value = element.attributes.get(attribute, "")
            if value and not value.startswith("data:"):
                assert value.removeprefix("#") in ids


@pytest.mark.parametrize("name", NAMES)
def test_page_is_small(rendered, name):
    assert len(rendered(name).html.encode()) <= 1_500_000


@pytest.mark.parametrize("name", NAMES)
def test_numbers_equal_the_record(rendered, name):
    """Score, points of every stage and of every check stand on the page as they stand in results.json."""
    page = rendered(name)
    record = msgspec.convert(msgspec.to_builtins(page.report), Report)
    assert page.tree.id("score").text.split() == [str(record.score), "of", str(record.max_score), "points"]
    ladder = page.tree.all("nav", "ladder")[0].all("li")
    for stage, rung in zip(record.stages, ladder, strict=True):
        section = page.tree.id(stage.id)
        assert _points(rung) == [(stage.points, stage.max_points)]
        assert _points(section.all("header")[0]) == [(stage.points, stage.max_points)]
        assert stage.state in rung.classes
        assert stage.state in section.classes
        for check in stage.checks:
            item = page.tree.id(f"{stage.id}-{check.id}")
            assert _points(item.all("div", "head")[0]) == [(check.points, check.max_points)]
            assert check.state in item.classes
            assert words.STATE[words.shown_state(check)] in item.text
    times = page.tree.all("table", "times")[0].all("tr")[1:]
    assert [_points(row) for row in times] == [[(stage.points, stage.max_points)] for stage in record.stages]


def _points(element):
    found = re.findall(r"(\d+) / (\d+)", " ".join(e.text for e in element.all(cls="number")))
    return [(int(a), int(b)) for a, b in found]


def test_next_step_comes_with_its_card(rendered):
    page = rendered("mid_course")
    top = page.tree.all("section", "next")[0]
    assert "student/losses.py, line 7" in top.text
    assert "make grade STAGE=03_softmax" in top.text
    assert "No shift before exp" in top.text
    assert "forgets" not in page.tree.all("main")[0].text
    assert "e = np.exp(logits)" in top.text
    assert len(top.all("svg", "plot")) == 1
    in_place = page.tree.id("03_softmax-check_softmax_handles_large_logits")
    assert "at the top of the page" in in_place.text
    assert not in_place.all("dl")


def test_the_card_begins_with_the_mistake_and_folds_what_was_run(rendered):
    top = rendered("mid_course").tree.all("section", "next")[0]
    assert top.id("next").text == "No shift before exp"
    text = top.text
    order = ["No shift before exp", "What was expected", "What happened", "e = np.exp(logits)", "Softmax as the logits grow",
             "What can you subtract", "Hint: a question", "What we ran"]  # fmt: skip
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    folded = [fold for fold in top.all("details", "hint") if fold.all("summary")[0].text == "What we ran"]
    assert "softmax(" in folded[0].text
    other = rendered("mid_course").tree.id("07_backprop-check_backprop_matches_numeric_gradient")
    assert other.all("p", "mistake")[0].text == "Mask is True everywhere"


def test_a_failure_without_a_name_is_headed_by_its_check(page):
    report = samples.report_of(
        {"check_sgd_steps_in_place": {"state": "fail", "message": "p did not move.", "card": Card(gave="p did not move.")}},
        next=NextStep("08_sgd", "check_sgd_steps_in_place", "08_sgd: “SGD.step moves ...” fails.", "student/optim.py", 9),
    )
    top = page(report).all("section", "next")[0]
    assert top.id("next").text == "SGD.step moves every parameter by -lr times its gradient, in place."
    assert top.all("p", "label")[0].text == "Do this next: this check fails"
    assert not top.all("h3")


def test_what_a_training_came_to_stands_first_then_its_curves_and_its_lines_are_folded(page, tmp_path):
    mark = "check_mnist_reaches_96_percent"
    outcome = training_mistake(tmp_path)
    evidence = save(tmp_path, "12_mnist", mark, history__val_acc=np.array([0.8, 0.85]), history__train_loss=np.array([1.0, 0.5]))
    source = [SourceLines("train.py", 9, ["    optimizer.step()"], [], "train")]
    told = "Training is too slow so far: the rate is too small. It gets 85 % of the hidden images right."
    outcome["card"] = msgspec.structs.replace(outcome["card"], gave=told, source=source, evidence=evidence)
    step = NextStep("12_mnist", mark, "12_mnist: “...” fails.", "student/train.py", 9)
    top = page(samples.report_of({mark: outcome}, next=step)).all("section", "next")[0]
    assert top.id("next").text == "Training is too slow so far: the rate is too small"
    assert top.text.index("Learning curves") < top.text.index("optimizer.step()")
    folded = [fold for fold in top.all("details", "hint") if fold.all("summary")[0].text == "Your lines"]
    assert "optimizer.step()" in folded[0].text


def test_an_untouched_course_shows_where_it_leads(rendered):
    page = rendered("untouched").tree
    start = page.all("section", "beginning")[0]
    assert [label.text for label in start.all("p", "label")] == [
        "What your network will read",
        "What you are going to write",
        "What it has to beat",
    ]
    tiles = start.all("ul", "many")[0].all("li")
    assert len(tiles) == 25
    assert sum("✗" in tile.text for tile in tiles) == 1
    assert len(start.all("svg", "sketch")) == 2
    assert "15 stages, about 12 hours" in start.text
    opening = page.all("div", "opening")[0]
    assert "the layer that holds everything a network learns" in opening.text
    assert [code.text for code in opening.all("code")][:1] == ["Linear"]
    assert "about 60 minutes" in page.all("nav", "ladder")[0].text
    assert "About 60 minutes" not in opening.text
    for name in ("mid_course", "all_right", "syntax_error"):
        assert not rendered(name).tree.all("section", "beginning")


def test_the_scores_so_far_are_drawn(rendered):
    tree = rendered("all_right").tree
    assert tree.all("svg", "spark")[0].attributes["aria-label"].startswith("Score over the last 11 grades: 0, 10, 16, 26,")
    assert tree.all("polyline")[0].attributes["points"].split(" ")[::5] == ["3.0,29.0", "59.0,17.6", "115.0,3.0"]


def test_full_marks_end_in_something_to_show(rendered):
    top = rendered("all_right").tree.all("section", "next")[0]
    assert top.id("next").text.endswith("from nothing but sums and slopes, and it reads handwriting.")
    record = {row.all("dt")[0].text: row.all("dd")[0].text for row in top.all("dl", "record")[0].all("div")}
    assert record["Written by"] == "ada"
    assert record["Finished"] == "23 November 2026, 09:30 UTC, after 10 grades since 22 November 2026, 10:00 UTC"
    assert record["Passed"] == f"{len(samples.CHECKS)} checks in 12 stages: 100 of 100 points"
    assert record["Measured"].startswith("97.1 % of the hidden digits")
    shown = [figure.all("p", "label")[0].text for figure in top.all("figure")]
    assert shown == ["The most confident mistakes", "What the first layer looks for", "Confusion matrix", "Learning curves"]


def test_finished_stages_and_technical_details_are_folded(rendered):
    tree = rendered("all_right").tree
    for stage in rendered("all_right").report.stages:
        section = tree.id(stage.id)
        shown = section.all("header")[0].text.split()
        assert shown[0] == stage.id[:2]
        assert "done" in shown
        rest = [child for child in section.children if not isinstance(child, str) and child.tag != "header"]
        assert [child.tag for child in rest] == ["details"]
    assert tree.id("graded").text == "How it was graded"
    assert "make grade SEED=0" in tree.all("section", "graded")[0].all("details")[0].text


def test_remarks_on_the_grade_are_not_folded(page):
    report = msgspec.structs.replace(samples.report_of({}), notes=["1 day late: 3 of 4 points count."])
    (remark,) = page(report).all("section", "graded")[0].all("p", "remark")
    assert remark.text == "1 day late: 3 of 4 points count."


def test_blocked_checks_name_what_they_wait_for(rendered):
    page = rendered("mid_course")
    item = page.tree.id("04_cross_entropy-check_loss_gradient")
    assert 'needs 03 Softmax, where "softmax is finite for any finite logits" fails.' in item.text
    assert "waits for 03 Softmax" in page.tree.all("nav")[0].text


def test_ladder_says_where_the_learner_is(rendered):
    here = [e for e in rendered("mid_course").tree.all("a") if e.attributes.get("aria-current") == "step"]
    assert [e.attributes["href"] for e in here] == ["#03_softmax"]


def test_hints_open_rung_by_rung(rendered):
    """Each hint stands folded inside the one before it."""
    item = rendered("mid_course").tree.all("section", "next")[0]
    first = next(fold for fold in item.all("details", "hint") if fold.all("summary")[0].text == "Hint: a question")
    assert [len(hint.all("details", "hint")) for hint in first.all("details", "hint")] == [3, 2, 1]
    assert "open" not in first.attributes
    for hint, rung in zip(first.all("details", "hint"), samples.HINTS, strict=True):
        assert rung in hint.text


def test_arrays_stand_beside_each_other(rendered):
    """Expected and given with the numbers in the cells; what differs is marked, in the second alone."""
    item = rendered("one_mistake_a_stage").tree.all("section", "next")[0]
    expected, given = item.all("table", "values")
    dout = np.random.default_rng(1).normal(size=(5, 3))
    assert [cell.text for cell in expected.all("td")] == [f"{x:.4g}" for x in dout.sum(0)]
    assert [cell.text for cell in given.all("td")] == [f"{x:.4g}" for x in dout.mean(0)]
    assert len(given.all("td", "off")) == 3
    assert not expected.all("td", "off")


def test_at_most_eight_pictures_each_with_its_finding(rendered):
    for name in NAMES:
        figures = rendered(name).tree.all("figure")
        assert len(figures) <= 8
        for figure in figures:
            finding = figure.all("figcaption")[0].text
            assert re.search(r"\d", finding)
            for plot in figure.all("svg", "plot"):
                assert plot.attributes["aria-labelledby"] == figure.all("figcaption")[0].attributes["id"]
            for image in figure.all("img"):
                assert image.attributes["alt"]
    assert len(rendered("all_right").tree.all("figure")) == 4
    assert len(rendered("one_mistake_a_stage").tree.all("figure")) >= 5


def test_checks_that_end_in_the_same_line_show_it_once(rendered):
    tree = rendered("syntax_error").tree
    failed = [item for item in tree.all("li", "check") if "fail" in item.classes]
    repeated = [item for item in failed if "The same as in the check above." in item.text]
    assert len(repeated) == len(failed) - 1  # the first of them is the next thing to do
    for item in repeated:
        assert item.all("a")[0].attributes["href"] == "#next"
        assert not item.all("div", "source")
    assert tree.all("main")[0].text.count("was never closed") == 1
    assert tree.id("next").text == "Syntax error in layers.py, line 26: '(' was never closed."
    assert [(at.text, at.tag) for at in tree.all(cls="at")] == [("(", "b")]
    assert len(tree.all("div", "source")) == 1


def test_words_that_are_not_used(rendered):
    for name in ("mid_course", "all_right", "untouched", "one_mistake_a_stage", "syntax_error"):
        text = re.sub(r"\s+", " ", rendered(name).tree.all("main")[0].text.lower())
        assert not re.search(r"\b(wrong|simply|just|obviously)\b", text)


def test_graded_section_can_be_repeated_from(rendered):
    text = rendered("mid_course").tree.all("section", "graded")[0].text
    for piece in ("9f2c4a1be07d", "51d0c9a2f3e4", "ba891046e650", "2.4.6", "make grade SEED=0", "tried, and stopped", "1.07"):
        assert piece in text


def test_secret_seed_stands_as_a_fingerprint(page):
    report = msgspec.structs.replace(samples.report_of({}), seed={"fingerprint": "c0ffee"})
    text = page(report).all("section", "graded")[0].text
    assert "its fingerprint is c0ffee" in text
    assert "make grade SEED" not in text


def test_a_score_with_substitutes_says_what_was_earned_without(rendered):
    page = rendered("substituted")
    tree, report = page.tree, page.report
    told = f"{report.score_alone} on its own, {report.score - report.score_alone} more with a correct Linear"
    assert report.score > report.score_alone
    assert told in tree.all("section", "top")[0].text
    backprop, overfit = tree.id("07_backprop"), tree.id("11_overfit")
    assert "With a correct Linear, your backprop passes 2 of 2 checks." in backprop.text
    assert "Passes with a correct Linear." in backprop.all("li", "check")[0].text
    assert "your overfit passes 1 of 1 check: shown, not counted." in overfit.text
    assert "Fails too with a correct Linear and softmax." in tree.id("10_training_loop").text
    rungs = {rung.all("a")[0].attributes["href"]: rung for rung in tree.all("nav")[0].all("li")}
    assert "done with a correct Linear" in rungs["#07_backprop"].text
    assert "1 of 2 checks pass, 1 with a correct Linear" in rungs["#10_training_loop"].text
    assert [use.attributes["href"] for use in rungs["#07_backprop"].all("use")] == ["#mark-helped"]
    link = tree.all("div", "chain")[0].all("span", "link")[6]
    assert [(part.classes, part.attributes["style"]) for part in link.all("i")] == [({"more"}, "width:100.0%")]
    row = tree.all("table", "times")[0].all("tr")[7]
    assert [cell.text for cell in row.all("td", "number")][:2] == ["12 / 12", "0"]


def test_without_substitutes_nothing_is_said_of_them(rendered):
    for name in ("all_right", "mid_course", "untouched"):
        text = rendered(name).tree.all("main")[0].text
        assert "on its own" not in text.lower()
        assert "substitute" not in text

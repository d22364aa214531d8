"""The learner's page: what it says, what it must not hold, and what it costs."""

import re
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from grader.paths import ROOT
from grader.records import Card, Report
from grader.report import render, words
from tests.report import dom, samples

NAMES = list(samples.GOLDEN)
TAGS = {
    "page", "html", "head", "meta", "title", "link", "style", "body", "svg", "symbol", "path", "circle", "rect", "use", "g", "defs", "clippath", "image",
    "text", "tspan", "polyline", "line", "a", "div", "span", "header", "main", "section", "footer", "nav", "ol", "ul", "li", "h1", "h2", "h3", "h4", "p", "b",
    "bdi", "code", "pre", "kbd", "details", "summary", "dl", "dt", "dd", "aside", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure",
    "figcaption", "img", "i", "br",
}  # fmt: skip


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
            assert words.STATE[check.state] in item.text
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
    assert "forgets the shift" in top.text
    assert "e = np.exp(logits)" in top.text
    assert len(top.all("svg", "plot")) == 1
    in_place = page.tree.id("03_softmax-check_softmax_handles_large_logits")
    assert "at the top of the page" in in_place.text
    assert not in_place.all("dl")


def test_blocked_checks_name_what_they_wait_for(rendered):
    page = rendered("mid_course")
    item = page.tree.id("04_cross_entropy-check_loss_gradient")
    assert 'needs 03 Softmax, where "softmax is finite for any finite logits" does not hold.' in item.text
    assert "waits for 03 Softmax" in page.tree.all("nav")[0].text


def test_ladder_says_where_the_learner_is(rendered):
    here = [e for e in rendered("mid_course").tree.all("a") if e.attributes.get("aria-current") == "step"]
    assert [e.attributes["href"] for e in here] == ["#03_softmax"]


def test_hints_open_rung_by_rung(rendered):
    """Each hint stands folded inside the one before it."""
    item = rendered("mid_course").tree.all("section", "next")[0]
    first = item.all("details", "hint")[0]
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


def test_words_that_are_not_used(rendered):
    for name in ("mid_course", "all_right", "untouched", "one_mistake_a_stage", "syntax_error"):
        text = re.sub(r"\s+", " ", rendered(name).tree.all("main")[0].text.lower())
        assert not re.search(r"\b(wrong|simply|just|obviously)\b", text)


def test_graded_section_can_be_repeated_from(rendered):
    text = rendered("mid_course").tree.all("section", "graded")[0].text
    for piece in (
        "9f2c4a1be07d",
        "51d0c9a2f3e4",
        "ba891046e650",
        "2.4.6",
        "make grade SEED=0",
        "tried, and stopped",
        "1.07",
    ):
        assert piece in text


def test_secret_seed_stands_as_a_fingerprint(page):
    report = msgspec.structs.replace(samples.report_of({}), seed={"fingerprint": "c0ffee"})
    text = page(report).all("section", "graded")[0].text
    assert "its fingerprint is c0ffee" in text
    assert "make grade SEED" not in text


def test_rendering_again_gives_the_same_page(rendered):
    """From results.json, and with the plots that were kept."""
    page = rendered("mid_course")
    again = msgspec.json.decode(msgspec.json.encode(page.report), type=Report)
    assert render(again, page.out).read_text("utf-8") == page.html


def test_missing_evidence_costs_its_picture_only(tmp_path, page):
    report = samples.make("one_mistake_a_stage", tmp_path)
    full = page(report)
    for file in (tmp_path / "evidence").glob("*"):
        file.unlink()
    bare = page(report)
    assert len(bare.all("figure")) == 1  # the curves stand in the report itself
    assert not bare.all("table", "values")
    rest = [e for e in full if e.tag in ("h4", "dd", "summary")]
    assert [e.text for e in rest] == [e.text for e in bare if e.tag in ("h4", "dd", "summary")]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x93NUMPY", None])
def test_broken_evidence_costs_its_picture_only(tmp_path, page, content):
    report = samples.make("mid_course", tmp_path)
    for file in (tmp_path / "evidence").glob("*"):
        if content is None:
            np.savez(
                file, **{name: np.array([{"a": 1}]) for name in ("given", "expected", "scale", "softmax")}
            )  # objects: never unpickled
        else:
            file.write_bytes(content)
    assert not page(report).all("figure")


def test_names_in_a_record_do_not_lead_out_of_the_evidence(tmp_path, page):
    np.savez(tmp_path / "secret.x.npz", given=np.ones(2), expected=np.zeros(2))
    (tmp_path / "evidence").mkdir()
    report = samples.report_of(
        {
            "check_sgd_steps_in_place": {
                "state": "fail",
                "card": Card(evidence={"given": "given", "expected": "expected"}),
            }
        }
    )
    stages = [
        msgspec.structs.replace(stage, id="../secret") if stage.id == "08_sgd" else stage for stage in report.stages
    ]
    stages = [
        msgspec.structs.replace(s, checks=[msgspec.structs.replace(s.checks[0], id="x")]) if s.id == "../secret" else s
        for s in stages
    ]
    assert not page(msgspec.structs.replace(report, stages=stages)).all("table", "values")


def test_ten_megabytes_of_print_stay_small(tmp_path, page):
    huge = "<b>x</b>\n" * 1_200_000
    report = samples.report_of(
        {
            check: {"state": "fail", "card": Card(printed=huge, gave=huge, ran=huge), "printed": huge}
            for check in samples.CHECKS
        }
    )
    tree = page(report)
    assert (tmp_path / "report.html").stat().st_size <= 1_500_000
    assert "more lines" in tree.all("div", "printed")[0].text


def test_unfinished_grade_says_so(page):
    report = msgspec.structs.replace(samples.report_of({}), complete=False)
    assert "did not reach its end" in page(report).all("section", "top")[0].text


def test_nothing_graded_is_a_page_too(page):
    tree = page(Report(score=0, max_score=0, stages=[]))
    assert tree.id("score").text.split() == ["0", "of", "0", "points"]


def test_page_is_whole_or_not_there(tmp_path, monkeypatch):
    """A failure on the way leaves the old page as it was."""
    render(samples.report_of({}), tmp_path)
    before = (tmp_path / "report.html").read_bytes()
    monkeypatch.setattr("grader.report.learner.os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        render(samples.make("all_right", tmp_path), tmp_path)
    assert (tmp_path / "report.html").read_bytes() == before


PROBE = """
import sys
from pathlib import Path
from grader.report import render
from tests.report import samples
render(samples.make(sys.argv[1], Path(sys.argv[2])), Path(sys.argv[2]))
print(any(name.partition(".")[0] == "matplotlib" for name in sys.modules))
"""


def _imports_matplotlib(name, out):
    ran = subprocess.run([sys.executable, "-c", PROBE, name, out], cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout.strip() == "True"


def test_matplotlib_is_imported_only_for_a_plot_not_drawn_before(tmp_path):
    assert not _imports_matplotlib("untouched", tmp_path / "untouched")
    assert not _imports_matplotlib("syntax_error", tmp_path / "syntax_error")
    assert _imports_matplotlib("mid_course", tmp_path / "mid")
    assert not _imports_matplotlib("mid_course", tmp_path / "mid")


def test_without_matplotlib_the_sentence_still_stands(tmp_path, page, monkeypatch):
    monkeypatch.setattr("grader.report.figures.available", lambda: False)
    tree = page(samples.make("mid_course", tmp_path))
    assert not tree.all("svg", "plot")
    figure = tree.all("figure")[0]
    assert "needs matplotlib" in figure.text
    assert "from 720 on there is nan" in figure.text


def test_dom_helper_is_strict():
    with pytest.raises(AssertionError):
        dom.parse("<p><b>not closed</p>")

"""What rendering depends on and what it does not: evidence that is gone, plots that are kept, a disk that is full."""

import subprocess
import sys

import msgspec
import numpy as np
import pytest

from grader.course.course import Course
from grader.paths import ROOT
from grader.records import Card, Report
from grader.report import pictures
from grader.report.learner import render
from tests.courses import HERE
from tests.report import dom, samples


def test_rendering_again_gives_the_same_page(rendered):
    """From results.json, and with the plots that were kept."""
    page = rendered("mid_course")
    again = msgspec.json.decode(msgspec.json.encode(page.report), type=Report)
    assert render(again, page.out, HERE).read_text("utf-8") == page.html


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


def test_the_curves_of_a_failed_training_stand_in_its_card(tmp_path):
    report = samples.make("one_mistake_a_stage", tmp_path)
    check = "check_mnist_reaches_96_percent"
    for curves, place in ((report.curves, ""), (report.curves | {"check": check}, check)):
        wanted = pictures.due(msgspec.structs.replace(report, curves=curves), lambda stage, check: {}, HERE)
        assert [picture.place for picture in wanted] == [("12_mnist", place)]


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
        {"check_sgd_steps_in_place": {"state": "fail", "card": Card(evidence={"given": "given", "expected": "expected"})}}
    )
    stages = [msgspec.structs.replace(stage, id="../secret") if stage.id == "08_sgd" else stage for stage in report.stages]
    stages = [
        msgspec.structs.replace(s, checks=[msgspec.structs.replace(s.checks[0], id="x")]) if s.id == "../secret" else s
        for s in stages
    ]
    assert not page(msgspec.structs.replace(report, stages=stages)).all("table", "values")


def test_ten_megabytes_of_print_stay_small(tmp_path, page):
    huge = "<b>x</b>\n" * 1_200_000
    report = samples.report_of(
        {check: {"state": "fail", "card": Card(printed=huge, gave=huge, ran=huge), "printed": huge} for check in samples.CHECKS}
    )
    tree = page(report)
    assert (tmp_path / "report.html").stat().st_size <= 1_500_000
    assert "more lines" in tree.all("div", "printed")[0].text


def test_unfinished_grade_says_so(page):
    report = msgspec.structs.replace(samples.report_of({}), complete=False)
    assert "was interrupted" in page(report).all("section", "top")[0].text


def test_nothing_graded_is_a_page_too(page):
    tree = page(Report(score=0, max_score=0, stages=[]))
    assert tree.id("score").text.split() == ["0", "of", "0", "points"]


def test_full_marks_are_shown_above_a_stage_without_points(page, tmp_path):
    tree = page(samples.with_a_stage_without_points(samples.make("all_right", tmp_path)))
    ending, following = tree.all("section", "next")[0].all("div", "sheet")[0], tree.id("next")
    assert ending.all("p", "label")[0].text == "All points"
    assert "from nothing but sums and slopes" in ending.text
    assert following.text == "more is to do."


def test_page_is_whole_or_not_there(tmp_path, monkeypatch):
    """A failure on the way leaves the old page as it was."""
    render(samples.report_of({}), tmp_path, HERE)
    before = (tmp_path / "report.html").read_bytes()
    monkeypatch.setattr("grader.files.os.fsync", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        render(samples.make("all_right", tmp_path), tmp_path, HERE)
    assert (tmp_path / "report.html").read_bytes() == before


PROBE = """
import sys
from pathlib import Path
from grader.report.learner import render
from tests.courses import HERE
from tests.report import samples
render(samples.make(sys.argv[1], Path(sys.argv[2])), Path(sys.argv[2]), HERE)
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
    monkeypatch.setattr("grader.report.svg.available", lambda: False)
    tree = page(samples.make("mid_course", tmp_path))
    assert not tree.all("svg", "plot")
    figure = tree.all("figure")[0]
    assert "needs matplotlib" in figure.text
    assert "from 720 on there is nan" in figure.text


def test_a_course_that_draws_nothing_has_a_page_without_pictures(tmp_path):
    report = samples.make("mid_course", tmp_path)
    assert not dom.parse(render(report, tmp_path, Course(tmp_path)).read_text("utf-8")).all("figure")


def test_dom_helper_is_strict():
    with pytest.raises(AssertionError):
        dom.parse("<p><b>not closed</p>")


def test_the_import_begins_with_the_first_plot_that_is_due(tmp_path, monkeypatch):
    from grader.grading import early_start
    from grader.records import CheckResult
    from grader.report import svg

    begun = []
    monkeypatch.setattr(svg, "warm", lambda: begun.append(True))

    def result(state, *roles):
        return CheckResult("c", "p", state, 0, 1, card=Card(evidence={role: role for role in roles}))

    watcher = early_start.Early(tmp_path, HERE)
    for harmless in (CheckResult("c", "p", "fail", 0, 1), result("fail", "given", "confusion"), result("pass", "analytic:dW1")):
        watcher.finished(None, harmless)
    assert not begun
    watcher.finished(None, result("fail", "analytic:dW1"))
    watcher.finished(None, result("pass", "history:val_acc"))
    assert begun == [True]
    (tmp_path / "figures.json").write_text("{}")
    early_start.Early(tmp_path, HERE).finished(None, result("pass", "history:val_acc"))
    assert begun == [True]

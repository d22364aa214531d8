"""What learners get back holds no more than the policy lets them read."""

import msgspec
import pytest

from grader.course.policy import FeedbackRules
from grader.export import returned
from grader.report import words
from tests.courses import HERE
from tests.export import samples


def text(report):
    return msgspec.json.encode(report).decode()


def test_in_full_nothing_is_changed():
    assert returned.redacted(samples.report(), FeedbackRules()) == samples.report()


def test_a_promise_keeps_state_and_points_and_nothing_of_the_answer():
    shown = returned.redacted(samples.report(), FeedbackRules(default="promise"))
    assert (shown.score, shown.max_score) == (4, 20)
    assert [check.state for stage in shown.stages for check in stage.checks] == ["pass", "fail", "todo", "blocked", "error"]
    assert shown.next is None
    for secret in ("64 times", "Sum instead of the mean", "x @ W", "hello", "1 < 2", "val_acc"):
        assert secret not in text(shown)


def test_a_hidden_check_is_gone_with_its_points_and_counted():
    shown = returned.redacted(samples.report(), FeedbackRules(checks={"check_sums_dW": "none", "03_softmax": "none"}))
    assert [stage.id for stage in shown.stages] == ["01_linear"]
    assert (shown.score, shown.max_score) == (4, 4)
    assert "4 checks worth 16 points are not shown." in shown.notes
    assert "sums_dW" not in text(shown)


@pytest.mark.parametrize(
    ("grade", "name"),
    [
        (samples.grade("../../etc/x"), "-..-etc-x"),
        (samples.grade("12", name="Ann Öz", ids={"moodle": "12"}), "Ann Öz_12_assignsubmission_file_"),
        (samples.grade("..."), "unnamed"),
    ],
)
def test_a_folder_is_called_so_that_it_stays_where_it_belongs(grade, name):
    assert returned.folder_name(grade) == name


@pytest.mark.parametrize("names", [["ann", "ann ", "ann."], ["ann", "Ann"]])
def test_nobody_gets_the_page_of_a_student_whose_name_makes_the_same_folder(tmp_path, names):
    reports = {name: msgspec.structs.replace(samples.report(), notes=[f"for {name!r}"]) for name in names}
    grades = [samples.grade(name) for name in names]
    assert returned.return_reports(grades, lambda g: reports[g.student], FeedbackRules(), tmp_path, HERE) == len(names)
    pages = {path.parent.name: path.read_text() for path in tmp_path.glob("*/report.html")}
    assert len({name.casefold() for name in pages}) == len(names)
    for name in names:
        assert sum(f"for {name!r}".replace("'", "&#39;") in page for page in pages.values()) == 1
    assert names[1] == "Ann" or "for &#39;ann&#39;" in pages["ann"]


def test_reports_are_written_for_those_who_have_one(tmp_path):
    grades = [
        samples.grade("ann", 3.0, penalty=1.0, reason="1 day late", notes=["'work' was graded"]),
        samples.grade("bob", 0.0, "submission"),
    ]
    rules = FeedbackRules(checks={"check_sums_dW": "promise"})
    reports = {"ann": samples.report()}
    count = returned.return_reports(grades, lambda g: reports.get(g.student), rules, tmp_path, HERE)
    assert count == 1
    page = (tmp_path / "ann" / "report.html").read_text()
    assert "64 times" not in page
    assert "&#39;work&#39; was graded" in page
    assert "1 day late: 3 of 100 points count." in page
    assert [path.name for path in tmp_path.iterdir()] == ["ann"]


def test_comments_and_points_by_hand_are_returned_at_every_level_and_without_a_report(tmp_path):
    grades = [
        samples.grade("ann", 3.5, by_hand=2.0, comments=["Look at <b>\n\nonce more."], decisions=["2 points added by N"]),
        samples.grade("zoe", 20.0, "missing", by_hand=20.0, decisions=["20 points set by N"]),
        samples.grade("bob", 0.0, "missing"),
    ]
    reports = {"ann": samples.report()}
    assert returned.return_reports(grades, lambda g: reports.get(g.student), FeedbackRules(default="none"), tmp_path, HERE) == 2
    ann, zoe = ((tmp_path / name / "report.html").read_text() for name in ("ann", "zoe"))
    assert "<p>Look at &lt;b&gt;</p><p>once more.</p>" in ann
    assert "2 points added by N" in ann
    assert "3.5 of 100 points count." in ann
    assert "20 of 100 points count." in zoe
    assert "All checks pass" not in ann + zoe


def test_a_promise_does_not_tell_what_was_substituted():
    shown = returned.redacted(samples.with_a_substitute(), FeedbackRules(default="promise"))
    assert "ReLU" not in text(shown)
    assert (shown.score, shown.score_alone) == (4, 0)
    assert words.with_help(shown.stages[0].checks[0]) == "Passes with a correct earlier function."

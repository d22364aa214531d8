"""One grade a student: attempts, lateness, weights."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from grader.cohort import counting, tables
from grader.cohort.intake import Attempt
from grader.cohort.journal import Outcome, brief
from grader.cohort.times import Moment
from grader.course.policy import Attempts, Late, Policy
from grader.records import CheckResult, Report, StageResult

DUE = datetime(2026, 11, 30, 12, tzinfo=UTC)
STAGES = {"01_linear": 60, "02_relu": 40}


def attempt(student="ann", label="", late_hours=None, digest="d", problem=""):
    submitted = None if late_hours is None else DUE + timedelta(hours=late_hours)
    return Attempt(student, "", label, "", digest, problem, Moment(submitted, "the roster" if submitted else ""))


def outcome(points, state="graded"):
    stages = [StageResult("01_linear", "", "fail", points, 60, []), StageResult("02_relu", "", "todo", 0, 40, [])]
    return Outcome(state, "", Report(points, 100, stages))


def grade(attempts, outcomes, policy=None, **more):
    return counting.count(attempts, lambda a: outcomes.get(a.label), policy or Policy(), STAGES, **more)[0]


def test_the_last_attempt_counts_unless_the_best_does():
    attempts = [attempt(label=str(n), late_hours=-n) for n in (9, 10, 2)]
    outcomes = {"9": outcome(50), "10": outcome(20), "2": outcome(30)}
    assert grade(attempts, outcomes).score == 30
    best = grade(attempts, outcomes, Policy(attempts=Attempts(keep="best")))
    assert (best.score, best.attempt, best.attempts) == (50, "9", 3)


def test_digits_of_which_no_number_can_be_made_end_nothing():
    attempts = [attempt(label=label) for label in ("²", "10", "9²", "٣")]
    assert grade(attempts, {"10": outcome(30)}).attempt == "10"


def test_what_was_graded_instead_of_what_is_said_beside_the_reason():
    late = Policy(late=Late("constant", DUE, points=1))
    handed_in = msgspec.structs.replace(attempt(late_hours=1), notes=["not handed in: data.py"])
    told = grade([handed_in], {"": outcome(50)}, late)
    assert told.remark == "1 day late: 1 of 50 points taken; not handed in: data.py"
    assert ",1 day late: 1 of 50 points taken,not handed in: data.py," in tables.table([told], list(STAGES))
    many = msgspec.structs.replace(told, reason="", notes=[f"{n}" for n in range(9)])
    assert many.remark == "0; 1; 2; 3; 5 more such remarks"


def test_why_a_file_cannot_be_imported_stands_in_the_row_once():
    told = "Syntax error in layers.py, line 1: invalid syntax."
    checks = [CheckResult(f"check_{n}", "", "fail", 0, 30, message=told, broken="layers.py") for n in range(2)]
    whole = Outcome("graded", "", Report(0, 60, [StageResult("01_linear", "", "fail", 0, 60, checks)]))
    for kept in (whole, Outcome("graded", "", brief(whole.report))):
        assert grade([attempt()], {"": kept}).remark == told
        missing = msgspec.structs.replace(attempt(), notes=["not handed in: layers.py"])
        assert grade([missing], {"": kept}).remark == "not handed in: layers.py"


def test_attempts_without_times_are_ordered_by_their_numbers():
    attempts = [attempt(label=label) for label in ("10", "9", "1")]
    assert grade(attempts, {"10": outcome(1), "9": outcome(2), "1": outcome(3)}).attempt == "10"


def test_only_so_many_attempts_count():
    attempts = [attempt(label=str(n)) for n in (1, 2, 3)]
    outcomes = {str(n): outcome(10 * n) for n in (1, 2, 3)}
    assert grade(attempts, outcomes, Policy(attempts=Attempts(most=2))).score == 20
    assert grade(attempts, outcomes, Policy(attempts=Attempts(most=2, keep="best"))).score == 20


def test_the_best_is_chosen_after_lateness():
    attempts = [attempt(label="early", late_hours=-1), attempt(label="late", late_hours=30)]
    policy = Policy(late=Late("percentage", DUE, percent=25), attempts=Attempts(keep="best"))
    assert grade(attempts, {"early": outcome(40), "late": outcome(60)}, policy).attempt == "early"


@pytest.mark.parametrize(("hours", "days"), [(-1, 0), (0, 0), (0.01, 1), (24, 1), (24.1, 2), (240, 10)])
def test_a_day_that_has_begun_counts(hours, days):
    assert counting.lateness(DUE + timedelta(hours=hours), Late("percentage", DUE)) == days


def test_grace_and_unknown_times():
    late = Late("percentage", DUE, grace_minutes=30)
    assert counting.lateness(DUE + timedelta(minutes=30), late) == 0
    assert counting.lateness(DUE + timedelta(minutes=31), late) == 1
    assert counting.lateness(None, late) == 0


@pytest.mark.parametrize(
    ("late", "days", "free", "taken"),
    [
        (Late("none"), 5, 0, 0),
        (Late("constant", points=10), 5, 0, 10),
        (Late("constant", points=100), 1, 0, 50),
        (Late("percentage", percent=10), 3, 0, 15),
        (Late("percentage", percent=30), 9, 0, 50),
        (Late("percentage", percent=30, most_percent=40), 9, 0, 20),
        (Late("days", percent=20), 3, 3, 0),
        (Late("days", percent=20), 5, 3, 20),
        (Late("percentage", percent=1, closed_after_days=4), 5, 0, 50),
        (Late("none", closed_after_days=4), 5, 0, 50),
        (Late("none", closed_after_days=4), 4, 0, 0),
        (Late("percentage", percent=1, closed_after_days=4), 4, 0, 2),
    ],
)
def test_what_lateness_costs_of_fifty_points(late, days, free, taken):
    assert counting.penalty(50, days, late, free) == pytest.approx(taken)


def test_the_rosters_late_days_come_before_the_policys():
    policy = Policy(late=Late("days", DUE, percent=50, free_days=0))
    attempts = [attempt(label="x", late_hours=30)]
    assert grade(attempts, {"x": outcome(50)}, policy).score == 0
    assert grade(attempts, {"x": outcome(50)}, policy, late_days={"ann": 2}).score == 50


def test_a_late_grade_says_why():
    policy = Policy(late=Late("percentage", DUE, percent=10))
    found = grade([attempt(label="x", late_hours=30)], {"x": outcome(50)}, policy)
    assert found.reason == "2 days late: 10 of 50 points taken"
    unknown = grade([attempt(label="x")], {"x": outcome(50)}, policy)
    assert "no time of submission is known" in unknown.reason


def test_weights_change_score_and_maximum():
    found = grade([attempt(label="x")], {"x": outcome(50)}, Policy(weights={"01_linear": 0.5, "02_relu": 0.25}))
    assert (found.score, found.max_score) == (25, 40)
    assert found.stages == {"01_linear": 50, "02_relu": 0}


def test_what_was_earned_without_substitutes_is_counted_beside_all():
    stage = StageResult("02_relu", "", "pass", 40, 40, [CheckResult("c", "p", "pass", 30, 30, points_alone=0)])
    report = outcome(50).report
    report = msgspec.structs.replace(report, score=90, stages=[report.stages[0], stage])
    graded = grade([attempt(label="x")], {"x": Outcome("graded", "", report)}, Policy(weights={"02_relu": 0.5}))
    assert (graded.raw, graded.points_alone) == (70, 55)
    header, row = (line.split(",") for line in tables.table([graded], list(STAGES)).splitlines())
    assert (row[header.index("raw")], row[header.index("points_alone")]) == ("70", "55")


def test_states_are_kept_apart():
    assert grade([attempt(problem="the archive is damaged", digest="")], {}).state == "submission"
    assert grade([attempt()], {}).state == "waiting"
    assert grade([attempt()], {"": Outcome("fault", "broke")}).state == "fault"
    assert grade([attempt()], {"": outcome(0)}).state == "graded"


def test_a_broken_last_attempt_does_not_hide_a_good_one_where_the_best_counts():
    attempts = [attempt(label="1"), attempt(label="2", digest="", problem="empty")]
    assert grade(attempts, {"1": outcome(0)}, Policy(attempts=Attempts(keep="best"))).state == "graded"
    assert grade(attempts, {"1": outcome(0)}).state == "submission"

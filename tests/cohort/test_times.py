"""When something was handed in: sources and their trust, marks without a time, deadlines of single students."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grader.cohort import counting
from grader.cohort.intake import Attempt
from grader.cohort.journal import Outcome
from grader.cohort.roster import read_roster
from grader.cohort.times import Moment, best, last_commit, moment
from grader.course.policy import Late, Policy
from grader.errors import Refusal
from grader.records import Report, StageResult
from tests.cohort.classes import taken_in

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 11, 30, 12, tzinfo=UTC)
HALF_A_DAY_LATE = Moment(DUE + timedelta(hours=12), "the roster")
LATE = Policy(late=Late("percentage", DUE, percent=10))


def graded(when, policy=LATE, **more):
    attempt = Attempt("ann", "", "", "", "d", when=when, **more)
    outcome = Outcome("graded", "", Report(50, 50, [StageResult("01_linear", "", "pass", 50, 50, [])]))
    (grade,) = counting.count([attempt], lambda _: outcome, policy, {"01_linear": 50})
    return grade


def commit(folder, date):
    """A repository with one commit of that date."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_COMMITTER_DATE": date}
    for command in (
        ("init", "-q", "-b", "main"), ("add", "-A"),
        ("-c", "user.name=A", "-c", "user.email=a@x", "commit", "-q", "--allow-empty", "-m", "x"),
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=folder, env={**os.environ, **own}, check=True)


def test_a_text_with_a_zone_needs_none_and_one_without_counts_only_with_one():
    assert moment("2026-11-30T10:00:00+01:00", "X", None).at == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert moment("2026-07-01T10:00:00", "X", BERLIN).at == datetime(2026, 7, 1, 8, tzinfo=UTC)
    unknown = moment("2026-07-01T10:00:00", "X", None)
    assert (unknown.at, unknown.source) == (None, "")
    assert "has no time zone (late.timezone in the policy gives one): it counts as unknown" in unknown.problem


def test_a_text_that_is_not_understood_is_quoted():
    unknown = moment("Montag,  1. Juni 2026, 10:00", "Moodle's worksheet", BERLIN)
    expected = "the time 'Montag, 1. Juni 2026, 10:00' of Moodle's worksheet is not understood: it counts as unknown"
    assert (unknown.at, unknown.problem) == (None, expected)
    assert moment(" - ", "Moodle's worksheet", BERLIN) == Moment()


def test_a_time_goes_before_a_mark_and_a_mark_before_nothing():
    mark, problem = Moment(source="Canvas", late=True), Moment(problem="the time '?' of Y is not understood")
    assert best([problem, mark, HALF_A_DAY_LATE]) == HALF_A_DAY_LATE
    assert best([problem, mark]) == mark
    assert best([problem, Moment()]) == problem


def test_a_mark_without_a_time_is_one_begun_day():
    grade = graded(Moment(source="Canvas", late=True))
    assert (grade.late_days, grade.score) == (1, 45)
    assert grade.reason == "Canvas marks it as late without a time; 1 day late: 5 of 50 points taken"


@pytest.mark.parametrize("packed", [False, True])
def test_the_last_commit_of_a_clone(tmp_path, packed):
    commit(tmp_path, "2026-11-30T10:00:00+0100")
    if packed:
        subprocess.run(["git", "gc", "-q"], cwd=tmp_path, check=True)
        subprocess.run(["git", "pack-refs", "--all"], cwd=tmp_path, check=True)
    assert last_commit(tmp_path, True) == Moment(datetime(2026, 11, 30, 9, tzinfo=UTC), "the last commit")


def test_nothing_of_the_students_runs_when_a_commit_is_read(tmp_path):
    (tmp_path / "clone").mkdir()
    commit(tmp_path / "clone", "2026-11-30T10:00:00+0100")
    (tmp_path / "gpg").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "gpg").chmod(0o755)
    with open(tmp_path / "clone" / ".git" / "config", "a") as config:
        config.write(f"[log]\nshowSignature = true\n[gpg]\nprogram = {tmp_path}/gpg\n[core]\nfsmonitor = {tmp_path}/gpg\n")
    assert last_commit(tmp_path / "clone", True).at
    (tmp_path / "clone" / ".git" / "HEAD").write_text("ref: refs/heads/../../../../gpg\n")
    assert last_commit(tmp_path / "clone", True) == Moment()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("file", [b"[core]\n\tbare = \xff\n", b"gitdir: /nowhere/\xff\n", None])
def test_a_repository_that_git_complains_of_in_bytes_that_are_no_text_has_no_commit(tmp_path, file):
    if file is None:
        (tmp_path / ".git").symlink_to(".git")  # in a circle
    elif file.startswith(b"["):
        commit(tmp_path, "2026-11-30T10:00:00+0100")
        (tmp_path / ".git" / "config").write_bytes(file)
    else:
        (tmp_path / ".git").write_bytes(file)
    assert last_commit(tmp_path, True) == Moment()


def test_a_commit_alone_is_shown_and_counts_only_if_the_policy_says_so(tmp_path, submission, store):
    for user in ("ann", "bob"):
        commit(submission(tmp_path / f"cs-hw-{user}"), "2026-12-01T01:00:00+0100")
    attempt = taken_in(tmp_path, store, late=LATE.late).attempts[0]
    assert attempt.when.at is None
    shown = "the last commit is of 2026-12-01T01:00:00+01:00, as its author says: that does not count as a time of submission"
    assert shown in attempt.notes
    trusting = taken_in(tmp_path, store, late=Late("percentage", DUE, trust_commits=True)).attempts[0]
    assert (trusting.when.source, trusting.when.at) == ("the last commit", datetime(2026, 12, 1, tzinfo=UTC))
    assert shown not in trusting.notes


ROSTER = (
    "id,due,excused,note,submitted\nann,2026-12-02 12:00,,illness,2026-12-02T23:00:00Z\nbob,,yes,exchange term,\ncy,,,,gestern\n"
)


def test_an_extension_and_an_excuse_are_shown_and_kept(tmp_path, submission, store):
    for name in ("ann", "bob", "cy"):
        submission(tmp_path / "in" / name)
    (tmp_path / "r.csv").write_text(ROSTER)
    intake = taken_in(tmp_path / "in", store, read_roster(tmp_path / "r.csv", BERLIN))
    outcome = Outcome("graded", "", Report(50, 50, [StageResult("01_linear", "", "pass", 50, 50, [])]))
    ann, bob, cy = counting.count(intake.attempts, lambda _: outcome, LATE, {"01_linear": 50})
    assert (ann.due, ann.late_days, ann.score) == (datetime(2026, 12, 2, 11, tzinfo=UTC), 1, 45)
    assert ann.reason == "due 2026-12-02 12:00+01:00 by the roster (illness); 1 day late: 5 of 50 points taken"
    assert (bob.excused, bob.score, bob.reason) == (True, 50, "excused by the roster (exchange term)")
    assert "the time 'gestern' of the roster is not understood: it counts as unknown" in cy.notes


def test_a_mark_of_a_system_that_does_not_know_the_extension_does_not_count():
    grade = graded(Moment(source="Canvas", late=True), due=DUE + timedelta(days=7))
    assert grade.score == 50
    assert "Canvas marks it as late without a time: counted as on time, because the due date is another one" in grade.reason


def test_who_handed_in_nothing_keeps_the_excuse(tmp_path):
    (tmp_path / "r.csv").write_text(ROSTER)
    bob = read_roster(tmp_path / "r.csv", BERLIN).people[1]
    grade = counting.nothing(bob, 50)
    assert (grade.state, grade.excused) == ("missing", True)
    assert grade.reason == "nothing was handed in; excused by the roster (exchange term)"


@pytest.mark.parametrize(
    ("cells", "message"),
    [("tomorrow,,", "'tomorrow' of the roster is not understood"), ("2026-12-02,,", "no time zone"), (",maybe,", "'maybe'")],
)
def test_a_grant_that_is_not_understood_is_refused(tmp_path, cells, message):
    (tmp_path / "r.csv").write_text(f"id,due,excused,note\nann,{cells}\n")
    with pytest.raises(Refusal, match=message):
        read_roster(tmp_path / "r.csv")


def test_unknown_times_are_told_in_one_loud_line_only_where_lateness_counts():
    grades = [graded(Moment()), graded(HALF_A_DAY_LATE), graded(Moment(), excused=True)]
    assert counting.times_unknown(grades, LATE.late).startswith("NO TIME OF SUBMISSION IS KNOWN FOR 1 OF 2 STUDENTS")
    assert counting.times_unknown(grades, Late(due=DUE, closed_after_days=2))
    assert counting.times_unknown(grades, Late()) == ""
    assert counting.times_unknown(grades[1:], LATE.late) == ""


def test_what_came_after_closing_says_so_without_any_other_policy():
    grade = graded(Moment(DUE + timedelta(days=3), "the roster"), Policy(late=Late(due=DUE, closed_after_days=2)))
    assert (grade.score, grade.reason) == (0, "3 days late: 50 of 50 points taken")


def test_moodles_worksheet_tells_who_handed_in_when(tmp_path, submission, store):
    submission(tmp_path / "in" / "Ann Öz_12345_assignsubmission_file_")
    (tmp_path / "w.csv").write_text(
        'Identifier,"Full name","ID number","Last modified (submission)"\n'
        '"Participant 12345","Ann Öz",,"Monday, 30 November 2026, 11:00 PM"\n'
    )
    (attempt,) = taken_in(tmp_path / "in", store, times=read_roster(tmp_path / "w.csv", BERLIN, "Moodle's worksheet")).attempts
    assert attempt.when == Moment(datetime(2026, 11, 30, 22, tzinfo=UTC), "Moodle's worksheet")


def test_of_what_nothing_tells_apart_the_better_one_counts():
    attempts = [Attempt("ann", "", "", f"ann{end}", end) for end in ("", ".zip")]
    outcomes = {attempt.digest: Outcome("graded", "", Report(p, 94, [StageResult("01_linear", "", "fail", p, 94, [])]))
                for attempt, p in zip(attempts, (94, 44))}  # fmt: skip
    (grade,) = counting.count(attempts, lambda attempt: outcomes[attempt.digest], Policy(), {"01_linear": 94})
    assert (grade.score, grade.attempts) == (94, 2)
    assert grade.notes == ["2 hand-ins that nothing tells apart: the better one counts"]

"""What a class shows: the causes of failed checks, each once, and how its checks were passed."""

import random
from collections import Counter

import pytest

from grader.cohort.insight import look
from grader.records import Card, CheckResult, Mistake, Report, StageResult
from tests.export.samples import grade

SLIPS = [Mistake(f"slip_{n}", f"Hint {n}.", title=f"Slip {n}") for n in range(8)]


def check(n, state, mistake=None, **fields):
    return CheckResult(f"check_{n}", f"Promise {n}.", state, 0, 1, mistake=mistake, hints=[f"Question {n}?"], **fields)


def report(*stages):
    """Stages of checks."""
    made = [StageResult(f"{n:02d}_stage", f"Stage {n}", "fail", 0, 1, list(checks)) for n, checks in enumerate(stages, 1)]
    return Report(0, 1, made)


def seen(reports):
    names = [f"s{n:03d}" for n in range(len(reports))]
    return look([grade(name) for name in names], lambda each: reports[names.index(each.student)])


def test_a_file_that_cannot_be_imported_is_one_cause():
    """Every check of two stages fails with it; what is taught is one thing."""
    checks = [check(k, "fail", broken="layers.py") for k in range(2)]
    (cause,) = seen([report(checks, checks)] * 2).causes
    assert (cause.title, cause.stage, cause.students) == ("A file that cannot be imported", "01_stage", ["s000", "s001"])
    assert cause.failed == 8


def test_two_mistakes_of_exactly_the_same_students_are_one_cause():
    both = report([check(0, "fail", SLIPS[0]), check(1, "fail", SLIPS[0])], [check(2, "fail", SLIPS[1])])
    one = report([check(0, "pass"), check(1, "pass")], [check(2, "fail", SLIPS[2])])
    causes = seen([both, both, one]).causes
    assert [(cause.title, cause.also, cause.failed, cause.within) for cause in causes] == [
        ("Slip 0", ["Slip 1 (Stage 2)"], 6, False), ("Slip 2", [], 1, False), ("Slip 1", [], 2, True),
    ]  # fmt: skip
    assert [cause.cumulative for cause in causes[:2]] == [6 / 7, 1]


def test_what_nobody_knows_is_put_together_by_the_kind_of_deviation():
    def failed(told):
        return report([check(0, "fail", card=Card(looks_like=told))])

    told = ["64 times too large", "32 times too large", "Transposed.", "-1.5e-03 times too large"]
    causes = seen([failed(each) for each in told]).causes
    assert [(cause.students, cause.known, cause.hint) for cause in causes] == [
        (["s000", "s001", "s003"], False, "64 times too large"),
        (["s002"], False, "Transposed."),
    ]
    assert causes[0].title == "Promise 0."


def test_a_cluster_is_called_the_same_whatever_numbers_and_names_the_next_grading_has():
    told = [
        "linear.dW[0, 2] is 0.5; it should be 1.25. All 6 entries differ, this one most.",
        "linear.dW[1, 0] is -3e-05; it should be 7. 5 of 6 entries differ.",
        "NameError: name 'foo' is not defined",
        "NameError: name 'bar' is not defined",
        "An array of shape (2, 3) came back; it should be (3,): one number a row.",
    ]
    names = [{cause.id for cause in seen([report([check(0, "fail", message=each)])]).causes} for each in told]
    assert names[0] == names[1] == {"check_0:linear.dW[#] is #"}
    assert names[2] == names[3] == {"check_0:NameError: name ... is not defined"}
    assert names[4] == {"check_0:An array of shape (#) came back"}


def test_cumulative_shares_equal_a_direct_count():
    dice = random.Random(7)
    weights = [1 / (n + 1) ** 1.2 for n in range(8)]
    drawn = [[dice.choices(SLIPS, weights)[0] if dice.random() < 0.5 else None for _ in range(12)] for _ in range(200)]
    reports = [report([check(n, "fail" if slip else "pass", slip) for n, slip in enumerate(slips)]) for slips in drawn]
    causes = seen(reports).causes
    counted = Counter(slip.id for slips in drawn for slip in slips if slip)
    so_far = 0
    for cause, (name, count) in zip(causes, sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])), strict=True):
        so_far += count
        assert (cause.id, cause.failed) == (name, count)
        assert cause.cumulative == pytest.approx(so_far / counted.total(), abs=1e-12)
        assert set(cause.students) == {
            f"s{n:03d}" for n, slips in enumerate(drawn) if name in [slip.id for slip in slips if slip]
        }


def test_who_waits_or_has_not_begun_is_not_among_those_who_tried():
    states = ["pass", "fail", "blocked", "todo", "error"]
    found = seen([report([check(0, state, SLIPS[0] if state == "fail" else None)]) for state in states])
    assert [(item.passed, item.tried) for item in found.checks] == [(1, 2)]
    assert [(cause.students, cause.tried) for cause in found.causes] == [(["s001"], 2)]


def test_figures_are_given_from_twenty_students_on():
    def one(n):
        passed = [bool((n >> k) % 3) for k in range(4)]
        return report([check(k, "pass" if good else "fail", None if good else SLIPS[k]) for k, good in enumerate(passed)])

    def some(count):
        return [one(n) for n in range(count)]

    few, enough = seen(some(19)), seen(some(20))
    assert few.reliability == (None, 19)
    assert {item.discrimination for item in [*few.checks, *few.causes]} == {None}
    assert enough.reliability[0] is not None
    assert all(item.discrimination is not None for item in enough.checks)

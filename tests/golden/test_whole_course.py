"""Whole runs of the real course: what is put back is earned, no more and no less."""

import pytest

from grader.paths import REFERENCE
from grader.running import scores
from grader.running.session import run_stages
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE
from tests.golden.submissions import needed, with_bodies

COURSE = HERE
UNIT = [stage for stage in COURSE.stages if not stage.training]
CLAIMING = [stage for stage in UNIT if stage.claims]


def graded(submission, stages=UNIT, seed=0):
    session = run_stages(stages, LocalPool(), submission, course=COURSE, seed=seed)
    return scores.report(stages, session.results, session.context.place, student=submission.name)


def unmet(report):
    return [(c.id, c.state, c.message) for s in report.stages for c in s.checks if c.state not in ("pass", "todo", "blocked")]


def test_the_skeleton_earns_nothing_and_everything_is_to_do():
    report = graded(with_bodies([]), COURSE.stages)
    assert (report.score, report.max_score) == (0, COURSE.points)
    assert {check.state for stage in report.stages for check in stage.checks} == {"todo"}
    first = COURSE.stages[0]
    assert report.next.stage == first.id
    # The first claim is the first to write: its check is the first that is for it.
    wanted = next(check.id for check in first.checks if first.claims[0] in check.functions)
    assert report.next.check == wanted
    assert report.next.file == f"student/{first.claims[0].partition('.')[0]}.py"
    assert report.next.line > 0


@pytest.mark.parametrize("k", range(1, 10))
def test_the_bodies_of_stages_1_to_k_earn_their_points(k):
    done, rest = COURSE.stages[:k], COURSE.stages[k:]
    report = graded(with_bodies(done))
    assert report.score == sum(stage.points for stage in done), unmet(report)
    assert {stage.id: stage.state for stage in report.stages} == {stage.id: "pass" if stage in done else "todo" for stage in UNIT}
    assert report.next.stage == rest[0].id


@pytest.mark.parametrize("stage", CLAIMING, ids=lambda stage: stage.id)
def test_a_stage_with_those_it_needs_earns_exactly_theirs(stage):
    filled = needed(COURSE, stage)
    report = graded(with_bodies(filled))
    assert report.score == sum(s.points for s in filled), unmet(report)


def test_a_stage_without_those_it_needs_waits():
    for stage in CLAIMING:
        if stage.needs:
            report = graded(with_bodies([stage]), [stage])
            assert report.stages[0].state == "blocked"
            named = {check.blocked_by.partition(":")[0] for check in report.stages[0].checks}
            assert named <= {need.id for need in COURSE.needed_by([stage])}


def test_ten_stages_earn_the_eleventh_too_and_starting_values_earn_nothing():
    report = graded(with_bodies(COURSE.stages[:10]), COURSE.stages)
    assert report.score == sum(stage.points for stage in COURSE.stages[:11]), unmet(report)
    last = report.stages[11]
    assert (last.state, last.points) == ("fail", 0)
    gate = last.checks[0]
    accuracy = float(gate.notes[0].partition(" %")[0])
    assert 50 < accuracy < 96  # the starting values learn, but not enough


@pytest.mark.parametrize("seed", [1, 2, 3, 20_000])
def test_the_reference_earns_the_unit_stages_under_other_seeds(seed):
    report = graded(read_submission(REFERENCE), seed=seed)
    assert report.score == report.max_score, unmet(report)

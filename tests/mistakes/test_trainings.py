"""Trainings are told by where the parameters end; `tests.mistakes.trainings` asks all of them under more seeds."""

import zlib

import pytest

from grader.check_tasks.subjects import right_answers
from grader.checks.case import Case
from grader.course.misconceptions import load
from grader.paths import REFERENCE
from grader.running.checks_package import import_checks
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE
from tests.mistakes.trainings import CURVES, EXPLAINS, HALVED, RIGHT, STAGE, TRAININGS, told

ANSWER = read_submission(REFERENCE)


@pytest.mark.parametrize("training", [*TRAININGS, *CURVES], ids=lambda t: t.label)
def test_a_slip_is_told_by_where_the_parameters_end_and_what_the_curves_say(training):
    seeds = [zlib.crc32(training.label.encode()) % 1000 + k for k in range(2)]
    assert list(told(training, seeds, ANSWER)) == [{training.name}] * 2


@pytest.mark.parametrize("training", RIGHT, ids=lambda t: t.label)
def test_right_training_is_told_nothing(training):
    assert list(told(training, range(3), ANSWER)) == [set()] * 3


def test_a_constant_in_the_place_of_the_number_of_batches_is_no_short_batch():
    """Six rows in threes and five in twos have two whole batches. Told is what it is not, and no name."""
    assert list(told(HALVED, range(3), ANSWER)) == [{""}] * 3


def test_every_name_is_that_of_a_known_mistake():
    assert {training.name for training in (*TRAININGS, *CURVES)} <= {m.id for m in load(STAGE.folder)}


def test_right_answers_in_other_styles_are_told_nothing():
    found = right_answers(HERE, ANSWER)
    assert len(found) > 50
    explain, failed = getattr(import_checks(STAGE), EXPLAINS), {check.id for check in STAGE.checks}
    for name, submission in found.items():
        with LocalPool().student(submission) as student:
            assert explain(student, Case(0, STAGE.id, EXPLAINS), failed) == {}, name

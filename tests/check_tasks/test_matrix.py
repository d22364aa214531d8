"""The whole matrix: what the course expects of its checks, on every mistake and every right answer it knows."""

import pytest

from grader.check_tasks import edits, more
from grader.check_tasks.names import KINDS, both_of_two_are_named, most_are_named
from grader.check_tasks.verify import Verifier
from grader.paths import REFERENCE
from grader.submission import read_submission
from tests.courses import HERE


@pytest.fixture(scope="module")
def verifier():
    made = Verifier(HERE, read_submission(REFERENCE))
    made.reference_earns_everything()
    assert made.findings.problems == []
    return made


@pytest.fixture
def problems(verifier):
    """What one test finds."""
    verifier.findings.problems.clear()
    return verifier.findings.problems


def test_every_mistake_is_seen_in_its_own_stage_and_named_and_every_check_sees_one(verifier, problems):
    """One in five must be named as itself here, always the same ones; `make check-tasks` asks that of all."""
    verifier.mutants_are_caught()
    most_are_named(verifier, "mistakes", one_in=5)
    verifier.checks_have_hints_and_killers()
    assert problems == []


@pytest.mark.parametrize("what", KINDS)
def test_a_kit_names_most_of_what_the_course_names_and_nothing_falsely(verifier, problems, what):
    """One in five here."""
    assert most_are_named(verifier, what, one_in=5, kit=True)
    assert problems == []


def test_in_a_kit_no_random_edit_has_a_false_name(verifier, problems):
    """One in five here."""
    edits.random_edits_get_no_false_name(verifier, 60, kit=True)
    assert problems == []


def test_the_points_add_up(verifier, problems):
    more.points_add_up(verifier)
    assert problems == []


def test_right_answers_earn_full_marks(verifier, problems):
    """Those that are not slow; `make check-tasks` asks all."""
    verifier.right_answers_earn_everything(slow=False)
    assert problems == []


def test_right_answers_train_on_500_images(verifier, problems):
    more.trainings(verifier, images=500)
    assert problems == []


def test_answers_without_an_idea_earn_nothing(verifier, problems):
    verifier.degenerate_answers_earn_nothing()
    assert problems == []


def test_what_is_put_in_passes_no_check_by_itself(verifier, problems):
    more.nothing_passes_without_its_own(verifier)
    assert problems == []


def test_in_the_skeleton_everything_is_to_do(verifier, problems):
    more.skeleton_is_all_to_do(verifier)
    assert problems == []


def test_real_workers_agree(verifier, problems):
    """On half as many as `make check-tasks` asks."""
    more.worker_agrees(verifier, more.SAMPLE // 2)
    assert problems == []


def test_forms_that_diagnosis_has_never_seen_are_named(verifier, problems):
    """One in three here."""
    most_are_named(verifier, "held-out forms", one_in=3)
    assert problems == []


def test_mistakes_with_other_numbers_are_named(verifier, problems):
    """One in five here."""
    most_are_named(verifier, "mistakes with other numbers", one_in=5)
    assert problems == []


def test_both_of_two_mistakes_are_named(verifier, problems):
    """One in five here."""
    both_of_two_are_named(verifier, one_in=5)
    assert problems == []

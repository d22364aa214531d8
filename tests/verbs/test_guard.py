"""Whose fault an end is, and the exit status that says so."""

import pytest

from grader.cli import Refusal
from grader.course.images import DamagedData
from grader.course.stage import BadCourse
from grader.running.pytest_host import GraderFault
from grader.submission import NotASubmission
from grader.verbs._guard import OwnFault, guarded
from grader.worker.outside.errors import SandboxRefused, WorkerFault


@pytest.mark.parametrize("kind", [NotASubmission, BadCourse, SandboxRefused, DamagedData])
def test_what_the_asker_can_mend_is_refused_in_its_own_words(kind):
    with pytest.raises(Refusal, match="^why and what to do$") as caught, guarded():
        raise kind("why and what to do")
    assert type(caught.value) is Refusal
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("kind", [GraderFault, WorkerFault])
def test_our_own_fault_is_said_to_be_ours(kind):
    with pytest.raises(OwnFault, match="^the grade could not be made: why$") as caught, guarded():
        raise kind("why")
    assert caught.value.exit_code == 3


def test_what_nobody_foresaw_passes_through():
    with pytest.raises(ZeroDivisionError), guarded():
        raise ZeroDivisionError

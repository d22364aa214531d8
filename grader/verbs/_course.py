"""The course that a command is about."""

from grader.course.course import Course
from grader.paths import ROOT


def course_here(with_reference: bool = True) -> Course:
    """The one in this checkout."""
    return Course(ROOT, with_reference=with_reference)

"""`make class-regrade`: after an edit of the course, only what it can change is graded again, and ends as a fresh run does.

A class of 40, trainings included, is graded once; then for each edit it is graded again in the same folder, and from the start
in another. What ran is counted by check, and both tables, and all reports but for times, have to be equal. ARGS="--size 10" for
less.
"""

import shutil
from collections import Counter
from pathlib import Path

import msgspec

from grader.cohort import run as class_run
from grader.cohort.course_copy import copy_course
from grader.cohort.journal import Journal
from grader.cohort.run import ClassRun, Result, grade_class
from grader.cohort.work import ClassGrader
from grader.course.course import Course
from grader.course.policy import read_policy
from grader.running.session import Observer
from tests.courses import HERE

Ran = Counter[tuple[str, str, str]]  #: (digest, stage, check) -> how often it ran


def course_in(folder: Path) -> Course:
    """A course that may be edited."""
    for part in (HERE.tasks, HERE.reference, HERE.student, HERE.data):
        shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("__pycache__", "figures"))
    return Course(folder)


def edit(course: Course, file: str, old: str, new: str) -> None:
    path = course.folder / file
    text = path.read_text("utf-8")
    assert old in text, (file, old)
    path.write_text(text.replace(old, new, 1), "utf-8")


class Counting:
    """Grades in this process, one after another, and counts."""

    def __init__(self, grader: ClassGrader) -> None:
        self.grader, self.ran = grader, Ran()

    def run(self, orders):
        for order in orders:
            ran = self.ran

            class Watch(Observer):
                def running(self, check, limit, digest=order.digest):
                    ran[digest, check.stage, check.id] += 1

            yield self.grader.grade(order, Watch())

    def close(self) -> None:
        self.grader.pool.close()


def graded(course: Course, submissions: Path, out: Path, policy: Path, html: bool = False) -> tuple[Result, Ran]:
    """The class, graded from a copy of the course, and what ran for it; (nothing, {}) if everything was known."""
    out.mkdir(parents=True, exist_ok=True)
    course, backends = Course(copy_course(course, out)), []

    def backend(run, settings, scratch):
        backends.append(Counting(ClassGrader(run.course, settings, scratch)))
        return backends[-1]

    usual, class_run._backend = class_run._backend, backend
    try:
        result = grade_class(ClassRun(course, submissions, out, read_policy(policy, policy.parent), html=html))
    finally:
        class_run._backend = usual
    return result, backends[0].ran if backends else Ran()


def told(result: Result, course: Course) -> dict[str, object]:
    """Student -> the report, without what the clock says."""
    with Journal(result.out / "journal.sqlite") as journal:
        reports = {grade.student: journal.report(grade.key, course) for grade in result.grades}
    return {student: msgspec.to_builtins(report and timeless(report)) for student, report in reports.items()}


def timeless(report):
    stages = [
        msgspec.structs.replace(s, seconds=0.0, checks=[msgspec.structs.replace(c, seconds=0.0) for c in s.checks])
        for s in report.stages
    ]
    kept = {key: value for key, value in report.fingerprints.items() if key == "submission"}
    return msgspec.structs.replace(report, stages=stages, seconds=0.0, finished="", limits={}, fingerprints=kept)


def differences(one: Result, other: Result, course: Course) -> list[str]:
    """What is not as a fresh run has it; nothing if all is well."""
    tables = [(result.out / "grades.csv").read_text("utf-8").splitlines() for result in (one, other)]
    found = [f"table: {a} | {b}" for a, b in zip(*tables, strict=True) if a != b]
    mine, theirs = told(one, course), told(other, course)
    return found + [f"report of {student}" for student in mine if mine[student] != theirs[student]]

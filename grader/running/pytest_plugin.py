"""pytest's side of a grade: which functions are checks, in which order, and what a failing one shows.

A function of `checks.py` is a check only if the `task.toml` beside it lists it. Each check runs through
`grader.running.runner.run_check`, so that pytest, watch and the course's own test cannot differ. The hooks serve two callers:
`grader.grading.grade`, which brings its own session, and a bare `pytest tasks/03_softmax`, for which one is made.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import TerminalRepr

from grader.course.course import BadCourse, Course
from grader.course.stage import Check, Stage
from grader.records import FOLLOW_THROUGH, CheckResult
from grader.running import scores
from grader.running.runner import Function, load_checks
from grader.running.session import Session
from grader.worker.outside.protocols import Pool

COURSE: pytest.StashKey[Course] = pytest.StashKey()
SESSION: pytest.StashKey[Session] = pytest.StashKey()
#: Gives the result of a failed check its mistake's name, for a bare pytest; who does that stands above this room.
NAME: pytest.StashKey[Callable[[Session, Check], CheckResult]] = pytest.StashKey()

#: Names the submission for a bare pytest; the course's own folder otherwise.
STUDENT_VARIABLE = "CHAIN_RULE_STUDENT"


class NotPassed(Exception):
    """A check that did not pass, with its result."""

    def __init__(self, result: CheckResult):
        super().__init__(result.message)
        self.result = result


class StageFile(pytest.File):
    """The checks of one stage."""

    def collect(self) -> Iterator[pytest.Item]:
        stage = course_of(self.config, self.path.parent.parent).stage(self.path.parent.name)
        functions = load_checks(stage)
        for check in stage.checks:
            yield CheckItem.from_parent(self, name=check.id, check=check, stage=stage, function=functions[check.id])


class CheckItem(pytest.Item):
    """One check."""

    def __init__(self, *, check: Check, stage: Stage, function: Function, **rest: Any):  # noqa: ANN401
        super().__init__(**rest)
        self.check, self.stage, self.function = check, stage, function
        self.obj = function  # editors jump to it

    def runtest(self) -> None:
        session = session_of(self.config, self.path.parent.parent)
        session.prepare(self.check)
        known = session.results.get(scores.key(self.check)) if _OWN in self.config.stash else None
        result = known or session.run(self.check, self.function)
        if _OWN not in self.config.stash:
            return  # the engine has the result already
        if result.state == "fail" and NAME in self.config.stash:
            result = self.config.stash[NAME](session, self.check)
        if result.state == "blocked":
            pytest.skip(result.message)
        if result.state != "pass":
            raise NotPassed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:  # noqa: ANN401
        if isinstance(excinfo.value, NotPassed):
            from grader.report.terminal import plain_card

            return plain_card(self.stage.id, excinfo.value.result)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.check.line - 1, f"{self.stage.id}: {self.check.promise}"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> StageFile | None:
    if file_path.name == "checks.py" and (file_path.parent / "task.toml").exists():
        return StageFile.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Cheap stages first, core checks before those that build on them."""
    checks = [item for item in items if isinstance(item, CheckItem)]
    if not checks:
        return
    session = session_of(config, checks[0].path.parent.parent)
    place = {(check.stage, check.id): number for number, check in enumerate(session.order)}
    last = len(place)
    items.sort(key=lambda i: place.get((i.stage.id, i.check.id), last) if isinstance(i, CheckItem) else -1)
    session.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    made = config.stash.get(_OWN, None)
    if made is not None:
        made.close()
        config.stash[SESSION].close()


def course_of(config: pytest.Config, tasks: Path) -> Course:
    """The course that is being graded, read once."""
    if SESSION in config.stash:
        return config.stash[SESSION].context.course
    if COURSE not in config.stash:
        course = config.stash[COURSE] = Course(tasks.parent, stages_in=tasks)
        try:
            course.select(())
        except BadCourse as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[COURSE]


# --- a session for a bare pytest --------------------------------------------------------------------------------------

_OWN: pytest.StashKey[Pool] = pytest.StashKey()  #: the pool of workers that was made for a bare pytest


def session_of(config: pytest.Config, tasks: Path) -> Session:
    """The engine's session, or one on the learner's folder made here."""
    if SESSION not in config.stash:
        from grader.running.context import Context
        from grader.running.limits import Limits, calibrate
        from grader.submission import NotASubmission
        from grader.worker.outside.pool import WorkerPool

        course = course_of(config, tasks)
        try:
            submission = course.read(Path(os.environ.get(STUDENT_VARIABLE) or course.student))
        except NotASubmission as error:
            raise pytest.UsageError(str(error)) from None
        pool = config.stash[_OWN] = WorkerPool(course.withheld)
        context = Context(course, submission, pool, limits=Limits(calibrate()), follow_through=FOLLOW_THROUGH)
        config.stash[SESSION] = Session(course.stages, context)
    return config.stash[SESSION]

"""Checks of one group share a worker and what they compute; any other check has a worker of its own, and shares values alone."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from grader.course.stage import Check, Stage
from grader.submission import Submission
from grader.worker.bounds import TimeLimits

if TYPE_CHECKING:
    from grader.checks.case import Case
    from grader.worker.outside.protocols import Pool
    from grader.worker.outside.proxy import Student

Value = TypeVar("Value")


class Memo:
    """What checks compute once: `memo(key, function)`. A failure is remembered and raised again."""

    def __init__(self) -> None:
        self._kept: dict[object, tuple[Any, Exception | None]] = {}

    def __call__(self, key: object, function: Callable[[], Value]) -> Value:
        if key not in self._kept:
            try:
                self._kept[key] = function(), None
            except Exception as failure:
                self._kept[key] = None, failure
        value, failed = self._kept[key]
        if failed is not None:
            raise failed
        return cast(Value, value)

    def forget_values(self) -> None:
        """Keep only the failures: the worker that the values point into is gone."""
        self._kept = {key: kept for key, kept in self._kept.items() if kept[1] is not None}


class Group:
    """One worker and one memo that the checks of a group share.

    left : how many checks are still to come
    """

    def __init__(self, left: int, memo: Memo) -> None:
        self.left, self.memo = left, memo
        self._student: Student | None = None
        self._case: Case  # the current check's; `open` sets it
        self._stack = contextlib.ExitStack()

    def open(self, case: Case, limits: TimeLimits, submission: Submission, pool: Pool) -> Student:
        """The group's worker, with the limits of this check."""
        self._case = case
        if self._student is None:
            self._student = self._stack.enter_context(pool.student(submission, limits, lambda value: self._case.describe(value)))
        else:
            self._student.begin(limits)
        return self._student

    def lose(self) -> None:
        """The worker ended in the middle of a check: the next check of the group gets a new one."""
        self.close()
        self._student = None
        self.memo.forget_values()

    def close(self) -> None:
        self._stack.close()


class Groups:
    """The groups of one submission whose worker is still needed."""

    def __init__(self, submission: Submission, pool: Pool) -> None:
        self._submission, self._pool = submission, pool
        self._open: dict[tuple[str, str], Group] = {}
        self._memos: defaultdict[str, Memo] = defaultdict(Memo)  #: by stage, for its checks without a group

    @contextlib.contextmanager
    def student_for(self, check: Check, stage: Stage, case: Case, limits: TimeLimits) -> Iterator[tuple[Student, Memo]]:
        """A fresh worker for a check, or its group's."""
        from grader.worker.outside.errors import CallTimeout, ProtocolViolation, WorkerDied

        group = self._of(check, stage)
        try:
            yield group.open(case, limits, self._submission, self._pool), group.memo
        except (CallTimeout, WorkerDied, ProtocolViolation):
            group.lose()
            raise
        finally:
            group.left -= 1
            if group.left <= 0:
                self._open.pop((check.stage, check.group), None)
                group.close()

    def drop(self, check: Check) -> None:
        """End the worker that a check shares, with all that was computed in it."""
        group = self._open.pop((check.stage, check.group), None)
        if group is not None:
            group.close()

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def _of(self, check: Check, stage: Stage) -> Group:
        if not check.group:
            return Group(1, self._memos[check.stage])
        name = check.stage, check.group
        if name not in self._open:
            self._open[name] = Group(sum(other.group == check.group for other in stage.checks), Memo())
        return self._open[name]

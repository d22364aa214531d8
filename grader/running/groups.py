"""Checks of one group share a worker and what they compute; any other check has a worker of its own."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from grader.course.stage import Check, Stage
from grader.running.context import Context


class Memo:
    """What the checks of one group compute once: `memo(key, function)`. A failure is remembered and raised again."""

    def __init__(self) -> None:
        self._kept: dict[Any, tuple[bool, Any]] = {}

    def __call__(self, key: Any, function: Callable[[], Any]) -> Any:
        if key not in self._kept:
            try:
                self._kept[key] = True, function()
            except Exception as failure:
                self._kept[key] = False, failure
        good, value = self._kept[key]
        if good:
            return value
        raise value

    def forget_values(self) -> None:
        """Keep only the failures: the worker that the values point into is gone."""
        self._kept = {key: kept for key, kept in self._kept.items() if not kept[0]}


class Group:
    """One worker and one memo that the checks of a group share."""

    def __init__(self) -> None:
        self.memo = Memo()
        self.student: Any = None
        self.case: Any = None
        self.left = 1  #: checks still to come
        self._stack = contextlib.ExitStack()

    def describe(self, value: Any) -> str:
        return self.case.describe(value)

    def open(self, check: Check, stage: Stage, case: Any, context: Context) -> Any:
        """The group's worker, with the limits of this check."""
        self.case = case
        limits = context.limits.of(check, stage)
        if self.student is None:
            opened = context.pool.student(context.submission, limits, self.describe)
            self.student = self._stack.enter_context(opened)
        else:
            self.student.begin(limits)
        return self.student

    def lose(self) -> None:
        """The worker ended in the middle of a check: the next check of the group gets a new one."""
        self.close()
        self.student = None
        self.memo.forget_values()

    def close(self) -> None:
        self._stack.close()


@contextlib.contextmanager
def student_for(check: Check, stage: Stage, case: Any, context: Context) -> Iterator[tuple[Any, Memo]]:
    """A fresh worker for a check, or its group's."""
    from grader.worker.outside.errors import CallTimeout, ProtocolViolation, WorkerDied

    name = (check.stage, check.group)
    group = context.groups.get(name) if check.group else None
    if group is None:
        group = Group()
        if check.group:
            group.left = sum(other.group == check.group for other in stage.checks)
            context.groups[name] = group
    try:
        yield group.open(check, stage, case, context), group.memo
    except (CallTimeout, WorkerDied, ProtocolViolation):
        group.lose()
        raise
    finally:
        group.left -= 1
        if group.left <= 0:
            context.groups.pop(name, None)
            group.close()

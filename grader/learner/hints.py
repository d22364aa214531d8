"""Hints: the steps of a function, then three rungs: a question, a pointer into the handout, a worked toy case."""

import contextlib
import re

import msgspec

from grader.course.course import Course
from grader.course.skeleton import read_claims, steps
from grader.files import write_atomically
from grader.records import CheckResult
from grader.running.scores import function_of

RUNGS = ("the steps", "a question", "where to look", "a worked example")


class Ladder:
    """Which hints were shown, remembered between calls.

    A memory that cannot be read or written costs the memory alone. The steps of a function come once, before the first hint of
    any of its checks.
    """

    def __init__(self, course: Course):
        self.path, self.steps = course.memory / "hints.json", steps(course, read_claims(course.tasks))

    def next(self, stage: str, check: CheckResult) -> tuple[int, str] | None:
        """(rung, hint): the next one, the last again once all were shown; None if there is none. Rung 0 is the steps."""
        seen = self._read()
        name = f"{stage}/{function_of(check)}"
        if name in self.steps and name not in seen:
            rung, text = 0, self.steps[name]
        elif check.hints:
            name = f"{stage}/{check.id}"
            rung = min(seen.get(name, 0) + 1, len(check.hints))
            text = check.hints[rung - 1]
        else:
            return None
        seen[name] = rung
        with contextlib.suppress(OSError):
            write_atomically(self.path, msgspec.json.encode(seen))
        return rung, text

    def forget(self) -> None:
        """Begin again with the first rung of every check."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, int])
        except (OSError, msgspec.MsgspecError):
            return {}


def section(check: CheckResult) -> str:
    """Which section of the handout the hints point to, as `, section "The way back"`; nothing if they name none."""
    named = re.search(r'[Hh]andout, ("[^"]+")', " ".join(check.hints))
    return f", section {named[1]}" if named else ""

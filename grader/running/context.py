"""What the checks of one grade are run with: the submission, the workers, the data, the limits."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course.about import BUILT_IN, FILE, BadCourse
from grader.course.course import Course
from grader.course.skeleton import is_stub
from grader.course.source_spans import line_of
from grader.course.stage import TOOLBOX, Check
from grader.course.substitutes import put_in
from grader.course.toolbox import shared
from grader.records import CheckResult, FollowThrough
from grader.running.groups import Groups
from grader.running.limits import Limits
from grader.running.scores import key
from grader.running.state import RunState
from grader.submission import Submission

if TYPE_CHECKING:
    from grader.worker.outside.protocols import Pool


class Data:
    """The course's own fixtures as attributes, made by its toolbox when one is first asked for.

    most : how many examples to train on, and to validate with, for rehearsals; 0 is all
    """

    def __init__(self, course: Course, most: int = 0) -> None:
        self._course, self._most = course, most

    def __getattr__(self, name: str) -> object:
        if (fixture := self._course.about.fixtures.get(name)) is None:
            raise AttributeError(name)
        module, _, function = fixture.make.rpartition(".")
        if (make := getattr(shared(self._course.tasks, module), function, None)) is None:
            said = f"{self._course.tasks / FILE}: fixtures.{name} is made by {fixture.make}, which is not in {TOOLBOX}/."
            raise BadCourse(f"{said} Remedy: write it there, or correct `make`.")
        return make(self._course.data, self._most)


@dataclass(frozen=True)
class Context:
    """What the checks of one grade have in common.

    data     : the course's own fixtures, all of them if none are given
    evidence : folder for the arrays behind a result, or None to keep none
    recall   : gives the kept result of an equal earlier run, or None
    heard    : told what a training prints, while it prints
    state    : what came of the checks so far
    follow_through : whether a check behind an earlier mistake is run with something right in its place
    """

    course: Course
    submission: Submission
    pool: Pool
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    data: Data | None = None
    evidence: Path | None = None
    recall: Callable[[Check], CheckResult | None] = lambda check: None
    heard: Callable[[Check, str], None] | None = None
    state: RunState = field(default_factory=RunState)
    follow_through: FollowThrough = "off"
    _with: dict[tuple[str, ...], Context] = field(default_factory=dict, compare=False)

    def fixtures(self, check: Check) -> dict[str, object]:
        """What a check asks for of the course's own; what workers of a training share is not sent with each call."""
        training = self.course.stage(check.stage).training  # elsewhere copying all of it takes longer than sending a few rows
        data, own = self.data or Data(self.course), [name for name in check.fixtures if name not in BUILT_IN]
        found = {name: getattr(data, name) for name in own}
        for name in own:
            for array in self.course.about.fixtures[name].share if training else ():
                self.pool.share(array, getattr(found[name], array))
        return found

    @functools.cached_property
    def groups(self) -> Groups:
        """The workers that checks share."""
        return Groups(self.submission, self.pool)

    def putting_in(self, names: tuple[str, ...]) -> Context:
        """The same with something right in the place of some of the submission's own, in workers of its own."""
        if names not in self._with:
            code = replace(self.submission, put_in=put_in(self.course.tasks, names))
            self._with[names] = replace(self, submission=code, _with={})
        return self._with[names]

    def as_run(self, check: Check) -> Context:
        """The context in which a check came to its result."""
        result = self.state.results.get(key(check))
        return self.putting_in(tuple(result.substituted)) if result is not None and result.substituted else self

    def is_to_do(self, function: str) -> bool:
        """Whether a function that a stage asks for still has its stub's body."""
        claims, text = self.course.claimed_by(), self.submission.modules.get(function.partition(".")[0], "")
        return function in claims and is_stub(text, function, claims[function])

    def place(self, function: str) -> tuple[str, int]:
        """(file, line) of a function in the submission, line 0 if it is not there."""
        return place_in(self.submission, function)

    def close(self) -> None:
        """End all workers that groups still hold, and the one that waits for a next check."""
        for context in (self, *self._with.values()):
            context.groups.close()
        self.pool.rest()


def place_in(submission: Submission, function: str) -> tuple[str, int]:
    """(file, line) of a function in a submission, line 0 if it is not there."""
    module = function.partition(".")[0]
    return f"{submission.name}/{module}.py", line_of(submission.modules.get(module, ""), function)

"""What the checks of one grade are run with: the submission, the workers, the data, the limits."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from grader.course.course import Course
from grader.course.skeleton import is_stub
from grader.course.source_spans import line_of
from grader.course.stage import TOOLBOX, BadCourse, Check
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


class Images(Protocol):
    """The images that checks may ask for."""

    @property
    def mnist(self) -> object: ...
    @property
    def hidden(self) -> object: ...


class Data:
    """The course's images, loaded by `images` of its toolbox when a check first asks for them.

    training_images : how many to train on, and to validate with, for rehearsals; 0 is all
    """

    def __init__(self, course: Course, training_images: int = 0) -> None:
        self._course, self._most = course, training_images

    @property
    def mnist(self) -> object:
        return self._images.open(self._course.data, self._most)

    @property
    def hidden(self) -> object:
        """None in a copy of the course that was made without them."""
        return self._images.hidden(self._course.data)

    @functools.cached_property
    def _images(self) -> ModuleType:
        if (found := shared(self._course.tasks, "images")) is None:
            place = self._course.tasks / TOOLBOX
            raise BadCourse(f"a check asks for images, and {place} has no images.py. Remedy: write it, or ask for none.")
        return found


@dataclass(frozen=True)
class Context:
    """What the checks of one grade have in common.

    data     : the course's own if none is given
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
    data: Images | None = None
    evidence: Path | None = None
    recall: Callable[[Check], CheckResult | None] = lambda check: None
    heard: Callable[[Check, str], None] | None = None
    state: RunState = field(default_factory=RunState)
    follow_through: FollowThrough = "off"
    _with: dict[tuple[str, ...], Context] = field(default_factory=dict, compare=False)

    @functools.cached_property
    def images(self) -> Images:
        return self.data or Data(self.course)

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

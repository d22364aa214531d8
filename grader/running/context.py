"""What the checks of one grade have in common: the submission, the data, and what came of the checks so far."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.course.course import Course
from grader.course.skeleton import line_of
from grader.course.stage import Check
from grader.records import CheckResult
from grader.running import scores
from grader.running.limits import Limits
from grader.submission import Submission

EVIDENCE_BYTES = 1_000_000  #: of a whole submission; what does not fit any more costs its picture


class Data:
    """The images, loaded when a check first asks for them.

    folder          : the course's folder of data
    training_images : how many to train on, and to validate with, for rehearsals; 0 is all
    """

    def __init__(self, folder: Path, training_images: int = 0):
        self._folder, self._most = folder, training_images

    @functools.cached_property
    def mnist(self) -> Any:
        from grader.course import images as mnist

        images = mnist.open(self._folder)
        if not self._most:
            return images
        some = slice(self._most)
        return images._replace(
            x_train=images.x_train[some],
            y_train=images.y_train[some],
            x_val=images.x_val[some],
            y_val=images.y_val[some],
        )

    @property
    def hidden(self) -> Any:
        """None in a copy of the course that was made without them."""
        from grader.course import images as mnist

        return mnist.hidden(self._folder)


@dataclass
class Context:
    """What the checks of one grade have in common.

    results     : filled by whoever runs the checks; decides what is blocked
    evidence    : folder for the arrays behind a result, or None to keep none
    transcripts : of checks that failed, for diagnosis
    recall      : gives the kept result of an equal earlier run, or None
    """

    course: Course
    submission: Submission
    pool: Any
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    data: Any = None  #: the course's own if none is given
    evidence: Path | None = None
    evidence_left: int = EVIDENCE_BYTES
    results: dict[scores.Key, CheckResult] = field(default_factory=dict)
    transcripts: dict[scores.Key, list] = field(default_factory=dict)
    touched: dict[scores.Key, set[str]] = field(default_factory=dict)  #: modules that a check asked for names of
    unrepeatable: set[scores.Key] = field(default_factory=set)  #: ended by a limit or a death: never kept
    killed: set[scores.Key] = field(default_factory=set)  #: run a second time, because a worker was killed
    recall: Callable[[Check], CheckResult | None] = lambda check: None
    heard: Callable[[Check, str], None] | None = None  #: told what a training prints, while it prints
    groups: dict[tuple[str, str], Any] = field(default_factory=dict)  #: workers that checks share, see groups.py

    def __post_init__(self) -> None:
        self.data = self.data or Data(self.course.data)

    def place(self, function: str) -> tuple[str, int]:
        """(file, line) of a function in the submission, line 0 if it is not there."""
        module = function.partition(".")[0]
        return f"{self.submission.name}/{module}.py", line_of(self.submission.modules.get(module, ""), function)

    def close(self) -> None:
        """End all workers that groups still hold, and the one that waits for a next check."""
        while self.groups:
            self.groups.popitem()[1].close()
        self.pool.rest()

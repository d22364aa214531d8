"""What to grade, how, and where to. Imports nothing heavy: an unchanged request is answered before the engine is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from grader.course import fingerprint
from grader.course.course import Course
from grader.grading.output import Output
from grader.records import FOLLOW_THROUGH, FollowThrough, Report
from grader.running.limits import Limits

if TYPE_CHECKING:
    from grader.course.policy import Policy


class Settings(msgspec.Struct, frozen=True):
    """How to grade. Plain data: it travels."""

    seed: int = 0
    hide_seed: bool = False  #: the report holds only its fingerprint
    sandbox: Literal["auto", "strict", "off"] = "auto"
    strict: bool = False
    use_cache: bool = True
    feedback: str = "full"
    time_factor: float = 1.0  #: on every time limit
    training_images: int = 0  #: how many the trainings get, for rehearsals; 0 is all
    follow_through: FollowThrough = FOLLOW_THROUGH

    @classmethod
    def of(cls, policy: Policy) -> Settings:
        """How a class's policy has every submission graded."""
        return cls(
            seed=policy.seed,
            hide_seed=policy.secret,
            sandbox=policy.grading.sandbox,
            use_cache=False,
            time_factor=policy.limits.time,
            training_images=policy.limits.training_images,
            follow_through=policy.grading.follow_through,
        )

    @property
    def caches(self) -> bool:
        """Whether results of equal runs may be taken and kept."""
        special = self.hide_seed or self.training_images or self.strict or self.sandbox == "strict"
        return self.use_cache and not special

    def limits(self, scale: float) -> Limits:
        """scale : how many times slower than the recording machine this one is"""
        return Limits(scale * self.time_factor, rehearsal=self.training_images > 0)


class Request(msgspec.Struct, frozen=True):
    """One grade to be made."""

    course: Course
    student: Path
    output: Output
    stages: tuple[str, ...] = ()  #: all if none is named
    settings: Settings = Settings()

    def key(self, submission: str, depends: dict[str, str]) -> str:
        """Names this request together with all that its outcome and its look depend on: equal keys, equal reports."""
        shown = fingerprint.presentation(self.course.tasks)
        how, html = self.settings, str(self.output.html)
        about = (*self.stages, str(self.student), how.sandbox, how.feedback, how.follow_through, html, shown)
        return fingerprint.key(submission, how.seed, depends, *about)


def unchanged(request: Request) -> Report | None:
    """The report that the request's folder holds already, if grading again could only say the same; else None.

    raises : NotASubmission
    """
    report = request.output.last() if request.settings.caches else None
    if report is None or not report.complete or not report.extra.repeatable:
        return None
    if not (request.output.folder / "report.html").exists():
        return None
    depends = fingerprint.dependencies(request.course)
    if report.extra.key != request.key(request.course.read(request.student).fingerprint(), depends):
        return None
    return report

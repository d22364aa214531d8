"""What to grade and how. Imports nothing heavy: an unchanged request is answered before the engine is loaded."""

from pathlib import Path
from typing import Literal

import msgspec

from grader.course import fingerprint
from grader.course.course import Course
from grader.records import Report
from grader.submission import read_submission


class Request(msgspec.Struct, frozen=True):
    """One grade to be made."""

    course: Course
    student: Path
    out: Path
    stages: tuple[str, ...] = ()  #: all if none is named
    seed: int = 0
    sandbox: Literal["auto", "strict", "off"] = "auto"
    strict: bool = False
    use_cache: bool = True
    feedback: str = "full"
    secret_seed: bool = False  #: draw a seed; the report holds only its fingerprint
    html: bool = True  #: write report.html
    time_factor: float = 1.0  #: on every time limit
    training_images: int = 0  #: how many the trainings get, for rehearsals; 0 is all
    #: Factor on the time in which mistakes are named: half a second is enough on a quiet machine, and a name should not
    #: depend on how busy the machine is.
    patience: float = 8.0
    depends: dict[str, str] | None = None  #: fingerprint.dependencies, if the caller has them already
    scale: float = 0.0  #: what limits.calibrate says, if the caller has asked it; 0 asks now
    hide_seed: bool = False  #: the given seed is secret: the report holds only its fingerprint

    @property
    def secret(self) -> bool:
        """Whether nothing that is written down may give the seed away."""
        return self.secret_seed or self.hide_seed

    @property
    def caches(self) -> bool:
        """Whether results of equal runs may be taken and kept."""
        return self.use_cache and not (self.secret or self.training_images or self.strict or self.sandbox == "strict")

    def key(self, submission: str, depends: dict[str, str]) -> str:
        """Names this request together with all that its outcome and its look depend on: equal keys, equal reports."""
        shown = fingerprint.presentation(self.course.tasks)
        about = (*self.stages, str(self.student), self.sandbox, self.feedback, str(self.html), shown)
        return fingerprint.key(submission, self.seed, depends, *about)


def unchanged(request: Request) -> Report | None:
    """The report that `request.out` holds already, if grading again could only say the same; else None.

    raises : NotASubmission
    """
    if not request.caches:
        return None
    try:
        report = msgspec.json.decode((request.out / "results.json").read_bytes(), type=Report)
    except (OSError, msgspec.MsgspecError):
        return None
    if not report.complete or not report.extra.get("repeatable") or not (request.out / "report.html").exists():
        return None
    depends = fingerprint.dependencies(request.course)
    if report.extra.get("key") != request.key(read_submission(request.student).fingerprint(), depends):
        return None
    return msgspec.structs.replace(report, extra={**report.extra, "recalled": True})

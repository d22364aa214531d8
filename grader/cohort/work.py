"""Grading one submission that came as bytes: the same few lines for a local process and for a machine far away."""

import gc
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from grader.cohort.journal import Outcome
from grader.cohort.package import Package, sentence_of
from grader.course import fingerprint
from grader.course.course import BadCourse, Course
from grader.course.fingerprint import StagePrint
from grader.course.policy import Policy
from grader.course.stage import Check
from grader.grading.kept_stages import KeptStage, KeptStages
from grader.grading.output import Output
from grader.grading.request import Request, Settings
from grader.paths import ENGINE
from grader.running.limits import calibrate
from grader.running.session import Observer
from grader.submission import NotASubmission

#: The machine's speed is taken as known for so long.
_CALIBRATED_SECONDS = 20.0
#: Files of a grade that are kept, if it wrote them.
KEPT = ("report.html", "results.json")


class ClassSettings(Struct, frozen=True):
    """How every submission of a class is graded. Plain data: it travels, once to each grading process."""

    policy: Policy = Policy()
    html: bool = True


class GradeOrder(Struct, frozen=True):
    """One submission to grade."""

    key: str  #: of its record
    digest: str
    package: bytes  #: a Package as msgpack
    course: str  #: fingerprint of the course that sent it
    kept: list[KeptStage] = []  #: what is known of it


class GradeDone(Struct, frozen=True):
    """What came of an order."""

    key: str
    digest: str
    outcome: Outcome
    files: dict[str, bytes] = {}  #: of KEPT
    other_course: str = ""  #: this side's fingerprint, if it is not the order's: nothing was graded
    kept: list[KeptStage] = []  #: what came of its stages, if it was graded


def course_fingerprint(course: Course) -> str:
    """Of everything on this machine that decides a grade, other than the policy: who has it graded needs no new grade."""
    return whole(fingerprint.stages(course).values())


def whole(prints: Iterable[StagePrint]) -> str:
    """One fingerprint of all stages. Nothing of it is a machine's own: a cluster's may differ."""
    return fingerprint.of_text(*(part for stage in prints for part in stage))


class ClassGrader:
    """What one process needs for all its submissions: the course, its fingerprint, and a pool of workers."""

    def __init__(self, course: Course, settings: ClassSettings, scratch: Path | None = None) -> None:
        from grader.worker.outside.pool import MEMORY_MB, WorkerPool

        self.settings = settings
        self.scratch = scratch
        self.course = course
        policy, self._how = settings.policy, Settings.of(settings.policy)
        self.pool = WorkerPool(self.course.withheld, policy.grading.sandbox, policy.limits.memory_mb or MEMORY_MB)
        self._depends, self._prints = fingerprint.dependencies(self.course), fingerprint.stages(self.course)
        self.fingerprint = whole(self._prints.values())
        self._calibrated, self._scale = float("-inf"), 0.0
        self._graded = 0

    def grade(self, order: GradeOrder, observer: Observer | None = None) -> GradeDone:
        """Grade one submission; whatever goes amiss is in the outcome.

        raises : BadCourse, because nothing can be graded then
        """
        if order.course != self.fingerprint:
            refused = Outcome("fault", "another version of the course is installed here")
            return GradeDone(order.key, order.digest, refused, other_course=self.fingerprint)
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="grade-", dir=self.scratch) as place:
            folder = Path(place)
            kept = KeptStages(self.course, self._prints, order.kept)
            outcome = self._outcome(order, folder, observer, kept)
            files = {name: path.read_bytes() for name in KEPT if (path := folder / "out" / name).exists()}
        self._graded += 1
        if self._graded == 1:  # pytest and the tasks stay: no collection has to look through them again
            gc.collect()
            gc.freeze()
        seconds = round(time.perf_counter() - begun, 3)
        left = kept.left if outcome.state == "graded" else []
        return GradeDone(order.key, order.digest, msgspec.structs.replace(outcome, seconds=seconds), files, kept=left)

    def _speed(self) -> float:
        """How slow the machine is, measured again now and then."""
        if time.monotonic() - self._calibrated > _CALIBRATED_SECONDS:
            self._scale, self._calibrated = calibrate(), time.monotonic()
        return self._scale

    def _outcome(self, order: GradeOrder, folder: Path, observer: Observer | None, kept: KeptStages) -> Outcome:
        from grader.grading.grade import grade

        settings = self.settings
        try:
            package = msgspec.msgpack.decode(order.package, type=Package)
            if package.digest != order.digest:
                return Outcome("fault", "the submission was damaged on its way")
            student = folder / "submission"
            student.mkdir()
            package.write(student)
            output = Output(folder / "out", settings.html)
            request = Request(self.course, student, output, settings.policy.grading.stages, self._how)
            report = grade(request, observer, self.pool, self._depends, self._speed(), kept)
        except BadCourse:
            raise
        except NotASubmission as error:
            named = str(error).replace(str(folder / "submission"), "what was handed in")
            return Outcome("submission", sentence_of(NotASubmission(named)))
        except Exception as error:
            # Not the submission's doing: it is told apart from a grade of 0, retried once, and named.
            frames = traceback.extract_tb(error.__traceback__)
            own = str(ENGINE), str(self.course.folder)
            last = next((f for f in reversed(frames) if f.filename.startswith(own)), frames[-1])
            told = sentence_of(error, folder, ENGINE, self.course.folder)
            return Outcome("fault", f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {told}")
        if not report.complete:
            return Outcome("fault", "the grade was interrupted")
        errors = [check.id for _, check in report.checks if check.state == "error"]
        if errors:
            return Outcome("fault", f"the grader failed in {', '.join(errors[:3])}", report)
        return Outcome("graded", "", report)


class Teller(Observer):
    """Tells how far a submission is, at most once a stage."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._stage = ""

    def started(self, check: Check, limit: float) -> None:
        if check.stage != self._stage:
            self._stage = check.stage
            self._tell(check.stage)

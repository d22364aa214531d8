"""Two submissions asked the same things: the checks' own calls are the probes, their answers are compared one by one."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from grader.course.course import Course
from grader.course.stage import Check
from grader.diagnosis.same_answers import same
from grader.records import StageResult
from grader.running import scores
from grader.running.limits import Limits, calibrate
from grader.running.session import Observer, run_stages
from grader.submission import Submission
from grader.worker.outside.protocols import Pool
from grader.worker.outside.proxy import Student
from grader.worker.outside.transcript import Step

Key = tuple[str, str]  #: stage and check


class Asked(NamedTuple):
    """What one submission answered, and what it took."""

    stages: list[StageResult]
    steps: dict[Key, list[Step]]
    seconds: dict[str, float]  #: stage -> inside the submission's own functions
    memory: dict[str, int]  #: stage -> bytes, the largest resident size of a worker; empty where it cannot be measured


class _Recorder(Observer):
    """A pool that hands out another pool's students and keeps what they were asked, check by check."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.course_worker, self.share, self.rest = pool.course_worker, pool.share, pool.rest
        self.report, self.close = pool.report, pool.close
        self._check: Key = ("", "")
        self.steps: dict[Key, list[Step]] = {}
        self.memory: dict[str, int] = {}

    def started(self, check: Check, limit: float) -> None:
        self._check = (check.stage, check.id)

    @contextlib.contextmanager
    def student(self, submission: Submission, *how: Any, **named: Any) -> Iterator[Student]:  # noqa: ANN401
        with self._pool.student(submission, *how, **named) as student:
            stage = self._check[0]
            try:
                yield student
            finally:
                if submission.put_in is None:  # else it is not the submission alone that answered
                    self.steps.setdefault(self._check, []).extend([*student.earlier, *student.transcript])
                self.memory[stage] = max(self.memory.get(stage, 0), peak_memory(student))


def peak_memory(student: Student) -> int:
    """Largest resident size that the student's worker has had, in bytes; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{student.pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def ask(submission: Submission, course: Course, pool: Pool, seed: int, evidence: Path) -> Asked:
    """Run every check of the course on a submission and keep all answers.

    pool     : of workers; nothing of the submission runs outside of it
    evidence : folder for the arrays that checks leave
    """
    recorder = _Recorder(pool)
    session = run_stages(
        course.stages, recorder, submission, course=course, observers=[recorder], seed=seed, limits=Limits(calibrate()),
        evidence=evidence, follow_through="full",
    )  # fmt: skip
    report = scores.report(course.stages, session.results, session.context.place, student=submission.name)
    seconds: dict[str, float] = {}
    for (stage, _), steps in recorder.steps.items():
        seconds[stage] = seconds.get(stage, 0.0) + sum(step.seconds for step in steps)
    return Asked(report.stages, recorder.steps, seconds, {stage: size for stage, size in recorder.memory.items() if size})


class Difference(NamedTuple):
    """One question with two answers."""

    text: str  #: the call, as Python
    left: object
    right: object


class Compared(NamedTuple):
    """All questions to one function."""

    name: str
    asked: int
    same: int
    examples: list[Difference]  #: where the answers differ, the first ones


def compare(left: Asked, right: Asked, most: int = 2) -> list[Compared]:
    """The answers of both, function by function; a check's questions count as long as both were asked the same."""
    found: dict[str, Compared] = {}
    for key, steps in left.steps.items():
        for a, b in zip(steps, right.steps.get(key, []), strict=False):
            if (a.kind, a.target) != (b.kind, b.target):
                break
            if a.kind not in ("call", "attribute", "fetch", "take"):
                continue
            before = found.get(a.target) or Compared(a.target, 0, 0, [])
            equal = same(a.outcome, b.outcome)
            new = [] if equal or len(before.examples) >= most else [Difference(a.text, a.outcome, b.outcome)]
            found[a.target] = Compared(a.target, before.asked + 1, before.same + equal, [*before.examples, *new])
    return [found[name] for name in sorted(found)]

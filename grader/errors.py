"""What ends a verb, and with which exit status.

    GraderError
      Refusal               2  what cannot be carried out, with cause and remedy
        NotASubmission         grader.submission
        BadCourse              grader.course.stage
        BadMisconceptions      grader.course.misconceptions
        SkeletonError          grader.course.source_spans
      Fault                 3  the grader's own
        GraderFault            grader.running.pytest_host
        CourseBroken           grader.cohort.process
        WorkerFault            grader.worker.outside.errors
          SandboxRefused    2  grader.worker.outside.errors

What a submission does is no such error but an answer: `StudentError` and its kind, in `grader.worker.outside.errors`.
Any other exception is caught in the room that raises it.
"""

from typing import ClassVar


class GraderError(Exception):
    """Ends a verb with one sentence.

    exit_status : of the verb
    lead        : what the sentence begins with, where its text tells the cause alone
    """

    exit_status: ClassVar[int]
    lead: ClassVar[str] = ""

    def sentence(self) -> str:
        """What the one who asked is told."""
        return f"{self.lead}: {self}" if self.lead else str(self)


class Refusal(GraderError):
    """A request that cannot be carried out."""

    exit_status = 2


class Fault(GraderError):
    """The grader's own fault, or the machine's."""

    exit_status = 3
    lead = "the grade could not be made"

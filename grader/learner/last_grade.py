"""What the last grade found, read from its `results.json`."""

from pathlib import Path

from grader.course.course import Course
from grader.grading.output import Output
from grader.records import StageResult


def next_stage(out: Path, course: Course) -> str:
    """The stage to work on next, as far as the last grade tells; the first one otherwise."""
    report = Output(out).last()
    if report is not None and report.next is not None and any(s.id == report.next.stage for s in course.stages):
        return report.next.stage
    return course.stages[0].id


def last_stage(out: Path, stage: str, submission: str, whatever_the_text: bool = False) -> StageResult | None:
    """A stage's last result, if it is about the same text of the submission (given by its fingerprint), or any text."""
    report = Output(out).last()
    if report is None or (report.fingerprints.get("submission") != submission and not whatever_the_text):
        return None
    return next((s for s in report.stages if s.id == stage), None)

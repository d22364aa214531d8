"""What Gradescope's container runs for a submission: from /autograder/submission to /autograder/results/results.json.

The result is there from the first second and rewritten after each stage, as a whole: whenever the container is stopped,
what was decided until then is told.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from grader.cohort.choice import Handout
from grader.cohort.package import NoPackage, read_package
from grader.course.course import Course
from grader.course.policy import Policy
from grader.course.stage import Check, Stage
from grader.export import as_json, gradescope
from grader.export.gradescope_zip import POLICY
from grader.files import write_atomically
from grader.paths import ENGINE
from grader.records import CheckResult, Report
from grader.running import scores
from grader.running.session import Observer
from grader.submission import NotASubmission

_BEGUN = "Grading has begun. If this is all you see, it was stopped before the first stage was decided."


def main(root: str) -> int:
    """Grade the submission below a folder laid out as Gradescope's /autograder; returns the exit status."""
    base = Path(root)
    out = base / "results" / "results.json"
    policy = msgspec.json.decode((ENGINE / POLICY).read_bytes(), type=Policy)
    policy = msgspec.structs.replace(policy, file=str(ENGINE / "policy.json"))
    try:
        metadata = gradescope.read_metadata((base / "submission_metadata.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        print(f"submission_metadata.json: {error}; its times are unknown")  # for the instructor's eyes
        metadata = gradescope.Metadata()

    def put(content: dict[str, Any]) -> None:
        write_atomically(out, as_json(content))

    if (repeated := gradescope.refused(policy, metadata)) is not None:
        put(repeated)
        return 0
    put(gradescope.waiting(policy, _BEGUN))
    try:
        package, notes = read_package([base / "submission"], Handout.of(Course(ENGINE), policy.grading.stages))
    except NoPackage as error:
        put(gradescope.waiting(policy, f"Nothing could be graded: {error}."))
        return 0

    def tell(report: Report) -> None:
        told = msgspec.structs.replace(report, notes=[*notes, *report.notes])
        put(gradescope.results(told, policy, metadata))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "submission"
        folder.mkdir()
        package.write(folder)
        _grade(folder, Course(ENGINE), policy, tell)
    return 0


def _grade(folder: Path, course: Course, policy: Policy, tell: Callable[[Report], None]) -> None:
    from grader.grading.grade import grade
    from grader.grading.output import Output
    from grader.grading.request import Request, Settings
    from grader.worker.outside.pool import MEMORY_MB, WorkerPool

    stages = course.select(policy.grading.stages)
    how = Settings.of(policy)
    request = Request(course, folder, Output(folder.with_name("out"), html=False), policy.grading.stages, how)
    with WorkerPool(course.withheld, policy.grading.sandbox, policy.limits.memory_mb or MEMORY_MB) as pool:
        try:
            tell(grade(request, _AfterEachStage(stages, tell), pool))
        except NotASubmission as error:
            sentence = str(error).replace(str(folder), "the submission")
            tell(Report(0, course.points, [], notes=[f"Nothing could be graded: {sentence}"]))


class _AfterEachStage(Observer):
    """Tells a report that is under way whenever another stage is decided."""

    def __init__(self, stages: Sequence[Stage], tell: Callable[[Report], None]) -> None:
        self.stages, self._tell = stages, tell
        self.results: dict[tuple[str, str], CheckResult] = {}

    def finished(self, check: Check, result: CheckResult) -> None:
        self.results[check.stage, check.id] = result
        stage = next((s for s in self.stages if s.id == check.stage), None)
        if stage is not None and all((c.stage, c.id) in self.results for c in stage.checks):
            self._tell(scores.report(self.stages, self.results, complete=False))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "/autograder"))

"""matplotlib takes longer to import than a stage to check: begin as soon as a plot is due, while checks still run."""

from pathlib import Path

from grader.course.course import Course
from grader.course.stage import Check
from grader.records import CheckResult
from grader.running.session import Observer


class Early(Observer):
    """Watches for the first result whose evidence becomes a plot that `out` has not kept from an earlier grade."""

    def __init__(self, out: Path, course: Course) -> None:
        self._due, self._course = not (out / "figures.json").exists(), course

    def finished(self, check: Check, result: CheckResult) -> None:
        roles = result.card.evidence if result.card else {}
        if self._due and roles:
            from grader.report import pictures, svg

            draws = pictures.drawer(self._course)
            if draws is not None and draws.plotted(result.state != "pass", roles):
                svg.warm()
                self._due = False

"""matplotlib takes longer to import than a stage to check: begin as soon as a plot is due, while checks still run."""

from pathlib import Path

from grader.course.stage import Check
from grader.records import CheckResult
from grader.running.session import Observer

#: Evidence that becomes a plot: of failures, and of every training.
OF_FAILURES, OF_ALL = ("analytic", "softmax"), ("history:",)


class Early(Observer):
    """Watches for the first result whose evidence becomes a plot that `out` does not hold from an earlier grade."""

    def __init__(self, out: Path) -> None:
        self._due = not (out / "figures.json").exists()

    def finished(self, check: Check, result: CheckResult) -> None:
        if self._due and plotted(result):
            from grader.report import svg

            svg.warm()
            self._due = False


def plotted(result: CheckResult) -> bool:
    """Whether the report draws a plot of this result's evidence."""
    roles = result.card.evidence if result.card else {}
    return any(role.startswith(OF_ALL if result.state == "pass" else OF_ALL + OF_FAILURES) for role in roles)

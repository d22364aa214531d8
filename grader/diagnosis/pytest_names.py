"""Names for what fails in a bare pytest, where nobody waits for the last verdict before the first failure is shown."""

import pytest

from grader.course.stage import Check
from grader.diagnosis.name_mistakes import name_mistakes
from grader.records import CheckResult
from grader.running import pytest_plugin, scores
from grader.running.runner import load_checks
from grader.running.session import Session


def pytest_configure(config: pytest.Config) -> None:
    done: set[str] = set()

    def named(session: Session, check: Check) -> CheckResult:
        """The result of a failed check, with its mistake if that is known.

        Each stage is named once, when its first check has failed: then the rest of it is run, because it tells, too.
        """
        stage = session.context.course.stage(check.stage)
        if stage.id not in done and not stage.training:
            done.add(stage.id)
            for other in stage.checks:
                if scores.key(other) not in session.results:
                    session.prepare(other)
                    session.run(other, load_checks(stage)[other.id])
            name_mistakes(session, session.context.course.reference)
        return session.results[scores.key(check)]

    config.stash[pytest_plugin.NAME] = named

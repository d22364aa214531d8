"""pytest as a grade uses it: nobody's plugins, configuration or environment, and no output of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import Fault, GraderError
from grader.running.session import Session

if TYPE_CHECKING:
    import pytest

    from grader.running.pytest_plugin import CheckItem

#: Variables that would change how pytest or the interpreter behaves; a grade is the same in everyone's shell.
_FOREIGN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONBREAKPOINT")
_AUTOLOAD = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"


class GraderFault(Fault):
    """The grade could not be made, and the submission has nothing to do with it."""


def run_with_pytest(session: Session) -> None:
    """Have pytest collect and run the session's checks; an interruption leaves the session incomplete.

    raises : GraderFault if pytest could not run them all; BadCourse if the course cannot be read
    """
    import pytest

    from grader.running import pytest_plugin

    bridge = _Bridge(session)
    tasks = session.context.course.tasks
    folders = list(dict.fromkeys(str(tasks / check.stage) for check in session.order))
    # Only what a grade needs: no plugin of the learner's machine, no configuration, no cache, no capture.
    unused = "terminal logging junitxml pastebin doctest faulthandler unraisableexception threadexception stepwise capture tmpdir"
    unused += (
        " cacheprovider python debugging setuponly setupplan recwarn unittest skipping legacypath monkeypatch reports subtests"
    )
    off = [f"no:{name}" for name in unused.split()]
    options = [part for name in off for part in ("-p", name)]
    config = Path(__file__).with_name("grade.ini")
    arguments = ["-c", str(config), "--rootdir", str(tasks.parent), "--noconftest", "--import-mode=importlib"]
    with _neutral_environment():
        status = pytest.main([*arguments, *options, *folders], plugins=[pytest_plugin, bridge])
    if status == pytest.ExitCode.INTERRUPTED and not bridge.problems:
        return
    if bridge.problems or not session.complete:
        said = " ".join(bridge.problems) or f"pytest ended with status {int(status)} before all checks were run."
        raise bridge.refusal or GraderFault(said)


class _Bridge:
    """Hands the engine's session to the plugin, and keeps what pytest has to complain of."""

    def __init__(self, session: Session):
        self.session = session
        self.problems: list[str] = []
        self.refusal: GraderError | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        from grader.running.pytest_plugin import SESSION

        config.stash[SESSION] = self.session

    def pytest_collection_modifyitems(self, items: list[CheckItem]) -> None:
        wanted = {(check.stage, check.id) for check in self.session.order}
        items[:] = [item for item in items if (item.stage.id, item.check.id) in wanted]

    def pytest_runtest_protocol(self, item: CheckItem) -> bool:
        """Run a check without reports on its setup, call and teardown: the session keeps what came of it."""
        item.runtest()
        return True

    def pytest_exception_interact(self, call: pytest.CallInfo[object]) -> None:
        if call.excinfo:  # of a stage that cannot be collected
            self.refusal = call.excinfo.value if isinstance(call.excinfo.value, GraderError) else self.refusal
            self.problems.append(call.excinfo.exconly())

    def pytest_internalerror(self, excrepr: object) -> None:
        self.problems.append(str(excrepr).strip().splitlines()[-1])


@contextlib.contextmanager
def _neutral_environment() -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in (*_FOREIGN, _AUTOLOAD) if name in os.environ}
    os.environ[_AUTOLOAD] = "1"
    try:
        yield
    finally:
        os.environ.pop(_AUTOLOAD, None)
        os.environ.update(kept)

"""What tests of several rooms share: golden submissions, graded once; and which tests one process of several runs."""

import re
from types import SimpleNamespace

import pytest

from grader.threads import one_thread

one_thread()  # as in a grade, and before NumPy is imported

try:
    import msgspec

    from grader.records import Report
except ModuleNotFoundError as error:  # not an Exception, which pytest would show with its traceback
    raise SystemExit(f"error: this Python has no {error.name}. Remedy: make test, or .venv/bin/python -m pytest") from None

#: What is dear to make and shared by several tests, and the ids of these tests: one process runs them all. (The marker of
#: pytest-xdist says the same, but its version 3.8 writes it where pytest 9.2 no longer reads it.)
TOGETHER = {
    r"golden \1": r"tests/browser/test_report\.py::\w+\[([a-z_]+)",  # the grade of a golden submission, and its page
    "golden mid_course": r"tests/browser/test_report\.py::test_skip_link",
    "golden all_right": r"tests/golden/.*test_the_reference_earns_full_marks_with_real_workers",
    "comparison": r"tests/browser/test_compare\.py",
    "class page": r"tests/browser/test_class_page\.py",
    "tensorflow": r"tests/tasks/test_oracle",  # its import, and its memory
}
#: They begin first, so that no process is left with one of them when the others are done.
LONGEST = ("tests/check_tasks/test_matrix.py", "tests/learner/test_watch.py", "tests/cohort/")


def together(nodeid: str) -> str:
    """The name of what a test shares with others; its own id if that is nothing."""
    for name, pattern in TOGETHER.items():
        if found := re.match(pattern, nodeid):
            return found.expand(name)
    return nodeid


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return together(nodeid)

    return Together(config, log)


@pytest.fixture(scope="session")
def graded(tmp_path_factory):
    """`graded(name)`: folder, record and command of a golden submission, graded when it is first asked for."""
    from tests.browser import submissions

    made = {}

    def get(name):
        if name not in made:
            out, done = submissions.make(name, tmp_path_factory.mktemp(name))
            made[name] = SimpleNamespace(
                name=name,
                out=out,
                done=done,
                page=out / "report.html",
                report=msgspec.json.decode((out / "results.json").read_bytes(), type=Report),
            )
        return made[name]

    return get

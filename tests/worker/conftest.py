"""Pools of workers, and submissions made from a few lines."""

import textwrap

import pytest

from grader.paths import REFERENCE
from grader.submission import Submission, read_submission
from grader.worker.bounds import TimeLimits
from grader.worker.outside.local import LocalPool
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE

SHORT = TimeLimits(call=0.6, check=5.0)


def make(**modules: str) -> Submission:
    """A submission of modules given as indented text."""
    return Submission("made", {name: textwrap.dedent(text) for name, text in modules.items()})


@pytest.fixture(scope="session")
def wire_pool():
    with WorkerPool(HERE.withheld) as pool:
        yield pool


@pytest.fixture(params=["local", "wire"])
def pool(request, wire_pool):
    """Both kinds of pool: a check must not be able to tell them apart."""
    return LocalPool() if request.param == "local" else wire_pool


@pytest.fixture(scope="session")
def reference():
    return read_submission(REFERENCE)


@pytest.fixture
def ask(wire_pool):
    """ask("return 1") runs a function body in a confined worker and gives what comes back."""

    def run(body: str, *args, limits: TimeLimits = SHORT, pool=None, head: str = ""):
        source = textwrap.dedent(head) + "\ndef f(*args):\n" + textwrap.indent(textwrap.dedent(body), "    ")
        with (pool or wire_pool).student(make(layers=source), limits) as student:
            return student.layers.f(*args)

    return run

"""`oracle`: hold the reference, or any submission, against somebody else's library."""

from pathlib import Path

import click

from grader.course.stage import ORACLE
from grader.course.toolbox import shared
from grader.errors import Refusal
from grader.running.limits import TimeLimits
from grader.verbs import _course
from grader.worker.outside.pool import WorkerPool


@click.command("oracle")
@_course.student("Folder to examine (reference/).", "reference")
@_course.sandbox
def command(student: Path, sandbox: str) -> int:
    """Compare a submission with other libraries: outputs, gradients, weights after training, as the course's oracle asks.

    Exit status: 0 all agree; 1 something differs; 2 no submission, or a library that the oracle needs is not installed.
    """
    course = _course.course_here()
    submission = course.read(student)
    oracle = shared(course.tasks, f"{ORACLE}.run")
    if oracle is None:
        raise Refusal("this course has no oracle. Remedy: make oracle in a full checkout, with tasks/toolbox/oracle/.")
    try:
        asked, absent = oracle.witnesses()
    except ImportError as error:
        raise Refusal(f"the oracle needs {error.name}. Remedy: make test installs the test packages.") from error
    with WorkerPool(course.withheld, sandbox) as pool, pool.student(submission, TimeLimits(60, 3600)) as subject:
        subject.use_names_of(course.about)
        return 0 if oracle.tell(subject, asked, absent) else 1

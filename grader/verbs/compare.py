"""`compare`: a submission beside the reference, in one page."""

import tempfile
from pathlib import Path

import click

from grader.errors import Refusal
from grader.paths import BUILD, STUDENT


@click.command("compare")
@click.option("--student", type=click.Path(path_type=Path), default=STUDENT, help="Folder of the submission.")
@click.option("--out", type=click.Path(path_type=Path), default=BUILD, help="Where compare.html goes.")
@click.option("--seed", type=int, default=0, help="Seed of the questions' inputs, as in grade.")
@click.option("--sandbox", type=click.Choice(["auto", "strict", "off"]), default="auto", help="As in grade.")
def command(student: Path, out: Path, seed: int, sandbox: str) -> None:
    """Hold a submission against the reference: code, answers, curves, time, memory, length.

    The page shows the reference's code: it is for instructors, and for learners who are done.
    """
    from grader.verbs._course import course_here

    course = course_here()
    if course.reference is None:
        raise Refusal(
            "this copy of the course has no reference/ to compare with. Remedy: run compare in a full checkout of the course."
        )
    from grader.comparison import page, probing
    from grader.running.interrupts import stoppable
    from grader.submission import read_submission
    from grader.worker.outside.pool import WorkerPool

    # A process of its own for each check: the page tells how much memory each stage took.
    with stoppable(), tempfile.TemporaryDirectory() as scratch, WorkerPool(course.withheld, sandbox, again=False) as pool:
        sides = (read_submission(student), read_submission(course.reference))
        folders = (Path(scratch) / "submission", Path(scratch) / "reference")
        asked = [probing.ask(side, course, pool, seed, folder / "evidence") for side, folder in zip(sides, folders, strict=True)]
        path = page.write(page.Sides(course, *sides, (asked[0], asked[1]), folders), out)
    click.echo(f"Written: {path}.")

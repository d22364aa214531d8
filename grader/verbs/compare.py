"""`compare`: a submission beside the reference, in one page."""

import sys
import tempfile
from pathlib import Path

import click

from grader.comparison import page, probing
from grader.course.skeleton import Claims, build, read_claims
from grader.errors import Refusal
from grader.running.interrupts import stoppable
from grader.verbs import _course
from grader.worker.outside.pool import WorkerPool


@click.command("compare")
@_course.student()
@_course.out("Where compare.html goes.")
@click.option("--seed", type=int, default=0, help="Seed of the questions' inputs, as in grade.")
@_course.sandbox
@click.option("--all", "everything", is_flag=True, help="Show the reference's code of stages that are not done, too.")
def command(student: Path, out: Path, seed: int, sandbox: str, everything: bool) -> None:
    """Hold a submission against the reference: code, answers, curves, time, memory, length.

    Of stages in which a check does not pass yet, the reference's code is shown only with --all, or if you say so when you
    are asked. Without a terminal nothing is asked.
    """
    course = _course.course_here()
    if course.reference is None:
        raise Refusal(
            "this copy of the course has no reference/ to compare with. Remedy: run compare in a full checkout of the course."
        )
    # A process of its own for each check: the page tells how much memory each stage took.
    with stoppable(), tempfile.TemporaryDirectory() as scratch, WorkerPool(course.withheld, sandbox, again=False) as pool:
        left, right = course.read(student), (shown := course.read(course.reference))
        folders = (Path(scratch) / "submission", Path(scratch) / "reference")
        asked = probing.ask(left, course, pool, seed, folders[0] / "evidence")
        undone = [] if everything else [stage.id for stage in asked.stages if stage.state != "pass"]
        question = f"Not done yet: {', '.join(undone)}. Show the reference's code of that, too?"
        if undone and not (sys.stdin.isatty() and click.confirm(question, err=True)):
            claims = read_claims(course.tasks)
            names = {name: stage for name, stage in claims.stages.items() if stage in undone}
            texts = build(course.reference, Claims(names, claims.starting_values))
            shown = right.replaced({file.removesuffix(".py"): text for file, text in texts.items()})
            click.echo(f"Left out of the page: the reference's code of {', '.join(undone)}. --all shows it.", err=True)
        both = asked, probing.ask(right, course, pool, seed, folders[1] / "evidence")
        path = page.write(page.Sides(course, left, shown, both, folders), out)
    click.echo(f"Written: {path}.")

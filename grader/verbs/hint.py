"""`hint`: the next hint for what does not hold yet."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.paths import BUILD, STUDENT

if TYPE_CHECKING:
    from rich.console import Console

    from grader.course.course import Course, Stage
    from grader.records import CheckResult, StageResult
    from grader.submission import Submission


@click.command("hint")
@click.argument("stage", required=False)
@click.option("--check", help="The check to get a hint for; otherwise the first that does not hold.")
@click.option("--student", type=click.Path(path_type=Path), default=STUDENT, help="Folder of the submission.")
@click.option("--out", type=click.Path(path_type=Path), default=BUILD, help="Where the last grade's results are.")
@click.option("--again", is_flag=True, help="Begin with the first rung again.")
def command(stage: str | None, check: str | None, student: Path, out: Path, again: bool) -> int:
    """Show the next hint: first a question, then where to look, then a worked example."""
    from grader.errors import Refusal
    from grader.learner.hints import FILE, Ladder
    from grader.learner.last_grade import next_stage
    from grader.report import terminal
    from grader.running.interrupts import stoppable
    from grader.submission import read_submission
    from grader.verbs._course import course_here

    course = course_here()
    ladder = Ladder(course.memory / FILE)
    if again:
        ladder.forget()
    with stoppable():
        chosen = course.select([stage or next_stage(out, course)])[0]
        listed = [c.id for c in chosen.checks]
        if check is not None and check not in listed:
            raise Refusal(f"{chosen.id} has no check {check!r}. Its checks are {', '.join(listed)}.")
        graded = _graded(course, chosen, read_submission(student), out)
    found = [c for c in graded.checks if (c.id == check if check else c.state in ("fail", "todo"))]
    console = terminal.console()
    if not found:
        blocked = next((c.message for c in graded.checks if c.state == "blocked"), "")
        console.print(blocked or f"{chosen.id} is done: there is nothing to hint at.")
        return 0
    got = ladder.next(chosen.id, found[0])
    if got is None:
        console.print(f"There is no hint for {found[0].id}.")
    else:
        _show(console, chosen.id, found[0], *got)
    return 0


def _show(console: "Console", stage: str, result: "CheckResult", rung: int, text: str) -> None:
    from grader.learner.hints import RUNGS
    from grader.report import terminal

    console.print(result.promise, style="bold")
    console.print(f"{stage}, {result.id}: hint {rung + 1} of {len(result.hints)}, {RUNGS[rung]}", style="dim")
    console.print()
    for line in terminal.indented(console, text):
        console.print(line)
    if rung + 1 < len(result.hints):
        console.print("\n      the same command again gives the next one", style="dim")


def _graded(course: "Course", stage: "Stage", submission: "Submission", out: Path) -> "StageResult":
    """The stage's result: the last grade's if nothing has changed since, else a fresh one (without training)."""
    from grader.learner.last_grade import last_stage

    known = last_stage(out, stage.id, submission.fingerprint(), whatever_the_text=stage.training)
    if known is not None:
        return known
    from grader.running import scores
    from grader.running.limits import Limits, calibrate
    from grader.running.session import run_stages
    from grader.worker.outside.pool import WorkerPool

    pool = WorkerPool(course.withheld)
    try:
        session = run_stages([stage], pool, submission, course=course, limits=Limits(calibrate()))
    finally:
        pool.close()
    result = scores.stage_result(stage, session.results)
    assert result is not None
    return result

"""`hint`: the next hint for a check that fails."""

from pathlib import Path

import click
from rich.console import Console

from grader.course.course import Course, Stage
from grader.errors import Refusal
from grader.learner.hints import RUNGS, Ladder, section
from grader.learner.last_grade import last_stage, next_stage
from grader.records import CheckResult, StageResult
from grader.report import terminal
from grader.running import scores
from grader.running.interrupts import stoppable
from grader.verbs import _course


@click.command("hint")
@click.argument("stage", required=False)
@click.option("--check", help="The check to get a hint for; otherwise the first that fails.")
@_course.student()
@_course.out("Where the last grade's results are.")
@click.option("--again", is_flag=True, help="Begin with the first rung again.")
def command(stage: str | None, check: str | None, student: Path, out: Path, again: bool) -> int:
    """Show the next hint: the steps of a function, then a question, then where to look, then a worked example."""
    course = _course.course_here()
    ladder = Ladder(course)
    if again:
        ladder.forget()
    with stoppable():
        graded = _to_look_at(course, stage, check, student, out)
    if check is None:  # what a grade names as next
        following = scores.next_step([graded], {graded.id: course.stage(graded.id).claims}, lambda name: ("", 0))
        check = following.check if following else None
    found = next((c for c in graded.checks if c.id == check), None)
    console = terminal.console()
    if found is None:
        blocked = next((c.message for c in graded.checks if c.state == "blocked"), "")
        console.print(blocked or f"{graded.id} is done: there is nothing to hint at.")
    elif (got := ladder.next(graded.id, found)) is None:
        console.print(f"There is no hint for {found.id}.")
    else:
        _show(console, graded.id, found, *got)
    return 0


def _to_look_at(course: Course, stage: str | None, check: str | None, student: Path, out: Path) -> StageResult:
    """The stage that is named, or that of the last grade's next step; if the text has changed, the first that is not done."""
    chosen = course.select([stage or next_stage(out, course)])[0]
    listed = [c.id for c in chosen.checks]
    if check is not None and check not in listed:
        raise Refusal(f"{chosen.id} has no check {check!r}. Its checks are {', '.join(listed)}.")
    text = course.read(student).fingerprint()
    graded = last_stage(out, chosen.id, text, whatever_the_text=chosen.training)
    if graded is not None and (graded.state != "pass" or stage or check):
        return graded
    return _first_open(course, (chosen,) if stage or check else course.stages, student, out)


def _first_open(course: Course, stages: tuple[Stage, ...], student: Path, out: Path) -> StageResult:
    """The first of some stages that is not done, graded; the last if all are."""
    from grader.learner.watched import Watched
    from grader.worker.outside.pool import WorkerPool

    with WorkerPool(course.withheld) as pool:
        watched = Watched(student, course, pool)
        for stage in stages:
            graded = (last_stage(out, stage.id, "", True) if stage.training else None) or watched.grade(stage)
            if graded is not None and graded.state != "pass":
                break
    assert graded is not None
    return graded


def _show(console: Console, stage: str, result: CheckResult, rung: int, text: str) -> None:
    console.print(result.promise if rung else scores.function_of(result), style="bold")
    console.print(f"{stage}, {result.id}: hint {rung} of {len(result.hints)}, {RUNGS[rung]}\n", style="dim")
    for line in terminal.indented(console, text):
        console.print(line)
    more = "the same command again gives the next one"
    last = f"that was the last hint; make stage STAGE={stage} shows the handout{section(result)}"
    console.print(f"\n      {more if rung < len(result.hints) else last}", style="dim")

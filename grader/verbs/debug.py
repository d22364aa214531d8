"""`debug`: run a stage's checks with the learner's code in this process, so that `breakpoint()` works."""

from contextlib import closing
from functools import cache
from pathlib import Path

import click
import msgspec

from grader.diagnosis.name_mistakes import names_beside
from grader.errors import Refusal
from grader.grading import repro
from grader.records import NextStep
from grader.report import terminal
from grader.running.context import Context
from grader.running.interrupts import stoppable
from grader.running.limits import Limits
from grader.running.runner import decided, execute, load_checks
from grader.verbs import _course
from grader.worker.outside.local import LocalPool


@click.command("debug")
@click.argument("stage")
@click.option("--check", "only", help="Run one check alone.")
@_course.student()
@_course.out("Where repro.py goes.")
@click.option("--seed", type=int, default=0, help="Seed of the checks' inputs, as in grade.")
def command(stage: str, only: str | None, student: Path, out: Path, seed: int) -> int:
    """Run the checks of a STAGE with your code in this process: put breakpoint() where you want to look around.

    Prints go straight to the terminal, nothing is stopped or confined, and no points are given: `grade` does that.
    In the debugger: n next line, s step into, c continue, p name prints, q ends.
    """
    console = terminal.console()
    with stoppable():
        course = _course.course_here()
        chosen = course.select([stage])[0]
        checks = [check for check in chosen.checks if only in (None, check.id)]
        if not checks:
            known = ", ".join(check.id for check in chosen.checks)
            raise Refusal(f"{chosen.id} has no check {only!r}. Its checks: {known}.")
        submission, functions = course.read(student), load_checks(chosen)
        names = cache(lambda: names_beside(course, chosen, submission, seed))
        with closing(Context(course, submission, LocalPool(interactive=True), seed, Limits())) as context:
            for check in checks:
                # A blocked check is run all the same: whoever debugs wants to see.
                before = decided(check, context)
                todo = before if before is not None and before.state == "todo" else None
                result = todo or execute(check, functions[check.id], context)
                if result.state == "fail" and not chosen.training:
                    result = msgspec.structs.replace(result, mistake=names().get(check.id))
                context.state.decide(check, result)
                console.print(terminal.CardText(chosen.id, result))
            failed = next((check.id for check in checks if context.state.results[chosen.id, check.id].state == "fail"), "")
            if file := repro.write(context, NextStep(chosen.id, failed, ""), out):
                console.print(f"\npython {file}   runs what {failed} ran", style="dim", soft_wrap=True)
    return 0

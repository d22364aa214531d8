"""`stage`: a stage's handout, rendered in the terminal."""

from pathlib import Path

import click

from grader.learner.handout import rendered
from grader.learner.last_grade import next_stage
from grader.report import terminal
from grader.running.interrupts import stoppable
from grader.verbs import _course


@click.command("stage")
@click.argument("stage", required=False)
@_course.out("Where the last grade's results are.")
@click.option("--unfold", is_flag=True, help="Show what is folded as well: derivations, answers.")
def command(stage: str | None, out: Path, unfold: bool) -> int:
    """Show a stage's handout, page by page in a terminal; without a name, that of the stage to work on next."""
    with stoppable():
        course = _course.course_here()
        chosen = course.select([stage] if stage else [next_stage(out, course)])[0]
        console = terminal.console()
        text = rendered(console, chosen, unfold)
    with console.capture() as more:
        console.print()
        if not unfold:
            console.print(f"make stage STAGE={chosen.id} ARGS=--unfold  opens what is folded (▸)", style="dim")
        console.print(f"make watch STAGE={chosen.id}  grades it whenever you save", style="dim")
    text += more.get()
    if console.is_terminal and text.count("\n") >= console.height:
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=False)
    return 0

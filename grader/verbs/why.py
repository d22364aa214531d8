"""`why`: why the mistake that the last grade named is one."""

from pathlib import Path

import click

from grader.grading.output import Output
from grader.report import terminal
from grader.report.refutations import refutation
from grader.verbs import _course


@click.command("why")
@_course.out("Where the last grade's results are.")
def command(out: Path) -> None:
    """Say why the mistake that is next is one: what such code assumes, and a number of the last grade that contradicts it."""
    report, console = Output(out).last(), terminal.console()
    text = refutation(report, _course.course_here().tasks) if report else ""
    for line in terminal.indented(
        console, text or "There is nothing more to say of what the last grade found. See make hint.", by=2
    ):
        console.print(line)

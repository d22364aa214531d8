"""`report`: write the page of a grade again, from its records alone."""

from pathlib import Path

import click

from grader.report.learner import render
from grader.report.stored import read
from grader.verbs import _course


@click.command("report")
@_course.out("Folder of the grade, with results.json.")
def command(out: Path) -> None:
    """Render report.html again from results.json and the evidence beside it. No check is run."""
    path = render(read(out), out, _course.course_here())
    click.echo(f"Written: {path}.")

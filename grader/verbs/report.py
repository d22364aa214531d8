"""`report`: write the page of a grade again, from its records alone."""

from pathlib import Path

import click

from grader.paths import BUILD


@click.command("report")
@click.option("--out", type=click.Path(path_type=Path), default=BUILD, help="Folder of the grade, with results.json.")
def command(out: Path) -> None:
    """Render report.html again from results.json and the evidence beside it. No check is run."""
    from grader.report.learner import render
    from grader.report.stored import read
    from grader.verbs._course import course_here

    path = render(read(out), out, course_here())
    click.echo(f"Written: {path}.")

"""`site`: the course as pages, for a browser."""

from pathlib import Path

import click

from grader.report import site
from grader.verbs import _course


@click.command("site")
@_course.out("Folder in which `site/` is written.")
def command(out: Path) -> None:
    """Write handouts, questions, glossary and further reading as pages that run no script and need no network."""
    click.echo(f"Written: {site.write(_course.course_here(), out)}.")

"""`site`: the course as pages, for a browser."""

from pathlib import Path

import click

from grader.paths import BUILD


@click.command("site")
@click.option("--out", type=click.Path(path_type=Path), default=BUILD, help="Folder in which `site/` is written.")
def command(out: Path) -> None:
    """Write handouts, questions, glossary and further reading as pages that run no script and need no network."""
    from grader.report import site
    from grader.verbs._course import course_here

    click.echo(f"Written: {site.write(course_here(), out)}.")

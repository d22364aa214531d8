"""`kit`: make the folder that learners are given."""

from pathlib import Path

import click

from grader.export.kit_folder import make_kit
from grader.verbs import _course


@click.command("kit")
@_course.out("The folder, or a .zip of it.", "build/kit")
def command(out: Path) -> None:
    """Make the folder that learners are given: their skeleton, the handouts, the checks, the grader and the open data.

    The reference, the known mistakes, the hidden data, the tests and the history stay here; of the mistakes it holds
    what they answer, as digests. A kit that is there already is updated, as `update` does it.
    """
    click.echo("\n".join(make_kit(_course.course_here(), out)))

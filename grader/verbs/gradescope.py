"""`gradescope`: build the autograder archive for Gradescope."""

from pathlib import Path

import click

from grader.course.policy import read_policy
from grader.export import gradescope_zip
from grader.verbs import _course


@click.command("gradescope")
@_course.out("The archive.", "build/autograder.zip", dir_okay=False)
@click.option("--policy", type=click.Path(path_type=Path), help="Another file than policy.toml.")
@click.option("--offline", is_flag=True, help="Bring the packages along, for this machine's Python and system.")
def command(out: Path, policy: Path | None, offline: bool) -> None:
    """Build the archive to upload under Configure Autograder. Choose a base image with Python 3.11 or newer if there is one.

    The archive holds the whole course, the hidden data and the seed: it is not for learners.
    """
    course = _course.course_here()
    size = gradescope_zip.build(course, out, read_policy(policy, course.folder), offline)
    click.echo(f"{out}: {size / 1e6:.1f} MB, for Gradescope alone: it contains the reference and the hidden data.")

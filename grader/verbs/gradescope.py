"""`gradescope`: build the autograder archive for Gradescope."""

from pathlib import Path

import click

from grader.paths import BUILD


@click.command("gradescope")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=BUILD / "autograder.zip", help="The archive.")
@click.option("--policy", type=click.Path(path_type=Path), help="Another file than policy.toml.")
@click.option("--offline", is_flag=True, help="Bring the packages along, for this machine's Python and system.")
def command(out: Path, policy: Path | None, offline: bool) -> None:
    """Build the archive to upload under Configure Autograder. Choose a base image with Python 3.11 or newer if there is one.

    The archive holds the whole course, the hidden images and the seed: it is not for learners.
    """
    from grader.course.policy import read_policy
    from grader.export import gradescope_zip
    from grader.verbs._course import course_here

    course = course_here()
    size = gradescope_zip.build(course, out, read_policy(policy, course.folder), offline)
    click.echo(f"{out}: {size / 1e6:.1f} MB, for Gradescope alone: it contains the reference and the hidden images.")

"""`kit`: make the folder that learners are given."""

from pathlib import Path

import click

from grader.paths import BUILD


@click.command("kit")
@click.option("--out", type=click.Path(path_type=Path), default=BUILD / "kit", help="The folder, or a .zip of it.")
def command(out: Path) -> None:
    """Make the folder that learners are given: their skeleton, the handouts, the checks, the grader and the open images.

    The reference, the bank of mistakes, the hidden images, the tests and the history stay here.
    """
    import shutil
    import tempfile

    from grader.course.skeleton import SkeletonError
    from grader.errors import Refusal
    from grader.export.kit_folder import make_kit
    from grader.verbs._course import course_here

    course = course_here()
    try:
        if out.suffix == ".zip":
            with tempfile.TemporaryDirectory() as name:
                files = make_kit(course, Path(name) / out.stem)
                out.parent.mkdir(parents=True, exist_ok=True)
                shutil.make_archive(str(out.with_suffix("")), "zip", name)
        else:
            files = make_kit(course, out)
    except (SkeletonError, SyntaxError) as error:
        raise Refusal(f"the skeleton cannot be built: {error}") from error
    click.echo(f"{out}: {len(files)} files. Learners start with `make grade` in it.")

"""`update`: bring a kit that was handed out up to the course as it is now."""

from pathlib import Path

import click

from grader.errors import Refusal
from grader.export.kit_folder import update_kit
from grader.verbs import _course


@click.command("update")
@click.argument("kit", type=click.Path(path_type=Path))
def command(kit: Path) -> None:
    """Bring the folder KIT, made by `kit`, up to this course; nothing that somebody wrote in it is lost.

    Files that are as they were handed out are replaced, or removed if the course has them no more. What somebody changed
    is kept as NAME.orig beside the new file; from a kit that lists no files, everything that is replaced is kept in
    .kit-backup/. In student/ every function stays as it is, and the stubs of new stages are added.
    """
    if str(kit) in ("", "."):
        raise Refusal("no kit was named. Remedy: make update KIT=the folder that make kit made.")
    click.echo("\n".join(update_kit(_course.course_here(), kit)))

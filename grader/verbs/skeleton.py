"""`skeleton`: write the learner's files from the reference."""

import hashlib
from pathlib import Path

import click

from grader.course.skeleton import build, read_claims
from grader.errors import Refusal
from grader.files import write_atomically
from grader.learner.backups import SAVED, save_copies
from grader.verbs import _course

#: In the learner's folder: the checksums of what was written there, to tell edited files from untouched ones.
STAMP = ".skeleton"


def edited_files(folder: Path, texts: dict[str, str]) -> list[str]:
    """Files that hold something else than what was once generated, or would be generated now."""
    stamp = folder / STAMP
    written = set(stamp.read_text(encoding="ascii").split()) if stamp.is_file() else set()
    there = {name: (folder / name).read_bytes() for name in texts if (folder / name).is_file()}
    edited = [name for name, content in there.items() if content != texts[name].encode()]
    return [name for name in edited if hashlib.sha256(there[name]).hexdigest() not in written]


def write(folder: Path, texts: dict[str, str]) -> None:
    """Write all files, and the stamp that says what was written."""
    for name, text in texts.items():
        write_atomically(folder / name, text)
    sums = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in texts.items()]
    write_atomically(folder / STAMP, "".join(sums))


@click.command("skeleton")
@_course.student("Folder to write (student/).")
@click.option("--force", is_flag=True, help="Overwrite edited files, after saving copies.")
def command(student: Path, force: bool) -> None:
    """Write the learner's files: the reference with the bodies of all claimed functions blanked.

    Files that were edited since are left alone unless --force is given. Exit status 2 if there are any.
    """
    course = _course.course_here()
    texts = build(course.reference, read_claims(course.tasks))
    edited = edited_files(student, texts)
    if edited and not force:
        raise Refusal(
            f"{', '.join(edited)} in {student} were edited and would be lost. Remedy: `make reset STAGE=...` puts back "
            "one stage's stubs; `make skeleton ARGS=--force` saves copies and writes all files again."
        )
    if edited:
        click.echo(f"Copies of {', '.join(edited)} are in {save_copies(student, edited, course.folder / SAVED)}.")
    write(student, texts)
    click.echo(f"Written to {student}: {', '.join(texts)}.")

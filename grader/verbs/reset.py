"""`reset`: put back one stage's stubs, after saving a copy."""

from pathlib import Path

import click

from grader.course.skeleton import pristine, put_back_all, read_claims
from grader.course.source_spans import SkeletonError
from grader.errors import Refusal
from grader.learner.backups import SAVED, save_copies
from grader.verbs import _course


@click.command("reset")
@click.argument("stage")
@_course.student()
@click.option("--whole-files", is_flag=True, help="Put back whole files, with the stubs of every stage in them.")
def command(stage: str, student: Path, whole_files: bool) -> None:
    """Put back the stubs of one STAGE (03_sums, sums or 3); everything else in the files stays as it is.

    The files are copied to .chain-rule/saved/ first. Exit status 2 if there is nothing that could be put back.
    """
    course = _course.course_here()
    stage_id, claims = course.select([stage])[0].id, read_claims(course.tasks)
    skeleton = pristine(course, claims)
    names = claims.of_stage(stage_id)
    if not names:
        raise Refusal(f"{stage_id} asks for no function of its own, so there is nothing to put back.")
    if not student.is_dir():
        raise Refusal(f"{student} is not a folder. Remedy: name the submission's folder with --student.")
    files = list(dict.fromkeys(name.partition(".")[0] + ".py" for name in names))
    texts = {file: _restored(student / file, file, names, skeleton[file], whole_files) for file in files}
    present = [file for file in files if (student / file).is_file()]
    if present:
        copies = save_copies(student, present, course.folder / SAVED)
        click.echo(f"A copy of {', '.join(present)} is in {copies}.")
    for file, text in texts.items():
        (student / file).write_bytes(text.encode())
    click.echo(f"Put back in {student}: {', '.join(names)}.")


def _restored(path: Path, file: str, names: list[str], skeleton: str, whole_file: bool) -> str:
    if whole_file or not path.is_file():
        return skeleton
    try:
        wanted = [name for name in names if name.startswith(f"{path.stem}.")]
        return put_back_all({file: path.read_bytes().decode("utf-8")}, {file: skeleton}, wanted)[file]
    except (SkeletonError, UnicodeDecodeError) as error:
        raise Refusal(
            f"{file} cannot be changed in part: {error} Remedy: correct it, or put back the whole file with --whole-files."
        ) from error

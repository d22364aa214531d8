"""`new-course`: lay out a course of one stage, whose own test passes at once."""

import re
from collections.abc import Mapping
from pathlib import Path

import click

from grader.errors import Refusal
from grader.files import write_atomically

TEMPLATES = Path(__file__).with_name("templates")


def lay_out(kind: str, folder: Path, words: Mapping[str, str]) -> str:
    """Write the templates of one kind below a folder, `@word@` replaced in names and texts; the names of the files.

    raises : Refusal if one of the files is there already; then nothing is written
    """
    found = sorted((TEMPLATES / kind).rglob("*.in"))
    files = {path.relative_to(TEMPLATES / kind).with_suffix("").as_posix(): path.read_text("utf-8") for path in found}
    for word, value in words.items():
        files = {name.replace(f"@{word}@", value): text.replace(f"@{word}@", value) for name, text in files.items()}
    if there := [name for name in files if (folder / name).exists()]:
        raise Refusal(f"{folder / there[0]} is there already. Remedy: choose another name, or move it away.")
    for name, text in files.items():
        write_atomically(folder / name, text)
    return ", ".join(files)


@click.command("new-course")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Lay out a course in FOLDER: one function, one check, one mistake, one handout.

    It can be graded, tested and handed out at once. `new-stage` adds stages; docs/authors.md lists every key.
    """
    from grader.check_tasks.tables import write_tables
    from grader.check_tasks.verify import Verifier
    from grader.course.course import Course
    from grader.course.skeleton import build, read_claims
    from grader.paths import VERSION
    from grader.submission import read_submission
    from grader.verbs.skeleton import write

    title = " ".join(re.findall(r"[^\W_]+", folder.resolve().name)).capitalize() or "Course"
    made = lay_out("course", folder, {"title": title, "engine": ".".join(VERSION.split(".")[:2])})
    write(folder / "student", build(folder / "reference", read_claims(folder / "tasks")))
    verifier = Verifier(Course(folder), read_submission(folder / "reference"), say=lambda line: None)
    verifier.reference_earns_everything()
    write_tables(verifier)
    click.echo(f"Written to {folder}: {made}, and student/.")
    click.echo("In that folder, check-tasks tests the course, and new-stage NAME lays out one more stage.")

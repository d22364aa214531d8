"""`new-course`: lay out a course of one stage, whose own test passes at once."""

from collections.abc import Mapping
from pathlib import Path

import click

TEMPLATES = Path(__file__).with_name("templates")


def lay_out(kind: str, folder: Path, words: Mapping[str, str]) -> list[Path]:
    """Write the templates of one kind below a folder, `@word@` replaced in names and texts; the files, from the folder.

    raises : Refusal if one of the files is there already; then nothing is written
    """
    from grader.errors import Refusal

    def said(text: str) -> str:
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        return text

    found = sorted((TEMPLATES / kind).rglob("*.in"))
    files = {Path(said(path.relative_to(TEMPLATES / kind).with_suffix("").as_posix())): path for path in found}
    if there := [file for file in files if (folder / file).exists()]:
        raise Refusal(f"{folder / there[0]} is there already. Remedy: choose another name, or move it away.")
    for file, template in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(said(template.read_text("utf-8")), encoding="utf-8", newline="\n")
    return list(files)


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

    title = folder.resolve().name.replace("_", " ").replace("-", " ").capitalize()
    made = lay_out("course", folder, {"title": title, "engine": ".".join(VERSION.split(".")[:2])})
    write(folder / "student", build(folder / "reference", read_claims(folder / "tasks")))
    verifier = Verifier(Course(folder), read_submission(folder / "reference"), say=lambda line: None)
    verifier.reference_earns_everything()
    write_tables(verifier)
    click.echo(f"Written to {folder}: {', '.join(map(str, made))}, and student/.")
    click.echo("In that folder, check-tasks tests the course, and new-stage NAME lays out one more stage.")

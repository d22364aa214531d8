"""`new-stage`: lay out one more stage, with a failing check to fill in."""

import keyword
import re

import click


@click.command("new-stage")
@click.argument("name")
def command(name: str) -> None:
    """Lay out a stage called NAME: a function in reference/, a handout, a mistake, and a check that fails until it is filled in.

    It has 0 points at first, and comes after the stages that are there.
    """
    from grader.course.about import FILE
    from grader.errors import Refusal
    from grader.files import write_atomically
    from grader.verbs._course import course_here
    from grader.verbs.new_course import lay_out

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise Refusal(f"{name!r} cannot be a stage's name. Remedy: use a noun of small letters, digits and _, such as momentum.")
    course = course_here()
    number = f"{max(int(stage.id[:2]) for stage in course.stages) + 1:02}"
    words = {"name": name, "number": number, "id": f"{number}_{name}", "title": name.replace("_", " ").capitalize()}
    made = lay_out("stage", course.folder, words)
    if course.about.modules:
        path = course.tasks / FILE
        listed = re.sub(r"(?m)^(modules = \[[^\]]*?)[,\s]*\]", rf'\1, "{name}"]', path.read_text("utf-8"), count=1)
        write_atomically(path, listed)
    click.echo(f"Written to {course.folder}: {made}.")
    click.echo(f"Fill them in; then run skeleton, which writes the stub, check-tasks --tables, and check-tasks {words['id']}.")
